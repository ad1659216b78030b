"""Where the parser stopped, and what is told about it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from rewardlang.errors import Fix
from rewardlang.parsing.parse_table import END, Parser
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.parsing.words import HIDDEN, STARTER_TERMINALS
from rewardlang.record import PlainRecord
from rewardlang.source import Source, Span


class Repair(NamedTuple):
    """Reading on as if these words were a word of the language."""

    terminal: str
    span: Span
    text: str


class Told(NamedTuple):
    """One message; `repair` when the file can be read on from here."""

    code: str
    message: str
    span: Span
    help: str | None = None
    repair: Repair | None = None
    fix: Fix | None = None


class Place(PlainRecord):
    """Where the parser stopped: `found` is the best guess at what stands there, None for a character of no word."""

    source: Source
    parser: Parser
    start: int
    found: Leaf | None
    recent: tuple[Leaf, ...]
    base: int

    @cached_property
    def all_expected(self) -> frozenset[str]:
        """The terminals that would be taken here."""
        return frozenset(name for name in self.parser.accepted if not name.strip("_$")[:1].islower() and self.parser.would_accept(name))

    @cached_property
    def expected(self) -> frozenset[str]:
        """Those of them that messages name."""
        return self.all_expected - HIDDEN

    @property
    def before(self) -> Leaf | None:
        """The last leaf of the same statement, if there is one."""
        return self.recent[-1] if self.recent and len(self.parser.spans) > self.base else None

    @property
    def span(self) -> Span:
        """What the message points to: the word found, or one character."""
        if self.found is not None and self.found.type != END:
            return self.found.span
        return Span(self.start, min(self.start + 1, len(self.source.text)))

    @property
    def begin(self) -> int:
        """Where the unfinished statement begins."""
        spans = self.parser.spans[self.base :]
        return spans[0].start if spans else self.start

    @property
    def ends_early(self) -> bool:
        """Whether the file or the next statement begins here."""
        return self.found is not None and (self.found.type == END or (self.found.type in STARTER_TERMINALS and self.on_new_line))

    @property
    def could_end(self) -> bool:
        """Whether the statement is whole: another could begin here."""
        return "_LET" in self.all_expected

    @property
    def on_new_line(self) -> bool:
        """Whether a line break lies between the last leaf and this place."""
        return self.before is None or "\n" in self.source.text[self.before.span.end : self.start]

    def rest_of_line(self) -> Span:
        """From here to the last character of the line."""
        end = self.source.text.find("\n", self.start)
        end = len(self.source.text) if end < 0 else end
        return Span(self.start, self.start + max(1, len(self.source.text[self.start : end].rstrip())))


def phrases_of(parser: Parser, terminals: Iterable[str]) -> dict[str, str]:
    """Phrase → terminal, of the given terminals: `{"at least": "_AT_LEAST"}`."""
    wanted = set(terminals)
    return {" ".join((first, *rest)): name for first, entries in parser.table.phrases.items() for name, rest in entries if name in wanted}
