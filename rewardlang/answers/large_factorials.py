"""Factorials that nobody writes out, compared by what is left over: `2024!` and `2024 · 2023!`."""

from __future__ import annotations

import math

from rewardlang.answers.algebra import Atom, LimitError, Quotient, atom, difference, number
from rewardlang.answers.substitution import changed

MAX_STEPS = 200
MAX_NUMBER = 10**6


def same_factorials(one: Quotient, other: Quotient) -> bool:
    """Whether two formulas are equal after their factorials of numbers are told by the least of them; not whether they differ."""
    numbers = [number for number in map(_of_number, one.atoms() | other.atoms()) if number is not None]
    if len(numbers) < 2:
        return False
    least = min(numbers)

    def by_the_least(part: Atom) -> Quotient | None:
        of = _of_number(part)
        if of is None or of - least > MAX_STEPS:
            return None
        return number(math.prod(range(least + 1, of + 1))) * atom("factorial", number(least))

    try:
        return not difference(changed(one, by_the_least), changed(other, by_the_least)).terms
    except (LimitError, ZeroDivisionError):
        return False


def _of_number(part: Atom) -> int | None:
    """n of the atom `n!`."""
    kind, argument = part
    value = argument.rational if kind == "factorial" else None
    return int(value) if value is not None and value.denominator == 1 and 0 <= value <= MAX_NUMBER else None
