"""To how many decimals, or significant figures, two answers agree: part by part, and the least of the parts counts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import pi

from rewardlang.answers.kinds import Expression, Interval, Labelled, Matrix, Tuple_, Value
from rewardlang.answers.numeric import value_at
from rewardlang.answers.physical_units import unit_of_words
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

MOST = 12
"""Figures beyond which values in floating point say nothing; two answers that are the same agree to so many."""


def agreeing_decimals(one: Answer, other: Answer) -> Fraction | Missing:
    """The largest d, from 0 to 12, for which no part differs by more than half of 10^-d."""
    return _least(one.value, other.value, relative=False)


def agreeing_figures(one: Answer, other: Answer) -> Fraction | Missing:
    """As `agreeing_decimals`, with the figures counted from the first one of the larger number of each part."""
    return _least(one.value, other.value, relative=True)


def _least(one: Value, other: Value, *, relative: bool) -> Fraction | Missing:
    pairs = list(_parts(one, other))
    if not pairs or None in pairs:
        return Missing("the two answers have not the same shape")
    least = MOST
    for pair in pairs:
        assert pair is not None
        if pair[0] == pair[1]:
            continue
        numbers = _numbers(*pair)
        if isinstance(numbers, Missing):
            return numbers
        a, b = numbers
        if a != b:
            least = min(least, _digits(abs(a - b), _power_of_ten(max(abs(a), abs(b))) if relative else Fraction(1)))
    return Fraction(least)


def _parts(one: Value, other: Value) -> Iterator[tuple[Expression, Expression] | None]:
    if isinstance(one, Labelled) and isinstance(other, Labelled) and one.label != other.label:
        yield None
        return
    one = one.value if isinstance(one, Labelled) else one
    other = other.value if isinstance(other, Labelled) else other
    match one, other:
        case Expression(), Expression():
            yield one, other
        case Tuple_(), Tuple_():
            yield from _all(one.items, other.items)
        case Interval(), Interval():
            same_ends = (one.with_low, one.with_high) == (other.with_low, other.with_high)
            yield from _all((one.low, one.high), (other.low, other.high)) if same_ends else [None]
        case Matrix(), Matrix() if len(one.rows) == len(other.rows):
            for left, right in zip(one.rows, other.rows, strict=True):
                yield from _all(left, right)
        case _:
            yield None


def _all(one: tuple[Value, ...], other: tuple[Value, ...]) -> Iterator[tuple[Expression, Expression] | None]:
    if len(one) != len(other):
        yield None
        return
    for left, right in zip(one, other, strict=True):
        yield from _parts(left, right)


def _numbers(one: Expression, other: Expression) -> tuple[Fraction, Fraction] | Missing:
    """Both numbers: of two units in the smaller one, of degrees and a multiple of π in radians, else as they are written."""
    a, b = _number(one), _number(other)
    if a is None or b is None:
        return Missing("a part that is no real number")
    if one.unit and other.unit and one.unit != other.unit:
        left, right = unit_of_words(one.unit), unit_of_words(other.unit)
        if left is None or right is None or left.dimension != right.dimension:
            return Missing("units of different kinds")
        smaller = min(left.size, right.size)
        return (a * left.size + left.zero) / smaller, (b * right.size + right.zero) / smaller
    if one.degree != other.degree and (other if one.degree else one).value.rational is None:
        degree = Fraction(pi) / 180
        return (a * degree, b) if one.degree else (a, b * degree)
    return a, b


def _number(of: Expression) -> Fraction | None:
    value = of.value.rational
    if value is None:
        near = value_at(of.value, {})
        value = None if near is None else Fraction(near)
    return value


def _digits(gap: Fraction, unit: Fraction) -> int:
    """The largest d up to 12 with gap ≤ unit·10^-d / 2, and 0 where there is none."""
    digits = 0
    while digits < MOST and 20 * gap <= unit:
        unit /= 10
        digits += 1
    return digits


def _power_of_ten(value: Fraction) -> Fraction:
    """The least power of ten that is above a number that is not 0."""
    unit = Fraction(1)
    while value >= unit:
        unit *= 10
    while value < unit / 10:
        unit /= 10
    return unit
