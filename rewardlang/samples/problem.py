"""What is wrong with a file of samples, told like the mistakes of a `.reward` file.

A `Diagnostic` points into a text that is held in memory; a `Problem` names a
line of a file that may be larger than memory, so it carries only the piece
of that line that it shows.
"""

from __future__ import annotations

from typing import Literal

from rewardlang.record import NamedTuple
from rewardlang.terminal_text import painter, safe, width_of


class UsageError(Exception):
    """The command was called wrongly: no such file, unknown flag, missing extra. Commands exit with 2."""


class Excerpt(NamedTuple):
    """A piece of a line, and the part of it (offsets, end exclusive) that carets mark."""

    text: str
    start: int
    end: int


class Problem(NamedTuple):
    """One mistake in one row. `line` counts lines of a text or rows of a table, as `counted` says."""

    code: str
    severity: Literal["error", "warning"]
    message: str
    file: str
    line: int | None = None
    counted: str = "line"
    row: str | None = None
    column: str | None = None
    help: str | None = None
    excerpt: Excerpt | None = None
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`samples.jsonl:7`, `samples.parquet, row 7`, or the file alone."""
        if self.line is None:
            return self.file
        return f"{self.file}:{self.line}" if self.counted == "line" else f"{self.file}, row {self.line}"

    def render(self, *, color: bool = False) -> str:
        """The message as a terminal shows it, in the layout of `Diagnostic.render`."""
        paint = painter(color)
        width = len(str(self.line)) if self.line is not None else 1
        lines = [paint(self.severity, f"{self.severity}[{self.code}]") + paint("bold", f": {safe(self.message)}")]
        lines.append(paint("rail", " --> ") + self.place)
        if self.excerpt is not None:
            before, under = self.excerpt.text[: self.excerpt.start], self.excerpt.text[self.excerpt.start : self.excerpt.end]
            marks = " " * width_of(safe(before)) + paint(self.severity, "^" * max(1, width_of(safe(under))))
            lines.append(paint("rail", " " * width + " |"))
            lines.append(paint("rail", f"{self.line or '':>{width}} | ") + safe(self.excerpt.text))
            lines.append(paint("rail", " " * width + " | ") + marks)
        lines.extend(paint("rail", " " * width + " = ") + f"note: {safe(note)}" for note in self.notes)
        if self.help:
            lines.append(paint("rail", " " * width + " = ") + f"help: {safe(self.help)}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The same as plain data, with the keys of `Diagnostic.to_json` and `row` and `samples_column`."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "row": self.row,
            "samples_column": self.column,
            "help": self.help,
        }
