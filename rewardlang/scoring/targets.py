"""Where the pieces go: a file that grows, or a pipe that gets them all at the end."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol

from rewardlang.samples.problem import UsageError
from rewardlang.samples.tables import missing_extra
from rewardlang.scoring.growing import Entry, Growing
from rewardlang.scoring.pieces import Piece
from rewardlang.scoring.table_pieces import TablePieces


class Target(Protocol):
    """What takes pieces in order. `entries` are those that an earlier run has left there."""

    @property
    def entries(self) -> list[Entry]:
        """The pieces that are there already."""

    @property
    def begun_anew(self) -> bool:
        """Whether pieces of another job were there, and are thrown away."""

    def __enter__(self) -> Target: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def add(self, piece: Piece) -> None:
        """Takes the next piece."""

    def keep(self) -> None:
        """Makes what was taken outlast this process, where that can be."""

    def finish(self) -> None:
        """Makes the output of the pieces."""

    def discard(self) -> None:
        """Forgets the pieces."""


def form_of(out: str) -> str:
    """`jsonl` or `parquet`. Raises `UsageError`, before anything is scored, for an output that cannot be written."""
    if out == "-":
        return "jsonl"
    path = Path(os.path.realpath(out))
    if path.is_dir():
        raise UsageError(f"--out {out} is a folder; a file is wanted")
    if not path.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"--out {out}: the folder {path.parent} cannot be written")
    if path.exists() and not path.is_file():
        return "jsonl"
    suffix = Path(out).suffix.lower()
    if suffix == ".parquet":
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise missing_extra(f"writing {out}", "pyarrow") from None
        return "parquet"
    if suffix in (".jsonl", ".ndjson", ".json"):
        return "jsonl"
    raise UsageError(f"--out {out}: the name must end in .jsonl or .parquet, which says how to write it")


def target_of(out: str, form: str, job: Mapping[str, Any], *, lasting: bool) -> Target:
    """The target of an output that `form_of` takes; one that is not `lasting` begins from nothing, as where the input is a pipe."""
    path = Path(os.path.realpath(out))
    if out == "-" or (path.exists() and not path.is_file()):
        return Spooled(None if out == "-" else path)
    head = dict(job) if lasting else {**job, "process": os.getpid()}
    return TableFile(path, head) if form == "parquet" else Growing(path, head)


class TableFile(Growing):
    """A Parquet file that grows: the pieces are Parquet files, and a footer at the end makes them one."""

    def __enter__(self) -> TableFile:
        super().__enter__()
        self._tables = TablePieces()
        ends = [entry.end for entry in self.entries]
        for start, end in zip([0, *ends], ends, strict=False):
            self._tables.see(self.stream, start, end)
        self.stream.seek(self.end)
        return self

    def add(self, piece: Piece) -> None:
        """Raises `UsageError` for a piece whose columns do not go together with those before it."""
        start = self.end
        super().add(piece)
        self._tables.see(self.stream, start, self.end)
        self.stream.seek(self.end)

    def finish(self, whole: Path | None = None) -> None:
        """Writes the footer; where the pieces have several types, writes them all again with one."""
        self.keep()
        ends = [entry.end for entry in self.entries]
        if self._tables.of_one_type:
            self.stream.write(self._tables.footer(self.stream, ends))
        else:
            whole = self.out.with_name(f".{self.out.name}.fitted")
            self._tables.write_fitted(self.stream, ends, whole)
        super().finish(whole)


class Spooled:
    """A pipe, a device or standard output: a reader sees all rows or none, so they wait in a file without a name."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stdout = sys.stdout
        self.entries: list[Entry] = []
        self.begun_anew = False

    def __enter__(self) -> Spooled:
        self._spool: IO[bytes] = tempfile.TemporaryFile()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._spool.close()

    def add(self, piece: Piece) -> None:
        """Takes the next piece."""
        self._spool.writelines(segment for segment in piece.content if isinstance(segment, bytes))

    def keep(self) -> None:
        """Nothing of it outlasts the process."""

    def finish(self) -> None:
        """Copies all to where they go."""
        self._spool.seek(0)
        if self._path is None:
            shutil.copyfileobj(self._spool, self._stdout.buffer)
            self._stdout.buffer.flush()
            return
        with self._path.open("wb") as stream:
            shutil.copyfileobj(self._spool, stream)

    def discard(self) -> None:
        """The file without a name goes when it is closed."""
