"""Where a name was given, where it is used, and giving it another one."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from lsprotocol import types as lsp

from rewardlang.checking.checker import BUILT_INS
from rewardlang.editor.diagnostics import uri_of
from rewardlang.editor.document import Document
from rewardlang.editor.imported import imported_file
from rewardlang.editor.names import Names, Occurrence, Symbol, given_by
from rewardlang.editor.positions import Lines
from rewardlang.parsing.parse_table import Lexer, table
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.registry import default_registry
from rewardlang.source import Source, Span


class NotRenamed(ValueError):
    """Why a name cannot be given, as a sentence for the person who asked."""


class Found(NamedTuple):
    """A place of a name, in the text of now."""

    symbol: Symbol
    span: Span


def name_at(document: Document, offset: int) -> Found | None:
    """The name at a place."""
    read = document.reading()
    if read is None:
        return None
    reading, moved = read
    for one in reading.names.occurrences:
        span = moved.span(one.span)
        if span.start <= offset <= span.end:
            return Found(one.symbol, span)
    return None


def places(document: Document, symbol: Symbol, *, with_definition: bool) -> list[Span]:
    """Every place of a name, in the text of now."""
    read = document.reading()
    if read is None:
        return []
    reading, moved = read
    return [moved.span(one.span) for one in reading.names.of(symbol) if with_definition or not one.given]


def definition(document: Document, offset: int) -> lsp.Location | None:
    """Where the name at a place was given; of `common.statute`, the place in the other file."""
    found = name_at(document, offset)
    elsewhere = _elsewhere(document, offset)
    if elsewhere is not None:
        return elsewhere
    read = document.reading()
    if found is None or read is None:
        return None
    reading, moved = read
    given = next((one for one in reading.names.of(found.symbol) if one.given), None)
    return None if given is None else lsp.Location(document.uri, document.lines.range(moved.span(given.span)))


def _elsewhere(document: Document, offset: int) -> lsp.Location | None:
    text = document.text
    start, end = offset, offset
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    if text[start - 1 : start] != ".":
        return None
    before = start - 1
    while before > 0 and (text[before - 1].isalnum() or text[before - 1] == "_"):
        before -= 1
    other = imported_file(document, text[before : start - 1])
    if other is None:
        return None
    for symbol, statement in other.names.statements.items():
        given = given_by(statement)
        if symbol.name == text[start:end] and given is not None:
            return lsp.Location(uri_of(other.source.name), Lines(other.source.text).range(given[1].span))
    return None


def renamed(document: Document, offset: int, new: str) -> list[lsp.TextEdit]:
    """The edits that give the name at a place another one. Raises `NotRenamed` with the reason where there are none."""
    new = unicodedata.normalize("NFC", new)
    if document.now is None or not document.parsed.ok:
        raise NotRenamed("the file has a mistake of syntax; correct it first")
    found = name_at(document, offset)
    if found is None:
        raise NotRenamed("only names that this file gives can be renamed")
    _check_new(new, found, document.now.names)
    occurrences = document.now.names.of(found.symbol)
    _check_meaning(document, occurrences, new)
    return [lsp.TextEdit(document.lines.range(one.span), new) for one in occurrences]


def _check_new(new: str, found: Found, names: Names) -> None:
    leaf = Lexer(new, table()).next({"NAME": 0})
    if new in table().reserved:
        raise NotRenamed(f"'{new}' is a word of the language and cannot be a name")
    if leaf is None or leaf.type != "NAME" or str(leaf) != new:
        raise NotRenamed(f"'{new}' is not a name: a letter, then letters, digits and _")
    taken = any(one.symbol.name == new and one.symbol.space == found.symbol.space for one in names.occurrences)
    if new != found.symbol.name and (taken or (found.symbol.space == "value" and new in BUILT_INS)):
        raise NotRenamed(f"'{new}' is already a name here")


def _check_meaning(document: Document, occurrences: list[Occurrence], new: str) -> None:
    """A word such as `weight` may be a name in one place and a word of the language in another: then it is refused."""
    text = document.text
    for one in reversed(occurrences):
        text = text[: one.span.start] + new + text[one.span.end :]
    after_source = Source(document.name, text)
    after = parse(after_source)
    before = document.now
    assert before is not None, "asked of whole files"
    names = Names(after_source, after.file, default_registry()) if after.file is not None and after.ok else None
    if names is None or len(names.occurrences) != len(before.names.occurrences):
        raise NotRenamed(f"'{new}' means something else where this name is used")
