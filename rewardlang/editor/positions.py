"""Offsets in a text, and the positions that editors use for them.

An editor counts lines from 0 and, in a line, code units of an encoding that it
chooses (UTF-16 unless it says otherwise); we count code points. A line ends at
a line feed, a carriage return, or both together, and at nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from lsprotocol import types as lsp

from rewardlang.source import Span

_BREAK = re.compile(r"\r\n|\n|\r")


class Lines:
    """The lines of one text; `encoding` is `utf-8`, `utf-16` or `utf-32`."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self.text, self._encoding = text, encoding
        self._starts, self._ends = [0], []
        for match in _BREAK.finditer(text):
            self._ends.append(match.start())
            self._starts.append(match.end())
        self._ends.append(len(text))

    def offset(self, position: lsp.Position) -> int:
        """The offset of a position; one that is not in the text is moved to the nearest that is."""
        if position.line >= len(self._starts):
            return len(self.text)
        line = max(position.line, 0)
        start, end = self._starts[line], self._ends[line]
        wanted = max(position.character, 0)
        if self._encoding == "utf-32" or self.text[start:end].isascii():
            return min(start + wanted, end)
        for offset in range(start, end):
            wanted -= self._units(self.text[offset])
            if wanted < 0:
                return offset
        return end

    def position(self, offset: int) -> lsp.Position:
        """The position of an offset; one beyond the text is its end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        return lsp.Position(line, self._units(self.text[start : min(offset, self._ends[line])]))

    def range(self, span: Span) -> lsp.Range:
        """The range of a span."""
        return lsp.Range(self.position(span.start), self.position(span.end))

    def span(self, range_: lsp.Range) -> Span:
        """The span of a range, never reversed."""
        start, end = sorted((self.offset(range_.start), self.offset(range_.end)))
        return Span(start, end)

    def line_end(self, offset: int) -> int:
        """Where the line of an offset ends, without its line break."""
        return self._ends[bisect_right(self._starts, offset) - 1]

    def _units(self, text: str) -> int:
        if self._encoding == "utf-32" or text.isascii():
            return len(text)
        if self._encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(character > "\uffff" for character in text)


class Moved:
    """Where offsets of an old text are in a new one, taking what the two share at their beginning and end as unchanged."""

    def __init__(self, old: str, new: str) -> None:
        most = min(len(old), len(new))
        self._before = _common(old, new, most)
        after = _common(old[self._before :][::-1], new[self._before :][::-1], most - self._before)
        self._old_end, self._new_end = len(old) - after, len(new) - after

    @property
    def changed(self) -> Span:
        """The part of the old text that is no longer there; empty where something was only put in."""
        return Span(self._before, self._old_end)

    def offset(self, offset: int) -> int:
        """An offset of the new text; what lay in the changed part is where the change begins or ends."""
        if offset <= self._before:
            return offset
        if offset >= self._old_end:
            return offset + self._new_end - self._old_end
        return min(offset, self._new_end)

    def span(self, span: Span) -> Span:
        """The same of a span."""
        start = self.offset(span.start)
        return Span(start, max(start, self.offset(span.end)))


def _common(first: str, second: str, most: int) -> int:
    """How many characters two texts share at their beginning, `most` at most: found by halving."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
