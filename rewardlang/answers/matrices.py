"""Arithmetic of matrices whose entries are formulas: sums, products, powers, inverses, determinants."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeAlias

from rewardlang.answers.algebra import LimitError, Quotient, number
from rewardlang.answers.reading import UnreadError

Entries: TypeAlias = tuple[tuple[Quotient, ...], ...]
MAX_ENTRIES = 100
MAX_TERMS = 400
"""Terms of one symbolic factor times those of the other."""

MAX_SYMBOLIC = 4
"""Rows of a square matrix with symbols in it whose determinant is written out; of an inverse one fewer."""

MAX_POWER = 16


def plus(one: Entries, other: Entries) -> Entries:
    """The sum. Raises UnreadError for different shapes."""
    if len(one) != len(other) or len(one[0]) != len(other[0]):
        raise UnreadError("a sum of matrices of different shapes")
    return tuple(tuple(a + b for a, b in zip(left, right, strict=True)) for left, right in zip(one, other, strict=True))


def scaled(rows: Entries, factor: Quotient) -> Entries:
    """Every entry times a factor."""
    return tuple(tuple(factor * value for value in row) for row in rows)


def times(one: Entries, other: Entries) -> Entries:
    """The product. Raises UnreadError for shapes that do not fit, and for more work than is done for an answer."""
    if len(one[0]) != len(other):
        raise UnreadError("a product of matrices whose shapes do not fit")
    left, right = _numbers(one), _numbers(other)
    if left is not None and right is not None:
        columns = list(zip(*right, strict=True))
        return _entries([[sum(map(operator.mul, row, column)) for column in columns] for row in left])
    if sum(_terms(row) for row in one) * sum(_terms(row) for row in other) > MAX_TERMS:
        raise UnreadError("a product of matrices of long formulas")
    return tuple(
        tuple(sum((a * b for a, b in zip(row, column, strict=True)), start=number(0)) for column in zip(*other, strict=True)) for row in one
    )


def _terms(row: tuple[Quotient, ...]) -> int:
    return sum(len(value.over.terms) * len(value.under.terms) for value in row)


def _entries(rows: Iterable[Iterable[Fraction | int]]) -> Entries:
    return tuple(tuple(number(value) for value in row) for row in rows)


def to_power(rows: Entries, exponent: int) -> Entries:
    """The matrix to a whole power, by its inverse for a negative one. Raises UnreadError, and ZeroDivisionError without an inverse."""
    _require_square(rows)
    if abs(exponent) > MAX_POWER:
        raise UnreadError(f"a matrix to a power above {MAX_POWER}")
    square, left = inverse(rows) if exponent < 0 else rows, abs(exponent)
    result = identity(len(rows))
    while left:
        if left & 1:
            result = times(result, square)
        left >>= 1
        if left:
            square = times(square, square)
    return result


def identity(size: int) -> Entries:
    """Ones on the diagonal."""
    return tuple(tuple(number(int(row == column)) for column in range(size)) for row in range(size))


def trace(rows: Entries) -> Quotient:
    """The sum of the diagonal."""
    _require_square(rows)
    return sum((row[index] for index, row in enumerate(rows)), start=number(0))


def determinant(rows: Entries) -> Quotient:
    """By elimination where all entries are numbers, else by the first row."""
    _require_square(rows)
    numbers = _numbers(rows)
    if numbers is not None:
        return number(_eliminated(numbers))
    if len(rows) > MAX_SYMBOLIC:
        raise UnreadError(f"the determinant of more than {MAX_SYMBOLIC} rows with symbols")
    if len(rows) == 1:
        return rows[0][0]
    total = number(0)
    for column, value in enumerate(rows[0]):
        part = value * determinant(_without(rows, 0, column))
        total = total - part if column % 2 else total + part
    return total


def inverse(rows: Entries) -> Entries:
    """By elimination where all entries are numbers, else by the cofactors. Raises ZeroDivisionError where there is none."""
    size = len(rows)
    numbers = _numbers(rows)
    if numbers is not None:
        return _entries(_inverted(numbers))
    if size >= MAX_SYMBOLIC:
        raise UnreadError(f"the inverse of {MAX_SYMBOLIC} or more rows with symbols")
    whole = determinant(rows)
    if not whole.over.terms:
        raise ZeroDivisionError
    if size == 1:
        return ((number(1) / whole,),)
    sign = (number(1), number(-1))
    return tuple(
        tuple(sign[(row + column) % 2] * determinant(_without(rows, column, row)) / whole for column in range(size)) for row in range(size)
    )


def _inverted(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    size = len(rows)
    wide = [[*row, *(Fraction(int(at == column)) for column in range(size))] for at, row in enumerate(rows)]
    for at in range(size):
        pivot = next((index for index in range(at, size) if wide[index][at]), None)
        if pivot is None:
            raise ZeroDivisionError
        wide[at], wide[pivot] = wide[pivot], wide[at]
        top = [value / wide[at][at] for value in wide[at]]
        wide[at] = top
        for other in range(size):
            factor = wide[other][at]
            if other != at and factor:
                wide[other] = [value - factor * above for value, above in zip(wide[other], top, strict=True)]
    return [row[size:] for row in wide]


def _require_square(rows: Entries) -> None:
    if len(rows) != len(rows[0]):
        raise UnreadError("a matrix that is not square")


def _without(rows: Entries, row: int, column: int) -> Entries:
    return tuple(
        tuple(value for at, value in enumerate(line) if at != column) for number_of_row, line in enumerate(rows) if number_of_row != row
    )


MAX_BITS = 800
"""Of a numerator or denominator that is still computed with as a number here."""


def _numbers(rows: Entries) -> list[list[Fraction]] | None:
    values = [[value.rational for value in row] for row in rows]
    known = [[value for value in row if value is not None] for row in values]
    if any(len(row) < len(rows[0]) for row in known):
        return None
    if any(value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS for row in known for value in row):
        raise LimitError(f"a matrix with numbers of more than {MAX_BITS} bits")
    return known


def _eliminated(rows: list[list[Fraction]]) -> Fraction:
    rows = [list(row) for row in rows]
    result = Fraction(1)
    for at in range(len(rows)):
        pivot = next((index for index in range(at, len(rows)) if rows[index][at]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != at:
            rows[at], rows[pivot] = rows[pivot], rows[at]
            result = -result
        result *= rows[at][at]
        for below in range(at + 1, len(rows)):
            factor = rows[below][at] / rows[at][at]
            rows[below] = [value - factor * top for value, top in zip(rows[below], rows[at], strict=True)]
    return result
