r"""Numbers with a name, a currency or a unit, and several in brackets, read without tokens: `x = 17`, `\$1,200`, `3.5 kg`, `(1, 2)`.

For speed only. Whether a letter or a word is read so is asked of the long way once, with a number of its own, and kept; the tests hold
what is made here to what the long way says of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from rewardlang.answers.algebra import Sum
from rewardlang.answers.kinds import Expression, Labelled, SetOf, Tuple_, Value
from rewardlang.answers.plain import read_decimal
from rewardlang.verdict import Missing

Reader: TypeAlias = Callable[[str], "Value | Missing"]

_FORM = re.compile(
    r"(?:([A-Za-z]) ?= ?|(\\?\$))?"
    r"([0-9]{1,15}(?:\.[0-9]{1,15})?|[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,15})?)"
    r"(?: ([a-z]{2,16}))?\.?"
)
_NUMERAL = r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?"
_SEVERAL = re.compile(
    rf"(?:(\\left\(|\()|\\left\\\{{|\\\{{) ?({_NUMERAL}(?:, ?{_NUMERAL}){{1,7}}) ?(?:(\\right\)|\))|\\right\\\}}|\\\}})\.?"
)
_THOUSANDS = re.compile(r"[0-9],[0-9]{3}(?![0-9])")
_PROBE = 7
"""Of all hours one that a half of the day can follow: `7 pm` is no number of picometres."""
_ONE = Fraction(1)


def quick_form(text: str, read: Reader) -> Value | None:
    """The value of a text of one of these forms; None for every other text. `read` is the long way."""
    if text[0] in "(\\" and (several := _several(text)) is not None:
        return several
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    name, currency, figures, word = found.groups()
    if (name is not None) + (currency is not None) + (word is not None) != 1:
        return None
    value = read_decimal(figures.replace(",", ""), False)
    if name is not None:
        return _named(name, value) if _can_be_named(name, read) else None
    if currency is not None:
        return _with_unit(value, "$")
    return _with_unit(value, word) if _counts(word, read) else None


def _several(text: str) -> Value | None:
    r"""`(1, 2)`, `\{1, 2\}`; not `(1,200)`, which can be one number."""
    found = _SEVERAL.fullmatch(text)
    if found is None or (found[1] is None) is not (found[3] is None) or _THOUSANDS.search(found[2]):
        return None
    items = tuple(read_decimal(part.lstrip(" -"), "-" in part) for part in found[2].split(","))
    return SetOf(items) if found[1] is None else Tuple_(items)


def _with_unit(value: Expression, unit: str) -> Expression:
    return Expression(value.value, False, False, unit, value.figures, value.unit_in_last_place)


def _named(name: str, value: Expression) -> Labelled:
    rational = value.value.rational
    constant = (((), -rational),) if rational else ()
    return Labelled(name, value, Sum(((((("symbol", name), _ONE),), _ONE), *constant)))


@lru_cache(maxsize=64)
def _can_be_named(name: str, read: Reader) -> bool:
    return read(f"{name} = {_PROBE}") == _named(name, read_decimal(str(_PROBE), False))


@lru_cache(maxsize=1024)
def _counts(word: str, read: Reader) -> bool:
    return read(f"{_PROBE} {word}") == _with_unit(read_decimal(str(_PROBE), False), word)
