"""The parser's tree, between the text and the syntax tree, and how mistakes in it are told."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import Any, TypeAlias

from rewardlang import codes
from rewardlang.errors import Diagnostic, Fix, instead
from rewardlang.parsing.expressions import Word
from rewardlang.source import Source, Span

MAX_DEPTH = 100
MAX_DIGITS = 100


def composed(text: str) -> str:
    """Two spellings of one letter as one (NFC), as rows are read."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


class Leaf(str):
    """A token: its text, the name of its terminal, its place."""

    __slots__ = ("span", "type")
    type: str
    span: Span


class Branch:
    """A rule that matched. `children` are branches, leaves, and None for an optional part that is not there."""

    __slots__ = ("children", "data", "span")

    def __init__(self, data: str, children: list[Any], span: Span) -> None:
        self.data, self.children, self.span = data, children, span


Raw: TypeAlias = Any  # Branch | Leaf | None: what a branch holds is known by its rule


class TooDeep(Exception):
    """A statement nested more than MAX_DEPTH levels; `span` is where that level begins."""

    def __init__(self, span: Span) -> None:
        self.span = span
        super().__init__(span)


def span_of(raw: Branch | Leaf) -> Span:
    """The place of a branch or a leaf."""
    return raw.span


class Builder:
    """The source, and the mistakes found while the tree is built."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.mistakes: list[Diagnostic] = []

    def mistake(
        self, code: str, message: str, span: Span, *, advice: str | None = None, write: str | None = None, fix: Fix | None = None
    ) -> None:
        """Notes a mistake; building goes on. `write` is what must stand at its place, where that can be nothing else."""
        fix = fix if write is None else instead(span, write, safe=True)
        self.mistakes.append(codes.diagnostic(code, message, self.source, span, help=advice, fix=fix))

    def sign(self, leaf: Raw, operator: str) -> None:
        """Notes a sign of other languages that stands for a word or sign of this one."""
        start, end = span_of(leaf)
        words = operator
        if operator.isalpha():  # `a&&b`, `!x`
            text = self.source.text
            words = (
                (" " if text[start - 1 : start].strip() and operator != "not" else "")
                + operator
                + (" " if text[end : end + 1].strip() else "")
            )
        self.mistake(
            "RW110", f"'{self.source.cut(span_of(leaf))}' is not an operator here", span_of(leaf), advice=f"write {operator}", write=words
        )

    def word(self, leaf: Raw) -> Word:
        """A name."""
        return Word(span=span_of(leaf), text=composed(str(leaf)))

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
