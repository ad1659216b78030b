"""From text to the syntax tree.

`parse` never raises for any text. After a mistake it goes on at the next
statement, so that one run tells every mistake: the parser's stack is cut back
to the list of statements and the lexer moved to the next word that starts one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rewardlang import codes, syntax, text_limits
from rewardlang.errors import Diagnostic
from rewardlang.parse_table import END, Lexer, Parser, Table, table
from rewardlang.source import Source, Span
from rewardlang.statements_from_tree import EDITION, StatementBuilder
from rewardlang.suggest import nearest
from rewardlang.syntax_mistakes import Place, Repair, describe
from rewardlang.tree_nodes import MAX_DEPTH, Branch, Leaf, TooDeep
from rewardlang.words import STARTERS

MAX_MISTAKES = 50

_NEXT = re.compile(
    r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|#[^\r\n]*'
    r"|^(?P<indent>[ \t\ufeff]*)(?P<word>[^\W\d]\w*)(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_INSIDE = re.compile(r'column\s*"|list\s+of\b|score\s*[-−]?\s*\d|(rule|section)\s+\w+\s*(outweighs\b|\n|$)')
_DEFINED = re.compile(r"(?:column|param|list|pattern|define|let|section|rule|use\s+python\s+\S+\s+as|import\s+\S+\s+as)\s+([^\W\d]\w*)")


@dataclass(frozen=True)
class Parsed:
    """`file` holds every statement that could be read; None when nothing could.

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
    reading = _Reading(source, table())
    root = reading.run()
    file, mistakes = _file(source, root)
    diagnostics = sorted([*reading.mistakes, *mistakes], key=lambda one: one.span)
    return Parsed(file, tuple(diagnostics[:MAX_MISTAKES]) + _cut_off(diagnostics), frozenset(reading.lost))


def _cut_off(diagnostics: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    if len(diagnostics) <= MAX_MISTAKES:
        return ()
    first = diagnostics[MAX_MISTAKES]
    return (codes.diagnostic("RW126", f"only the first {MAX_MISTAKES} mistakes are shown", first.source, first.span, help="correct these, then check again"),)


def tokens(source: Source) -> list[Leaf]:
    """The words and signs of a file that parses, in order; comments and white space are what lies between them."""
    parser, lexer = Parser(table()), Lexer(source.text, table())
    leaves: list[Leaf] = []
    while True:
        leaf = lexer.next(parser.accepted)
        assert leaf is not None and parser.feed(leaf), "tokens are asked of files that parse"
        if leaf.type == END:
            return leaves
        leaves.append(leaf)


class _Reading:
    """One pass over a text."""

    def __init__(self, source: Source, table: Table) -> None:
        self.source = source
        self.lexer = Lexer(source.text, table)
        self.parser = Parser(table)
        self.mistakes: list[Diagnostic] = []
        self.lost: set[str] = set()
        self._recent: list[Leaf] = []

    def run(self) -> Branch:
        while True:
            start = self.lexer.skip_space()
            leaf = self.lexer.next(self.parser.accepted)
            if leaf is not None and self.parser.feed(leaf):
                if leaf.type == END:
                    root: Branch = self.parser.values[-1]
                    return root
                self._recent = [*self._recent[-7:], leaf]
                continue
            self.lexer.position = start
            self._mistake(start, leaf)

    def _mistake(self, start: int, leaf: Leaf | None) -> None:
        """Tells the mistake, then repairs the word or leaves the statement."""
        guess = leaf or self.lexer.next(None)
        self.lexer.position = start
        base = self._base()
        statement = self.parser.spans[base].start if len(self.parser.spans) > base else start
        place = Place(self.source, self.parser, start, guess, tuple(self._recent), base)
        told = describe(place)
        self.mistakes.append(codes.diagnostic(told.code, told.message, self.source, told.span, help=told.help, label=told.label))
        if len(self.mistakes) <= MAX_MISTAKES and told.repair is not None and self._repaired(told.repair):
            return
        complete = len(self.parser.spans) == base or self.parser.would_accept("_LET")
        fresh = len(self.parser.spans) == base
        if complete and not fresh and self._first_on_line(start):
            self._finish_statement()
            statement = start
        else:
            del self.parser.states[base + 1 :], self.parser.values[base:], self.parser.spans[base:]
        resume = self._next_start(start, beyond=fresh or statement == start)
        if len(self.mistakes) > MAX_MISTAKES:
            resume = len(self.source.text)
        self.lost.update(_DEFINED.findall(self.source.text[statement:resume]))
        self.lexer.position = resume
        self._recent = []

    def _repaired(self, repair: Repair) -> bool:
        leaf = Leaf(self.source.cut(repair.span))
        leaf.type, leaf.span = repair.terminal, repair.span
        if not self.parser.would_accept(leaf.type):
            return False
        self.parser.feed(leaf)
        self.lexer.position = repair.span.end
        self._recent = [*self._recent[-7:], leaf]
        return True

    def _base(self) -> int:
        """How many values on the stack are finished: the head and the statements before this one."""
        count = 0
        for value in self.parser.values:
            if not isinstance(value, Branch) or not (value.data in ("edition", "naming") or value.data.startswith("__file_star")):
                break
            count += 1
        return count

    def _finish_statement(self) -> None:
        """Reduces the finished statement, as the start of a next one would, and takes that start back."""
        start = Leaf("let")
        start.type, start.span = "_LET", Span(self.lexer.position, self.lexer.position)
        self.parser.feed(start)
        del self.parser.states[-1:], self.parser.values[-1:], self.parser.spans[-1:]

    def _first_on_line(self, offset: int) -> bool:
        line_start = self.source.text.rfind("\n", 0, offset) + 1
        return not self.source.text[line_start:offset].strip(" \t\ufeff")

    def _next_start(self, offset: int, *, beyond: bool) -> int:
        """Where the next statement starts, at `offset` or after it (`beyond`: after it)."""
        text = self.source.text
        position = text.rfind("\n", 0, offset) + 1 if self._first_on_line(offset) else offset
        for match in _NEXT.finditer(text, position):
            word = match["word"]
            if word is None or match.start("word") < offset + beyond:
                continue
            if word in STARTERS and not _INSIDE.match(text, match.start("word")):
                return match.start("word")
            if not match["indent"] and word not in STARTERS and nearest(word, STARTERS, limit=1):
                return match.start("word")
        return len(text)


def _file(source: Source, root: Branch) -> tuple[syntax.File | None, list[Diagnostic]]:
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
            builder.mistake("RW117", f"this is nested more than {MAX_DEPTH} levels deep", error.span, help="name a part of it with 'let'")
    _check_head(builder, edition, naming, source)
    if naming is None:
        return None, builder.mistakes
    name, version, about = naming
    span = Span(0, len(source.text))
    file = syntax.File(
        span=span, edition=edition or EDITION, name=name, version=version, about=about, statements=tuple(statements)
    )
    return file, builder.mistakes


def _check_head(builder: StatementBuilder, edition: int | None, naming: Any, source: Source) -> None:
    header = f"rewardlang {EDITION}\nreward my_reward version \"0.1.0\""
    start = text_limits.first_word(source)
    if edition is None and naming is None and start.end == start.start:
        builder.mistake("RW114", "this file is empty", start, help="a file starts with two lines:\n" + _indented(header))
    elif edition is None:
        builder.mistake("RW112", f"the first line 'rewardlang {EDITION}' is missing", start, help="a file starts with two lines:\n" + _indented(header))
    elif naming is None:
        builder.mistake("RW112", "the file has no name", start, help="a file starts with two lines:\n" + _indented(header))


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.split("\n"))
