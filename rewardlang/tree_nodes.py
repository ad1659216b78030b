"""What the tree builders know of the parser's tree, and how they tell mistakes.

The parser's nodes are reached by shape alone (`data`, `children`, `meta`), so
no other module than `syntax_from_text` depends on the parser library.
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import Any, Protocol, TypeAlias

from rewardlang import codes
from rewardlang.errors import Diagnostic
from rewardlang.expressions import Word
from rewardlang.source import Source, Span

MAX_DEPTH = 100
MAX_DIGITS = 100


class Branch(Protocol):
    """A rule that matched: its name, what it holds, its place in `meta.start_pos` and `meta.end_pos`."""

    data: str
    children: list[Any]
    meta: Any


class Leaf(Protocol):
    """A token; it is also a `str`, its text."""

    type: str
    start_pos: int
    end_pos: int


Raw: TypeAlias = Any  # Branch | Leaf | None: the children of a branch are known by its rule


class TooDeep(Exception):
    """A statement nested more than MAX_DEPTH levels; `span` is where that level begins."""

    def __init__(self, span: Span) -> None:
        self.span = span
        super().__init__(span)


def span_of(raw: Raw) -> Span:
    """The place of a branch or a leaf."""
    place = raw.meta if hasattr(raw, "meta") else raw
    return Span(place.start_pos, place.end_pos)


class Builder:
    """The source, and the mistakes found while the tree is built."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mistakes: list[Diagnostic] = []

    def mistake(self, code: str, message: str, span: Span, *, help: str | None = None, label: str = "") -> None:
        self.mistakes.append(codes.diagnostic(code, message, self.source, span, help=help, label=label))

    def word(self, leaf: Raw) -> Word:
        """A name; two spellings of one letter are one name (NFC)."""
        return Word(span=span_of(leaf), text=unicodedata.normalize("NFC", str(leaf)))

    def fraction(self, digits: str, span: Span) -> Fraction:
        """The exact value of written digits; a mistake, and 0, beyond MAX_DIGITS."""
        if len(digits) > MAX_DIGITS:
            self.mistake("RW121", f"this number has {len(digits)} characters; at most {MAX_DIGITS} can be read", span)
            return Fraction(0)
        return Fraction(digits)

    def whole(self, leaf: Raw) -> int:
        """A count, a step or an edition: digits without a decimal point."""
        value = self.fraction(str(leaf), span_of(leaf))
        if value.denominator != 1:
            self.mistake("RW121", f"a whole number is expected here, and '{leaf}' is none", span_of(leaf))
        return int(value)
