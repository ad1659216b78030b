"""Mistakes and how they are told: code, message, place, the line with carets, help.

A `Diagnostic` is a value; commands print it, an editor shows it, and
`RewardError` carries a group of them where Python code asked for a program.
The page for people behind each code is `codes/<code>.md`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from rewardlang.record import PlainRecord
from rewardlang.source import Source, Span

Severity: TypeAlias = Literal["error", "warning"]

# Of a longer line, this many characters around the mistake are shown.
_LONGEST = 200
_STYLES = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "bold": "\x1b[1m", "rail": "\x1b[1;34m", "off": "\x1b[0m"}


class Related(PlainRecord):
    """A second place that a message needs: "the other type comes from here". `source` is None where it is in the same file."""

    span: Span
    message: str
    source: Source | None = None


class Edit(PlainRecord):
    """Other words for a place; an empty span is a place between two characters."""

    span: Span
    text: str


class Fix(PlainRecord):
    """How to put a mistake right. `title` begins with a verb: "write '='".

    `safe` says that nothing else can have been meant: `check --fix` applies it.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


class Diagnostic(PlainRecord):
    """One mistake in one place. `message` is a sentence without a full stop, in the reader's words."""

    code: str
    severity: Severity
    message: str
    source: Source
    span: Span
    help: str | None = None
    label: str = ""
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    def render(self, *, color: bool = False) -> str:
        """The message as a terminal shows it, without a trailing line break; colour never carries meaning alone."""
        paint = _painter(color)
        position = self.source.position(self.span.start)
        lines = [
            paint(self.severity, f"{self.severity}[{self.code}]") + paint("bold", f": {self.message}"),
            paint("rail", " --> ") + f"{self.source.name}:{position.line}:{position.column}",
        ]
        places = [(self.source, self.span, self.label, "^")]
        places += [(other.source or self.source, other.span, other.message, "-") for other in self.related]
        width = max(len(str(source.position(span.start).line)) for source, span, _, _ in places)
        lines.append(paint("rail", " " * width + " |"))
        before = self.source
        for source, span, label, mark in places:
            if source is not before:
                there = source.position(span.start)
                lines += [paint("rail", "  :: ") + f"{source.name}:{there.line}:{there.column}", paint("rail", " " * width + " |")]
            lines.extend(_excerpt(source, span, label, mark, width, paint, self.severity))
            before = source
        if self.help:
            lines.append(paint("rail", " " * width + " = ") + f"help: {self.help}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The same as plain data: places are line and column from 1."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.source.name,
            **_range_json(self.source, self.span),
            "help": self.help,
            "related": [self._related_json(other) for other in self.related],
            "fix": None if self.fix is None else self._fix_json(self.fix),
        }

    def _fix_json(self, fix: Fix) -> dict[str, object]:
        edits = [{**_range_json(self.source, edit.span), "text": edit.text} for edit in fix.edits]
        return {"title": fix.title, "safe": fix.safe, "edits": edits}

    def _related_json(self, other: Related) -> dict[str, object]:
        elsewhere = {} if other.source is None else {"file": other.source.name}
        return {"message": other.message, **elsewhere, **_range_json(other.source or self.source, other.span)}

    def localised(self) -> Diagnostic:
        """The same with each place in the file that it is of: what is found in an imported file is told with that file's name."""
        source, span = self.source.local(self.span)
        related = []
        for other in self.related:
            home, place = (other.source or self.source).local(other.span)
            related.append(Related(place, other.message, None if home is source else home))
        fix = self.fix
        if fix is not None and source is not self.source:
            fix = Fix(fix.title, tuple(Edit(self.source.local(edit.span)[1], edit.text) for edit in fix.edits), fix.safe)
        return Diagnostic(self.code, self.severity, self.message, source, span, self.help, self.label, tuple(related), fix)


def instead(span: Span, words: str, *, safe: bool) -> Fix:
    """The fix that puts other words in a place."""
    return Fix(f"write '{words}'", (Edit(span, words),), safe)


def without(span: Span, what: str, *, safe: bool) -> Fix:
    """The fix that takes something out."""
    return Fix(f"take {what} out", (Edit(span, ""),), safe)


def _range_json(source: Source, span: Span) -> dict[str, int]:
    start, end = source.position(span.start), source.position(span.end)
    return {"line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column}


def _painter(color: bool) -> Callable[[str, str], str]:
    return (lambda style, text: f"{_STYLES[style]}{text}{_STYLES['off']}") if color else (lambda style, text: text)


def _excerpt(source: Source, span: Span, label: str, mark: str, width: int, paint: Callable[[str, str], str], style: str) -> list[str]:
    """The first line that a span covers, and the marks under it."""
    start = source.position(span.start)
    line = source.line(start.line)
    first = max(0, start.column - 1 - _LONGEST // 2) if len(line) > _LONGEST else 0
    cut = line[first : first + _LONGEST]
    shown = "".join(character if character.isprintable() else " " for character in cut)
    column = start.column - 1 - first
    end = min(column + max(1, span.end - span.start), max(len(shown), column + 1))
    before, under = shown[:column], shown[column:end]
    marks = " " * columns_of(before) + paint(style, mark * max(1, columns_of(under)) + (f" {label}" if label else ""))
    return [paint("rail", f"{start.line:>{width}} | ") + shown, paint("rail", " " * width + " | ") + marks]


def columns_of(text: str) -> int:
    """How many terminal columns a text takes: wide East Asian characters two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class RewardError(ValueError):
    """A `.reward` file that does not compile. `diagnostics` holds every mistake, in the order of the file."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(diagnostic.render() for diagnostic in self.diagnostics)


class DataError(ValueError):
    """A row of data that the file cannot mark: names the column and the row (from 0), and says what was found."""

    def __init__(self, message: str, *, column: str | None = None, row: int | None = None) -> None:
        self.message, self.column, self.row = message, column, row
        super().__init__(message, column, row)

    def __reduce__(self) -> tuple[object, ...]:
        return (_data_error, (self.message, self.column, self.row))

    def __str__(self) -> str:
        where = [f"row {self.row}"] if self.row is not None else []
        where += [f"column '{self.column}'"] if self.column is not None else []
        return f"{', '.join(where)}: {self.message}" if where else self.message


def _data_error(message: str, column: str | None, row: int | None) -> DataError:
    return DataError(message, column=column, row=row)
