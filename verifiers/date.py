"""`date` and `clock_time`: days and times of day in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from rewardlang.answers.units import unit_pattern
from rewardlang.verdict import Finding
from rewardlang.verifier import finder

if TYPE_CHECKING:
    import datetime

Order: TypeAlias = Literal["day first", "month first"]
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


_SPACE = "[\\s\u00a0\u202f]"


@cache
def _dates() -> re.Pattern[str]:
    name = "|".join(f"{month[:3]}(?:{month[3:]})?" if month[3:] else month for month in _MONTHS).replace("sep(?:", "sept?(?:")
    edge, end = r"(?<![\w./-])", rf"(?![\w/-]|[.,:][0-9]|{_SPACE}?B\.?C(?:\.?E)?\b)"
    return re.compile(
        rf"{edge}(?:"
        rf"(?P<y1>[0-9]{{4}})(?P<sep1>[-/.])(?P<m1>[0-9]{{1,2}})(?P=sep1)(?P<d1>[0-9]{{1,2}})(?:T[0-9:.]{{1,20}}(?:Z|[+-][0-9:]{{1,6}})?)?"
        rf"|(?P<a>[0-9]{{1,2}})(?P<sep>[./-])(?P<b>[0-9]{{1,2}})(?P=sep)(?P<y2>[0-9]{{4}})"
        rf"|(?P<d3>[0-9]{{1,2}})(?:st|nd|rd|th)?\.?(?:{_SPACE}day)?(?:{_SPACE}of)?(?:{_SPACE}|-)(?P<n3>{name})\.?(?:,?{_SPACE}|[,-])(?P<y3>[0-9]{{4}})"
        rf"|(?P<n4>{name})\.?{_SPACE}(?:the{_SPACE})?(?P<d4>[0-9]{{1,2}})(?:st|nd|rd|th)?(?:,?{_SPACE}|,)(?P<y4>[0-9]{{4}})"
        rf"){end}",
        re.IGNORECASE | re.ASCII,
    )


_HALF = rf"(?:{_SPACE}|\\text\{{{_SPACE}?|\\[, ]){{0,2}}"


@cache
def _times() -> re.Pattern[str]:
    """A time; a range may join two of them, and what follows an offset (`+02:00`) is none."""
    return re.compile(
        r"(?:(?<![\w.,/+-])(?<![0-9]:)|(?<=[0-9]:[0-9]{2}[-/,])|(?<=[ap]m[-/,]))"
        r"(?:(?P<h>[01]?[0-9]|2[0-4])(?P<sign>[:.])(?P<m>[0-5][0-9])(?::(?P<s>[0-5][0-9]))?"
        rf"(?:{_HALF}(?P<half>[ap])\.?m\b\.?|(?P<short>[ap])\b|{_SPACE}(?P<part>in{_SPACE}the{_SPACE}(?:morning|afternoon|evening)|at{_SPACE}night|midnight)\b)?"
        rf"|(?P<h12>1[0-2]|0?[1-9]){_HALF}(?P<half12>[ap])\.?m\b\.?)(?!\w|[/-](?![0-9])|[.:][0-9]|,[0-9](?![0-9]?:))",
        re.IGNORECASE | re.ASCII,
    )


@finder("date", cost="linear", version="3")
def date(texts: Sequence[str], *, order: Order = "day first") -> list[list[Finding[str]]]:
    """The days that a text names, with their year.

    What it checks
    --------------
    Finds `2026-04-03` (with a time behind it too), `2026/4/3`, `3 April 2026`, `3rd of Apr. 2026`, `April 3, 2026` and `03/04/2026` (also
    with points or hyphens), which `order` reads day first or month first. The value is the day as `2026-04-03`, so that equal days are
    equal texts. A day that the calendar does not have is no date. `clock_time` finds `14:30`, `14:30:05`, `2.30 pm` and `2 pm`; its value
    is `14:30`, with seconds where they are written; `7:00 in the evening` is 19:00.

    Why it earns reward
    -------------------
    Deadlines are right or wrong, in whatever way they are written.

    Example
    -------
    `rule due: award 1 point when only date in final equals due_date`

    Known gaps
    ----------
    Dates without a year (the 1 of `1-2 May 2026`), in words ("next Friday"), before Christ, with two figures for the year, joined by a
    stroke (`2026-04-03/2026-04-05`) or in other languages are not found; a second date can hide there. `13/04/2026` is read day first
    whatever `order` says, as there is no other way. "not 3 April 2026" names the day, and is found. Time zones are not read (`10:00Z`
    is not found), nor are `noon`, `2 o'clock`, `half past two`, `14h30`, `1430`, and the 9 of `9-10 am`. Whatever looks like a time is
    one: a ratio `3:20`, a verse, a duration `1:20:30`, and a number with a point, `12.30`, unless a currency sign, `%` or a unit says
    otherwise: use it where times are expected.
    """
    return [list(_found_dates(text, order)) for text in texts]


def _found_dates(text: str, order: Order) -> Iterator[Finding[str]]:
    for match in _dates().finditer(text):
        day = _day(match, order)
        if day is not None:
            yield Finding(*match.span(), day.isoformat())


def _day(match: re.Match[str], order: Order) -> datetime.date | None:
    if match["y1"]:
        return _valid(match["y1"], match["m1"], match["d1"])
    if match["y2"]:
        pairs = [(match["b"], match["a"]), (match["a"], match["b"])]
        month, day = pairs[0] if order == "day first" else pairs[1]
        return _valid(match["y2"], month, day) or _valid(match["y2"], day, month)
    name, number, year = (match["n3"], match["d3"], match["y3"]) if match["y3"] else (match["n4"], match["d4"], match["y4"])
    month_number = 1 + next(index for index, month in enumerate(_MONTHS) if month.startswith(name[:3].lower()))
    return _valid(year, str(month_number), number)


def _valid(year: str, month: str, day: str) -> datetime.date | None:
    import datetime

    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None


@finder("clock_time", cost="linear", version="2")
def clock_time(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The times of day in a text, by 24 hours."""
    return [list(_found_times(text)) for text in texts]


def _found_times(text: str) -> Iterator[Finding[str]]:
    for match in _times().finditer(text):
        half = (match["half"] or match["half12"] or match["short"] or "").lower()
        hour, minute, second = int(match["h"] or match["h12"]), match["m"] or "00", match["s"]
        if match["sign"] == "." and not half and _is_number(text, *match.span()):
            continue
        if half and not 1 <= hour <= 12:
            continue
        half = half or _half(match["part"] or "", hour)
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour == 24 and (minute, second or "00") != ("00", "00"):
            continue
        yield Finding(*match.span(), f"{hour:02}:{minute}" + (f":{second}" if second else ""))


def _half(part: str, hour: int) -> str:
    """The half of the day that `in the evening` tells, of hours up to 12."""
    word = part.rsplit(maxsplit=1)[-1].lower() if part else ""
    if not 1 <= hour <= 12 or not word:
        return ""
    return "a" if word in ("morning", "midnight") or (word == "night" and (hour < 6 or hour == 12)) else "p"


def _is_number(text: str, start: int, end: int) -> bool:
    """Whether figures with a point are an amount: a currency sign before them, `%` or a unit other than `h` behind them."""
    unit = unit_pattern().match(text, end)
    before = text[max(0, start - 2) : start].strip()[-1:]
    return (before != "" and before in "$€£¥") or text[end : end + 1] == "%" or (unit is not None and unit[0].strip() != "h")
