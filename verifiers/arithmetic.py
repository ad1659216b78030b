"""`min`, `max`, `abs` and `round`, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_DIGITS = 300


@measure("min", cost="free", version="1")
def minimum(ones: Sequence[Fraction], others: Sequence[Fraction]) -> list[Fraction | Missing | Refused]:
    """The smaller of two numbers; `min`, `max`, `abs` and `round` together.

    What it checks
    --------------
    `min(a, b)`, `max(a, b)` and `abs(a)` on exact numbers. `round(a)` gives the nearest whole number, `round(a, digits = 2)` two
    decimals; halves go away from zero, as taught at school: `round(2.5)` is 3, `round(-2.5)` is -3.

    Why it earns reward
    -------------------
    Points are often a number within limits: `scaled by min(found / wanted, 1)`.

    Example
    -------
    `award up to 1 point scaled by 1 - min(abs(count of word in reply - target) / 10, 1)`

    Known gaps
    ----------
    They judge nothing themselves: what they are fed decides. Rounding a model's answer before comparing accepts wrong ones.
    """
    return [one if one <= other else other for one, other in zip(ones, others, strict=True)]


@measure("max", cost="free", version="1")
def maximum(ones: Sequence[Fraction], others: Sequence[Fraction]) -> list[Fraction | Missing | Refused]:
    """The larger of two numbers."""
    return [one if one >= other else other for one, other in zip(ones, others, strict=True)]


@measure("abs", cost="free", version="1")
def absolute(numbers: Sequence[Fraction]) -> list[Fraction | Missing | Refused]:
    """A number without its sign."""
    return [number if number >= 0 else -number for number in numbers]


@measure("round", cost="free", version="1")
def rounded(numbers: Sequence[Fraction], *, digits: Fraction = Fraction(0)) -> list[Fraction | Missing | Refused]:
    """The nearest number with that many decimals; halves go away from zero."""
    if digits.denominator != 1 or abs(digits) > MAX_DIGITS:
        return [Missing(f"digits must be a whole number from -{MAX_DIGITS} to {MAX_DIGITS}") for _ in numbers]
    unit = Fraction(10) ** -int(digits)
    return [_nearest(number / unit) * unit for number in numbers]


def _nearest(number: Fraction) -> int:
    whole = (2 * abs(number.numerator) + number.denominator) // (2 * number.denominator)
    return whole if number >= 0 else -whole
