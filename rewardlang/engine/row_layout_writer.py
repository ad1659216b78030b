"""Writes the lines of a plain plan's function for texts of layouts that many have: which tags there are is known when a line is written.

The first `<` of the long gap is found by `find`, thirty times as fast as a
pattern: behind the tags that stand before it, which are `h`. At that place `f`
matches the end of the text, from the tag behind the long gap on. What both try
is linear in the length of a text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeAlias

from rewardlang.engine.plan import Plan
from rewardlang.engine.row_expressions import indented
from rewardlang.engine.row_layouts import LayoutEnds, LayoutHead
from rewardlang.engine.row_tags import Span
from rewardlang.engine.row_writer import Given, Wanted, Writer
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import Facts, facts_of

Way: TypeAlias = "tuple[str, list[str]]"
"""A condition, and the lines where it holds."""


def ways_alike(plan: Plan, wanted: Wanted, given: Given, layouts: Sequence[Layout], text: int, *, clocked: bool) -> list[Way]:
    """For layouts that begin alike what holds of a text that has one of them, with the lines for such a text.

    Where they are several, the first has a way of its own before that of all: telling them apart takes a tenth of the time.
    """
    head = LayoutHead(layouts[0])

    def writers(some: Sequence[Layout]) -> list[_LayoutWriter]:
        ends = LayoutEnds(some)
        return [_LayoutWriter(plan, wanted, given, layout, text, head, ends, clocked=clocked) for layout in some]

    every = writers(layouts)
    if len(layouts) == 1:
        used, ways = every, [(every[0].told(), every[0].after)]
    else:
        (first,) = writers(layouts[:1])
        lines = ["s = f.lastindex"]
        for place, writer in enumerate(every):
            lines += [f"{'el' * (place > 0)}if s == {writer.number()}:", *indented(writer.after)]
        used, ways = [first, *every], [(first.told(usual=True), first.after), (every[0].told(again=True), lines)]
    for writer in used:
        given.bound |= {name: number() for name, number in writer.numbers.items()}
    return ways


class _LayoutWriter(Writer):
    """The lines for texts of one layout. `numbers` says which are bound to names when all lines are written."""

    def __init__(
        self, plan: Plan, wanted: Wanted, given: Given, layout: Layout, text: int, head: LayoutHead, ends: LayoutEnds, *, clocked: bool
    ) -> None:
        self._layout, self._text, self._facts = layout, text, facts_of(layout.names, layout.shape)
        self._head, self._ends = head, ends
        self.numbers: dict[str, Callable[[], int]] = {}
        super().__init__(plan, wanted, given, clocked=clocked)

    def told(self, *, usual: bool = False, again: bool = False) -> str:
        """What holds of texts of this layout, and of those that begin alike; all their lines must be there.

        `usual`: of those whose long gap has no `<`; `again`: where `h` and `e` have been looked for above.
        """
        value, layout, conditions = self.text(self._text), self._layout, []
        if self._head.literal:
            # Texts that begin with a text stand between it and its next in order, and comparing takes half as long as `startswith`.
            first, behind = self._head.literal, self._head.literal[:-1] + chr(ord(self._head.literal[-1]) + 1)
            conditions = [f"{self.bind(first)} <= {value} < {self.bind(behind)}"]
        elif layout.long > 0:
            conditions = ["h is not None" if again else f"(h := {self.bind(self._head.match)}({value})) is not None"]
        found = "e" if again else f"(e := {value}.find({'<'!r}, {self._begins()}))"
        if layout.long == layout.last:
            return " and ".join([*conditions, f"({found} < 0 or {self.bind(layout.inside)}({value}, e) is None)"])
        quick, thorough = map(self.bind, self._ends.written())
        matched = f"{quick}({value}, e)" if usual else f"{quick}({value}, e) or {thorough}({value}, e)"
        return " and ".join([*conditions, f"{found} > 0", f"(f := {matched}) is not None"])

    def number(self) -> str:
        """A name for what `f.lastindex` is in texts of this layout."""
        name = self.bind(None)
        self.numbers[name] = partial(self._ends.last_group, self._layout)
        return name

    def _begins(self) -> str:
        """Where the long gap begins."""
        return "h.end()" if self._layout.long > 0 and not self._head.literal else self.bind(len(self._head.literal))

    def fact(self, text: int, key: Hashable, ask: Callable[[Facts], Any]) -> str:
        """A value."""
        if text != self._text:
            return super().fact(text, key, ask)
        if self.main is None:
            self.reach(text)
        return self.bind(ask(self._facts))

    def span(self, index: int, text: int, key: Hashable, ask: Callable[[Facts], Span]) -> str:
        """A group of a match, or a part of the text: the long gap, or a span with tags in it."""
        if text != self._text:
            return super().span(index, text, key, ask)
        if self.main is None:
            self.reach(text)
        span, value, layout = ask(self._facts), self.text(text), self._layout
        if span is None:
            return self.bind(None)
        self.there.add(index)
        first, last = span
        if first == last != layout.long:
            return f"{self._match(first)}[{self._group(first)}].strip()"
        start = self._begins() if first == layout.long else f"{self._match(first)}.start({self._group(first)})"
        end = f"{self._match(last)}.end({self._group(last)})" if last < layout.last else ""
        return f"{value}[{start}:{end}].strip()"

    def _match(self, gap: int) -> str:
        return "h" if gap < self._layout.long else "f"

    def _group(self, gap: int) -> str:
        """A name for the number of a gap's group."""
        name = self.bind(None)
        if gap < self._layout.long:
            self._head.capture(gap)
            self.numbers[name] = partial(self._head.group, gap)
        else:
            self._ends.capture(self._layout, gap)
            self.numbers[name] = partial(self._ends.group, self._layout, gap)
        return name
