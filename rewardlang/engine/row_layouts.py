"""What stands before and behind the long gap of a layout (`tag_layouts`), as `row_writer` looks for it: only what is read is captured."""

from __future__ import annotations

import re
from collections.abc import Callable

from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import BEGIN


class _Part:
    """`match` matches it; `groups` has the group of each gap that is captured."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._captured: set[int] = set()

    def group(self, gap: int) -> str:
        """The name of the number of a gap's group."""
        self._captured.add(gap)
        return f"x{gap}"

    @property
    def groups(self) -> dict[int, int]:
        """By gap."""
        return {gap: place for place, gap in enumerate(sorted(self._captured), 1)}

    def _in_group(self, gap: int, pattern: str) -> str:
        return f"({pattern})" if gap in self._captured else pattern


class LayoutHead(_Part):
    """From the beginning to the tag before the long gap. `literal` is the one tag that it is, or empty."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._begins = layout.shape.startswith(BEGIN)
        self.literal = layout.tags[0] if self._begins and layout.long == 1 else ""

    @property
    def match(self) -> Callable[[str], re.Match[str] | None]:
        """Is given a text."""
        first = "" if self._begins else "[^<]++"  # a text that begins with a tag has another shape
        tags = enumerate(self._layout.tags[: self._layout.long])
        return re.compile("".join(self._in_group(gap, "[^<]*+" if gap else first) + re.escape(tag) for gap, tag in tags)).match


class LayoutTail(_Part):
    """From the tag behind the long gap to the end. The group of the long gap is empty, and stands where that ends."""

    @property
    def match(self) -> Callable[[str, int], re.Match[str] | None]:
        """Is given a text, and where the first `<` of the long gap stands, or the tag behind it: no other `<` may begin a tag."""
        long, tags = self._layout.long, self._layout.tags
        first, any_tag = re.escape(tags[long]), f"/?(?:{'|'.join(map(re.escape, self._layout.names))})>"
        no_tags = f"(?:(?!{first})<(?!{any_tag})[^<]*+)*+"  # what is there most often is asked first
        parts = [no_tags, self._in_group(long, ""), first]
        for gap, tag in enumerate([*tags[long + 1 :], ""], long + 1):
            parts.append(self._in_group(gap, "[^<]*+") + re.escape(tag))
        return re.compile("".join(parts) + r"\Z").match
