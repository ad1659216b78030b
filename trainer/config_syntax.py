"""What is wrong with a file that is no TOML: the line, and what was probably meant by it."""

from __future__ import annotations

import re
from collections.abc import Callable

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_SHOWN = 100
_VALUE = re.compile(r"[^=]*=\s*([^#]*?)\s*(#.*)?")


def _value(line: str) -> str:
    found = _VALUE.fullmatch(line)
    return "" if found is None else found[1]


# What a line looks like, and what to tell; the first that holds.
_GUESSES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda line: any(sign in line for sign in "“”‘’„«»"), "quotation marks are straight ones: \" or '"),
    (lambda line: line.lstrip().startswith("{"), "a line is key = value, or [table]; this looks like JSON"),
    (lambda line: line.lstrip().startswith(("//", "--", ";")), "a comment begins with #"),
    (lambda line: re.match(r"\s*[\w.-]+\s*:", line) is not None, "key and value are joined by =, not by :"),
    (lambda line: _value(line).endswith(";"), "a line ends without a semicolon"),
    (lambda line: _value(line).lower() in ("true", "false"), "true and false are written small"),
    (lambda line: _value(line).lower() in ("none", "null", "nil"), "a key without a value is left out"),
    (lambda line: re.fullmatch(r"[+-]?\.\d+", _value(line)) is not None, "a number begins with a digit, such as 0.5"),
    (lambda line: re.fullmatch(r"\d+,\d+", _value(line)) is not None, "the decimal point is a point, such as 1.5"),
    (lambda line: _value(line).count('"') % 2 == 1 or _value(line).count("'") % 2 == 1, "a quotation mark is missing"),
    (lambda line: re.fullmatch(r"[^\W\d][^'\"]*", _value(line)) is not None, "a text stands in quotation marks"),
)


def told(text: str, error: Exception) -> tuple[str, str]:
    """What the parser said with the line that it means, and a remedy."""
    said = str(error)
    twice = "Cannot overwrite" in said or "Cannot declare" in said
    remedy = "a key, or a [table], stands there for a second time" if twice else ""
    place, lines = _PLACE.search(said), text.splitlines()
    if place is None or int(place[1]) > len(lines):
        return said, remedy or "see how the file ends: a bracket or a quotation mark is not closed"
    line = lines[int(place[1]) - 1]
    guess = next((guess for holds, guess in _GUESSES if holds(line)), "rewardlang train --keys shows a file that is")
    return f"{said}:\n    {line.strip()[:_SHOWN]}", remedy or guess
