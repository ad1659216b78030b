"""`ramp` and `cosine_ramp`: from 0 to 1 between two bounds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

_SCALE = 10**30
_PI = 3141592653589793238462643383279
"""π · 10³⁰, cut off."""


@measure("ramp", cost="free", version="1")
def ramp(numbers: Sequence[Fraction], starts: Sequence[Fraction], ends: Sequence[Fraction]) -> list[Fraction | Missing | Refused]:
    """How far a number has come from a start to an end: 0 at the start and before it, 1 at the end and beyond.

    What it checks
    --------------
    `ramp(x, a, b)` is (x - a) / (b - a), held between 0 and 1; with a > b it falls as x grows. `cosine_ramp` has the same ends and
    the shape (1 - cos πt) / 2, flat at both ends, to twelve decimals, the same on every machine. Equal bounds give no value.

    Why it earns reward
    -------------------
    A step pays nothing for coming closer; a ramp gives the policy a slope to climb, for example in penalties on length.

    Example
    -------
    `let long = ramp(count of word in reply, 400, 600) else 1` and `rule overlong: deduct up to 1 point scaled by long`

    Known gaps
    ----------
    A ramp on something that is easy to produce (length, number of steps) is climbed by producing it.
    """
    return [_share(*row) for row in zip(numbers, starts, ends, strict=True)]


@measure("cosine_ramp", cost="free", version="1")
def cosine_ramp(numbers: Sequence[Fraction], starts: Sequence[Fraction], ends: Sequence[Fraction]) -> list[Fraction | Missing | Refused]:
    """As `ramp`, with the shape of half a cosine wave."""
    shares = [_share(*row) for row in zip(numbers, starts, ends, strict=True)]
    return [share if isinstance(share, Missing) else _half_wave(share) for share in shares]


def _share(number: Fraction, start: Fraction, end: Fraction) -> Fraction | Missing:
    if start == end:
        return Missing(f"a ramp from {start} to {end} has no slope")
    return min(max((number - start) / (end - start), Fraction(0)), Fraction(1))


def _half_wave(share: Fraction) -> Fraction:
    """(1 - cos πt) / 2 in whole numbers: Taylor's series with 30 decimals, given with 12."""
    angle = share.numerator * _PI // share.denominator
    total = term = _SCALE
    order = 0
    while term:
        order += 2
        term = -term * angle // _SCALE * angle // _SCALE // (order * (order - 1))
        if term in (-1, 0):
            break
        total += term
    tenth = _SCALE // 10**12
    return Fraction(((_SCALE - total) // 2 + tenth // 2) // tenth, 10**12)
