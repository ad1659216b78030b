"""From text to the syntax tree.

`parse` never raises for any text. After a mistake it goes on at the next
statement, so that one run tells every mistake: the parser's stack is cut back
to the list of statements and the lexer moved to the next word that starts one
(`recovery`, loaded at the first mistake).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewardlang.errors import Diagnostic, Edit, Fix
from rewardlang.parsing import syntax, text_limits
from rewardlang.parsing.parse_table import END, Lexer, Parser, table
from rewardlang.parsing.statements_from_tree import EDITION, StatementBuilder
from rewardlang.parsing.tree_nodes import MAX_DEPTH, Branch, Leaf, TooDeep
from rewardlang.record import PlainRecord
from rewardlang.source import Source, Span

if TYPE_CHECKING:
    from rewardlang.parsing.recovery import Recovery


# Symbols on the parser's stack; MAX_DEPTH levels need fewer.
MAX_STACK = 8 * MAX_DEPTH


class Parsed(PlainRecord):
    """`file` holds every statement that could be read; None when the file has no name.

    `lost` are the names that statements with mistakes would have defined, so that later steps do not call them unknown.
    """

    file: syntax.File | None
    diagnostics: tuple[Diagnostic, ...]
    lost: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """Whether the text has no error; warnings do not count."""
        return self.file is not None and not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)


def parse(source: Source) -> Parsed:
    """The syntax tree of a file, and every mistake of its syntax in the order of the file."""
    refused = text_limits.refusals(source)
    if refused:
        return Parsed(None, refused)
    root, recovery = _read(source)
    file, mistakes = _file(source, root, head_is_broken=recovery is not None and recovery.head_is_broken)
    if recovery is None and not mistakes:
        return Parsed(file, ())
    from rewardlang.parsing.recovery import shown

    met = recovery.mistakes if recovery else []
    return Parsed(file, shown(source, [*met, *mistakes]), frozenset(recovery.lost if recovery else ()))


def tokens(source: Source) -> list[Leaf]:
    """The words and signs of a file that parses, in order; comments and white space are what lies between them."""
    parser, lexer = Parser(table()), Lexer(source.text, table())
    leaves: list[Leaf] = []
    while True:
        leaf = lexer.next(parser.accepted)
        assert leaf is not None, "tokens are asked of files that parse"
        fits = parser.feed(leaf)
        assert fits, "tokens are asked of files that parse"
        if leaf.type == END:
            return leaves
        leaves.append(leaf)


def _read(source: Source) -> tuple[Branch, Recovery | None]:
    """One pass over a text: the tree of what could be read, and the mistakes, None without any."""
    lexer, parser = Lexer(source.text, table()), Parser(table())
    recent: list[Leaf] = []
    recovery: Recovery | None = None
    while True:
        start = lexer.skip_space()
        leaf = lexer.next(parser.accepted)
        deep = len(parser.states) > MAX_STACK
        if leaf is not None and not deep and parser.feed(leaf):
            if leaf.type == END:
                root: Branch = parser.values[-1]
                return root, recovery
            recent.append(leaf)
            continue
        if recovery is None:
            from rewardlang.parsing.recovery import Recovery

            recovery = Recovery(source, lexer, parser)
        if deep:
            recovery.too_deep(start)
            recent = []
            continue
        repaired = recovery.after(leaf, start, recent)
        recent = [] if repaired is None else [*recent, repaired]


def _file(source: Source, root: Branch, *, head_is_broken: bool) -> tuple[syntax.File | None, list[Diagnostic]]:
    builder = StatementBuilder(source)
    edition = naming = None
    statements: list[syntax.Statement] = []
    for child in root.children:
        try:
            if child.data == "edition":
                edition = builder.edition(child)
            elif child.data == "naming":
                naming = builder.naming(child)
            else:
                statements.append(builder.statement(child))
        except TooDeep as error:
            message = f"this is nested more than {MAX_DEPTH} levels deep"
            builder.mistake("RW117", message, error.span, advice="name a part of it with 'let'")
    if not head_is_broken:
        _check_head(builder, edition, naming, source)
    if naming is None:
        return None, builder.mistakes
    name, version, about = naming
    everything = Span(0, len(source.text))
    file = syntax.File(span=everything, edition=edition or EDITION, name=name, version=version, about=about, statements=tuple(statements))
    return file, builder.mistakes


def _check_head(builder: StatementBuilder, edition: int | None, naming: Any, source: Source) -> None:
    if edition is not None and naming is not None:
        return
    start = text_limits.first_word(source)
    advice = f'a file starts with two lines:\n      rewardlang {EDITION}\n      reward my_reward version "0.1.0"'
    if edition is None and naming is None and start.end == start.start:
        builder.mistake("RW114", "this file is empty", start, advice=advice)
    elif edition is None:
        first = Fix(f"write 'rewardlang {EDITION}' above it", (Edit(Span(start.start, start.start), f"rewardlang {EDITION}\n"),), safe=True)
        builder.mistake("RW112", f"the first line 'rewardlang {EDITION}' is missing", start, advice=advice, fix=first)
    else:
        builder.mistake("RW112", "the reward has no name", start, advice=advice)
