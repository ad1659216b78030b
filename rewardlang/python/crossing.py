"""Values of the language as plain Python, and back: what a function of the author is given, and what it may return.

text, one of     str
number           int, or the nearest float; an int, float, Fraction or Decimal comes back
boolean          bool
quantity in U    a number, of the unit that the declaration names
math             the str that the answer was written in; a str, or a number, comes back
list of these    list
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import Any, NamedTuple

from rewardlang import types
from rewardlang.answers.values import Measured, answer_of_number
from rewardlang.verdict import Missing, Refused


class NoValue(Exception):
    """What came back is no value of the declared type; the words say why, where the type alone does not."""


class Signature(NamedTuple):
    """The declared types of a function, and how numbers are written in the file's texts."""

    parameters: tuple[tuple[str, types.Type], ...]
    gives: types.Type
    notation: str


def plain(value: Any, type_: types.Type) -> Any:
    """A value of a parameter before it is packed: a quantity is the number that it has in its unit."""
    if isinstance(type_, types.ListType):
        return tuple(plain(item, type_.item) for item in value)
    return Fraction(value) / _size(type_) if isinstance(type_, types.QuantityType) else value


def value_of(answer: Any, type_: types.Type, notation: str) -> Any:
    """What came back as a value of the type. Raises `NoValue`."""
    match type_:
        case types.TextType() if isinstance(answer, str):
            return unicodedata.normalize("NFC", answer)
        case types.OneOfType(values=values) if isinstance(answer, str):
            text = unicodedata.normalize("NFC", answer)
            if text in values:
                return text
        case types.BooleanType() if isinstance(answer, bool):
            return answer
        case types.NumberType() if isinstance(answer, Fraction) and type_.holds(answer):
            return answer
        case types.QuantityType(unit=unit) if isinstance(answer, Fraction):
            return Measured(answer * _size(type_), f"{shown_number(answer)} {unit}")
        case types.MathType() if isinstance(answer, Fraction):
            return answer_of_number(answer)
        case types.MathType() if isinstance(answer, str):
            return _answer(unicodedata.normalize("NFC", answer), notation)
        case types.ListType(item=item) if isinstance(answer, tuple):
            return tuple(value_of(part, item, notation) for part in answer)
    raise NoValue


def _answer(text: str, notation: str) -> Any:
    from rewardlang.answers.notation import read_answer_in

    answer = read_answer_in(text, notation)
    if isinstance(answer, (Missing, Refused)):
        raise NoValue(answer.reason)
    return answer


def _size(type_: types.QuantityType) -> Fraction:
    """The unit of a quantity, in base units."""
    from rewardlang.answers.quantities import unit_of

    unit = unit_of(type_.unit or "")
    assert unit is not None, "the checker wants a unit, and knows it"
    return unit.size


def wanted(type_: types.Type) -> str:
    """A type as a message of a function of Python names it."""
    match type_:
        case types.NumberType(low=Fraction() as low, high=Fraction() as high):
            return f"a number between {shown_number(low)} and {shown_number(high)}"
        case types.QuantityType(unit=unit):
            return f"a number, which counts as {unit}"
        case types.MathType():
            return "a text or number that can be read as mathematics"
        case types.BooleanType():
            return "True or False"
    return f"a {type_}"


def shown_number(value: Fraction) -> str:
    """A number as a message shows it."""
    return f"{float(value):g}" if abs(value) < 2**1000 else "a very large number"
