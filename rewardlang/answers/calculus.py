r"""Integrals, sums, limits and derivatives in a formula: read into atoms that only the symbolic tier can solve.

\int_0^1 x^2 \, dx        ("integral", (x², "x", 0, 1))
\sum_{k=1}^{n} k          ("series", (k, "k", 1, n))
\sum_{k=1}^{3} k          6: short sums between numbers are written out
"""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Quotient, atom, number
from rewardlang.answers.reading import FormulaReader, text_at
from rewardlang.answers.substitution import with_value


def integral(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\int`; None where no `dx` ends it."""
    low = high = None
    for _ in range(2):
        if text_at(reader) in ("_", "^"):
            below = text_at(reader) == "_"
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


def series(reader: FormulaReader, kind: str, depth: int) -> Quotient | None:
    r"""What follows `\sum` or `\prod`: `_{k=1}^{n}` and a product; None where its limits are written otherwise."""
    if text_at(reader) != "_" or text_at(reader, 1) != "{" or reader.at + 2 >= len(reader.tokens) or text_at(reader, 3) != "=":
        return None
    if reader.tokens[reader.at + 2].kind != "name":
        return None
    name = text_at(reader, 2)
    reader.at += 4
    low = reader.sum(depth + 1)
    if text_at(reader) != "}" or text_at(reader, 1) != "^":
        return None
    reader.at += 2
    high = reader.argument(depth + 1)
    outside = set(reader.bound)
    reader.bound.add(name)
    body = reader.factors(depth + 1)
    reader.bound = outside
    written_out = _written_out(body, name, kind, low.rational, high.rational)
    return atom("series" if kind == "sum" else "product series", (body, name, low, high)) if written_out is None else written_out


MAX_WRITTEN_OUT = 200
"""Terms of a sum that are added here; longer ones, and those with other symbols, are left to the symbolic tier."""

MAX_WORK = 1_000
"""Terms times what is computed for each: atoms, of which functions count ten times."""


def _written_out(body: Quotient, name: str, kind: str, low: Fraction | None, high: Fraction | None) -> Quotient | None:
    """The value of a short sum or product between written whole numbers; None for any other."""
    if low is None or high is None or low.denominator != 1 or high.denominator != 1 or not 0 <= high - low < MAX_WRITTEN_OUT:
        return None
    products = [product for side in (body.over, body.under) for product, _ in side.terms]
    work = sum(1 + sum(1 if atom[0] == "symbol" else 10 for atom, _ in product) for product in products)
    if work * (high - low + 1) > MAX_WORK:
        return None
    total = number(0 if kind == "sum" else 1)
    try:
        for index in range(int(low), int(high) + 1):
            value = with_value(body, name, number(index)).rational
            if value is None:
                return None
            total = total + number(value) if kind == "sum" else total * number(value)
    except (LimitError, ZeroDivisionError):
        return None
    return total


_ARROWS = ("\\to", "\\rightarrow", "→")


def limit(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\lim`: `_{x \to a}` and a product; None where it is written otherwise."""
    if text_at(reader) != "_" or text_at(reader, 1) != "{" or text_at(reader, 3) not in _ARROWS:
        return None
    if reader.tokens[reader.at + 2].kind != "name":
        return None
    name = text_at(reader, 2)
    reader.at += 4
    place = reader.sum(depth + 1)
    if text_at(reader) != "}":
        return None
    reader.at += 1
    return atom("limit", (reader.factors(depth + 1), name, place))


def is_derivative(reader: FormulaReader) -> bool:
    r"""Whether `{d}{dx}` follows."""
    texts = [text_at(reader, ahead) for ahead in range(7)]
    return texts[:5] == ["{", "d", "}", "{", "d"] and texts[6] == "}" and reader.tokens[reader.at + 5].kind == "name"


def derivative(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""What follows `\frac{d}{dx}`: a product."""
    name = text_at(reader, 5)
    reader.at += 7
    return atom("derivative", (reader.factors(depth + 1), name)) if reader.at < len(reader.tokens) else None
