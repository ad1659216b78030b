"""The script that a letter belongs to, by Unicode's table."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).parent / "verifiers" / "data" / "scripts.txt"


@cache
def _table() -> tuple[list[int], list[int], list[str]]:
    """First and last code point of each range, in order, and its script."""
    entries = []
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        script, *ranges = line.split()
        entries += [(*(int(end, 16) for end in part.split("-")), script) for part in ranges]
    starts, ends, scripts = zip(*sorted(entries), strict=True)
    return list(starts), list(ends), list(scripts)


def script_of(letter: str) -> str | None:
    """The script's name (`Latin`, `Cyrillic`, `Han`), or None for what is no letter of a listed script."""
    starts, ends, scripts = _table()
    code = ord(letter)
    index = bisect_right(starts, code) - 1
    return scripts[index] if index >= 0 and code <= ends[index] else None


def listed() -> frozenset[str]:
    """The scripts of the table."""
    return frozenset(_table()[2])
