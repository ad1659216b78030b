"""`n!!`, the product of every second number down from n."""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang.answers.algebra import Quotient, number
from rewardlang.answers.functions import MAX_FACTORIAL, factorial, raised


def double_factorial(of: Quotient) -> Quotient | None:
    """`n!! = n (n - 2) (n - 4) …` for small n; `2^m m!` of 2m, `(2m + 1)! / (2^m m!)` of 2m + 1; None for anything else."""
    value = of.rational
    if value is None and of.under.rational == 1:
        constant = dict(of.over.terms).get((), Fraction(0))
        odd = constant.denominator == 1 and int(constant) % 2
        half = (of - number(odd)) / number(2)
        if any(part.denominator != 1 for _, part in half.over.terms):
            return None
        even = raised(number(2), half) * factorial(half)
        return factorial(of) / even if odd else even
    if value is None or value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
        return None
    return number(math.prod(range(int(value), 0, -2)))
