"""What a reader of formulas offers to the modules that read one kind of form each, and how all of them say that something is not read."""

from __future__ import annotations

from typing import Protocol

from rewardlang.answers.algebra import Quotient
from rewardlang.answers.tokens import Token


class UnreadError(ValueError):
    """The tokens are not a formula that is read here; the text says why."""


class NoValueError(UnreadError):
    """The tokens are a formula without a value."""


class FormulaReader(Protocol):
    """The tokens, and how far they are read. `bound` are the names that a sum or product runs over: there `i` is no imaginary unit."""

    tokens: list[Token]
    at: int
    bound: set[str]

    def sum(self, depth: int) -> Quotient:
        """A sum from here on."""

    def factors(self, depth: int) -> Quotient:
        """A product from here on."""

    def argument(self, depth: int) -> Quotient:
        """A group, or one token."""


def text_at(reader: FormulaReader, ahead: int = 0) -> str:
    """The text of a token from here on; empty behind the last."""
    at = reader.at + ahead
    return reader.tokens[at].text if at < len(reader.tokens) else ""


def take(reader: FormulaReader, text: str) -> None:
    """Goes over a token. Raises UnreadError where another one stands."""
    if text_at(reader) != text:
        raise UnreadError(f"'{text}' is missing")
    reader.at += 1
