"""Sequences that go on: `1, 3, 5, …`. How they go on is not told, but where their beginnings differ, so do they."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from rewardlang.answers.kinds import Expression, Labelled, Unread, Value
from rewardlang.verdict import Verdict, cannot_judge, no

_DOTS = "…"


def has_dots(items: Sequence[Value]) -> bool:
    """Whether some of a row are left out."""
    return any(isinstance(item, Unread) and item.text == _DOTS for item in items)


def same_sequence(one: Sequence[Value], other: Sequence[Value], in_order: Verdict) -> Verdict:
    """The verdict on two rows of which one has dots in it: their order says what the dots stand for."""
    if in_order.holds:
        return in_order
    return no("different beginnings") if _begin_differently(one, other) else cannot_judge("how a row goes on is not told")


def _begin_differently(one: Sequence[Value], other: Sequence[Value]) -> bool:
    """Whether two rows with dots in them, both rising or both falling, begin with different numbers: none that stands before the dots
    of one can then stand elsewhere in the other."""
    left, right = _beginning(one), _beginning(other)
    if _direction(left) != _direction(right) or not _direction(left):
        return False
    return any(a != b for a, b in zip(left, right, strict=False))


def _beginning(items: Sequence[Value]) -> list[Fraction]:
    """The plain numbers before the dots; none where there are no dots."""
    found: list[Fraction] = []
    for item in items:
        value = item.value if isinstance(item, Labelled) else item
        if isinstance(value, Unread) and value.text == _DOTS:
            return found
        rational = value.value.rational if isinstance(value, Expression) and not value.unit else None
        if rational is None:
            return []
        found.append(rational)
    return []


def _direction(numbers: Sequence[Fraction]) -> int:
    """1 where they rise, -1 where they fall, 0 where they do neither or are too few."""
    rising = [after > before for before, after in pairwise(numbers)]
    steps = [after != before for before, after in pairwise(numbers)]
    return 0 if not rising or not all(steps) or len(set(rising)) > 1 else 1 if rising[0] else -1
