"""Sums of inverse sines and tangents: `arctan 1/2 + arctan 1/3 = π/4`.

Each is the angle of a complex number: arctan a of 1 + ia, arcsin s of √(1 − s²) + is. A sum of whole multiples of
them is the angle of the product, up to whole turns. So when the difference of two formulas is Σ cₖ·angleₖ + r·π with
whole cₖ and r (after multiplication by their denominators), and the product is real, then it is a multiple of π; and
when its value is also far from every multiple but 0, it is 0. The product is computed exactly, the value in floats.
"""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Product, Quotient, Sum, atom, difference, number, power
from rewardlang.answers.functions import PI, root
from rewardlang.answers.numeric import value_at

MAX_TERMS = 6
MAX_MULTIPLE = 24
NEAR = 1e-6


def same_angles(one: Quotient, other: Quotient) -> bool:
    """Whether two sums of inverse functions of closed numbers are shown to be equal."""
    try:
        gap = difference(one, other)
        if one.under.rational is None or other.under.rational is None:
            return False
        terms = [_term(product) for product, _ in gap.terms]
        known = [term for term in terms if term is not None]
        if len(known) < len(terms) or len(terms) > MAX_TERMS:
            return False
        scale = math.lcm(*(value.denominator for _, value in gap.terms))
        multiples = [int(value * scale) for _, value in gap.terms]
        near = value_at(Quotient(gap), {})
        if near is None or sum(map(abs, multiples)) > MAX_MULTIPLE or abs(near) * scale > NEAR:
            return False
        total = number(1)
        for direction, times in zip(known, multiples, strict=True):
            total = total * power(direction, times)
        return _is_real(total)
    except (LimitError, ZeroDivisionError):
        return False


def _term(product: Product) -> Quotient | None:
    """The complex number whose angle a term is, but for its coefficient: 1 for π, of which whole multiples turn to real numbers."""
    if len(product) != 1 or product[0][1] != 1:
        return None
    ((kind, argument), _) = product[0]
    if Quotient(Sum(((product, Fraction(1)),))) == PI:
        return number(1)
    if kind not in ("arcsin", "arctan") or any(inner != "prime" for inner, _ in argument.atoms()):
        return None
    of: Quotient = argument
    across = number(1) if kind == "arctan" else root(number(1) - of * of, 2)
    return across + atom("i", 1) * of


def _is_real(of: Quotient) -> bool:
    """Whether the imaginary part is 0: of `over / under`, that of over times the conjugate of under."""
    whole = Quotient(of.over) * _conjugate(of.under)
    return not any(kind == "i" for product, _ in whole.over.terms for (kind, _), _ in product)


def _conjugate(of: Sum) -> Quotient:
    signs = [-1 if any(kind == "i" for (kind, _), _ in product) else 1 for product, _ in of.terms]
    return Quotient(Sum(tuple((product, sign * value) for sign, (product, value) in zip(signs, of.terms, strict=True))))
