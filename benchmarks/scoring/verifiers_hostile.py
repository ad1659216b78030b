"""Texts that are written to hang, to fill memory or to break a reader, for every verifier; and how long each verdict takes.

    nice -n 19 python benchmarks/scoring/verifiers_hostile.py

Prints the slowest verdicts in processor time, in the main thread, in another
thread, in asyncio and in a process pool, and those above 100 ms. The texts of
`five_million` are ordinary and strange ones of five million characters: there
time may grow with length, and is printed by the million.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from typing import Any

from math_hostile import ANSWERS

from rewardlang import types
from rewardlang.registry import default_registry
from rewardlang.verifier import Verifier

_RANDOM = random.Random(4)


def _letters(count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz") -> str:
    return "".join(_RANDOM.choices(alphabet, k=count))


TEXTS: dict[str, str] = {
    "tower": "9^{9^{9^{9}}}",
    "stars": "9**9**9**9**9",
    "factorials": "((((9!)!)!)!)!",
    "digits": "7" * 50_000,
    "decimals": "0." + "3" * 50_000 + " mg",
    "round brackets": "(" * 50_000,
    "square brackets": "[" * 50_000,
    "pairs": "()" * 25_000,
    "JSON depth": '{"a":' * 15_000 + "1" + "}" * 15_000,
    "JSON lists": "[" * 199 + ",".join("1" * 9_000) + "]" * 199,
    "JSON exponent": '{"a": 1e999999999, "b": -1E-99999999}',
    "JSON keys": "{" + ",".join(f'"k{n}": {n}' for n in range(5_000)) + "}",
    "JSON one key": "{" + ",".join(f'"k": {n}' for n in range(9_000)) + "}",
    "JSON escapes": '"' + "\\u0000" * 9_000 + '"',
    "JSON quotes": '"' * 50_001,
    "tags": "<a>" * 20_000,
    "tags nested": "<answer>" * 5_000 + "1" + "</answer>" * 5_000,
    "tags closed": "</think>" * 9_000,
    "angles": "<" * 50_000,
    "attributes": "<a " + " ".join(f'b{n}="1"' for n in range(5_000)) + "/>",
    "XML depth": "<a>" * 12_000 + "</a>" * 12_000,
    "XML laughs": '<!DOCTYPE a [<!ENTITY b "'
    + "ha" * 500
    + '">'
    + "".join(f'<!ENTITY b{n} "{"&b;" * 20}">' for n in range(20))
    + "]><a>&b19;</a>",
    "XML external": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "XML siblings": "<a>" + "<b/>" * 12_000 + "</a>",
    "XML comment": "<a><!--" + "-" * 40_000 + "</a>",
    "tool calls": '<tool_call>{"name": "f", "arguments": {}}</tool_call>' * 1_000,
    "tool calls open": '<tool_call>{"name"' * 3_000,
    "boxes": r"\boxed{1}" * 5_000,
    "boxes nested": r"\boxed{" * 5_000 + "1" + "}" * 5_000,
    "boxes open": r"\boxed{" * 7_000,
    "citations": "42 U.S.C. § 1983; " * 3_000,
    "citations listed": "42 U.S.C. §§ " + ", ".join(str(n) for n in range(1, 8_000)),
    "citations ranges": "42 U.S.C. §§ 1-" + "2-" * 20_000,
    "Id.": "436 U.S. 658. " + "Id. at 5. " * 5_000,
    "supra": "Monell v. New York, 436 U.S. 658. " + "Monell, supra, at 5. " * 2_500,
    "versus": "A v. B v. " * 5_000 + "436 U.S. 658",
    "cases": "Smith v. Jones, 436 U.S. 658, 690 (1978); " * 1_200,
    "volumes": "436 U.S. " * 5_000,
    "sections": "§ " * 25_000,
    "subsections": "42 U.S.C. § 1983" + "(a)" * 15_000,
    "quantities": "5 mg/kg/day " * 4_000,
    "strokes": "1/" * 25_000 + "5 mg",
    "units": "5 mg/" * 10_000,
    "points": "." * 50_000 + "5 mg",
    "zeros": "0.0" * 16_000 + " mg",
    "ranges": "5-" * 25_000 + "6 mg",
    "powers": "10^3 " * 10_000 + "mg",
    "spaced thousands": "1 000 " * 8_000,
    "frequencies": "every 8 " * 6_000 + "hours",
    "q": "q" * 50_000,
    "q8h": "q8h " * 12_000,
    "divided": "daily, in " * 5_000 + "three doses",
    "addresses": "http://" * 7_000,
    "address brackets": "http://a.bc/" + "(" * 40_000 + ")" * 9_000,
    "address points": "http://" + "a." * 25_000 + "com",
    "www": "www." * 12_000,
    "dates": "01/02/" * 8_000,
    "April": "3 April " * 6_000,
    "hours": "12:30:" * 8_000,
    "days": "1-1-2000-" * 5_000,
    "YAML laughs": "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{'*a, ' * 9}*a]\n" for n in range(900)),
    "YAML dashes": "- " * 20_000,
    "YAML braces": "{" * 20_000,
    "YAML questions": "? " * 20_000,
    "YAML anchors": "".join(f"- &a{n} x\n" for n in range(3_000)),
    "YAML tags": "!!python/object/apply:os.system [x]\n",
    "YAML keys": "".join(f"k{n}: v\n" for n in range(4_500)),
    "YAML block": "a: |\n" + " \n" * 20_000,
    "YAML flow": "[" + "a," * 20_000 + "]",
    "YAML quotes": "'" * 49_000,
    "YAML key too long": "a" * 40_000 + ": 1",
    "SQL nested": "SELECT * FROM (" * 25 + "SELECT 1" + ") a" * 25,
    "SQL unions": "SELECT 1" + " UNION SELECT 1" * 240,
    "SQL cases": "SELECT " + "CASE WHEN a THEN " * 200 + "1" + " END" * 200,
    "SQL and": "SELECT * FROM a WHERE " + "b AND " * 1_200 + "c",
    "SQL commas": "SELECT " + "a," * 4_500 + "a FROM b",
    "SQL joins": "SELECT * FROM a" + " JOIN b" * 1_200,
    "SQL comments": "SELECT 1" + "/*" * 4_000,
    "SQL quotes": "SELECT '" + "''" * 4_900,
    "SQL brackets": "SELECT " + "(" * 29 + "1" + ")" * 29 + " + 1" * 400,
    "SQL with": "WITH " + ",".join(f"a{n} AS (SELECT {n})" for n in range(400)) + " SELECT 1",
    "SQL casts": "SELECT a" + "::int" * 1_500,
    "SQL arrays": "SELECT " + "a[" * 2_000,
    "SQL braces": "SELECT " + "{a:" * 2_000,
    "SQL dots": "SELECT a" + ".a" * 4_500,
    "SQL semicolons": ";" * 9_000,
    "SQL intervals": "SELECT " + "interval " * 499,
    "SQL if": "SELECT " + "if" * 4_000,
    "SQL between": "SELECT a" + " BETWEEN 1" * 900,
    "SQL words": "SELECT " * 1_400,
    "CSV cell": '"' + "a," * 40_000 + '"\n',
    "CSV quotes": '"' * 50_000,
    "CSV commas": "," * 50_000,
    "CSV lines": "a,b\n" * 12_000,
    "CSV returns": "\r" * 50_000,
    "regex plus": "(a+)+$",
    "regex stars": "(" * 200 + "a" + ")*" * 200,
    "regex counts": "((a{100}){100}){100}",
    "regex count": "(?:(?:a{0,30}){0,30}){0,30}",
    "regex choice": "(?:" + "|".join(_letters(4) for _ in range(180)) + ")*",
    "regex classes": "[" + "".join(chr(n) for n in range(0x100, 0x400)) + "]*",
    "regex Unicode": r"\p{L}*" * 150,
    "regex dots": ".*" * 450,
    "regex optional": "a?" * 300 + "a" * 300,
    "regex groups": "(?P<a>" * 140,
    "regex tail": "(.*a){30}",
    "Python brackets": "x = " + "(" * 150 + "1" + ")" * 150,
    "Python minus": "-" * 40_000 + "1",
    "Python not": "not " * 12_000 + "1",
    "Python sum": "1+" * 25_000 + "1",
    "Python names": "a=" * 20_000 + "1",
    "Python lambda": "lambda:" * 7_000 + "1",
    "Python calls": "f(" * 90 + ")" * 90 + "(1)" * 15_000,
    "Python indents": "".join(" " * n + "if 1:\n" for n in range(99)) + " " * 99 + "pass",
    "Python lines": "pass\n" * 10_000,
    "Python number": "x = " + "9" * 40_000,
    "Python string": "x = '" + "\\d" * 20_000 + "'",
    "Python format": "f'" + "{1}" * 10_000 + "'",
    "Python slices": "a" + "[1:2]" * 9_000,
    "Python match": "match a:\n case " + "(" * 95 + "1" + ")" * 95 + ": pass",
    "Python null": "\0" * 50_000,
    "one letter": "a" * 50_000 + "!",
    "one capital": "A" * 50_000,
    "letters": _letters(50_000),
    "words": " ".join(_letters(8) for _ in range(6_000)),
    "capital words": " ".join(_letters(8).title() for _ in range(6_000)),
    "long words": " ".join(_letters(19) for _ in range(2_500)),
    "compounds": "-".join(_letters(4) for _ in range(10_000)),
    "apostrophes": "a'" * 25_000,
    "quotes": "'" * 50_000,
    "double quotes": '"a b c ' * 7_000,
    "curly quotes": "“" * 50_000,
    "quotes pairs": "“a b c” " * 6_000,
    "ellipses": '"a ' + "... " * 12_000 + '"',
    "brackets in quotes": '"' + "[a] b " * 300 + '"\n' * 20,
    "greater": "> a b c\n" * 6_000,
    "backquotes": "`" * 50_000,
    "fences": "```python\n" * 5_000,
    "fences open": "```" + "\n" * 50_000,
    "tildes": "~~~\n```\n" * 6_000,
    "dollars": "$" * 50_000,
    "dollars apart": "$a " * 15_000,
    "LaTeX round": r"\(" * 25_000,
    "LaTeX square": r"\[" * 25_000,
    "LaTeX commands": r"\frac" * 10_000,
    "backslashes": "\\" * 50_000,
    "spaces": " " * 50_000,
    "spaces between": "may" + " " * 40_000 + "or",
    "line breaks": "\n" * 50_000,
    "line breaks and spaces": " \n" * 25_000,
    "returns": "\r\n" * 25_000,
    "no-break": "\u00a0" * 50_000 + "mg",
    "hashes": "#" * 50_000,
    "headings": "# Facts\n" * 6_000,
    "numbers of headings": "I. A. 1. " * 5_000,
    "stars of bold": "*" * 50_000,
    "bold": "**a**\n\n" * 7_000,
    "hyphens": "-" * 50_000 + "1",
    "underscores": "_" * 50_000,
    "sentences": "A. B. C. " * 5_000,
    "abbreviations": "e.g. Dr. " * 5_000,
    "exclamations": "!" * 50_000,
    "stops": ". " * 25_000,
    "combining": "a" + "\u0301" * 49_000,
    "accents": "é" * 50_000,
    "accented words": " ".join(_letters(8, "aéîõüñß") for _ in range(5_000)),
    "dotted I": "\u0130" * 40_000,
    "sharp s": "ß" * 40_000,
    "ligatures": "\ufdfa" * 20_000,
    "zero width": "\u200b" * 50_000,
    "joiners": "a\u200d" * 25_000,
    "flags": "\U0001f3f4" * 20_000,
    "flag tags": "\U0001f3f4" + "\U000e0041" * 30_000,
    "direction": "\u202e" * 40_000,
    "Han": "漢" * 40_000,
    "kana": "あ" * 40_000,
    "Thai": "ก" * 40_000,
    "look-alikes": "аb" * 20_000,
    "look-alike words": "pаypаl " * 7_000,
    "figures of Arabic": "\u0661" * 40_000,
    "surrogates": "\ud800" * 40_000,
    "surrogate pairs": "\udc00\ud800" * 20_000,
    "planes": "".join(chr(plane << 16 | offset) for plane in range(17) for offset in range(0x20, 0x820, 3)),
    "nulls": "\0" * 50_000,
    "choices": "the answer is " * 3_500,
    "letters in brackets": "(A" * 25_000,
    "letters in boxes": r"\boxed{A" * 6_000,
    "hedges": "it may or may not seem that it depends " * 1_200,
    "hedge beginnings": "it " * 16_000,
    "codes": "J45." * 12_000,
    "codes of figures": "1-" * 25_000,
    "codes of capitals": "A00" * 16_000,
    "error-prone": ".5 mg QD 10U " * 3_500,
    "U": "1U" * 25_000,
    "countdown": "1+" * 20_000 + "1",
    "think": "<think>" * 7_000 + "</think>" * 3,
    "answers": "The final answer is " * 2_500,
    "waits": r"\boxed{5}. Wait, " * 3_000,
    "unclosed quote": '"' + "a " * 25_000,
    "long line": "Facts and more facts " * 2_500,
    "prose": "The court of appeals held that the officer's conduct violated 42 U.S.C. § 1983 and gave 500 mg twice daily. " * 450,
}
"""At most about a hundred thousand characters each."""

FIVE_MILLION: dict[str, str] = {
    "a letter": "a",
    "a figure": "7",
    "a space": " ",
    "a line break": "\n",
    "a bracket": "(",
    "a quote": '"',
    "a dollar": "$",
    "a backslash": "\\",
    "a hyphen": "-",
    "a point": ".",
    "a Han character": "漢",
    "an accent": "\u0301",
    "a surrogate": "\ud800",
    "prose": "Extraordinarily long-winded sentences of the memorandum, with 500 mg twice daily. ",
    "misspelt prose": "Thiss sentense of teh memorandum is mispelt. ",
    "a box": r"\boxed{1} ",
    "a citation": "Smith v. Jones, 436 U.S. 658, 690 (1978). ",
    "a tag": "<a>",
}
"""Each is repeated to five million characters."""

OPTIONS: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("finder", "citation"): [{}, {"forms": ("§ {section} Abs. {paragraph:integer} BGB -> BGB {section}",)}],
    ("finder", "misquotation"): [{"source": "a b c " * 10_000}, {}],
    ("finder", "medical_code"): [{"system": system} for system in ("icd10", "atc", "loinc", "snomed")],
    ("predicate", "medical_code"): [{"system": system} for system in ("icd10", "atc", "loinc", "snomed")],
    ("finder", "quantity"): [{}, {"written": "1.234,5"}, {"written": "1 234,5"}],
    ("finder", "number"): [{}, {"written": "1 234,5"}],
    ("finder", "misspelling"): [{}, {"spelling": "British"}],
    ("finder", "choice"): [{}, {"options": ("a", "the answer is")}],
    ("predicate", "invented_authority"): [{"complete_for": ("42 USC",), "among": ("42 USC 1983",)}],
    ("predicate", "valid_regex"): [{}, {"accepted": ("a" * 5_000 + "!",), "refused": ("a" * 5_000,)}],
    ("predicate", "valid_csv"): [{}, {"separator": ";"}],
    ("predicate", "valid_json"): [
        {},
        {"schema": '{"type": "object", "additionalProperties": {"pattern": "^(a+)+$"}, "uniqueItems": true}'},
    ],
    ("measure", "similarity"): [{}, {"unit": "words"}],
    ("measure", "repetition"): [{}, {"unit": "characters", "n": Fraction(20)}, {"unit": "lines"}, {"unit": "chinese words"}],
    ("measure", "overlap"): [{}, {"n": Fraction(20)}],
}


def verifiers() -> list[Verifier]:
    """All that judge in this process; what runs programs has tests of its own."""
    return [verifier for verifier in default_registry() if verifier.cost != "external" and verifier.word != "tokens"]


def _column(text: str, of: types.Type) -> Any:
    """The text as a value of a type; None where it has none."""
    if isinstance(of, types.ListType):
        return tuple(map(Fraction, range(1, 7))) if of.item == types.NUMBER else (text,)
    if isinstance(of, types.NumberType):
        return Fraction(10**300, 7)
    if isinstance(of, types.MathType):
        read = default_registry().get("reader", "math")
        assert read is not None
        answer = read([text])[0]
        return answer if type(answer).__name__ == "Answer" else None
    return text


def rows(verifier: Verifier, text: str) -> Iterator[tuple[Any, ...]]:
    """What is given to a verifier for a text: the text in every place, and beside an ordinary one."""
    kinds = [of for _, of in verifier.parameters]
    whole = tuple(_column(text, of) for of in kinds)
    if len(kinds) == 1:
        given = [whole]
    else:
        plain = tuple(_column("12", of) for of in kinds)
        given = [whole, (whole[0], *plain[1:]), (plain[0], *whole[1:])]
    return (row for row in given if None not in row)


_BREAKS = (ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


def timed(verifier: Verifier, row: tuple[Any, ...], options: dict[str, Any]) -> float:
    """Seconds of processor time of one verdict. A verifier that raises is told."""
    began = time.process_time()
    try:
        assert len(verifier(*([part] for part in row), **options)) == 1
    except _BREAKS as error:
        print(f"BROKE: {verifier.kind} {verifier.word}: {type(error).__name__}: {str(error)[:80]}", flush=True)
    return time.process_time() - began


def _rows_of(verifier: Verifier, name: str, text: str) -> list[tuple[Any, ...]]:
    try:
        return list(rows(verifier, text))
    except _BREAKS as error:
        print(f"BROKE: reading '{name}' for {verifier.kind} {verifier.word}: {type(error).__name__}", flush=True)
        return []


def measured(texts: dict[str, str], words: frozenset[str]) -> list[tuple[float, str, str, str]]:
    """Seconds, verifier, options and text, for every verdict; the slower half is timed again and the better time kept."""
    found = []
    for verifier in verifiers():
        if words and verifier.word not in words:
            continue
        print(verifier.word, end=" ", file=sys.stderr, flush=True)
        timed(verifier, next(rows(verifier, "12")), {})  # libraries and tables are loaded once
        for options in OPTIONS.get((verifier.kind, verifier.word), [{}]):
            timed(verifier, next(rows(verifier, "12")), options)
            for name, text in texts.items():
                for row in _rows_of(verifier, name, text):
                    seconds = timed(verifier, row, options)
                    if seconds > 0.05:
                        seconds = min(seconds, timed(verifier, row, options))
                    found.append((seconds, f"{verifier.kind} {verifier.word}", json.dumps(options, default=str)[:60], name))
    return found


def _in_thread(task: Callable[[], Any]) -> Any:
    result = []
    thread = threading.Thread(target=lambda: result.append(task()))
    thread.start()
    thread.join()
    return result[0]


def _in_asyncio(task: Callable[[], Any]) -> Any:
    async def run() -> Any:
        return await asyncio.to_thread(task)

    return asyncio.run(run())


def _in_pool(task: Callable[[], Any]) -> Any:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task).result()


PLACES: dict[str, Callable[[Callable[[], Any]], Any]] = {
    "main thread": lambda task: task(),
    "another thread": _in_thread,
    "asyncio": _in_asyncio,
    "process pool": _in_pool,
}


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", nargs="*", default=list(PLACES), choices=list(PLACES))
    parser.add_argument("--words", nargs="*", default=[], help="only these verifiers")
    parser.add_argument("--texts", nargs="*", default=[], help="only these texts")
    parser.add_argument("--long", action="store_true", help="the texts of five million characters instead")
    parser.add_argument("--limit", type=float, default=0.1)
    given = parser.parse_args()
    texts = TEXTS | {f"answer {index}": text for index, text in enumerate(ANSWERS)}
    if given.long:
        texts = {name: piece * (5_000_000 // len(piece)) for name, piece in FIVE_MILLION.items()}
    if given.texts:
        texts = {name: text for name, text in texts.items() if name in given.texts}
    for place in given.places:
        found = sorted(PLACES[place](partial(measured, texts, frozenset(given.words))), reverse=True)
        slow = [item for item in found if item[0] > given.limit]
        print(f"{place}: {len(found)} verdicts, {len(slow)} above {given.limit * 1000:g} ms", flush=True)
        for seconds, verifier, options, name in slow[:60] or found[:5]:
            print(f"  {seconds * 1000:8.1f} ms  {verifier} {options} on '{name}'", flush=True)


if __name__ == "__main__":
    main()
