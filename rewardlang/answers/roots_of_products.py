r"""Roots of products, taken apart where the symbols are not negative: `\sqrt{L/g}` and `\sqrt L / \sqrt g` are equal where both are real.

A symbol is not negative on the common real domain when an even root of it alone stands in one of the two formulas.
"""

from __future__ import annotations

from rewardlang.answers.algebra import Atom, LimitError, Quotient, atom, difference, number
from rewardlang.answers.functions import raised
from rewardlang.answers.substitution import changed


def same_roots(one: Quotient, other: Quotient) -> bool:
    """Whether two formulas are equal after their roots are taken apart; not whether they differ."""
    positive = _under_a_root(one) | _under_a_root(other)
    if not positive:
        return False

    def taken_apart(part: Atom) -> Quotient | None:
        kind, arguments = part
        up = arguments[1].rational if kind == "power" else None
        if up is None or arguments[0].under.rational != 1 or len(arguments[0].over.terms) != 1:
            return None
        product, coefficient = arguments[0].over.terms[0]
        if coefficient <= 0 or any(factor not in positive for factor, _ in product):
            return None
        result = raised(number(coefficient), number(up))
        for (factor_kind, name), exponent in product:
            result = result * atom(factor_kind, name, exponent * up)
        return result

    try:
        return not difference(changed(one, taken_apart), changed(other, taken_apart)).terms
    except (LimitError, ZeroDivisionError):
        return False


def _under_a_root(of: Quotient) -> set[Atom]:
    """The symbols of which an even root stands in a formula."""
    factors = [factor for side in (of.over, of.under) for product, _ in side.terms for factor in product]
    return {part for part, exponent in factors if part[0] == "symbol" and exponent.denominator % 2 == 0}
