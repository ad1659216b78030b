"""A text with a name, and places in it.

Everything that is later said about a file, be it an error, a range or a mark,
points back here: a `Span` is two offsets, and only `Source` turns an offset
into a line and a column.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

from rewardlang.record import PlainRecord


class Span(NamedTuple):
    """Code-point offsets into a source, end exclusive."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.start, max(self.end, other.end))


class Position(NamedTuple):
    """A place as editors show it: both numbers start at 1, columns count code points."""

    line: int
    column: int


class Source(PlainRecord):
    """The text of one `.reward` file. `name` is what messages call it, usually its path."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        starts = [0]
        for index, character in enumerate(self.text):
            if character == "\n":
                starts.append(index + 1)
        return tuple(starts)

    def position(self, offset: int) -> Position:
        """Line and column of an offset; an offset past the end is the end."""
        offset = min(offset, len(self.text))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line break."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    def cut(self, span: Span) -> str:
        """The words that a span covers."""
        return self.text[span.start : span.end]
