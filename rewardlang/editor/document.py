"""An open file: its text now, what was read in it, and what was last known of it while it was whole.

While somebody types, the text is broken most of the time. What needs a whole
file (symbols, names, ranges) is then answered from the last text that was one,
with its places moved to where they are now.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rewardlang.compiled import Compiled, compile_text
from rewardlang.editor.names import Names
from rewardlang.editor.positions import Lines, Moved
from rewardlang.editor.quick_reading import mistakes_after
from rewardlang.errors import Diagnostic
from rewardlang.locking import locks_of
from rewardlang.parsing.syntax import File
from rewardlang.parsing.syntax_from_text import Parsed, parse
from rewardlang.program import Program
from rewardlang.record import replaced
from rewardlang.registry import default_registry
from rewardlang.source import Source

if TYPE_CHECKING:
    from rewardlang.examples import ExampleResult

_SYNTAX = "RW1"  # the beginning of the codes that reading alone tells


class Reading:
    """A text with its syntax."""

    def __init__(self, source: Source, file: File) -> None:
        self.source, self.file = source, file

    @cached_property
    def names(self) -> Names:
        """The names of the file."""
        return Names(self.source, self.file, default_registry())


class Document:
    """See the module's docstring. `path` is None for a text that is no file yet."""

    def __init__(self, uri: str, path: str | None, text: str, version: int, encoding: str = "utf-16") -> None:
        self.uri, self.path, self._encoding = uri, path, encoding
        self.checked: Compiled | None = None
        self._last_checked: Compiled | None = None
        self.program: Program | None = None
        self.results: dict[str, ExampleResult] = {}
        self._whole: Reading | None = None
        self._spotless = False
        self.update(text, version)

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.path or self.uri

    def update(self, text: str, version: int) -> None:
        """Takes a new text; reading and checking it is for afterwards."""
        self.text, self.version = text, version
        self.lines = Lines(text, self._encoding)
        self.source = Source(self.name, text)
        self._parsed: Parsed | None = None
        self.checked = None
        self.results = {}

    @property
    def parsed(self) -> Parsed:
        """The text of now, read: when it is first asked for, or beforehand by `read`."""
        return self.read(parse(self.source)) if self._parsed is None else self._parsed

    def read(self, parsed: Parsed) -> Parsed:
        """Keeps the reading of the text of now."""
        self._parsed = parsed
        self._now = Reading(self.source, parsed.file) if parsed.file is not None else None
        if self._now is not None and parsed.ok:
            self._whole = self._now
            self._spotless = not parsed.diagnostics
        return parsed

    @property
    def now(self) -> Reading | None:
        """What can be read of the text of now."""
        if self._parsed is None:
            self.read(parse(self.source))
        return self._now

    def syntax_mistakes(self) -> tuple[Diagnostic, ...]:
        """The mistakes of syntax; before the whole text is read, those of the statements around the last edit."""
        if self._parsed is None and self._whole is not None and self._spotless:
            found = mistakes_after(self._whole.source.text, self._whole.file, self.source)
            if found is not None:
                return found
        return self.parsed.diagnostics

    def compile(self, source: Source) -> tuple[Parsed, Compiled]:
        """Reads and checks a text of the file. Safe to call beside the event loop: it changes nothing here."""
        folder = str(Path(self.path).parent) if self.path else None
        return parse(source), compile_text(source.text, name=self.name, folder=folder)

    def relock(self) -> str:
        """Writes the lock of the file's folder anew, with the text of now. Raises OSError; ValueError where nothing can be locked."""
        if self.path is None:
            raise ValueError("a text that is no file yet has no folder for a lock")
        compiled = compile_text(self.text, name=self.name, folder=str(Path(self.path).parent), held=False)
        if compiled.errors:
            raise ValueError("the file has errors, so nothing is locked")
        for folder in locks_of([compiled]):
            folder.write()
        return f"{Path(self.path).name} is locked as it is now"

    def take(self, parsed: Parsed, compiled: Compiled) -> None:
        """Keeps what `compile` gave for the text of now."""
        if self._parsed is None:
            self.read(parsed)
        self.checked = self._last_checked = compiled
        if compiled.program is not None:
            self.program = compiled.program

    def still_told(self) -> list[Diagnostic]:
        """What the last check found in words that still stand there: told until the next check, so that it does not blink."""
        last = self._last_checked
        if last is None or self.checked is not None:
            return []
        moved = Moved(last.source.text, self.text)
        kept = []
        for found in last.diagnostics:
            span = moved.span(found.span)
            same = self.text[span.start : span.end] == last.source.cut(found.span)
            if found.source.name == self.name and not found.code.startswith(_SYNTAX) and same:
                kept.append(replaced(found, source=self.source, span=span, related=(), fix=None))
        return kept

    def reading(self) -> tuple[Reading, Moved] | None:
        """The text of now if it is whole, else the last that was, else what can be read of this one; with the way to places of now."""
        reading = self.now if self.parsed.ok else self._whole or self.now
        return None if reading is None else (reading, Moved(reading.source.text, self.text))

    def programmed(self) -> tuple[Program, Moved] | None:
        """The last program that the file gave, and the way from its places to those of now."""
        if self.program is None:
            return None
        return self.program, Moved(self.program.source.text, self.text)
