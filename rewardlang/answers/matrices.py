"""Arithmetic of matrices whose entries are formulas: sums, products, powers, inverses, determinants."""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from rewardlang.answers.algebra import Quotient, number
from rewardlang.answers.reading import UnreadError

Entries: TypeAlias = tuple[tuple[Quotient, ...], ...]
MAX_ENTRIES = 100
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
    """The product. Raises UnreadError for shapes that do not fit."""
    if len(one[0]) != len(other) or len(one) * len(other) * len(other[0]) > MAX_ENTRIES * 10:
        raise UnreadError("a product of matrices whose shapes do not fit")
    return tuple(
        tuple(sum((a * b for a, b in zip(row, column, strict=True)), start=number(0)) for column in zip(*other, strict=True)) for row in one
    )


def to_power(rows: Entries, exponent: int) -> Entries:
    """The matrix to a whole power, by its inverse for a negative one. Raises UnreadError, and ZeroDivisionError without an inverse."""
    _require_square(rows)
    if abs(exponent) > MAX_POWER:
        raise UnreadError(f"a matrix to a power above {MAX_POWER}")
    base = inverse(rows) if exponent < 0 else rows
    result = identity(len(rows))
    for _ in range(abs(exponent)):
        result = times(result, base)
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
    """By the cofactors. Raises ZeroDivisionError where there is none."""
    size = len(rows)
    if _numbers(rows) is None and size >= MAX_SYMBOLIC:
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


def _require_square(rows: Entries) -> None:
    if len(rows) != len(rows[0]):
        raise UnreadError("a matrix that is not square")


def _without(rows: Entries, row: int, column: int) -> Entries:
    return tuple(
        tuple(value for at, value in enumerate(line) if at != column) for number_of_row, line in enumerate(rows) if number_of_row != row
    )


def _numbers(rows: Entries) -> list[list[Fraction]] | None:
    values = [[value.rational for value in row] for row in rows]
    known = [[value for value in row if value is not None] for row in values]
    return known if all(len(row) == len(rows[0]) for row in known) else None


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
