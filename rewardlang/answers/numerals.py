"""Numbers written in figures, read exactly: `1,234.5`, `−3`, `28%`.

The notation is a choice of the file. A numeral that is not well formed in it
has no value; in particular `0,5` is never read as 5 or as 05. The length is
bounded, because converting figures costs their square and CPython refuses
beyond 4,300.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Literal, TypeAlias

from rewardlang.verdict import Missing, Refused

Notation: TypeAlias = Literal["1,234.5", "1.234,5", "1 234,5", "1 234.5", "1'234.5"]
"""How numbers are written: what stands between thousands, and the decimal sign."""

_MARKS = {" ": " \u00a0\u202f\u2009", "'": "'\u2019"}
MAX_FIGURES = 3_000
"""10,000 bits: longer numerals are refused."""

SIGNS = "+\N{MINUS SIGN}-"
"""The hyphen stands last: in a class of a pattern it would otherwise make a range."""


@cache
def well_formed(notation: str) -> re.Pattern[str]:
    """A numeral without a sign; its groups are the whole part, and the decimals behind it or behind a bare point."""
    marks, point = (re.escape(thousands_marks(notation)), re.escape(notation[-2]))
    return re.compile(f"([1-9][0-9]{{0,2}}(?:[{marks}][0-9]{{3}})+|[0-9]+)(?:{point}([0-9]+))?|{point}([0-9]+)")


def thousands_marks(notation: str) -> str:
    """The characters that can stand between thousands: every kind of space and apostrophe is one."""
    return _MARKS.get(notation[1], notation[1])


def figures_text(notation: str) -> str:
    """A pattern for a run of figures with the separators in it, well formed or not.

    Spaces and apostrophes are in it only where they divide thousands.
    """
    if notation[1] in ".,":
        return "[0-9][0-9.,]*+"
    return rf"(?:[0-9]{{1,3}}(?:[{thousands_marks(notation)}][0-9]{{3}}(?![0-9]))++|[0-9])[0-9.,]*+"


def value_of_numeral(numeral: str, notation: str = "1,234.5") -> Fraction | Missing | Refused:
    """The value of unsigned figures with their separators."""
    match = well_formed(notation).fullmatch(numeral)
    if match is None:
        shown = numeral if len(numeral) <= 40 else numeral[:37] + "..."
        return Missing(f"'{shown}' is not a number written like {notation}")
    if len(numeral) > MAX_FIGURES:
        return Refused(f"a number of {len(numeral):,} characters, at most {MAX_FIGURES:,} are read")
    whole, decimals = re.sub("[^0-9]", "", match[1] or "0"), match[2] or match[3] or ""
    if not decimals:
        return Fraction(int(whole))
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def short_figures_text(notation: str) -> str:
    """The same for at most 31 characters: the figures at the other end of a range."""
    marks = "" if notation[1] in ".," else rf"|[{thousands_marks(notation)}](?=[0-9]{{3}}(?![0-9]))"
    return rf"[0-9](?:[0-9.,]{marks}){{0,30}}+"


@cache
def _number(notation: str) -> re.Pattern[str]:
    marks = "" if notation[1] in ".," else re.escape(thousands_marks(notation))
    return re.compile(rf"([{SIGNS}]?)[ ]?([0-9.,{marks}]+?)(?:([.])|\s?(\\?%))?")


def read_number(text: str, notation: str = "1,234.5") -> Fraction | Missing | Refused:
    """The number that the whole trimmed text is: a sign, figures, a written `%`; a full stop at the end is allowed."""
    trimmed = text.strip()
    if not trimmed:
        return Missing("the text is empty")
    match = _number(notation).fullmatch(trimmed) if trimmed[-1] in "0123456789.%" else None
    if match is None:
        shown = trimmed if len(trimmed) <= 40 else trimmed[:37] + "..."
        return Missing(f"'{shown}' is not a number")
    value = value_of_numeral(match[2], notation)
    if not isinstance(value, Fraction):
        return value
    if match[4]:
        value /= 100
    return value if match[1] in ("", "+") else -value
