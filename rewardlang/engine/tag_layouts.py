"""Texts of one shape, found by one pattern: most completions of a policy that has learned its format.

Of the gaps between the tags one is long (the reasoning), and the others are
short. The pattern looks for the tags behind the long gap from the end of the
text, and for no `<` in the short gaps; that the long one has no tag in it is
looked at afterwards. Letters before the last tags are read once, by `in`,
which is thirty times as fast as a pattern.

What the pattern tries is linear in the length of a text: before the long gap
nothing is tried twice, and behind it every `<` begins at most one try, which
reads no further than as many `<` as there are tags.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from rewardlang.engine.tag_shapes import BEGIN, literals

Gaps: TypeAlias = "tuple[str, ...]"
"""What stands before the first tag, between it and the second and so on; the long gap is empty."""
_MOST_TAGS = 8
_NOTHING: Gaps = ("",) * (_MOST_TAGS + 2)


class Layout:
    """A shape (see `tag_shapes.Shapes`), and which of its gaps is the long one. `last` is the last gap.

    A text that `match` matches may have the shape: the groups are the gaps. The
    long one begins at `begins`, if that is the same in all texts, or else where
    the group `before` ends; it ends `behind` characters before the group
    `after`. If there is no tag `inside` of it, the text has the shape.
    """

    def __init__(self, names: tuple[str, ...], shape: str, long: int) -> None:
        pattern, begins = literals(names)[0], shape.startswith(BEGIN)
        tags = pattern.findall(shape)
        self.names, self.shape, self.tags, self.long, self.last = names, shape, tags, long, len(tags)
        self._sizes = [len(tag) for tag in tags]
        parts = []
        for gap, tag in enumerate([*tags, ""]):
            some = gap == 0 and tags  # a text that begins with a tag has another shape
            short = "()" if gap == 0 and begins else "([^<]++)" if some else "([^<]*+)"
            parts.append((("().+" if some else "().*") if gap == long else short) + re.escape(tag))
        self.match = re.compile("".join(parts) + r"()\Z", re.DOTALL).match
        self.inside = pattern.search
        self.begins = 0 if long == 0 else self._sizes[0] if begins and long == 1 else None
        self.before, self.after = long + 1, long + 2
        self.behind = self._sizes[long] if long < self.last else 0

    def gaps(self, texts: Sequence[str]) -> tuple[list[Gaps], list[int]]:
        """The gaps of each text, and the places of texts of another shape, whose gaps are empty."""
        match, inside, begins, before, after, behind = self.match, self.inside, self.begins, self.before, self.after, self.behind
        gaps, others = [], []
        for row, text in enumerate(texts):
            found = match(text)
            if found is not None:
                long = text[found.end(before) if begins is None else begins : found.start(after) - behind]
                if "<" not in long or inside(long) is None:
                    gaps.append(found.groups())
                    continue
            gaps.append(_NOTHING)
            others.append(row)
        return gaps, others

    def start(self, text: str, gaps: Gaps, gap: int) -> int:
        """Where a gap begins in a text."""
        if gap <= self.long:
            return sum(map(len, gaps[:gap])) + sum(self._sizes[:gap])
        return len(text) - sum(map(len, gaps[gap:])) - sum(self._sizes[gap:])

    def end(self, text: str, gaps: Gaps, gap: int) -> int:
        """Where a gap ends in a text."""
        return len(text) if gap == self.last else self.start(text, gaps, gap + 1) - self._sizes[gap]


@lru_cache(maxsize=256)
def layout_of(names: tuple[str, ...], shape: str, long: int) -> Layout | None:
    """The layout of texts of a shape; None for a shape of many tags."""
    if len(literals(names)[0].findall(shape)) > _MOST_TAGS:
        return None
    return Layout(names, shape, max(long, 1) if shape.startswith(BEGIN) else long)
