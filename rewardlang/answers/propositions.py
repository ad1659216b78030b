r"""Formulas of propositional logic: `p \to q`, `\neg(p \land q)`; the same when their truth tables are.

From the loosest sign to the tightest: ↔, →, ∨ and ⊕, ∧, ¬. Names that do not change the table are left out of it, so that
`p \lor (p \land q)` is `p`. What can be read in two ways (`p \to q \to r`, ∨ beside ⊕) is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from rewardlang.answers.kinds import Expression, Proposition, Unread, Value
from rewardlang.answers.tokens import Token, any_of, joined

MAX_NAMES = 8
MAX_TOKENS = 120

_NOT = ("\\neg", "\\lnot", "¬")
_AND = ("and",)
_OR = ("or",)
_EITHER = ("\\oplus", "⊕")
_IF = ("\\to", "\\rightarrow", "\\implies", "\\Rightarrow", "→", "⇒")
_ONLY_IF = ("\\iff", "\\Leftrightarrow", "\\leftrightarrow", "↔", "⇔")
_CERTAIN = {"\\top": True, "⊤": True, "\\bot": False, "⊥": False}
_CONNECTIVES = frozenset((*_NOT, *_AND, *_OR, *_EITHER, *_IF, *_ONLY_IF))
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BRACKET_SIGNS = frozenset("()[]{}")


def proposition(tokens: list[Token]) -> Value | None:
    """The proposition that the tokens are; None for what has other parts, or no connective of logic."""
    if len(tokens) == 1 and tokens[0].text in _CERTAIN:
        return Proposition((), int(_CERTAIN[tokens[0].text]))
    if not any_of(tokens, _CONNECTIVES) or len(tokens) > MAX_TOKENS:
        return None
    if all(token.kind == "word" for token in tokens if token.text in _CONNECTIVES):
        return None
    parts = list(_parts(tokens))
    names = sorted({part for part in parts if part not in _CONNECTIVES and part not in _CERTAIN and part not in _BRACKET_SIGNS})
    if any(not name[0].isalpha() for name in names):
        return None
    if not names or len(names) > MAX_NAMES:
        return Unread(joined(tokens), f"a formula of logic with no name, or more than {MAX_NAMES}")
    reader = _Reader(parts, names)
    table = reader.only_if(0)
    if table is None or reader.at < len(parts):
        return Unread(joined(tokens), "a formula of logic that can be read in two ways, or is not complete")
    return _reduced(tuple(names), table)


def proposition_of(value: Value) -> Proposition | None:
    """The proposition that a value is: also of a name alone."""
    if isinstance(value, Proposition):
        return value
    if not isinstance(value, Expression) or value.unit or value.value.under.rational != 1 or len(value.value.over.terms) != 1:
        return None
    product, factor = value.value.over.terms[0]
    alone = factor == 1 and len(product) == 1 and product[0][0][0] == "symbol" and product[0][1] == 1
    return Proposition((str(product[0][0][1]),), 0b10) if alone else None


def _parts(tokens: list[Token]) -> Iterator[str]:
    """The names, with their index, and the signs; a token of anything else as it is."""
    at = 0
    while at < len(tokens):
        kind, text, _, _ = tokens[at]
        at += 1
        if kind == "word" or not (kind == "name" or text in _CONNECTIVES or text in _CERTAIN or text in _BRACKET_SIGNS):
            yield "?"
            continue
        index = [token.text for token in tokens[at : at + 4]] if kind == "name" else []
        if index[:1] == ["_"]:
            braced = index[1:2] == ["{"] and index[3:4] == ["}"]
            text += "_" + "".join(index[2:3] if braced else index[1:2])
            at += 4 if braced else 2
        yield text


class _Reader:
    """Truth tables as bits: bit r is the value where the n-th name is bit n of r. None where a part is not read."""

    def __init__(self, parts: list[str], names: list[str]) -> None:
        self.parts, self.names, self.at = parts, names, 0
        self.rows = 1 << len(names)
        self.all = (1 << self.rows) - 1

    def _next(self, *wanted: str) -> str:
        if self.at < len(self.parts) and self.parts[self.at] in wanted:
            self.at += 1
            return self.parts[self.at - 1]
        return ""

    def only_if(self, depth: int) -> int | None:
        """Parts joined by ↔."""
        table = self._if(depth)
        while table is not None and self._next(*_ONLY_IF):
            other = self._if(depth)
            table = None if other is None else self.all & ~(table ^ other)
        return table

    def _if(self, depth: int) -> int | None:
        table = self._or(depth)
        if table is not None and self._next(*_IF):
            other = self._or(depth)
            table = None if other is None else (self.all & ~table) | other
        return table

    def _or(self, depth: int) -> int | None:
        table = self._and(depth)
        sign = ""
        while table is not None and (found := self._next(*_OR, *_EITHER)):
            other = self._and(depth)
            if other is None or (sign and (sign in _EITHER) != (found in _EITHER)):
                return None
            sign = found
            table = table ^ other if found in _EITHER else table | other
        return table

    def _and(self, depth: int) -> int | None:
        table = self._not(depth)
        while table is not None and self._next(*_AND):
            other = self._not(depth)
            table = None if other is None else table & other
        return table

    def _not(self, depth: int) -> int | None:
        negative = False
        while self._next(*_NOT):
            negative = not negative
        table = self._one(depth)
        return table if table is None or not negative else self.all & ~table

    def _one(self, depth: int) -> int | None:
        if opening := self._next(*_BRACKETS):
            inner = self.only_if(depth + 1) if depth < MAX_TOKENS // 4 else None
            return inner if self._next(_BRACKETS[opening]) else None
        if sign := self._next(*_CERTAIN):
            return self.all if _CERTAIN[sign] else 0
        name = self._next(*self.names)
        return _column(self.names.index(name), self.rows) if name else None


def _column(index: int, rows: int) -> int:
    return sum(1 << row for row in range(rows) if row >> index & 1)


def _reduced(names: tuple[str, ...], table: int) -> Proposition:
    """Without the names that do not matter."""
    for index in range(len(names) - 1, -1, -1):
        rows = range(1 << len(names))
        if all((table >> row & 1) == (table >> (row ^ 1 << index) & 1) for row in rows):
            kept = [row for row in rows if not row >> index & 1]
            table = sum((table >> row & 1) << place for place, row in enumerate(kept))
            names = names[:index] + names[index + 1 :]
    return Proposition(names, table)
