"""Patterns for texts of the layouts that most have (`tag_layouts`), as `row_layout_writer` looks for them: only what is read is captured.

Layouts that begin alike, with the same tags up to their long gap, have their
ends told apart by one pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import BEGIN

_Match: TypeAlias = "Callable[..., re.Match[str] | None]"


def alike(layouts: Sequence[Layout]) -> list[list[Layout]]:
    """The layouts that begin alike together, in the order of the first of them; by themselves those with no tag behind the long gap."""
    found: dict[tuple[object, ...], list[Layout]] = {}
    for layout in layouts:
        begins = layout.shape.startswith(BEGIN)
        found.setdefault((begins, layout.long < layout.last, *layout.tags[: layout.long]), []).append(layout)
    return list(found.values())


class LayoutHead:
    """From the beginning to the tag before the long gap. `literal` is the one tag that it is, or empty."""

    def __init__(self, layout: Layout) -> None:
        self._begins, self._tags = layout.shape.startswith(BEGIN), layout.tags[: layout.long]
        self._captured: set[int] = set()
        self.literal = self._tags[0] if self._begins and len(self._tags) == 1 else ""

    def capture(self, gap: int) -> None:
        """A gap will be read."""
        self._captured.add(gap)

    def group(self, gap: int) -> int:
        """The number of a gap's group."""
        return sorted(self._captured).index(gap) + 1

    @property
    def match(self) -> _Match:
        """Is given a text."""
        parts = []
        for gap, tag in enumerate(self._tags):
            some = "[^<]*+" if gap else "" if self._begins else "[^<]++"  # a text that begins with a tag has another shape
            parts.append((f"({some})" if gap in self._captured else some) + re.escape(tag))
        return re.compile("".join(parts)).match


class LayoutEnds:
    """From the tag behind the long gap to the end, in layouts that begin alike and have such a tag.

    A gap is known by the tags between the long gap and it: what stands behind
    the same tags is one group, whichever of the layouts a text has.
    """

    def __init__(self, layouts: Sequence[Layout]) -> None:
        self._layouts = layouts
        self._ends = [layout.tags[layout.long :] for layout in layouts]
        self._captured: set[tuple[str, ...]] = set()
        self._numbers: dict[tuple[str, ...], int] = {}

    def capture(self, layout: Layout, gap: int) -> None:
        """A gap of a layout will be read: the long one, whose group is empty and stands where it ends, or one behind it."""
        self._captured.add(tuple(layout.tags[layout.long : gap]))

    def group(self, layout: Layout, gap: int) -> int:
        """The number of a gap's group, when the patterns are written."""
        return self._numbers[tuple(layout.tags[layout.long : gap])]

    def last_group(self, layout: Layout) -> int:
        """The number of the last group that matches in a text of a layout: each of several layouts has one of its own."""
        return self._numbers[(*layout.tags[layout.long :], "")]

    def written(self) -> tuple[_Match, _Match]:
        """What matches texts whose long gap has no `<`, and what also matches those that have some.

        Both are given a text, and where its first `<` behind the head is: no other `<` of the long gap may begin a tag.
        """
        self._numbers.clear()
        end = self._behind(())
        names = "|".join(map(re.escape, self._layouts[0].names))
        return re.compile(end).match, re.compile(f"(?:<(?!/?(?:{names})>)[^<]*+)*+{end}").match

    def _behind(self, tags: tuple[str, ...]) -> str:
        """What may stand behind some tags. The layout that comes first is asked for first."""
        ways: dict[str, str] = {}
        gap = self._in_group(tags, "[^<]*+" if tags else "")
        for end in self._ends:
            if end[: len(tags)] != list(tags):
                continue
            if len(end) == len(tags):
                ways[""] = r"\Z" + self._in_group((*tags, ""), "")
            elif (tag := end[len(tags)]) not in ways:
                ways[tag] = re.escape(tag) + self._behind((*tags, tag))
        return gap + (f"(?:{'|'.join(ways.values())})" if len(ways) > 1 else "".join(ways.values()))

    def _in_group(self, tags: tuple[str, ...], pattern: str) -> str:
        if tags not in self._captured and (tags[-1:] != ("",) or len(self._layouts) == 1):
            return pattern
        self._numbers[tags] = len(self._numbers) + 1
        return f"({pattern})"
