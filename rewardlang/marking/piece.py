"""A text that knows where it comes from, so that an explanation can underline it in the completion."""

from __future__ import annotations

from rewardlang.passages import Excerpt, outside
from rewardlang.record import NamedTuple


class Piece(NamedTuple):
    """`pieces` are the [start, end) of the completion that the text is joined from; None for a text from elsewhere.

    `spelled`: it stands there in other words, so that a part of it stands somewhere in the same pieces.
    """

    text: str
    pieces: tuple[tuple[int, int], ...] | None = None
    spelled: bool = False

    def cut(self, start: int, end: int) -> Piece:
        """The part [start, end) of the text."""
        text = self.text[start:end]
        if self.pieces is None or self.spelled:
            return Piece(text, self.pieces, self.spelled)
        if len(self.pieces) == 1:
            base = self.pieces[0][0]
            return Piece(text, ((base + start, base + end),))
        kept = []
        at = 0
        for first, last in self.pieces:
            length = last - first
            low, high = max(start, at), min(end, at + length)
            if low < high:
                kept.append((first + low - at, first + high - at))
            at += length
        return Piece(text, tuple(kept))

    def outside(self, tag: str) -> Piece:
        """The text without the blocks of a tag."""
        kept: Excerpt = outside(self.text, tag)
        if self.pieces is None or self.spelled:
            return Piece(kept.text, self.pieces, self.spelled)
        parts = tuple(place for start, end in kept.pieces for place in self.cut(start, end).pieces or ())
        return Piece(kept.text, parts)
