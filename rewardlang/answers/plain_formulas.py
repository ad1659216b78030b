"""Equations that a text writes without marks: `Expanding, (x + 4)(x - 2) = x² + 2x - 8.`"""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.spans import Span

MAX_FORMULA = 200


@cache
def _run() -> re.Pattern[str]:
    """A run of numbers, single letters, names of functions and signs, of which each begins with a sign of its own kind."""
    functions = "(?:sin|cos|tan|log|ln|sqrt|exp)(?![A-Za-z])"
    letters = "(?<=[0-9)])[a-z]{2,3}(?![A-Za-z])|[A-Za-zα-ωΩ](?![A-Za-z])"
    numbers = "[0-9]++(?:[.,][0-9]++)*+"
    return re.compile(rf"(?<![\w\\$.])(?:(?:{numbers}|{functions}|{letters}|[-+−*×·/^=<>≤≥()±√⁰¹²³⁴⁵⁶⁷⁸⁹⁻])[ ]?)++")


@cache
def _word_at_an_end() -> re.Pattern[str]:
    """`a` and `I` before what is no sign, and a letter that stands apart behind a number."""
    return re.compile(r"^[aAI]\s(?=[\w(])|(?<=[0-9)])\s[A-Za-z]$")


@cache
def _letter() -> re.Pattern[str]:
    """No exponent: `1.2e24`."""
    return re.compile(r"(?<![0-9])[^\W\d_]|(?<=[0-9])(?![eE][-+0-9])[^\W\d_]")


@cache
def _between() -> re.Pattern[str]:
    """`5 ≤ n ≤ 9`"""
    return re.compile(r"[-−0-9./ ]{1,12}[<≤]=?\s?[a-zA-Z]\s?[<≤]=?[-−0-9./ ]{1,12}")


@cache
def _to_the_end() -> re.Pattern[str]:
    return re.compile(r"\.?\s*$")


def _exact(written: str) -> bool:
    """`= 100 - 25π`, of which decimals may follow."""
    return written.count("=") == 1 and ("π" in written or "√" in written)


def plain_formulas(text: str, marked: list[Span]) -> list[Span]:
    """The equations outside of the marked mathematics whose last side has a letter in it; others are left to be read as numbers."""
    found: list[Span] = []
    index = 0
    for match in _run().finditer(text):
        while index < len(marked) and marked[index].end <= match.start():
            index += 1
        if index < len(marked) and marked[index].start < match.end():
            continue
        written = match[0].rstrip()
        if len(written) > MAX_FORMULA:
            continue
        if _between().fullmatch(written):
            found.append(Span(match.start(), match.start() + len(written), written))
        if text[match.start() - 2 : match.start()] == ": " and _to_the_end().match(text, match.end()) and _letter().search(written):
            found.append(Span(match.start(), match.start() + len(written), written))
        if "=" not in written or any(sign in written for sign in "<>≤≥"):
            continue
        plain = _word_at_an_end().sub("", written.lstrip("= ") if _exact(written) else written)
        side = plain.rpartition("=")[2].strip()
        start = match.start() + written.index(plain)
        if _letter().search(side) and plain.count("(") == plain.count(")") and plain[0] not in "=*/^×·+":
            found.append(Span(start, start + len(plain), plain))
    return found
