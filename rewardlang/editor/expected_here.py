"""What can stand at a place of a text: the parser is run up to it, and asked."""

from __future__ import annotations

import re
from typing import NamedTuple

from rewardlang.parsing.parse_table import END, Lexer, Parser, table
from rewardlang.parsing.recovery import Recovery
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.source import Source

_OPEN_COMMENT = re.compile(r"#[^\r\n]*\Z")


class Here(NamedTuple):
    """The terminals that would be taken, and the words of the same statement before the place."""

    terminals: frozenset[str]
    statement: tuple[Leaf, ...]

    @property
    def before(self) -> str:
        """The terminal before the place, empty at the start of a statement."""
        return self.statement[-1].type if self.statement else ""


def expected_here(text: str) -> Here | None:
    """What can follow a text; None inside a comment or an unfinished text in quotation marks."""
    parser, lexer = Parser(table()), Lexer(text, table())
    source = Source("", text)
    recovery: Recovery | None = None
    leaves: list[Leaf] = []
    while True:
        before = lexer.position
        start = lexer.skip_space()
        leaf = lexer.next(parser.accepted)
        if leaf is not None and leaf.type == END:
            if _OPEN_COMMENT.search(text[before:]):
                return None
            terminals = {name for name in parser.accepted if name == name.upper() and parser.would_accept(name)}
            base = parser.finished()
            begin = parser.spans[base].start if base < len(parser.spans) else len(text)
            return Here(frozenset(terminals), tuple(leaf for leaf in leaves if leaf.span.start >= begin))
        if leaf is not None and parser.feed(leaf):
            leaves.append(leaf)
            continue
        if leaf is None and text[start] in "\"'“„«/":
            closing = text.find("\n", start)
            if closing < 0 or text.startswith('"""', start):
                return None
        recovery = recovery or Recovery(source, lexer, parser)
        repaired = recovery.after(leaf, start, leaves)
        if repaired is not None:
            leaves.append(repaired)
