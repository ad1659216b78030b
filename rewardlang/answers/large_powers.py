"""Products of powers that nobody writes out, compared by their prime factors: `10^1000000` and `100^500000`."""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Quotient
from rewardlang.answers.functions import factors


def same_powers(one: Quotient, other: Quotient) -> bool | None:
    """Whether two closed products of powers of rational numbers are equal; None for anything else."""
    if not any(kind == "power" for kind, _ in one.atoms() | other.atoms()):
        return None
    try:
        left, right = _primes_of(one), _primes_of(other)
    except LimitError:
        return None
    return None if left is None or right is None else left == right


def _primes_of(of: Quotient) -> tuple[int, dict[int, Fraction]] | None:
    """The sign, and the exponent of each prime."""
    if of.under.rational != 1 or len(of.over.terms) != 1:
        return None
    product, coefficient = of.over.terms[0]
    found = dict[int, Fraction]()
    _gather(found, abs(coefficient), Fraction(1))
    for (kind, argument), exponent in product:
        if kind == "prime":
            _gather(found, Fraction(argument), exponent)
            continue
        base, up = (part.rational for part in argument) if kind == "power" else (None, None)
        if base is None or up is None or base <= 0:
            return None
        _gather(found, base, up * exponent)
    return (1 if coefficient > 0 else -1), {prime: times for prime, times in found.items() if times}


def _gather(found: dict[int, Fraction], base: Fraction, exponent: Fraction) -> None:
    for part, sign in ((base.numerator, 1), (base.denominator, -1)):
        for prime, times in factors(part).items():
            found[prime] = found.get(prime, Fraction(0)) + sign * times * exponent
