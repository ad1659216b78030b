"""The output while it grows: pieces are added in order, and a run that was stopped at any moment goes on behind the last whole one.

Beside the output stand a hidden file of pieces and a journal, one line a piece,
which says where it ends. A piece counts when its line is in the journal, and
the line is written when the piece is on the disk. At the end the file of pieces
takes the name of the output.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

from rewardlang.samples.problem import UsageError
from rewardlang.scoring.pieces import Piece
from rewardlang.scoring.table_copy import Segment
from rewardlang.whole_file import taken

_SECONDS = 1.0
_BLOCK = 1 << 22


class Entry(NamedTuple):
    """A piece that is on the disk: its place among all, and where it ends in the file. The other fields are those of `Piece`."""

    part: int
    number: int
    end: int
    rows: int
    completions: int
    skipped: int
    total: float
    size: int
    seen: tuple[str, ...]


class Growing:
    """The file of pieces. `entries` are the pieces that count, those of an earlier run of the same job first.

    `job` says all that the bytes depend on. Raises `UsageError` where another run is writing the same output. Leaving the
    `with` block leaves what counts, to be gone on with; `finish` or `discard` end it.
    """

    def __init__(self, out: Path, job: Mapping[str, Any]) -> None:
        self.out = out
        self.path = out.with_name(f".{out.name}.growing")
        self._journal_path = out.with_name(f".{out.name}.journal")
        self._job = job
        self.entries: list[Entry] = []
        self._pending: list[Entry] = []
        self._synced = time.monotonic()

    def __enter__(self) -> Growing:
        self._journal = self._journal_path.open("a+b")
        if not taken(self._journal):
            self._journal.close()
            raise UsageError(f"another run is writing {self.out} at this moment")
        self.begun_anew = self._read()
        mode = "r+b" if self.path.exists() else "x+b"
        self.stream = self.path.open(mode)
        self.stream.truncate(self.end)
        self.stream.seek(self.end)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stream.close()
        self._journal.close()
        if not self.entries:
            self.discard()

    @property
    def end(self) -> int:
        """Where the last piece ends."""
        last = (self._pending or self.entries)[-1:]
        return last[0].end if last else 0

    def _read(self) -> bool:
        """Takes what a run of the same job has left; True where there was something of another job, which is thrown away."""
        self._journal.seek(0)
        lines = [line for line in self._journal.read().splitlines(keepends=True) if line.endswith(b"\n")]
        size = self.path.stat().st_size if self.path.exists() else -1
        head = json.dumps(self._job).encode() + b"\n"
        if lines[:1] != [head] or size < 0:
            self._journal.truncate(0)
            self._journal.write(head)
            self._journal.flush()
            return len(lines) > 1
        kept = len(head)
        for line in lines[1:]:
            entry = Entry(*json.loads(line))
            if entry.end > size:
                break
            self.entries.append(entry._replace(seen=tuple(entry.seen)))
            kept += len(line)
        self._journal.truncate(kept)
        return False

    def add(self, piece: Piece) -> None:
        """Adds the next piece. It counts about a second later."""
        end = self.end + sum(_written(self.stream, segment) for segment in piece.content)
        counts = (piece.rows, piece.completions, piece.skipped, piece.total, piece.size, piece.seen)
        self._pending.append(Entry(piece.part, piece.number, end, *counts))
        if time.monotonic() - self._synced > _SECONDS:
            self.keep()

    def keep(self) -> None:
        """Makes all pieces count: first they are on the disk, then the journal says so."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self._journal.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in self._pending))
        self._journal.flush()
        os.fsync(self._journal.fileno())
        self.entries += self._pending
        self._pending = []
        self._synced = time.monotonic()

    def finish(self, whole: Path | None = None) -> None:
        """Gives the file of pieces, or another that was made of it, the name of the output."""
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        (whole or self.path).replace(self.out)
        self.discard()

    def discard(self) -> None:
        """Removes what was there to go on with."""
        self.path.unlink(missing_ok=True)
        self._journal_path.unlink(missing_ok=True)


def _written(stream: IO[bytes], segment: Segment) -> int:
    """Writes bytes, or copies them from where they are; their number."""
    if isinstance(segment, bytes):
        return stream.write(segment)
    left = segment.stop - segment.start
    with Path(segment.path).open("rb") as source:
        source.seek(segment.start)
        while left and (block := source.read(min(left, _BLOCK))):
            left -= stream.write(block)
    if left:
        raise OSError(errno.EIO, "the file has become shorter", segment.path)
    return segment.stop - segment.start
