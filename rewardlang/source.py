"""A text with a name, and places in it.

Everything that is later said about a file, be it an error, a range or a mark,
points back here: a `Span` is two offsets, and only `Source` turns an offset
into a line and a column.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from rewardlang.record import NamedTuple, PlainRecord


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
    """The text of one `.reward` file. `name` is what messages call it, usually its path.

    `others` are the files that it imports: their offsets go on where those of the
    text before end, with one between, so that a span says which file it is of.
    """

    name: str
    text: str
    others: tuple[Source, ...] = ()

    @cached_property
    def _line_starts(self) -> tuple[int, ...]:
        starts = [0]
        for index, character in enumerate(self.text):
            if character == "\n":
                starts.append(index + 1)
        return tuple(starts)

    @cached_property
    def bases(self) -> tuple[int, ...]:
        """The offset at which each of `others` begins, and last the one at which another would."""
        bases = [len(self.text) + 1]
        for other in self.others:
            bases.append(bases[-1] + len(other.text) + 1)
        return tuple(bases)

    def local(self, span: Span) -> tuple[Source, Span]:
        """The file that a span is of, and the span in its own text."""
        if not self.others or span.start <= len(self.text):
            return self, span
        index = min(bisect_right(self.bases, span.start), len(self.others)) - 1
        base = self.bases[index]
        return self.others[index], Span(span.start - base, span.end - base)

    def position(self, offset: int) -> Position:
        """Line and column of an offset in its file; an offset past the end is the end."""
        source, (offset, _) = self.local(Span(offset, offset))
        offset = min(offset, len(source.text))
        line = bisect_right(source._line_starts, offset)
        return Position(line, offset - source._line_starts[line - 1] + 1)

    def where(self, span: Span) -> str:
        """The line on which a span starts, in words, with the name of the file where it is another one."""
        source, _ = self.local(span)
        line = f"line {self.position(span.start).line}"
        return line if source is self else f"{source.name} {line}"

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line break."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    def cut(self, span: Span) -> str:
        """The words that a span covers."""
        source, (start, end) = self.local(span)
        return source.text[start:end]
