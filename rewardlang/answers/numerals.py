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

from rewardlang.verdict import Missing, Refused

MAX_FIGURES = 3_000
"""10,000 bits: longer numerals are refused."""

SIGNS = "+\N{MINUS SIGN}-"
"""The hyphen stands last: in a class of a pattern it would otherwise make a range."""


@cache
def well_formed(notation: str) -> re.Pattern[str]:
    """A numeral without a sign; its groups are the whole part, and the decimals behind it or behind a bare point."""
    group, point = (re.escape(notation[1]), re.escape(notation[-2]))
    return re.compile(f"([1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[0-9]+)(?:{point}([0-9]+))?|{point}([0-9]+)")


def value_of_numeral(numeral: str, notation: str = "1,234.5") -> Fraction | Missing | Refused:
    """The value of unsigned figures with their separators."""
    match = well_formed(notation).fullmatch(numeral)
    if match is None:
        shown = numeral if len(numeral) <= 40 else numeral[:37] + "..."
        return Missing(f"'{shown}' is not a number written like {notation}")
    if len(numeral) > MAX_FIGURES:
        return Refused(f"a number of {len(numeral):,} characters, at most {MAX_FIGURES:,} are read")
    whole, decimals = (match[1] or "0").replace(notation[1], ""), match[2] or match[3] or ""
    if not decimals:
        return Fraction(int(whole))
    return Fraction(int(whole + decimals), 10 ** len(decimals))


@cache
def _number() -> re.Pattern[str]:
    return re.compile(rf"([{SIGNS}]?)[ ]?([0-9.,]+?)([.]?)\s?(\\?%?)")


def read_number(text: str, notation: str = "1,234.5") -> Fraction | Missing | Refused:
    """The number that the whole trimmed text is: a sign, figures, a written `%`; a full stop at the end is allowed."""
    trimmed = text.strip()
    if not trimmed:
        return Missing("the text is empty")
    match = _number().fullmatch(trimmed) if trimmed[-1] in "0123456789.%" else None
    if match is None:
        shown = trimmed if len(trimmed) <= 40 else trimmed[:37] + "..."
        return Missing(f"'{shown}' is not a number")
    value = value_of_numeral(match[2], notation)
    if not isinstance(value, Fraction):
        return value
    if match[4]:
        value /= 100
    return value if match[1] in ("", "+") else -value
