"""Records to a file, a pipe or standard output, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from rewardlang.commands.whole_file import Records, whole
from rewardlang.samples.problem import UsageError


def check_out(out: str) -> Callable[[Records], None]:
    """The writer for a target. Raises `UsageError`, before anything is marked, for one that cannot be written."""
    if out == "-":
        return _to_stdout
    path = Path(os.path.realpath(out))
    if path.is_dir():
        raise UsageError(f"--out {out} is a folder; a file is wanted")
    if not path.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {path.parent}")
    suffix = Path(out).suffix.lower()
    if path.exists() and not path.is_file():
        return lambda records: _to_device(path, records)
    if suffix == ".parquet":
        from rewardlang.commands.score_parquet import check_parquet, write_parquet

        check_parquet(out)
        return lambda records: write_parquet(path, records)
    if suffix in (".jsonl", ".ndjson", ".json"):
        return lambda records: _to_file(path, records)
    raise UsageError(f"--out {out}: the name must end in .jsonl or .parquet, which says how to write it")


def line_of(record: dict[str, Any]) -> bytes:
    """One line of JSON. Half a surrogate pair, which UTF-8 cannot hold, is written as an escape."""
    try:
        return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    except UnicodeEncodeError:
        return (json.dumps(record, allow_nan=False) + "\n").encode("ascii")


def _to_file(path: Path, records: Records) -> None:
    with whole(path) as temporary, temporary.open("xb") as stream:
        _write(stream, records)


def _to_device(path: Path, records: Records) -> None:
    """A pipe or a device such as /dev/null has no name to take over: it is written when all is there."""
    with tempfile.TemporaryFile() as spool, path.open("wb") as stream:
        _write(spool, records)
        spool.seek(0)
        shutil.copyfileobj(spool, stream)


def _to_stdout(records: Records) -> None:
    """A reader of the pipe sees all rows or none, too."""
    with tempfile.TemporaryFile() as spool:
        _write(spool, records)
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def _write(stream: IO[bytes], records: Records) -> None:
    for record in records:
        stream.write(line_of(record))
