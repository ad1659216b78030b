"""Reading on after a mistake: repair the word, or leave the statement and go to the next one."""

from __future__ import annotations

import re

from rewardlang import codes
from rewardlang.errors import Diagnostic
from rewardlang.parsing.mistake_place import Place, Repair
from rewardlang.parsing.parse_table import Lexer, Parser
from rewardlang.parsing.syntax_mistakes import describe
from rewardlang.parsing.tree_nodes import MAX_DEPTH, Leaf
from rewardlang.parsing.words import FOREIGN, STARTERS
from rewardlang.source import Source, Span
from rewardlang.suggest import nearest

MAX_MISTAKES = 50

_NEXT = re.compile(
    r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|#[^\r\n]*'
    r"|^(?P<indent>[ \t\ufeff]*)(?P<word>[^\W\d]\w*)",
    re.MULTILINE,
)
_INSIDE = re.compile(r'column\s*"|list\s+of\b|score\s*[-−]?\s*[\d.]++(?!\s+and\b)|(rule|section)\s+\w+\s*(outweighs\b|\n|$)')
_NAMED = re.compile(r"(?:column|param|list|pattern|define|let|section|rule|use\s+python\s+\S+\s+as|import\s+\S+\s+as)\s+([^\W\d]\w*)")
_COUNT = 8


class Recovery:
    """What one reading has met: the mistakes, and the names that the statements left out would have defined."""

    def __init__(self, source: Source, lexer: Lexer, parser: Parser) -> None:
        self.mistakes: list[Diagnostic] = []
        self.lost: set[str] = set()
        self.head_is_broken = False
        self._source, self._lexer, self._parser = source, lexer, parser

    def after(self, leaf: Leaf | None, start: int, recent: list[Leaf]) -> Leaf | None:
        """Tells the mistake at `start` and moves lexer and parser past it; the leaf that was put in place of a misspelt word, if any."""
        guess = leaf
        if guess is None:
            self._lexer.position = start
            guess = self._lexer.next(None)
        self._lexer.position = start
        base = self._parser.finished()
        begun = self._parser.values[base:]
        self.head_is_broken |= bool(begun) and getattr(begun[0], "type", "") in ("_REWARD", "_REWARDLANG")
        told = describe(Place(self._source, self._parser, start, guess, tuple(recent[-_COUNT:]), base))
        self.mistakes.append(codes.diagnostic(told.code, told.message, self._source, told.span, help=told.help, fix=told.fix))
        if len(self.mistakes) > MAX_MISTAKES:
            self._leave(base, len(self._source.text), start)
        elif told.repair is not None and self._parser.would_accept(told.repair.terminal):
            return self._repair(told.repair)
        else:
            fresh = len(self._parser.spans) == base
            begin = start if fresh else self._parser.spans[base].start
            if not fresh and self._first_on_line(start) and self._parser.would_accept("_LET"):
                self._finish(start)
                base, begin = self._parser.finished(), start
            self._leave(base, self._next_start(start, beyond=fresh or begin == start), begin)
        return None

    def too_deep(self, start: int) -> None:
        """Tells that the statement is nested too deeply at `start`, and leaves it."""
        base = self._parser.finished()
        message, advice = f"this is nested more than {MAX_DEPTH} levels deep", "name a part of it with 'let'"
        self.mistakes.append(codes.diagnostic("RW117", message, self._source, Span(start, start + 1), help=advice))
        self._leave(base, self._next_start(start, beyond=True), self._parser.spans[base].start)

    def _repair(self, repair: Repair) -> Leaf:
        leaf = Leaf(repair.text)
        leaf.type, leaf.span = repair.terminal, repair.span
        self._parser.feed(leaf)
        self._lexer.position = repair.span.end
        return leaf

    def _leave(self, base: int, resume: int, begin: int) -> None:
        self._parser.cut(base)
        self.lost.update(_NAMED.findall(self._source.text[begin:resume]))
        self._lexer.position = resume

    def _finish(self, start: int) -> None:
        """Reduces a whole statement, as the start of the next one would, and takes that start back."""
        leaf = Leaf("let")
        leaf.type, leaf.span = "_LET", Span(start, start)
        self._parser.feed(leaf)
        self._parser.cut(len(self._parser.spans) - 1)

    def _first_on_line(self, offset: int) -> bool:
        line_start = self._source.text.rfind("\n", 0, offset) + 1
        return not self._source.text[line_start:offset].strip(" \t\ufeff")

    def _next_start(self, offset: int, *, beyond: bool) -> int:
        """Where the next statement starts, at `offset` or after it (`beyond`: after it)."""
        text = self._source.text
        position = text.rfind("\n", 0, offset) + 1 if self._first_on_line(offset) else offset
        for match in _NEXT.finditer(text, position):
            word = match["word"]
            if word is None or match.start("word") < offset + beyond:
                continue
            start = match.start("word")
            if word in STARTERS and not _INSIDE.match(text, start):
                return start
            if not match["indent"] and word not in STARTERS and (word in FOREIGN or nearest(word, STARTERS, limit=1)):
                return start
        return len(text)


def shown(source: Source, mistakes: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The mistakes in the order of the file, at most MAX_MISTAKES and a note."""
    ordered = sorted(mistakes, key=lambda mistake: mistake.span)
    if len(ordered) <= MAX_MISTAKES:
        return tuple(ordered)
    note, advice = f"only the first {MAX_MISTAKES} mistakes are shown", "correct these, then check again"
    return (*ordered[:MAX_MISTAKES], codes.diagnostic("RW126", note, source, ordered[MAX_MISTAKES].span, help=advice))
