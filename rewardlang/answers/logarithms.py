r"""Logarithms of products, written out where the symbols are positive: `\ln(xy)` and `\ln x + \ln y` are equal wherever both are real.

A symbol is positive on the common real domain when its logarithm stands alone
in one of the two formulas.
"""

from __future__ import annotations

from rewardlang.answers.algebra import Atom, LimitError, Quotient, atom, difference, number
from rewardlang.answers.functions import ln
from rewardlang.answers.substitution import changed

MOST_ALIKE = 2
"""Logarithms of fewer different formulas cannot be parts of one another."""


def same_logarithms(one: Quotient, other: Quotient) -> bool:
    """Whether two formulas are equal after their logarithms are written out; not whether they differ."""
    positive = _alone(one) | _alone(other)
    logarithms = {argument for kind, argument in one.atoms() | other.atoms() if kind == "lnof"}
    if not positive and len(logarithms) < MOST_ALIKE:
        return False

    def written_out(part: Atom) -> Quotient | None:
        kind, argument = part
        if kind != "lnof":
            return None
        above, below = Quotient(argument.over), Quotient(argument.under)
        if argument.under.rational != 1:  # of a positive quotient both are positive where one of them has a logarithm
            return ln(above) - ln(below) if {above, below} & logarithms else None
        if len(argument.over.terms) != 1:
            return None
        product, coefficient = argument.over.terms[0]
        if coefficient <= 0 or not product or any(factor not in positive for factor, _ in product):
            return None
        total = ln(number(coefficient))
        for factor, exponent in product:
            total = total + number(exponent) * atom("lnof", atom(*factor))
        return total

    try:
        return not difference(changed(one, written_out), changed(other, written_out)).terms
    except (LimitError, ZeroDivisionError):
        return False


def _alone(of: Quotient) -> set[Atom]:
    """The symbols whose logarithm stands in a formula."""
    found = set[Atom]()
    for kind, argument in of.atoms():
        symbols = argument.atoms() if kind == "lnof" else set()
        found |= {factor for factor in symbols if factor[0] == "symbol" and argument == atom(*factor)}
    return found
