"""The shape of a file: its statements as symbols, and what can be folded."""

from __future__ import annotations

import re

from lsprotocol import types as lsp

from rewardlang.editor.document import Document
from rewardlang.editor.names import given_by
from rewardlang.parsing import syntax
from rewardlang.source import Span

_KINDS: dict[type[syntax.Statement], lsp.SymbolKind] = {
    syntax.Import: lsp.SymbolKind.Module,
    syntax.Include: lsp.SymbolKind.Module,
    syntax.UsePython: lsp.SymbolKind.Function,
    syntax.Column: lsp.SymbolKind.Field,
    syntax.Param: lsp.SymbolKind.Constant,
    syntax.ListFromFile: lsp.SymbolKind.Array,
    syntax.ListInline: lsp.SymbolKind.Array,
    syntax.PatternRegex: lsp.SymbolKind.String,
    syntax.PatternLike: lsp.SymbolKind.String,
    syntax.Define: lsp.SymbolKind.Function,
    syntax.Let: lsp.SymbolKind.Variable,
    syntax.Require: lsp.SymbolKind.Key,
    syntax.Section: lsp.SymbolKind.Namespace,
    syntax.Rule: lsp.SymbolKind.Method,
    syntax.ScoreRange: lsp.SymbolKind.Number,
    syntax.Success: lsp.SymbolKind.Boolean,
    syntax.NumbersWritten: lsp.SymbolKind.Constant,
    syntax.GuaranteeBound: lsp.SymbolKind.Interface,
    syntax.GuaranteeOutweighs: lsp.SymbolKind.Interface,
    syntax.Example: lsp.SymbolKind.Event,
}
_LONGEST = 60
_REMARKS = re.compile(r"^[ \t]*#[^\n]*(?:\n[ \t]*#[^\n]*)+", re.MULTILINE)


def symbols(document: Document) -> list[lsp.DocumentSymbol]:
    """The statements in order; what follows a section up to its last rule is below it."""
    read = document.reading()
    if read is None:
        return []
    reading, moved = read
    found: list[lsp.DocumentSymbol] = []
    statements = list(reading.file.statements)
    index = 0
    while index < len(statements):
        node = statements[index]
        count = _length(statements, index) if isinstance(node, syntax.Section) else 1
        members = statements[index + 1 : index + count]

        def symbol(one: syntax.Statement, end: int) -> lsp.DocumentSymbol:
            given = given_by(one)
            whole = moved.span(Span(one.span.start, end))
            words = given[1].text if given is not None else _title(one, reading.source.cut(one.span))
            chosen = moved.span(given[1].span if given is not None else Span(one.span.start, one.span.start))
            chosen = Span(max(chosen.start, whole.start), max(min(chosen.end, whole.end), chosen.start, whole.start))
            detail = reading.source.cut(one.span).partition("\n")[0][:_LONGEST]
            lines = document.lines
            return lsp.DocumentSymbol(words, _KINDS[type(one)], lines.range(whole), lines.range(chosen), detail)

        made = symbol(node, members[-1].span.end if members else node.span.end)
        made.children = [symbol(member, member.span.end) for member in members]
        found.append(made)
        index += count
    return found


def _length(statements: list[syntax.Statement], start: int) -> int:
    """How many statements from a section on belong to it: those up to its last rule."""
    last = start
    for index in range(start + 1, len(statements)):
        if isinstance(statements[index], syntax.Section):
            break
        if isinstance(statements[index], syntax.Rule):
            last = index
    return last - start + 1


def _title(node: syntax.Statement, words: str) -> str:
    line = f"{node.kind}: {node.title.value}" if isinstance(node, syntax.Example) else " ".join(words.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def folds(document: Document) -> list[lsp.FoldingRange]:
    """Sections, statements over several lines, and comments over several lines."""
    ranges = [_fold(symbol.range) for symbol in symbols(document)]
    ranges += [_fold(child.range) for symbol in symbols(document) for child in symbol.children or ()]
    remarks = [document.lines.range(Span(*match.span())) for match in _REMARKS.finditer(document.text)]
    ranges += [_fold(place, lsp.FoldingRangeKind.Comment) for place in remarks]
    return [one for one in ranges if one.end_line > one.start_line]


def _fold(place: lsp.Range, kind: lsp.FoldingRangeKind | None = None) -> lsp.FoldingRange:
    return lsp.FoldingRange(place.start.line, place.end.line, kind=kind)
