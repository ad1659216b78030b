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
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from functools import partial
from multiprocessing import get_context
from typing import Any

from hostile_texts import FIVE_MILLION, TEXTS
from math_hostile import ANSWERS

from rewardlang import types
from rewardlang.registry import default_registry
from rewardlang.verifier import Verifier

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
