"""What a regular expression says, as a tree; sets of characters are ranges of code points, so no engine's classes matter.

The laws: ranges are sorted, disjoint and not adjacent; `Repeat.high` is None
for "any number"; there is no empty `Either`; a `Group` stands only in a tree
that was read for the places of its groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

LAST = 0x10FFFF

Ranges: TypeAlias = tuple[tuple[int, int], ...]
Place: TypeAlias = Literal["text start", "text end", "line start", "line end", "word edge", "no word edge"]


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assert:
    """A place between characters."""

    place: Place


@dataclass(frozen=True, slots=True)
class Sequence_:
    """One after the other; empty matches the empty text."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """The first alternative that leads to a match."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`item{low,high}`, as many as possible when `greedy`, else as few."""

    item: Tree
    low: int
    high: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose place in the match is wanted; parts are counted from 1, by their opening brackets."""

    item: Tree
    number: int


Tree: TypeAlias = Chars | Assert | Sequence_ | Either | Repeat | Group


def ranges_of(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Sorted, disjoint ranges with the same code points."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Every other code point."""
    found, next_free = [], 0
    for low, high in ranges:
        if next_free < low:
            found.append((next_free, low - 1))
        next_free = high + 1
    return (*found, (next_free, LAST)) if next_free <= LAST else tuple(found)


def fold_ascii(ranges: Ranges) -> Ranges:
    """With the other case of every ASCII letter in it."""
    folded = list(ranges)
    for low, high in ranges:
        for first, last, shift in ((0x41, 0x5A, 32), (0x61, 0x7A, -32)):
            if low <= last and high >= first:
                folded.append((max(low, first) + shift, min(high, last) + shift))
    return ranges_of(folded)


def overlap(one: Ranges, other: Ranges) -> bool:
    """Whether two sets share a code point."""
    return any(low <= stop and start <= high for low, high in one for start, stop in other)


def nullable(tree: Tree) -> bool:
    """Whether it can match the empty text (a place counts as empty)."""
    match tree:
        case Chars():
            return False
        case Assert():
            return True
        case Sequence_(items):
            return all(map(nullable, items))
        case Either(items):
            return any(map(nullable, items))
        case Repeat(item, low, _, _):
            return low == 0 or nullable(item)
        case Group(item, _):
            return nullable(item)
