"""What can be said of whether an authority exists: the parts of the law that a list covers, and numbers that nothing has.

Authorities are in the spelling of `citations`. What cannot exist is only what
stays true for decades: a title that the codes do not have, an amendment beyond
the last one, a volume behind the last one of its reporter.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Covered(NamedTuple):
    """A part of a code that a list covers completely: the words before the section, the first and last number, how old the list is."""

    code: str
    first: int
    last: int
    as_of: str = ""


@cache
def coverage(line: str) -> Covered:
    """Reads `28 USC` (all of it), `28 USC 1330-1369` (those numbers, with letters behind them), and `as of 1999` behind either.

    Raises ValueError.
    """
    words = re.fullmatch(r"(.*?\S)(?:\s+([0-9]+)(?:\s?[-–]\s?([0-9]+))?)?(?:\s+as\sof\s+(\S.*))?", line.strip()[:200])
    if words is None or not re.search("[A-Za-z]", words[1]):
        raise ValueError(f"'{line[:60]}' says no part of a code; write 28 USC, or 28 USC 1330-1369")
    as_of = words[4] or ""
    if words[2] is None:
        return Covered(words[1], 0, 10**9, as_of)
    return Covered(words[1], int(words[2]), int(words[3] or words[2]), as_of)


def is_covered(authority: str, part: Covered) -> bool:
    """Whether a list that is complete for that part would name the authority."""
    code, _, section = authority.rpartition(" ")
    number = re.match("[0-9]{1,9}", section)
    return code == part.code and number is not None and part.first <= int(number[0]) <= part.last


_ENDED = {
    "L Ed": 100, "F": 300, "F2d": 999, "F3d": 999, "F Supp": 999, "F Supp 2d": 999, "A": 200, "A2d": 999, "NE": 200, "NE2d": 999,
    "NW": 300, "NW2d": 999, "P": 300, "P2d": 999, "SE": 200, "SW": 300, "SW2d": 999, "So": 200, "So 2d": 999, "Cal Rptr": 286,
    "Cal Rptr 2d": 135, "NYS2d": 999, "Cal": 220, "Cal 2d": 71, "Cal 3d": 54, "Cal 4th": 63, "Cal App": 140, "Cal App 2d": 276,
    "Cal App 3d": 235, "Cal App 4th": 248, "NY": 309, "NY2d": 100, "AD": 286, "AD2d": 309, "Ill": 415, "Ill 2d": 242, "F Cas": 30,
}  # fmt: skip
"""The last volume of each series that has ended."""

_NOT_REACHED = {
    "US": 700, "S Ct": 200, "L Ed 2d": 400, "Stat": 250, "Fed Reg": 150,
    **dict.fromkeys(("F4th", "F Supp 3d", "A3d", "NE3d", "NW3d", "P3d", "SE2d", "SW3d", "So 3d", "NYS3d"), 1000),
}  # fmt: skip
"""A volume that a series which goes on will not reach for decades. The regional series begin anew after volume 999."""

_LAST_TITLE = {"USC": 54, "CFR": 50}
_NO_TITLE = {"53 USC", "35 CFR"}
"""Reserved: there is nothing in them."""

_OF_CONSTITUTION = {"amend": (27, "amendments"), "art": (7, "articles")}


def why_it_cannot_exist(authority: str) -> str | None:
    """A clause for people, where the numbers of an authority are none that there are; None for anything else."""
    numbers = re.fullmatch(r"([0-9]{1,4}) (\D[^\n]{0,20}?) (?:at )?([0-9]{1,6})\S{0,20}", authority)
    constitution = re.fullmatch(r"US Const (amend|art) ([0-9]{1,3})", authority)
    if constitution is not None:
        last, name = _OF_CONSTITUTION[constitution[1]]
        return None if 1 <= int(constitution[2]) <= last else f"the Constitution has {last} {name}"
    if numbers is None:
        return None
    volume, source, page = int(numbers[1]), numbers[2], int(numbers[3])
    if source in _LAST_TITLE:
        there = 1 <= volume <= _LAST_TITLE[source] and f"{volume} {source}" not in _NO_TITLE
        return None if there else f"{source} has no title {volume}"
    if volume > _ENDED.get(source, volume):
        return f"{source} ended with volume {_ENDED[source]}"
    if volume >= _NOT_REACHED.get(source, volume + 1):
        return f"{source} has not reached volume {_NOT_REACHED[source]}"
    return "volumes and pages are counted from 1" if 0 in (volume, page) and (source in _ENDED or source in _NOT_REACHED) else None
