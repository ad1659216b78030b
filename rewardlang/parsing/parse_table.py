"""The parse table, and the two machines that run it: a lexer that knows what can come next, and an LALR parser.

The table is data, made from the grammar by `table_from_grammar`. Running it
here instead of in Lark saves the import of Lark, the compilation of one
regular expression for each of its lexers, and gives the recovery after a
mistake the parser's own stack to look at. Tests compare the two: the same
tokens and the same trees.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from rewardlang.parsing.tree_nodes import Branch, Leaf
from rewardlang.record import NamedTuple
from rewardlang.source import Span

END = "$END"
_WORD = re.compile(r"[^\W\d](?:\w|[\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e])*")
_GAP = re.compile(r"\s+")
_SPACE = re.compile(r"(?:[\s\ufeff]+|#[^\r\n]*)*")


class Rule(NamedTuple):
    """See `table_from_grammar`: how a reduction makes its branch."""

    origin: str
    length: int
    name: str
    single: bool
    picks: list[tuple[int, bool, int]]
    nones: int


class Rows(dict[int, dict[str, int]]):
    """State → symbol → action, each row read from its text when the state is first entered: a long file enters half of them."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self._texts = texts

    def __missing__(self, state: int) -> dict[str, int]:
        words = self._texts[state].split()
        row = self[state] = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        return row


class Table:
    """Terminals in the order in which they are tried; a row maps a symbol to a state, or to -1 - rule."""

    def __init__(self, start: int, end: int, rules: list[Rule], rows: list[str]) -> None:
        self.start, self.end, self.rules, self.rows = start, end, rules, Rows(rows)
        self.whole = frozenset(("edition", "naming", *(rule.origin for rule in rules if rule.origin.startswith("__file_star"))))
        self.reserved: frozenset[str] = frozenset()
        self.phrases: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self.others: dict[str, tuple[str, bool]] = {}
        self.compiled: dict[str, re.Pattern[str]] = {}


@cache
def table() -> Table:
    """The stored table; built anew, in memory, from a grammar that changed since."""
    from rewardlang.parsing import table_from_grammar as stored

    grammar = stored.GRAMMAR.read_text(encoding="utf-8")
    data = json.loads(stored.TABLE.read_text(encoding="utf-8")) if stored.TABLE.exists() else {}
    if data.get("grammar") != stored.checksum(grammar):
        data = stored.build(grammar)
    return from_data(data)


def from_data(data: dict[str, Any]) -> Table:
    """The table from the plain data that `table_from_grammar` builds."""
    made = Table(data["start"], data["end"], [Rule(*row) for row in data["rules"]], data["rows"])
    for name, kind, pattern in data["terminals"]:
        if name in data["ignored"]:
            continue
        if kind == "words":
            for first, *rest in pattern:
                made.phrases.setdefault(first, []).append((name, tuple(rest)))
        elif name == "NAME":
            made.reserved = _reserved(pattern)
        else:
            made.others[name] = (pattern, kind == "regex")
    return made


def _reserved(pattern: str) -> frozenset[str]:
    """The words that can never be names: those that the grammar's NAME excludes."""
    excluded = re.match(r"\(\?!\(\?:([a-z|]+)\)", pattern)
    assert excluded is not None, "NAME starts with the words that it excludes"
    return frozenset(excluded[1].split("|"))


class Lexer:
    """Cuts a text into leaves. What a place can hold depends on the parser's state, as `accepted` tells."""

    def __init__(self, text: str, table: Table) -> None:
        self.text = text
        self.position = 0
        self._table = table

    def skip_space(self) -> int:
        """Moves past white space and comments."""
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.position

    def next(self, accepted: dict[str, int] | None) -> Leaf | None:
        """The leaf at the position, moving past it; END at the end; None when nothing accepted stands here.

        With `accepted` None every terminal is tried: the best guess at what stands in a wrong place.
        """
        start = self.skip_space()
        if start >= len(self.text):
            return self._leaf(END, start)
        word = _WORD.match(self.text, start)
        if word:
            return self._word(word, accepted)
        for name, (pattern, is_regex) in self._table.others.items():
            if accepted is not None and name not in accepted:
                continue
            if not is_regex:
                if self.text.startswith(pattern, start):
                    return self._leaf(name, start + len(pattern))
            elif match := self._regex(name, pattern).match(self.text, start):
                return self._leaf(name, match.end())
        return None

    def _word(self, word: re.Match[str], accepted: dict[str, int] | None) -> Leaf | None:
        phrases = self._table.phrases.get(word[0], ())
        for name, rest in phrases:
            end = self._phrase_end(word.end(), rest)
            if end and (accepted is None or name in accepted):
                return self._leaf(name, end)
        if word[0] not in self._table.reserved and (accepted is None or "NAME" in accepted):
            return self._leaf("NAME", word.end())
        if accepted is not None and "UNIT" in accepted:
            match = self._regex("UNIT", self._table.others["UNIT"][0]).match(self.text, word.start())
            return self._leaf("UNIT", match.end()) if match else None
        return None

    def _phrase_end(self, position: int, rest: tuple[str, ...]) -> int:
        for part in rest:
            match = _GAP.match(self.text, position)
            word = _WORD.match(self.text, match.end()) if match else None
            if word is None or word[0] != part:
                return 0
            position = word.end()
        return position

    def _regex(self, name: str, pattern: str) -> re.Pattern[str]:
        compiled = self._table.compiled.get(name)
        if compiled is None:
            compiled = self._table.compiled[name] = re.compile(pattern)
        return compiled

    def _leaf(self, name: str, end: int) -> Leaf:
        leaf = Leaf(self.text[self.position : end])
        leaf.type, leaf.span = name, Span(self.position, end)
        self.position = end
        return leaf


class Parser:
    """An LALR(1) parser whose stacks are open to the recovery. `feed` says whether the leaf fits."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.states = [table.start]
        self.values: list[Any] = []
        self.spans: list[Span] = []

    @property
    def accepted(self) -> dict[str, int]:
        """The row of the state: the symbols that do not fail at once (a reduction may still fail on them)."""
        return self.table.rows[self.states[-1]]

    def feed(self, leaf: Leaf) -> bool:
        """Takes a leaf, or leaves it and has done only the reductions that were possible before it."""
        rows = self.table.rows
        while True:
            action = rows[self.states[-1]].get(leaf.type)
            if action is None:
                return False
            if action >= 0:
                self._push(action, leaf, leaf.span)
                return True
            self._reduce(self.table.rules[-1 - action])
            if leaf.type == END and self.states[-1] == self.table.end:
                return True

    def finished(self) -> int:
        """How many values on the stack are whole: the head of the file and the list of statements before this one."""
        count = 0
        while count < len(self.values) and isinstance(self.values[count], Branch) and self.values[count].data in self.table.whole:
            count += 1
        return count

    def cut(self, base: int) -> None:
        """Takes values off the stack until `base` are left."""
        del self.states[base + 1 :], self.values[base:], self.spans[base:]

    def would_accept(self, terminal: str) -> bool:
        """Whether a leaf of this terminal would be taken, all reductions done."""
        states = list(self.states)
        while True:
            action = self.table.rows[states[-1]].get(terminal)
            if action is None or action >= 0:
                return action is not None
            rule = self.table.rules[-1 - action]
            if rule.length:
                del states[-rule.length :]
            states.append(self.table.rows[states[-1]][rule.origin])
            if terminal == END and states[-1] == self.table.end:
                return True

    def _push(self, state: int, value: Any, span: Span) -> None:
        self.states.append(state)
        self.values.append(value)
        self.spans.append(span)

    def _reduce(self, rule: Rule) -> None:
        values: list[Any] = []
        span = Span(0, 0)
        if rule.length:
            values, spans = self.values[-rule.length :], self.spans[-rule.length :]
            span = Span(spans[0].start, spans[-1].end)
            del self.states[-rule.length :], self.values[-rule.length :], self.spans[-rule.length :]
        elif self.spans:
            span = Span(self.spans[-1].end, self.spans[-1].end)
        children: list[Any] = []
        for index, inline, nones in rule.picks:
            children += [None] * nones
            if inline:
                children = children + values[index].children if children else values[index].children
            else:
                children.append(values[index])
        children += [None] * rule.nones
        value = children[0] if rule.single and len(children) == 1 else Branch(rule.name, children, span)
        self._push(self.table.rows[self.states[-1]][rule.origin], value, span)
