"""The files that an open file imports, read for their names."""

from __future__ import annotations

from pathlib import Path

from rewardlang.editor.document import Document, Reading
from rewardlang.editor.names import Symbol
from rewardlang.parsing import syntax
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.source import Source


def imported_file(document: Document, alias: str) -> Reading | None:
    """The file that an alias stands for; None where there is none that can be read."""
    read = document.reading()
    if read is None or document.path is None:
        return None
    statement = read[0].names.statements.get(Symbol("value", alias))
    if not isinstance(statement, syntax.Import):
        return None
    path = Path(document.path).parent / statement.path.value
    try:
        source = Source(str(path), path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):  # ValueError: no UTF-8 text, or a path with a character that no path has
        return None
    file = parse(source).file
    return None if file is None else Reading(source, file)
