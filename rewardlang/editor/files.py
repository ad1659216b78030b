"""The reward files around an open one: as they are being typed where they are open, as they are on the disk where not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types as lsp

from rewardlang.editor.diagnostics import uri_of
from rewardlang.editor.document import Document, Reading
from rewardlang.editor.positions import Lines, Moved
from rewardlang.parsing import syntax
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.source import Source, Span

_MOST_FILES = 2_000
_MOST_CHARACTERS = 1_000_000


class ReadFile(NamedTuple):
    """A file with its names. `ok` is False where it has mistakes of syntax: then it may be read as it last was whole.

    `moved` leads from the places of what was read to those of now.
    """

    path: Path
    uri: str
    reading: Reading
    lines: Lines
    moved: Moved
    ok: bool

    def range(self, span: Span) -> lsp.Range:
        """Where a place of what was read is now."""
        return self.lines.range(self.moved.span(span))


class Files:
    """What the editor's folders hold, and what is open in it. Made for one question: it remembers what it has read."""

    def __init__(self, documents: Mapping[str, Document], folders: Sequence[str], encoding: str) -> None:
        self._documents = {path_of(document): document for document in documents.values()}
        self._folders = [Path(folder).resolve() for folder in folders]
        self._encoding = encoding
        self._read: dict[Path, ReadFile | None] = {}

    def file(self, path: Path) -> ReadFile | None:
        """A file by its resolved path; None where there is none that can be read."""
        if path not in self._read:
            document = self._documents.get(path)
            self._read[path] = self._of_disk(path) if document is None else self._of_document(path, document)
        return self._read[path]

    def _of_document(self, path: Path, document: Document) -> ReadFile | None:
        read = document.reading()
        return None if read is None else ReadFile(path, document.uri, read[0], document.lines, read[1], document.parsed.ok)

    def _of_disk(self, path: Path) -> ReadFile | None:
        try:
            if path.stat().st_size > _MOST_CHARACTERS:
                return None
            text = path.read_bytes().decode("utf-8-sig")
        except (OSError, ValueError):  # ValueError: no UTF-8 text, or a path with a character that no path has
            return None
        source = Source(str(path), text)
        parsed = parse(source)
        if parsed.file is None:
            return None
        return ReadFile(path, uri_of(str(path)), Reading(source, parsed.file), Lines(text, self._encoding), Moved(text, text), parsed.ok)

    def imported(self, file: ReadFile, alias: str) -> ReadFile | None:
        """The file that an alias stands for."""
        for other, path in imports(file):
            if other == alias:
                return self.file(path)
        return None

    def importing(self, file: ReadFile) -> Iterator[tuple[ReadFile, str]]:
        """The files that import this one, each with the name that it gives it."""
        for path in self._around(file.path):
            document = self._documents.get(path)
            if document is None and not _names(path, file.path.name):
                continue
            other = self.file(path)
            for alias, imported in imports(other) if other is not None else ():
                if imported == file.path and other is not None:
                    yield other, alias

    def _around(self, path: Path) -> list[Path]:
        """The reward files that are open, and those below the editor's folders or, where it has none, below the file's."""
        roots = [folder for folder in self._folders if path.is_relative_to(folder)] or [path.parent]
        found = dict.fromkeys(self._documents)
        for root in roots:
            for folder, inside, names in os.walk(root):
                inside[:] = sorted(name for name in inside if not name.startswith(".") and name not in ("node_modules", "__pycache__"))
                found |= dict.fromkeys(Path(folder, name) for name in sorted(names) if name.endswith(".reward"))
                if len(found) > _MOST_FILES:
                    break
        return list(found)


def path_of(document: Document) -> Path:
    """The resolved path of an open document; of one that is no file yet, its address, where no file is."""
    return Path(document.uri) if document.path is None else Path(document.path).resolve()


def imports(file: ReadFile) -> Iterator[tuple[str, Path]]:
    """The names that a file gives to others, with their resolved paths."""
    for statement in file.reading.file.statements:
        if isinstance(statement, syntax.Import):
            try:
                path = (file.path.parent / statement.path.value).resolve()
            except (OSError, ValueError):
                continue
            yield statement.alias.text, path


def _names(path: Path, name: str) -> bool:
    """Whether a file that is not open can import another of this name: a look at its text spares the reading of most."""
    try:
        return path.stat().st_size <= _MOST_CHARACTERS and name in path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return False
