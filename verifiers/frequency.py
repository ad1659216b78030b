"""`frequency`: how often a day, in the words and abbreviations of prescriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {"once": 1, "twice": 2, "thrice": 3, **{word: number for number, word in enumerate(_WORDS, 1)}}
_LATIN = {
    **dict.fromkeys(("qd", "qam", "qpm", "qhs"), Fraction(1)),
    **dict.fromkeys(("bid", "bd"), Fraction(2)),
    **dict.fromkeys(("tid", "tds"), Fraction(3)),
    **dict.fromkeys(("qid", "qds"), Fraction(4)),
    "qod": Fraction(1, 2),
}
_PART_OF_DAY = r"(?:morning|noon|midday|afternoon|evening|night|bedtime)"
_MEAL = r"(?:breakfast|lunch|dinner|supper)"
_NO_SCHEDULE = (  # nouns that make `daily` speak of something else
    r"(?!\s(?:li(?:fe|ves|ving)|routines?|activit(?:y|ies)|habits?|needs|news|newspapers?|magazines?|diary|log|rate|visits?|checks?|weights?|monitoring)\b)"
)
_DAYS = {"m": Fraction(1, 1440), "h": Fraction(1, 24), "d": Fraction(1), "w": Fraction(7)}
_ALONE = {
    "hour": Fraction(24),
    "day": Fraction(1),
    "daily": Fraction(1),
    "week": Fraction(1, 7),
    "alternate": Fraction(1, 2),
    "fortnight": Fraction(1, 14),
}


@cache
def _forms() -> re.Pattern[str]:
    number = rf"(?:[0-9]{{1,3}}|{'|'.join(_WORDS)})"
    latin = "|".join(r"\.?\s?".join(word) + r"\.?" if len(word) <= 3 else word for word in sorted(_LATIN, key=len, reverse=True))
    span = rf"(?P<every>{number})(?:\s\([0-9]{{1,3}}\))?(?:\s?(?:-|–|to|or)\s?(?P<every_to>{number}))?"
    per = r"(?:\s?/\s?|\s(?:a|per|each|every|in|in\severy)\s|[\s-])(?P<period>day|daily|24\shours|week|weekly)"
    return re.compile(
        rf"(?<![\w.-])(?=[0-9A-Za-z])(?:q\.?\s?{span.replace('every', 'q')}\s?(?P<q_unit>h|hrs?|hours?|d|days?)\b"
        rf"|every\s{span}[\s-]?(?P<unit>minutes?|min|hours?|hrs?|h|days?|weeks?)"
        rf"|{span.replace('every', 'hourly')}[\s-]hourly"
        r"|every\s(?P<other>other|second|third|fourth)\s(?P<other_unit>day|week)"
        rf"|(?P<times>once|twice|thrice|{number})(?:\s?(?:-|–|to|or)\s?(?P<times_to>{number}))?(?:\stimes?|\sdoses?|\s?[x×]|(?<=ce)){per}"
        rf"|(?:(?:daily|a\sday|per\sday),?\s)?(?:divided\s)?(?:in|into|as)\s(?P<parts>{number})\s(?:equal(?:ly)?\s)?(?:divided\s|separate\s|equal\s)?doses(?:\s(?:daily|a\sday|per\sday|each\sday))?"
        rf"|(?:every\s|in\sthe\s|each\s)?{_PART_OF_DAY}(?P<parts_of_day>(?:(?:,\s|\s|,\s)(?:and\s)?(?:(?:at|in\sthe|every|before|each)\s)?{_PART_OF_DAY}){{1,3}})"
        rf"|(?P<hour>hourly{_NO_SCHEDULE}|every\shour)|(?P<day>every\s(?:day|morning|evening|night)|each\s(?:day|morning|evening|night)|at\sbedtime|nightly)"
        rf"|(?:with|before|after|at)\s{_MEAL}(?P<meals>(?:(?:,\s|,?\sand\s)(?:(?:with|before|after|at)\s)?{_MEAL}){{1,3}})"
        rf"|(?P<week>every\sweek|once-weekly|weekly{_NO_SCHEDULE})|(?P<alternate>on\salternate\sdays)|(?P<fortnight>fortnightly|every\sfortnight)"
        rf"|(?<!total\s)(?<!maximum\s)(?<!usual\s)(?P<daily>daily)(?!\s(?:dose|maximum|limit|total|intake|amount|requirement)|\sdosage){_NO_SCHEDULE}"
        rf"|(?P<latin>{latin})(?![\w.]))(?!\w)",
        re.IGNORECASE,
    )


@cache
def _needed() -> re.Pattern[str]:
    return re.compile(r",?\s(?:\(\s?)?(?:(?:only\s)?(?:as|when|if)\s(?:needed|required|necessary)|p\.?r\.?n\b)", re.IGNORECASE)


@finder("frequency", cost="linear", version="3")
def frequency(texts: Sequence[str]) -> list[list[Finding[Fraction]]]:
    """How often a day something is given, in words or abbreviations: `q8h` is 3, `twice daily` is 2.

    What it checks
    --------------
    Finds intervals (`every 8 hours`, `q8h`, `8-hourly`, `every other day`), counts (`twice daily`, `3 times a day`, `3x/day`, `in three
    divided doses`), parts of the day (`every morning and evening`, `before breakfast and dinner`), and the abbreviations qd, bid, tid,
    qid, bd, tds, qds, qam, qpm, qhs, qod, with points or without, in any case. Nothing is `daily life` or a `weekly visit`. The value is
    the number of times in a day: `once a week` is 1/7. Both ends of a range are found. `q12h (twice daily)` is one finding, since both
    parts say the same. `as needed` stands in the note, and the value is then the most that may be given.

    Why it earns reward
    -------------------
    A dose without a frequency is no prescription, and a daily limit cannot be checked without it.

    Example
    -------
    `let daily = only quantity in only <dose> in reply * (only frequency in only <schedule> in reply) / 1 day`

    Known gaps
    ----------
    Times of the day (`at 8 and 20 h`, `with every meal`), numbers above twelve in words, and other languages are not read. `daily` alone is
    once, also where a total is meant (`1 g daily`): ask for the frequency in a place of its own. `b.d.` and `o.d.` have other meanings
    elsewhere; `od` is not read. A model can write several: use `only`.
    """
    return [_frequencies(text) for text in texts]


def _frequencies(text: str) -> list[Finding[Fraction]]:
    found: list[Finding[Fraction]] = []
    for match in _forms().finditer(text):
        note = "as needed" if _needed().match(text, match.end()) else ""
        for finding in _values(match, note):
            last = found[-1] if found else None
            if (
                last is not None
                and last.value == finding.value
                and finding.start - last.end <= 12
                and _says_again(text[last.end : finding.start])
            ):
                continue
            found.append(finding)
    return found


def _says_again(between: str) -> bool:
    words = between.strip(" \t\n(,;=:-–—")
    return words in ("", "i.e.", "i.e.,", "that is", "that is,", "or")


def _values(match: re.Match[str], note: str) -> Iterator[Finding[Fraction]]:
    """The one or two frequencies of a match."""
    start, end = match.span()
    for key in ("q", "every", "hourly"):
        if match[key]:
            unit = {"q": match["q_unit"], "every": match["unit"], "hourly": "hour"}[key]
            yield from _ends(match, key, note, _DAYS[unit[0].lower()], every=True)
            return
    if match["times"]:
        yield from _ends(match, "times", note, Fraction(7 if match["period"][0] in "wW" else 1), every=False)
    elif match["latin"]:
        yield Finding(start, end, _LATIN[re.sub(r"[.\s]", "", match["latin"]).lower()], note)
    elif match["other"]:
        each = {"other": 2, "second": 2, "third": 3, "fourth": 4}[match["other"].lower()]
        yield Finding(start, end, 1 / (each * _DAYS[match["other_unit"][0].lower()]), note)
    elif match["parts_of_day"]:
        yield Finding(start, end, Fraction(1 + len(re.findall(_PART_OF_DAY, match["parts_of_day"], re.IGNORECASE))), note)
    elif match["meals"]:
        yield Finding(start, end, Fraction(1 + len(re.findall(_MEAL, match["meals"], re.IGNORECASE))), note)
    elif match["parts"]:
        yield Finding(start, end, Fraction(_number(match["parts"])), note)
    else:
        yield Finding(start, end, next(value for name, value in _ALONE.items() if match[name]), note)


def _ends(match: re.Match[str], key: str, note: str, days: Fraction, *, every: bool) -> Iterator[Finding[Fraction]]:
    """One number, or both ends of a range: `every 6 to 8 hours` (`every` N `days`), `3 to 4 times a day` (N times in `days`)."""
    written = [name for name in (key, f"{key}_to") if match[name]]
    for place, name in enumerate(written):
        number = _number(match[name])
        if number:
            start = match.start() if place == 0 else match.start(name)
            end = match.end(name) if place == 0 and len(written) == 2 else match.end()
            yield Finding(start, end, 1 / (number * days) if every else Fraction(number) / days, note)


def _number(written: str) -> int:
    return _NUMBERS.get(written.lower()) or int(written)
