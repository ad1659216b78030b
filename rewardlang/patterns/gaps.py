"""Patterns of literals with gaps between them, such as `^<a>.*</a>\\s*<b>`: whether they match, by looking for the literals.

A gap is any number of characters of one set. Of each literal all places are
found from left to right, and those are kept that a gap joins to a kept place
of the literal before. Every character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rewardlang.patterns.tree import Assert, Chars, Ranges, Repeat, Sequence_, Tree, complement


class _Step(NamedTuple):
    """A gap of at least `least` characters, and the literal behind it. `other` finds what cannot stand in the gap; None: no gap."""

    other: re.Pattern[str] | None
    least: int
    literal: str


class Gaps:
    """Such a pattern. `to_end`: the last literal, or the gap behind it, must reach the end of the text."""

    def __init__(self, steps: list[_Step], from_start: bool, to_end: bool) -> None:
        self._steps, self._from_start, self._to_end = steps, from_start, to_end

    @property
    def literal(self) -> str | None:
        """The literal that the whole pattern is; None where there is a gap, or a place where it must stand."""
        bare = len(self._steps) == 1 and not self._from_start and not self._to_end
        return self._steps[0].literal if bare else None

    def found_in(self, text: str) -> bool:
        """Whether the pattern matches anywhere in a text."""
        first, *rest = self._steps
        if not self._from_start:
            ends = [at + len(first.literal) for at in _places(text, first.literal, 0)]
        elif first.other is None:
            ends = [len(first.literal)] if text.startswith(first.literal) else []
        else:
            ends, rest = [0], self._steps
        for step in rest:
            if not ends:
                return False
            ends = _joined(text, ends, step, self._to_end and step is rest[-1])
        return len(text) in ends if self._to_end else bool(ends)


def gaps_of(tree: Tree) -> Gaps | None:
    """The pattern as literals and gaps; None where it has anything else."""
    items = _flat(tree)
    from_start, to_end = items[:1] == [Assert("text start")], items[-1:] == [Assert("text end")]
    steps: list[_Step] = []
    for item in items[from_start : len(items) - to_end]:
        match item:
            case Chars(((low, high),)) if low == high:
                if not steps:
                    steps.append(_Step(None, 0, ""))
                steps[-1] = steps[-1]._replace(literal=steps[-1].literal + chr(low))
            case Repeat(Chars(ranges), 0 | 1 as least, None):
                if steps and steps[-1].other is not None and not steps[-1].literal:
                    return None  # two gaps in a row
                steps.append(_Step(_other(ranges), least, ""))
            case _:
                return None
    if not steps or (not from_start and (steps[0].other is not None or not steps[0].literal)):
        return None
    return Gaps(steps, from_start, to_end)


def _flat(tree: Tree) -> list[Tree]:
    if isinstance(tree, Sequence_):
        return [part for item in tree.items for part in _flat(item)]
    return [tree]


def _other(ranges: Ranges) -> re.Pattern[str]:
    others = complement(ranges)
    return re.compile("[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in others) + "]" if others else "(?!)")


def _places(text: str, literal: str, start: int) -> Iterator[int]:
    """Where the literal begins, also inside itself."""
    at = text.find(literal, start)
    while at >= 0:
        yield at
        at = text.find(literal, at + 1)


def _joined(text: str, ends: list[int], step: _Step, to_end: bool) -> list[int]:
    """Where the literal of a step ends, if a gap joins it to one of the ascending `ends` before it."""
    assert step.other is not None, "there is a gap between two literals"
    size = len(step.literal)
    if to_end:  # one place is left: at the end of the text
        places = iter([len(text) - size] if text.endswith(step.literal) else [])
    elif not step.literal:  # a gap behind everything, of which the least is enough
        return [end + step.least for end in ends if _gap_end(text, end, step.other) >= end + step.least]
    else:
        places = _places(text, step.literal, ends[0] + step.least)
    found, place, reach = [], 0, -1
    for at in places:
        while place + 1 < len(ends) and ends[place + 1] + step.least <= at:
            place += 1
        end = ends[place]
        if end + step.least > at:
            continue
        if end >= reach:
            reach = _gap_end(text, end, step.other)
        if at <= reach:
            found.append(at + size)
    return found


def _gap_end(text: str, start: int, other: re.Pattern[str]) -> int:
    """How far a gap that begins at `start` can reach."""
    stop = other.search(text, start)
    return len(text) if stop is None else stop.start()
