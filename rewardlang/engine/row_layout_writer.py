"""Writes the lines of a plain plan's function for texts of layouts that many have: which tags there are is known when a line is written.

The first `<` of the long gap is found by `find`, thirty times as fast as a
pattern: behind the tags that stand before it, which are `h`. At that place `f`
matches the end of the text, from the tag behind the long gap on. What both try
is linear in the length of a text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from rewardlang.engine.plan import Plan
from rewardlang.engine.row_expressions import indented
from rewardlang.engine.row_layouts import LayoutEnds, LayoutHead
from rewardlang.engine.row_tags import Span
from rewardlang.engine.row_writer import Given, Wanted, Writer
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import Facts, facts_of


def lines_alike(plan: Plan, wanted: Wanted, given: Given, layouts: Sequence[Layout], text: int, *, clocked: bool) -> tuple[str, list[str]]:
    """For layouts that begin alike: what holds of a text that has one of them, and the lines for such a text."""
    head, ends = LayoutHead(layouts[0]), LayoutEnds(layouts)
    writers = [_LayoutWriter(plan, wanted, given, layout, text, head, ends, clocked=clocked) for layout in layouts]
    told = writers[0].told()
    for writer in writers:
        given.bound |= {name: group() for name, group in writer.groups.items()}
    if len(writers) == 1:
        return told, writers[0].after
    lines = ["s = f.lastindex"]
    for place, (layout, writer) in enumerate(zip(layouts, writers, strict=True)):
        asked = f"if s == {writer.bind(ends.last_group(layout))}:" if place < len(layouts) - 1 else "se:"
        lines += [f"{'el' * (place > 0)}{asked}", *indented(writer.after)]
    return told, lines


class _LayoutWriter(Writer):
    """The lines for texts of one layout. `groups` says which numbers are bound to names when all lines are written."""

    def __init__(
        self, plan: Plan, wanted: Wanted, given: Given, layout: Layout, text: int, head: LayoutHead, ends: LayoutEnds, *, clocked: bool
    ) -> None:
        self._layout, self._text, self._facts = layout, text, facts_of(layout.names, layout.shape)
        self._head, self._ends = head, ends
        self.groups: dict[str, Callable[[], int]] = {}
        super().__init__(plan, wanted, given, clocked=clocked)

    def told(self) -> str:
        """What holds of texts of this layout, and of those that begin alike. All their lines must be there."""
        value, layout, conditions = self.text(self._text), self._layout, []
        if self._head.literal:
            # Texts that begin with a text stand between it and its next in order, and comparing takes half as long as `startswith`.
            first, behind = self._head.literal, self._head.literal[:-1] + chr(ord(self._head.literal[-1]) + 1)
            conditions = [f"{self.bind(first)} <= {value} < {self.bind(behind)}"]
        elif layout.long > 0:
            conditions = [f"(h := {self.bind(self._head.match)}({value})) is not None"]
        found = f"(e := {value}.find({'<'!r}, {self._begins()}))"
        if layout.long == layout.last:
            return " and ".join([*conditions, f"({found} < 0 or {self.bind(layout.inside)}({value}, e) is None)"])
        quick, thorough = map(self.bind, self._ends.written())
        return " and ".join([*conditions, f"{found} > 0", f"(f := {quick}({value}, e) or {thorough}({value}, e)) is not None"])

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
            self.groups[name] = partial(self._head.group, gap)
        else:
            self._ends.capture(self._layout, gap)
            self.groups[name] = partial(self._ends.group, self._layout, gap)
        return name
