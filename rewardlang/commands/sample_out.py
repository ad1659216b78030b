"""The file of completions while it grows: a row is there whole or not at all, and what is there is not asked for again."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from rewardlang.samples.problem import UsageError
from rewardlang.whole_file import taken


def key_of(prompt: Any) -> str:
    """Equal for equal prompts."""
    return hashlib.sha256(json.dumps(prompt, sort_keys=True, default=str).encode()).hexdigest()


class Growing:
    """JSONL, a row at a time, each flushed to the disk. `done` has for the id of each row that was there what `key_of` gives its prompt."""

    def __init__(self, path: str, number: int, settings: dict[str, Any]) -> None:
        self._path = Path(path)
        self._number, self._settings = number, settings
        if self._path.suffix.lower() not in (".jsonl", ".ndjson"):
            raise UsageError(f"completions are written row by row; {path} should end in .jsonl")
        if not self._path.parent.is_dir():
            raise UsageError(f"there is no folder {self._path.parent}")
        self.done: dict[str, str] = {}
        self._whole = self._read() if self._path.exists() else 0
        self._stream: IO[bytes] | None = None

    def _read(self) -> int:
        """The rows that are there; returns where the last whole one ends, since a run that was killed may leave half a line."""
        end = 0
        with self._path.open("rb") as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                end += len(line)
                self._take(line)
        return end

    def _take(self, line: bytes) -> None:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or "sampled" not in row or "id" not in row:
            raise UsageError(f"{self._path} exists and was not written by this command; name another file")
        if row["sampled"] != self._settings or len(row.get("completions") or ()) != self._number:
            before = ", ".join(f"{name} {value}" for name, value in row["sampled"].items())
            each = len(row.get("completions") or ())
            raise UsageError(f"{self._path} was sampled otherwise ({each} each, {before}); name another file, or the same settings")
        self.done[str(row["id"])] = key_of(row.get("prompt"))

    def __enter__(self) -> Growing:
        try:
            self._stream = self._path.open("r+b" if self._path.exists() else "xb")
            if not taken(self._stream):
                self._stream.close()
                raise UsageError(f"another run is writing {self._path} at this moment")
            self._whole = self._read()  # once more: it may have grown before it was taken
            self._stream.truncate(self._whole)
            self._stream.seek(self._whole)
        except OSError as error:
            raise UsageError(f"cannot write {self._path}: {error.strerror}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._stream is not None:
            self._stream.close()

    def write(self, row: dict[str, Any]) -> None:
        """One more row. Values that JSON lacks, such as a date of a Parquet file, are written as texts."""
        assert self._stream is not None, "open it first"
        self._stream.write(json.dumps({**row, "sampled": self._settings}, ensure_ascii=True, default=str).encode() + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())
