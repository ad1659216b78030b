"""Rows of completions to mark, read one at a time from a file or a pipe.

A row holds `prompt`, one completion or several, and the columns that the
`.reward` file declares. Completions may be written in four ways; what the
items of a list are tells them apart:

* `"completion": "text"`                          one completion
* `"completion": [{"role": …, "content": …}, …]`  one completion, as chat messages
* `"completions": ["text", "text"]`               several
* `"completions": [[{…}], [{…}]]`                 several, each as chat messages

`completion` and `completions` mean the same; a list of objects is always one
conversation, a list of texts or of lists is always several completions. A null
completion is marked as the empty text, with a warning (RW605).

Nothing here raises for what stands in a file: a row that cannot be used comes
out as a `Problem` in its place, so that one run names every bad row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import IO, Any, TypeAlias

from rewardlang.record import NamedTuple
from rewardlang.samples.problem import Problem, UsageError

Completion: TypeAlias = "str | list[dict[str, Any]]"
Record: TypeAlias = tuple[int, Any]

FORMATS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".xlsx")


class Row(NamedTuple):
    """One row. `record` is the row as read, `values` the same after renames; `line` counts from 1.

    `several` says that the row held a list of completions, so that what is said
    about it is a list too. `cells` says that values are untyped text (CSV).
    """

    id: str
    line: int
    record: Mapping[str, Any]
    values: Mapping[str, Any]
    completions: tuple[Completion, ...]
    several: bool
    cells: bool = False
    warnings: tuple[Problem, ...] = ()


class Samples:
    """A file of rows. Iterating reads it once, from start to end; memory does not grow with the file.

    `renames` maps our name of a column to the file's (`{"completion": "response"}`). Ids that are used twice are told
    (RW608) unless `repeated_ids` is false: then memory does not grow with the ids either.
    """

    def __init__(
        self, path: str, renames: Mapping[str, str] | None = None, stdin: IO[bytes] | None = None, *, repeated_ids: bool = True
    ) -> None:
        self.path, self.renames, self.stdin = path, renames or {}, stdin
        self._ids: dict[str, int] | None = {} if repeated_ids else None
        self._seen: set[str] = set()

    @property
    def name(self) -> str:
        """What messages call the file."""
        return "standard input" if self.path == "-" else self.path

    @property
    def counted(self) -> str:
        """What `line` counts: lines of a text, or rows of a table."""
        return "row" if self.path.endswith((".parquet", ".xlsx")) else "line"

    def __iter__(self) -> Iterator[Row | Problem]:
        """The rows, and a problem where a row should have been. Raises `UsageError` where there is no such file."""
        anything = False
        for item in self.records():
            anything = True
            yield item if isinstance(item, Problem) else self.row(*item)
        if not anything:
            yield self.nothing_there()
        elif self._seen:
            yield from self.unused_renames(self._seen)

    def records(self) -> Iterator[Record | Problem]:
        """The rows as the file holds them; the reader of each format is imported when it is needed."""
        if self.path == "-":
            from rewardlang.samples.json_rows import json_records

            assert self.stdin is not None, "a pipe needs a stream"
            yield from json_records(self.stdin, self.name)
            return
        path, suffix = existing_file(self.path), Path(self.path).suffix.lower()
        if suffix == ".parquet":
            from rewardlang.samples.tables import parquet_records

            yield from parquet_records(path, self.name)
        elif suffix == ".xlsx":
            from rewardlang.samples.tables import xlsx_records

            yield from xlsx_records(path, self.name)
        elif suffix in (".csv", ".tsv"):
            from rewardlang.samples.csv_rows import csv_records

            with path.open("rb") as stream:
                yield from csv_records(stream, self.name, tabs=suffix == ".tsv")
        elif suffix in (".jsonl", ".ndjson", ".json"):
            from rewardlang.samples.json_rows import json_records

            with path.open("rb") as stream:
                yield from json_records(stream, self.name)
        else:
            raise UsageError(f"cannot tell how {self.path} is written: its name ends in none of {', '.join(FORMATS)}")

    def row(self, line: int, record: Any) -> Row | Problem:
        """A row from what was read: renamed, identified, its completions found."""
        if not isinstance(record, dict):
            return self._problem("RW603", line, f"a row must be an object with named values, found {kind_of(record)}")
        self._seen.update(record)
        values = dict(record)
        for theirs in self.renames.values():
            values.pop(theirs, None)
        values.update({ours: record[theirs] for ours, theirs in self.renames.items() if theirs in record})
        row_id = _id_of(values.get("id"), line)
        warnings = []
        if self._ids is not None and values.get("id") is not None:
            if row_id in self._ids:
                message = f"the id '{row_id}' was used before, on {self.counted} {self._ids[row_id]}"
                warnings.append(self._problem("RW608", line, message, row=row_id, column="id", severity="warning"))
            self._ids.setdefault(row_id, line)
        found = self._completions(values, row_id, line)
        if isinstance(found, Problem):
            return found
        several, completions = found
        if None in completions:
            which = f"completion {completions.index(None) + 1}" if several else "the completion"
            message = f"{which} of row '{row_id}' is null; it is marked as the empty text"
            warnings.append(self._problem("RW605", line, message, row=row_id, column="completion", severity="warning"))
        return Row(
            id=row_id,
            line=line,
            record=record,
            values=values,
            completions=tuple("" if completion is None else completion for completion in completions),
            several=several,
            cells=self.path.lower().endswith((".csv", ".tsv")),
            warnings=tuple(warnings),
        )

    def _completions(self, values: Mapping[str, Any], row_id: str, line: int) -> tuple[bool, list[Completion | None]] | Problem:
        """Whether the row holds several completions, and which."""

        def wrong(message: str, help_text: str | None = None) -> Problem:
            return self._problem("RW604", line, f"row '{row_id}' {message}", row=row_id, column="completion", help_text=help_text)

        names = [name for name in ("completion", "completions") if name in values]
        if not names:
            there = ", ".join(sorted(str(name) for name in values)) or "none"
            return wrong("has no completion", f"columns there: {there}; if one of them holds it: --map completion=NAME")
        if len(names) == 2:
            return wrong("has both 'completion' and 'completions'", "keep one of them; both names mean the same")
        value = values[names[0]]
        if value is None or isinstance(value, str) or is_conversation(value):
            return False, [value]
        if isinstance(value, list) and value and all(item is None or isinstance(item, str) or is_conversation(item) for item in value):
            return True, value
        expected = "text, a list of chat messages, or a list of these"
        if isinstance(value, list) and not value:
            return wrong(f"has an empty list as its {names[0]}; expected {expected}")
        help_text = 'a chat message is {"role": "assistant", "content": "…"}'
        return wrong(f"holds {kind_of(value)} as its {names[0]}; expected {expected}", help_text)

    def nothing_there(self) -> Problem:
        """The problem of a file without rows."""
        return self._problem("RW609", None, "the file holds no rows")

    def unused_renames(self, seen: Set[str]) -> Iterator[Problem]:
        """A problem for each column that a rename takes from and that no row has; `seen` are the columns that some row has."""
        for ours, theirs in self.renames.items():
            if theirs not in seen:
                from rewardlang.suggest import did_you_mean

                help_text = did_you_mean(theirs, seen) or f"columns there: {', '.join(sorted(seen))}"
                message = f"--map {ours}={theirs}: no row has a column '{theirs}'"
                yield self._problem("RW610", None, message, column=theirs, help_text=help_text)

    def _problem(
        self,
        code: str,
        line: int | None,
        message: str,
        *,
        row: str | None = None,
        column: str | None = None,
        help_text: str | None = None,
        severity: str = "error",
    ) -> Problem:
        return Problem(
            code=code,
            severity="warning" if severity == "warning" else "error",
            message=message,
            file=self.name,
            line=line,
            counted=self.counted,
            row=row,
            column=column,
            help=help_text,
        )


def _id_of(value: Any, line: int) -> str:
    """A row's name: its id, else its line. A spreadsheet's 7.0 is 7."""
    if value is None or value == "":
        return str(line)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_conversation(value: Any) -> bool:
    """True for a list of chat messages: objects with a role, and content that is text, null or parts of text."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(message, dict) and isinstance(message.get("role"), str) and isinstance(message.get("content"), str | list | None)
            for message in value
        )
    )


def kind_of(value: Any) -> str:
    """What a value of JSON is, in words, with the value where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{value}"' if len(value) <= 40 else f'a text that begins "{value[:30]}"'
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, dict):
        return "an object"
    return f"a {type(value).__name__}"


def existing_file(path: str) -> Path:
    """The path of a file that is there, else a `UsageError` that names the nearest file name beside it."""
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{path} is a folder; a file is wanted")
    if not file.exists():
        from rewardlang.suggest import did_you_mean

        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        guess = did_you_mean(file.name, beside)
        where = "" if file.parent.is_dir() else f" (there is no folder {file.parent})"
        raise UsageError(f"there is no file {path}{where}" + (f"; {guess}" if guess else ""))
    return file
