"""Exact numbers as people write them."""

from __future__ import annotations

from fractions import Fraction

_MOST_PLACES = 17
_LONGEST_FRACTION = 24


def written(value: Fraction) -> str:
    """A rational in its shortest exact form: `0.1`, `1/3`; with `≈` where even the fraction is too long to read."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if value.numerator.bit_length() > 1000 or value.denominator.bit_length() > 1000:
        return f"≈10^{(value.numerator.bit_length() - value.denominator.bit_length()) * 301 // 1000}"
    if rest == 1 and places <= _MOST_PLACES:
        digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
        sign = "-" if value < 0 else ""
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
    fraction = str(value)
    return fraction if len(fraction) <= _LONGEST_FRACTION else f"≈{float(value)!r}"
