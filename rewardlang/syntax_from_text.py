"""From text to the syntax tree: the one module that knows the parser library.

`parse` never raises for any text. It reads a whole file, and after a mistake
goes on at the next statement, so that one run tells every mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewardlang import syntax
from rewardlang.errors import Diagnostic
from rewardlang.source import Source, Span
from rewardlang.statements_from_tree import StatementBuilder
from rewardlang.tree_nodes import TooDeep, span_of

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR = Path(__file__).parent / "grammars" / "reward.lark"


@dataclass(frozen=True)
class Parsed:
    """`file` holds every statement that could be read, None when the head of the file could not be."""

    file: syntax.File | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return self.file is not None and not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


@cache
def _parser() -> Lark:
    from lark import Lark

    return Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", start="file", propagate_positions=True, maybe_placeholders=True)


def parse(source: Source) -> Parsed:
    builder = StatementBuilder(source)
    tree: Any = _parser().parse(source.text)
    edition, name, version, about = 0, None, None, None
    statements = []
    for child in tree.children:
        try:
            if child.data == "edition":
                edition = builder.edition(child)
            elif child.data == "naming":
                name, version, about = builder.naming(child)
            else:
                statements.append(builder.statement(child))
        except TooDeep as error:
            builder.mistake("RW117", "nested too deeply", error.span)
    assert name is not None
    file = syntax.File(span=span_of(tree), edition=edition, name=name, version=version, about=about, statements=tuple(statements))
    return Parsed(file, tuple(builder.mistakes))
