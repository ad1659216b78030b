r"""Integrals, sums, limits and derivatives in a formula: read into atoms that only the symbolic tier can solve.

\int_0^1 x^2 \, dx        ("integral", (x², "x", 0, 1))
\sum_{k=1}^{n} k          ("series", (k, "k", 1, n))
"""

from __future__ import annotations

from typing import Protocol

from rewardlang.answers.algebra import Quotient, atom
from rewardlang.answers.tokens import Token


class FormulaReader(Protocol):
    """What a reader of formulas offers here."""

    tokens: list[Token]
    at: int

    def sum(self, depth: int) -> Quotient:
        """A sum from here on."""

    def factors(self, depth: int) -> Quotient:
        """A product from here on."""

    def argument(self, depth: int) -> Quotient:
        """A group, or one token."""


def _text(reader: FormulaReader, ahead: int = 0) -> str:
    at = reader.at + ahead
    return reader.tokens[at].text if at < len(reader.tokens) else ""


def integral(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\int`; None where no `dx` ends it."""
    low = high = None
    for _ in range(2):
        if _text(reader) in ("_", "^"):
            below = _text(reader) == "_"
            reader.at += 1
            end = reader.argument(depth + 1)
            low, high = (end, high) if below else (low, end)
    if (low is None) is not (high is None):
        return None
    stop = _differential(reader)
    if stop is None:
        return None
    name = reader.tokens[stop + 1].text
    after = reader.tokens[stop + 2 :]
    del reader.tokens[stop:]
    body = reader.sum(depth + 1) if reader.at < stop else None
    if body is None or reader.at < stop:
        return None
    reader.tokens.extend(after)
    return atom("integral", (body, name, low, high))


def _differential(reader: FormulaReader) -> int | None:
    """Where the first `d x` outside brackets stands."""
    level = 0
    for index in range(reader.at, len(reader.tokens) - 1):
        text = reader.tokens[index].text
        level += (text in ("(", "{", "[")) - (text in (")", "}", "]"))
        if level < 0:
            return None
        if level == 0 and text == "d" and reader.tokens[index + 1].kind == "name":
            return index
    return None


def series(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\sum`: `_{k=1}^{n}` and a product; None where its limits are written otherwise."""
    if _text(reader) != "_" or _text(reader, 1) != "{" or reader.at + 2 >= len(reader.tokens) or _text(reader, 3) != "=":
        return None
    if reader.tokens[reader.at + 2].kind != "name":
        return None
    name = _text(reader, 2)
    reader.at += 4
    low = reader.sum(depth + 1)
    if _text(reader) != "}" or _text(reader, 1) != "^":
        return None
    reader.at += 2
    high = reader.argument(depth + 1)
    return atom("series", (reader.factors(depth + 1), name, low, high))


_ARROWS = ("\\to", "\\rightarrow", "→")


def limit(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\lim`: `_{x \to a}` and a product; None where it is written otherwise."""
    if _text(reader) != "_" or _text(reader, 1) != "{" or _text(reader, 3) not in _ARROWS or reader.tokens[reader.at + 2].kind != "name":
        return None
    name = _text(reader, 2)
    reader.at += 4
    place = reader.sum(depth + 1)
    if _text(reader) != "}":
        return None
    reader.at += 1
    return atom("limit", (reader.factors(depth + 1), name, place))


def is_derivative(reader: FormulaReader) -> bool:
    r"""Whether `{d}{dx}` follows."""
    texts = [_text(reader, ahead) for ahead in range(7)]
    return texts[:5] == ["{", "d", "}", "{", "d"] and texts[6] == "}" and reader.tokens[reader.at + 5].kind == "name"


def derivative(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\frac{d}{dx}`: a product."""
    name = _text(reader, 5)
    reader.at += 7
    return atom("derivative", (reader.factors(depth + 1), name)) if reader.at < len(reader.tokens) else None
