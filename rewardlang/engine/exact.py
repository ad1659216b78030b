"""Columns of exact rationals: whole numerators over one denominator, as machine integers where they fit.

They are Python integers where they do not fit, and `Fraction`s over 1 where not
even a common denominator is at hand (numbers that a model made long on purpose).
Whichever it is, the arithmetic is the same and exact, and a double is made once,
at the end, rounded to nearest: the same double as `float(Fraction)` gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numerators: TypeAlias = NDArray[Any]
_SAFE = 1 << 62
_EXACT_DOUBLE = 1 << 53
_MOST_BITS = 4096
"""Of a common denominator."""


class Exact:
    """A column of rationals: `numerators` (int64, or objects: `int` or `Fraction`) over `denominator`, which is positive."""

    __slots__ = ("denominator", "numerators")

    def __init__(self, numerators: Numerators, denominator: int = 1) -> None:
        self.numerators, self.denominator = numerators, denominator

    @classmethod
    def of(cls, values: Sequence[int | Fraction]) -> Exact:
        """The column of some numbers."""
        denominator = 1
        for part in {value.denominator for value in values}:
            denominator = math.lcm(denominator, part)
            if denominator.bit_length() > _MOST_BITS:
                return cls(_objects([Fraction(value) for value in values]))
        if denominator == 1:
            return cls(_smallest([value.numerator for value in values]))
        return cls(_smallest([value.numerator * (denominator // value.denominator) for value in values]), denominator)

    @classmethod
    def zeros(cls, size: int) -> Exact:
        """Nothing, `size` times."""
        return cls(np.zeros(size, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.numerators)

    def repeated(self, size: int) -> Exact:
        """One number, `size` times."""
        return Exact(np.repeat(self.numerators, size), self.denominator)

    def take(self, rows: NDArray[Any]) -> Exact:
        """Some of the numbers."""
        return Exact(self.numerators[rows], self.denominator)

    def times(self, factor: int | Fraction) -> Exact:
        """Every number times one number."""
        top, bottom = factor.numerator, factor.denominator
        if bottom.bit_length() + self.denominator.bit_length() > _MOST_BITS:
            return Exact(_objects([Fraction(value) * factor for value in self.fractions()]))
        return Exact(self._scaled(top), self.denominator * bottom)

    def multiplied(self, other: Exact) -> Exact:
        """Number times number."""
        if self.denominator.bit_length() + other.denominator.bit_length() > _MOST_BITS:
            return Exact(_objects([one * two for one, two in zip(self.fractions(), other.fractions(), strict=True)]))
        left, right = _pair(self.numerators, other.numerators)
        if left.dtype != object and _most(left) * _most(right) >= _SAFE:
            left, right = left.astype(object), right.astype(object)
        return Exact(left * right, self.denominator * other.denominator)

    def plus(self, other: Exact) -> Exact:
        """Number plus number."""
        one, two, denominator = _common(self, other)
        if one.dtype != object and _most(one) + _most(two) >= _SAFE:
            one, two = one.astype(object), two.astype(object)
        return Exact(one + two, denominator)

    def at_least(self, other: Exact) -> Exact:
        """The larger of the two numbers."""
        one, two, denominator = _common(self, other)
        return Exact(np.maximum(one, two), denominator)

    def at_most(self, other: Exact) -> Exact:
        """The smaller of the two numbers."""
        one, two, denominator = _common(self, other)
        return Exact(np.minimum(one, two), denominator)

    def where(self, chosen: NDArray[np.bool_], other: Exact) -> Exact:
        """This number where it is chosen, else the other's."""
        one, two, denominator = _common(self, other)
        return Exact(np.where(chosen, one, two), denominator)

    def magnitude(self) -> Exact:
        """The numbers without their signs."""
        return Exact(np.abs(self.numerators), self.denominator)

    def compared(self, other: Exact) -> tuple[Numerators, Numerators]:
        """Two arrays that stand to each other as the numbers do, in every comparison."""
        one, two, _ = _common(self, other)
        return one, two

    def fractions(self) -> list[Fraction]:
        """The numbers one by one."""
        return [Fraction(value, self.denominator) for value in self.numerators.tolist()]

    def doubles(self) -> NDArray[np.float64]:
        """The nearest doubles."""
        if self.numerators.dtype != object and self.denominator <= _EXACT_DOUBLE and _most(self.numerators) <= _EXACT_DOUBLE:
            return self.numerators / np.float64(self.denominator)
        return np.array([float(value) for value in self.fractions()], dtype=np.float64)

    def _scaled(self, factor: int) -> Numerators:
        if factor == 1:
            return self.numerators
        if self.numerators.dtype != object and _most(self.numerators) * abs(factor) < _SAFE:
            return self.numerators * np.int64(factor) if abs(factor) < _SAFE else np.zeros_like(self.numerators)
        return self.numerators.astype(object) * factor


def _common(one: Exact, two: Exact) -> tuple[Numerators, Numerators, int]:
    """The numerators of both over one denominator, as arrays of one kind."""
    if one.denominator == two.denominator:
        return *_pair(one.numerators, two.numerators), one.denominator
    denominator = math.lcm(one.denominator, two.denominator)
    if denominator.bit_length() > _MOST_BITS:
        return _objects(one.fractions()), _objects(two.fractions()), 1
    left, right = one._scaled(denominator // one.denominator), two._scaled(denominator // two.denominator)
    return *_pair(left, right), denominator


def _pair(one: Numerators, two: Numerators) -> tuple[Numerators, Numerators]:
    if (one.dtype == object) != (two.dtype == object):
        return one.astype(object), two.astype(object)
    return one, two


def _most(numbers: Numerators) -> int:
    return int(max(numbers.max(), -numbers.min())) if len(numbers) else 0


def _smallest(numbers: list[int]) -> Numerators:
    if all(-_SAFE < number < _SAFE for number in (max(numbers, default=0), min(numbers, default=0))):
        return np.array(numbers, dtype=np.int64)
    return _objects(numbers)


def _objects(values: list[Any]) -> Numerators:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
