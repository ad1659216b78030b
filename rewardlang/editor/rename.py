"""Where a name was given, where it is used, in the file and in those that import it, and giving it another name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from lsprotocol import types as lsp

from rewardlang.checking.checker import BUILT_INS
from rewardlang.editor.document import Document
from rewardlang.editor.files import Files, ReadFile, imports, path_of
from rewardlang.editor.names import Names, Symbol
from rewardlang.parsing import syntax
from rewardlang.parsing.parse_table import Lexer, table
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.registry import default_registry
from rewardlang.source import Source, Span


class NotRenamed(ValueError):
    """Why a name cannot be given, as a sentence for the person who asked."""


class Home(NamedTuple):
    """The file that gives a name, and the name there."""

    file: ReadFile
    symbol: Symbol


class Place(NamedTuple):
    """A place of a name. `given` where the name is given; `own` where the file knows it without another file's name before it."""

    file: ReadFile
    span: Span
    given: bool
    own: bool


class Found(NamedTuple):
    """The name at a place of the text of now."""

    span: Span
    home: Home


def name_at(files: Files, document: Document, offset: int) -> Found | None:
    """The name at a place, its own or another file's."""
    file = files.file(path_of(document))
    if file is None:
        return None
    for place in file.reading.names.outside:
        span = file.moved.span(place.span)
        home = _home(files, file, place.alias, place.symbol) if span.start <= offset <= span.end else None
        if home is not None:
            return Found(span, home)
    for one in file.reading.names.occurrences:
        span = file.moved.span(one.span)
        if span.start <= offset <= span.end:
            return Found(span, Home(file, one.symbol))
    return None


def _home(files: Files, file: ReadFile, alias: str | None, symbol: Symbol) -> Home | None:
    """Where a name is given that the file does not give itself."""
    if alias is not None:
        other = files.imported(file, alias)
        return Home(other, symbol) if other is not None and symbol in other.reading.names.statements else None
    for include, other in _included(files, file):
        if symbol in _parts(other, include):
            return Home(other, symbol)
    return None


def _included(files: Files, file: ReadFile) -> Iterator[tuple[str, ReadFile]]:
    """The sections that a file takes over, with the files that they are of."""
    for statement in file.reading.file.statements:
        if isinstance(statement, syntax.Include):
            other = files.imported(file, statement.module.text)
            if other is not None:
                yield statement.section.text, other


def _parts(file: ReadFile, section: str) -> set[Symbol]:
    """A section of a file and the rules in it."""
    inside, parts = False, set()
    for statement in file.reading.file.statements:
        if isinstance(statement, syntax.Section):
            inside = statement.name.text == section
        if inside and isinstance(statement, (syntax.Section, syntax.Rule)):
            parts.add(Symbol("rule", statement.name.text))
    return parts


def places(files: Files, home: Home) -> list[Place]:
    """Every place of a name: in the file that gives it, and in those that take it from there."""
    found: list[Place] = []
    for file in _declaring(files, home):
        found += [Place(file, one.span, one.given, True) for one in file.reading.names.of(home.symbol)]
        if home.symbol.scope is None:
            for other, alias in files.importing(file):
                found += _outside(files, other, alias, Home(file, home.symbol))
    return list(dict.fromkeys(found))


def _declaring(files: Files, home: Home) -> list[ReadFile]:
    """The file that gives the name; for a column also the files beside it that look at the same one, because they declare it alike."""
    if not isinstance(home.file.reading.names.statements.get(home.symbol), syntax.Column) or home.symbol.scope is not None:
        return [home.file]
    found, queue = {home.file.path: home.file}, [home.file]
    while queue:
        file = queue.pop()
        around = [other for other, _ in files.importing(file)]
        around += [other for _, path in imports(file) if (other := files.file(path)) is not None]
        for other in around:
            if other.path not in found and isinstance(other.reading.names.statements.get(home.symbol), syntax.Column):
                found[other.path] = other
                queue.append(other)
    return list(found.values())


def _outside(files: Files, file: ReadFile, alias: str, home: Home) -> Iterator[Place]:
    for place in file.reading.names.outside:
        if place.symbol != home.symbol:
            continue
        if place.alias == alias:
            yield Place(file, place.span, False, False)
        elif place.alias is None:
            given = _home(files, file, None, place.symbol)
            if given is not None and given.file.path == home.file.path:
                yield Place(file, place.span, False, True)


def definition(files: Files, document: Document, offset: int) -> lsp.Location | None:
    """Where the name at a place was given; of `common.statute`, the place in the other file."""
    found = name_at(files, document, offset)
    if found is None:
        return None
    file = found.home.file
    given = next((one for one in file.reading.names.of(found.home.symbol) if one.given), None)
    return None if given is None else lsp.Location(file.uri, file.range(given.span))


def renamed(files: Files, document: Document, offset: int, new: str) -> dict[str, list[lsp.TextEdit]]:
    """The edits, by file, that give the name at a place another one. Raises `NotRenamed` with the reason where there are none."""
    new = unicodedata.normalize("NFC", new)
    if document.now is None or not document.parsed.ok:
        raise NotRenamed("the file has a mistake of syntax; correct it first")
    found = name_at(files, document, offset)
    if found is None:
        raise NotRenamed("only names that this file gives can be renamed, or that it takes from a file that it imports")
    by_file: dict[str, list[Place]] = {}
    for place in places(files, found.home):
        by_file.setdefault(place.file.uri, []).append(place)
    _check_name(new)
    for together in by_file.values():
        file = together[0].file
        if not file.ok:
            raise NotRenamed(f"{file.path.name} has a mistake of syntax; correct it first")
        if any(place.own for place in together):
            _check_free(file, document, found.home.symbol, new)
        _check_meaning(file, document, [place.span for place in together], new)
    return {uri: [lsp.TextEdit(place.file.range(place.span), new) for place in together] for uri, together in by_file.items()}


def _check_name(new: str) -> None:
    leaf = Lexer(new, table()).next({"NAME": 0})
    if new in table().reserved:
        raise NotRenamed(f"'{new}' is a word of the language and cannot be a name")
    if leaf is None or leaf.type != "NAME" or str(leaf) != new:
        raise NotRenamed(f"'{new}' is not a name: a letter, then letters, digits and _")


def _check_free(file: ReadFile, document: Document, symbol: Symbol, new: str) -> None:
    names = file.reading.names
    taken = any(one.symbol.name == new and one.symbol.space == symbol.space for one in names.occurrences)
    taken = taken or any(one.alias is None and one.symbol == Symbol(symbol.space, new) for one in names.outside)
    if new != symbol.name and (taken or (symbol.space == "value" and new in BUILT_INS)):
        where = "here" if file.uri == document.uri else f"in {file.path.name}"
        raise NotRenamed(f"'{new}' is already a name {where}")


def _check_meaning(file: ReadFile, document: Document, spans: list[Span], new: str) -> None:
    """A word such as `weight` may be a name in one place and a word of the language in another: then it is refused."""
    before = file.reading.source
    text = before.text
    for span in sorted(spans, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    source = Source(before.name, text)
    after = parse(source)
    names = Names(source, after.file, default_registry()) if after.file is not None and after.ok else None
    kept = file.reading.names
    if names is None or (len(names.occurrences), len(names.outside)) != (len(kept.occurrences), len(kept.outside)):
        where = "" if file.uri == document.uri else f" in {file.path.name}"
        raise NotRenamed(f"'{new}' means something else where this name is used{where}")
