"""`number`: the numbers written in figures in a text, and the number that a text is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from rewardlang.answers.numerals import SIGNS, Notation, figures_text, read_number, short_figures_text, value_of_numeral
from rewardlang.answers.units import unit_pattern
from rewardlang.verdict import Finding, Missing, Refused
from rewardlang.verifier import finder, reader

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
    *("Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sept", "Sep", "Oct", "Nov", "Dec"),
)
_DAY = "(?:3[01]|[12][0-9]|0?[1-9])"
_SPACE = " \n\t"
_CURRENCY = "$€£¥"
_BEFORE_SIGN = "([{<=>*/,:;|~≈≤≥×·\"'“‘&^`_" + _CURRENCY


@cache
def _figures(notation: str) -> re.Pattern[str]:
    """A run of figures with the separators in it; LaTeX may write a comma between figures as `{,}`."""
    return re.compile(figures_text(notation) + r"(?:\{,\}(?=[0-9])[0-9.,]*+)*+")


@cache
def _date_or_time() -> re.Pattern[str]:
    """What begins with figures and is no number: dates and times of the day. Every part is of bounded length."""
    return re.compile(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9](?![0-9])|[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}(?![0-9])"
        r"|[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])"
        r"|(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?(?![0-9:])(?:\s?[ap]\.?m\b\.?)?"
        r"|(?:1[0-2]|0?[1-9])\s?(?i:[ap]\.?m\b\.?)"
        rf"|{_DAY}(?:st|nd|rd|th)?(?:\sof)?\s(?:{'|'.join(_MONTHS)})\b\.?(?:,?\s[0-9]{{4}}(?![0-9]))?"
    )


@cache
def _day_of_month() -> re.Pattern[str]:
    return re.compile(rf"{_DAY}(?:st|nd|rd|th)?(?![0-9.]*[0-9])(?:,?\s[0-9]{{4}}(?![0-9]))?")


@cache
def _percent() -> re.Pattern[str]:
    return re.compile(r"[ \u00a0\u202f]?\\?%")


@cache
def _range_end(notation: str) -> re.Pattern[str]:
    return re.compile(r"(?:\s?[-–—]\s?|\sto\s)" + short_figures_text(notation))


@cache
def _list_marker() -> re.Pattern[str]:
    """What makes figures at the beginning of a line a list marker: a full stop or bracket, space, and text on the same line."""
    return re.compile(r"[0-9]{1,3}[.)][ \t]+[^\s]")


@finder("number", cost="linear", version="2")
def number(texts: Sequence[str], *, written: Notation = "1,234.5") -> list[list[Finding[Fraction]]]:
    r"""The numbers in a text, exactly.

    What it checks
    --------------
    Finds numbers written in figures: whole, decimal (`1,234.5`), negative (hyphen or U+2212), in percent (`28%` is 0.28).
    The figures of a quantity (`500 mg`), a date, a time of the day or a list marker are no number, nor are figures that
    touch letters (`x2`, `3rd`). A hyphen after a digit or a letter is no sign. `as number` reads a whole text that is one number.

    Why it earns reward
    -------------------
    Most answers that can be checked are numbers. Exact values make `0.1 + 0.2 = 0.3` true and `17.001 = 17` false.

    Example
    -------
    `let value = only number in only <answer> in completion`

    Known gaps
    ----------
    Numbers in words are not found, nor is `1e5`, and `1/2` is two numbers (`as math` reads all three). A second number can hide in what is
    passed over: a quantity, a date, a time (`12:30`), figures that touch letters. Figures of a year (`in 2024`), behind a letter and a
    hyphen (`COVID-19`), in LaTeX (`\frac{1}{2}`) and of an exponent are numbers. A sign before a space is a bullet, and not read by the
    finder; `as number` reads it. A currency sign is passed over: `$5` finds 5. A number of more than 3,000 characters is not found.
    `1,500` can be meant as 1.5: the notation is the file's choice, and figures that are not well formed in it (`0,5`) are passed over as
    a whole. A model can write several numbers: use `only`.
    """
    return [_numbers_in(text, written) for text in texts]


def _numbers_in(text: str, notation: str) -> list[Finding[Fraction]]:
    found: list[Finding[Fraction]] = []
    position = 0
    figures = _figures(notation)
    while (match := figures.search(text, position)) is not None:
        start, position = match.span()
        before = text[start - 1 : start]
        if before.isalnum() or before == "_":
            continue
        if before in _SPACE and match[0].isdigit() and position - start < 16 and _stands_alone(text, start, position):
            found.append(Finding(start, position, Fraction(int(match[0]))))
            continue
        skipped = _other_end(text, start, position)
        if skipped:
            position = max(position, skipped)
            continue
        finding = _number_at(text, start, match[0].rstrip(".,"), notation)
        if finding is not None:
            found.append(finding)
    return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    """A quick test, for speed only, that figures behind white space belong to nothing else: most figures of a table or sum."""
    after = text[end : end + 2]
    if after and not (after[0] in _SPACE and (len(after) == 1 or after[1].isdigit() or after[1] in "=+*/<>\n")):
        return False
    last = text[start - 2 : start - 1]
    return not (last.isalpha() or last == ".")


def _other_end(text: str, start: int, end: int) -> int:
    """Where a date, a time of the day or a list marker with the figures [start, end) ends, or 0. Cheap for plain figures."""
    after = text[end : end + 1]
    joined = after != "" and (after in "/:-" or after.isalpha() or (after.isspace() and text[end + 1 : end + 2].isalpha()))
    if joined or text.count(".", start, end) > 1 or _follows_month(text, start):
        date = _date_or_time_end(text, start)
        if date:
            return date
    return _list_marker_end(text, start) if after == ")" or text[end - 1] == "." else 0


def _date_or_time_end(text: str, start: int) -> int:
    """Where the date or time of the day that begins at `start` ends, or 0 when none begins there."""
    other = _date_or_time().match(text, start)
    if other is None and _follows_month(text, start):
        other = _day_of_month().match(text, start)
    return other.end() if other else 0


def _follows_month(text: str, start: int) -> bool:
    if not text[start - 1 : start].isspace() or not (text[start - 2 : start - 1].isalpha() or text[start - 2 : start - 1] == "."):
        return False
    words = text[max(0, start - 12) : start - 1].split()
    return bool(words) and words[-1].lstrip("([\"'").rstrip(".") in _MONTHS


def _list_marker_end(text: str, start: int) -> int:
    """Where the figures of a list marker that begin at `start` end, or 0 when they are none."""
    if not _list_marker().match(text, start):
        return 0
    line = text[max(0, start - 40) : start].rpartition("\n")
    begins = bool(line[1]) or start <= 40
    return start + 1 if begins and not line[2].strip(" \t(>*#") else 0


def _number_at(text: str, start: int, numeral: str, notation: str) -> Finding[Fraction] | None:
    """The number whose figures begin at `start`, unless they belong to something else."""
    end = start + len(numeral)
    after = text[end : end + 1]
    if after.isalnum() or after == "_" or (after and _has_unit(text, end, notation)):
        return None
    before = text[start - 1 : start]
    if before and before in ".,":
        if text[start - 2 : start - 1].isalnum() or text[start - 2 : start - 1] == before:
            return None
        if before == notation[-2]:
            start, numeral = start - 1, before + numeral
    value = value_of_numeral(numeral.replace("{,}", ","), notation)
    if not isinstance(value, Fraction):
        return None
    if before and before in SIGNS and text[start - 2 : start - 1] in ("e", "E") and text[max(0, start - 3) : start - 2].isdigit():
        return None  # the exponent of 1e-5
    start, negative = _with_sign(text, start)
    percent = _percent().match(text, end) if after else None
    if percent:
        value, end = value / 100, percent.end()
    return Finding(start, end, -value if negative else value)


def _has_unit(text: str, end: int, notation: str) -> bool:
    """Whether a unit follows, at once or after the other end of a range (`500-750 mg`)."""
    if text[end] == " " and text[end + 1 : end + 2].isdigit():
        return False
    if unit_pattern().match(text, end):
        return True
    other = _range_end(notation).match(text, end)
    return other is not None and unit_pattern().match(text, other.end()) is not None


def _with_sign(text: str, start: int) -> tuple[int, bool]:
    """Where the number begins with its currency and sign, and whether it is negative."""
    at = start
    if text[at - 1 : at] in _CURRENCY and at:
        at -= 2 if text[at - 2 : at - 1] == "\\" else 1
    sign = text[at - 1 : at]
    if at == 0 or sign not in SIGNS:
        return start, False
    before = text[at - 2 : at - 1]
    if before and not before.isspace() and before not in _BEFORE_SIGN:
        return start, False
    return at - 1, sign != "+"


@reader("number", cost="linear", version="2")
def as_number(texts: Sequence[str], *, written: Notation = "1,234.5") -> list[Fraction | Missing | Refused]:
    """The number that the whole trimmed text is; see the finder of the same word."""
    return [read_number(text, written) for text in texts]
