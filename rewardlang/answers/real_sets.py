"""Sets of real numbers: finite unions of intervals and points, in one form, so that `[0, 1] ∪ [1, 2]` is `[0, 2]`.

Ends are closed formulas. They are ordered exactly where they are rational, else
by their values where those clearly differ or by a proof that they are equal;
otherwise UndecidedError.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cmp_to_key
from typing import TypeAlias

from rewardlang.answers.algebra import Quotient, Sum, atom
from rewardlang.answers.kinds import Expression, Interval, Labelled, Listing, SetOf, Tuple_, Union, Value
from rewardlang.answers.numeric import symbols_of, value_at

MAX_PIECES = 20
NEAR = 1e-6
INFINITY = atom("symbol", "∞")

Piece: TypeAlias = tuple[Quotient, bool, Quotient, bool]
"""Low end, whether it belongs, high end, whether it belongs."""

REALS: tuple[Piece, ...] = ((-INFINITY, False, INFINITY, False),)


class UndecidedError(ValueError):
    """Two ends whose order is not known."""


def order(one: Quotient, other: Quotient) -> int:
    """-1, 0 or 1. Raises UndecidedError."""
    if one == other:
        return 0
    infinite = _infinite(one), _infinite(other)
    if any(infinite):
        return -1 if infinite[0] < infinite[1] else 1
    a, b = one.rational, other.rational
    if a is not None and b is not None:
        return -1 if a < b else 1
    near, beside = value_at(one, {}), value_at(other, {})
    if near is None or beside is None:
        raise UndecidedError("an end whose value is not known")
    if abs(near - beside) > NEAR * max(1.0, abs(near), abs(beside)):
        return -1 if near < beside else 1
    if not (one - other).over.terms:
        return 0
    raise UndecidedError("two ends that nearly meet")


def _infinite(of: Quotient) -> int:
    return 1 if of == INFINITY else -1 if of == -INFINITY else 0


def pieces_of(value: Value) -> list[Piece] | None:
    """The pieces that a value says, a tuple of two as an open interval; None for what is no set of real numbers."""
    if isinstance(value, Interval):
        return [(value.low.value, value.with_low, value.high.value, value.with_high)]
    if isinstance(value, Tuple_):
        if len(value.items) != 2 or not all(isinstance(item, Expression) for item in value.items):
            return None
        low, high = (item.value for item in value.items if isinstance(item, Expression))
        return [(low, False, high, False)]
    if isinstance(value, SetOf):
        if not all(isinstance(item, Expression) for item in value.items):
            return None
        return [(item.value, True, item.value, True) for item in value.items if isinstance(item, Expression)]
    if isinstance(value, Union):
        found: list[Piece] = []
        for item in value.items:
            inner = pieces_of(item)
            if inner is None:
                return None
            found += inner
        return found
    return None


def normal(pieces: Iterable[Piece]) -> list[Piece]:
    """The same set as pieces that are apart, in order, none empty. Raises UndecidedError."""
    kept: list[Piece] = []
    for low, with_low, high, with_high in pieces:
        if symbols_of(low) - {"∞"} or symbols_of(high) - {"∞"}:
            raise UndecidedError("an end with a symbol in it")
        ends = with_low and not _infinite(low), with_high and not _infinite(high)
        side = order(low, high)
        if side < 0 or (side == 0 and all(ends)):
            kept.append((low, ends[0], high, ends[1]))
    if len(kept) > MAX_PIECES:
        raise UndecidedError(f"more than {MAX_PIECES} intervals")
    kept.sort(key=cmp_to_key(_by_low_end))
    found: list[Piece] = []
    for piece in kept:
        if found and _touches(found[-1], piece):
            low, with_low, high, with_high = found[-1]
            side = order(high, piece[2])
            found[-1] = (low, with_low, piece[2] if side < 0 else high, piece[3] if side < 0 else with_high or (side == 0 and piece[3]))
        else:
            found.append(piece)
    return found


def _by_low_end(one: Piece, other: Piece) -> int:
    return order(one[0], other[0]) or int(other[1]) - int(one[1])


def _touches(one: Piece, after: Piece) -> bool:
    side = order(one[2], after[0])
    return side > 0 or (side == 0 and (one[3] or after[1]))


def common(one: Iterable[Piece], other: Iterable[Piece]) -> list[Piece]:
    """The pieces that lie in both."""
    second = list(other)
    found = []
    for a in one:
        for b in second:
            low = (a[0], a[1]) if (side := order(a[0], b[0])) > 0 else (b[0], b[1]) if side < 0 else (a[0], a[1] and b[1])
            high = (a[2], a[3]) if (side := order(a[2], b[2])) < 0 else (b[2], b[3]) if side > 0 else (a[2], a[3] and b[3])
            found.append((*low, *high))
    return normal(found)


def complement(of: Iterable[Piece]) -> list[Piece]:
    """All other real numbers."""
    found: list[Piece] = []
    low, with_low = -INFINITY, False
    for piece in normal(of):
        found.append((low, with_low, piece[0], not piece[1]))
        low, with_low = piece[2], not piece[3]
    found.append((low, with_low, INFINITY, False))
    return normal(found)


def as_value(pieces: Iterable[Piece]) -> Value:
    """The set as an answer."""
    found: list[Value] = [Interval(Expression(low), Expression(high), a, b) for low, a, high, b in pieces]
    if not found:
        return SetOf(())
    return found[0] if len(found) == 1 else Union(tuple(found))


def as_one_set(of: Listing) -> Value | None:
    """`x < -1, x > 1` as the numbers in either, `x > 1, x < 3` as those in both; None for other lists."""
    labels = {item.label if isinstance(item, Labelled) else "" for item in of.items}
    inner = [pieces_of(item.value) for item in of.items if isinstance(item, Labelled) and isinstance(item.value, Interval | Union)]
    known = [pieces for pieces in inner if pieces is not None]
    if len(labels) != 1 or len(known) < len(of.items) or len(known) < 2:
        return None
    try:
        both = normal(known[0])
        for other in known[1:]:
            both = common(both, normal(other))
        return as_value(both or normal([piece for pieces in known for piece in pieces]))
    except UndecidedError:
        return None


def same_set(one: Value, other: Value) -> bool | None:
    """Whether two values are the same set of real numbers; None where that is not known."""
    left, right = pieces_of(one), pieces_of(other)
    if left is None or right is None:
        return None
    try:
        a, b = normal(left), normal(right)
        return len(a) == len(b) and all(
            x[1] is y[1] and x[3] is y[3] and order(x[0], y[0]) == 0 and order(x[2], y[2]) == 0 for x, y in zip(a, b, strict=True)
        )
    except UndecidedError:
        return None


def between(low: Quotient, high: Quotient, slope: Fraction, rest: Quotient, with_low: bool, with_high: bool) -> Interval:
    """The x with `low < slope·x + rest < high`."""
    from rewardlang.answers.algebra import number

    ends = [(low - rest) / number(slope), (high - rest) / number(slope)]
    sides = [with_low, with_high]
    if slope < 0:
        ends.reverse()
        sides.reverse()
    return Interval(Expression(ends[0]), Expression(ends[1]), sides[0], sides[1])


def line(form: Sum) -> tuple[str, Fraction, Quotient] | None:
    """Name, slope and rest of a form that is linear in its one symbol."""
    with_symbol = [(product, value) for product, value in form.terms if any(kind == "symbol" for (kind, _), _ in product)]
    if len(with_symbol) != 1 or len(with_symbol[0][0]) != 1 or with_symbol[0][0][0][1] != 1:
        return None
    rest = Quotient(Sum(tuple(term for term in form.terms if term not in with_symbol)))
    if symbols_of(rest):
        return None
    return str(with_symbol[0][0][0][0][1]), with_symbol[0][1], rest
