"""Sines and cosines of several angles, rewritten to those of base angles that are independent: then equal forms are equal values.

For each product of symbols in the angles of both formulas (x in sin 2x and
cos x/2) the base angle is the largest of which all are whole multiples (x/2).
Sines and cosines of base angles, with sin² = 1 − cos², are algebraically
independent of one another and of the symbols, so that the difference decides.
"""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang.answers.algebra import Atom, LimitError, Product, Quotient, Sum, atom, difference, number, power
from rewardlang.answers.functions import cos, sin

MAX_MULTIPLE = 8
MAX_ANGLES = 12
MAX_POWER = 12


def same_after_angles(one: Quotient, other: Quotient) -> bool | None:
    """Whether two formulas with sines and cosines are equal; None where they are not of this kind, or too large."""
    angles = [argument for side in (one, other) for kind, argument in side.atoms() if kind in ("sin", "cos")]
    if not angles or len(angles) > MAX_ANGLES or any(kind not in _KINDS for side in (one, other) for kind, _ in side.atoms()):
        return None
    bases = _bases(angles)
    if bases is None:
        return None
    try:
        gap = _without_denominators(difference(_rewritten(one, bases), _rewritten(other, bases)))
    except (LimitError, ZeroDivisionError, _OtherError):
        return None
    if not gap.terms:
        return True
    constants = any(kind == "constant" for kind, _ in gap.atoms())
    return None if constants else False


_KINDS = ("sin", "cos", "symbol", "i", "prime", "constant")


class _OtherError(ValueError):
    """An angle, or a power, that is not rewritten."""


def _bases(angles: list[Quotient]) -> dict[Product, Fraction] | None:
    """The size of the base angle for each product of symbols."""
    found: dict[Product, Fraction] = {}
    for angle in angles:
        if angle.under.rational != 1:
            return None
        for product, value in angle.over.terms:
            if _is_part_of_pi(product):
                continue
            if any(kind != "symbol" for (kind, _), _ in product):
                return None
            known = found.get(product, abs(value))
            over = math.gcd(known.numerator * value.denominator, value.numerator * known.denominator)
            found[product] = Fraction(over, known.denominator * value.denominator)
    multiples = [abs(value) / found[product] for angle in angles for product, value in angle.over.terms if product in found]
    return found if all(multiple <= MAX_MULTIPLE for multiple in multiples) else None


def _is_part_of_pi(product: Product) -> bool:
    return len(product) == 1 and product[0][0] == ("constant", "pi") and product[0][1] == 1


def _without_denominators(gap: Sum) -> Sum:
    """The difference times sines and cosines, so that none stands to a negative power and equal forms are equal values."""
    least: dict[Atom, Fraction] = {}
    for product, _ in gap.terms:
        for name, exponent in product:
            if name[0] in ("sin", "cos"):
                least[name] = min(least.get(name, Fraction(0)), exponent)
    result = Quotient(gap)
    for (kind, argument), exponent in least.items():
        result = result * atom(kind, argument, -exponent) if exponent else result
    return result.over


def _rewritten(of: Quotient, bases: dict[Product, Fraction]) -> Quotient:
    return _rewritten_sum(of.over, bases) / _rewritten_sum(of.under, bases)


def _rewritten_sum(of: Sum, bases: dict[Product, Fraction]) -> Quotient:
    total = number(0)
    for product, value in of.terms:
        kept = tuple((name, exponent) for name, exponent in product if name[0] not in ("sin", "cos"))
        term = Quotient(Sum(((kept, value),)))
        for (kind, argument), exponent in product:
            if kind not in ("sin", "cos"):
                continue
            if exponent.denominator != 1 or abs(exponent) > MAX_POWER:
                raise _OtherError
            sine, cosine = _pair(argument, bases)
            term = term * power(sine if kind == "sin" else cosine, int(exponent))
        total = total + term
    return total


def _pair(angle: Quotient, bases: dict[Product, Fraction]) -> tuple[Quotient, Quotient]:
    """Sine and cosine of an angle, in those of the base angles."""
    sine, cosine = number(0), number(1)
    for product, value in angle.over.terms:
        if _is_part_of_pi(product):
            part = Quotient(Sum(((product, value),)))
            steps, one = 1, (sin(part), cos(part))
            if any(kind in ("sin", "cos") for side in one for kind, _ in side.atoms()):
                raise _OtherError
        else:
            base = Quotient(Sum(((product, bases[product]),)))
            steps = int(abs(value) / bases[product])
            one = (sin(base) if value > 0 else -sin(base), cos(base))
        for _ in range(steps):
            sine, cosine = sine * one[1] + cosine * one[0], cosine * one[1] - sine * one[0]
    return sine, cosine
