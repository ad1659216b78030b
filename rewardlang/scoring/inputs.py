"""Which files are scored, and the parts that each is taken in.

A part can be read without the rest of its file: groups of rows of a Parquet
file, or lines of a JSONL file from one byte to another. Every other form is one
part. The parts follow from the files alone, so that a run that goes on, and a
run on other machines, take the same.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import FORMATS, existing_file
from rewardlang.scoring.table_chunks import groups_of

_PART_BYTES = 1 << 26
WHOLE_PART = {"groups": 1 << 16, "lines": 1 << 26}
"""What a part of a large file weighs, by its form (see `Part.size`)."""


class Part(NamedTuple):
    """`form` is `groups` (of rows, Parquet), `lines` (from byte `start` to byte `stop`) or `file` (all of it, or a pipe).

    `size` is what the part weighs among all parts of the run: its rows, or its bytes; 0 where nobody knows. `first` is the
    number of its first row where that is known: always, but for lines in the middle of a file.
    """

    path: str
    form: str
    start: int = 0
    stop: int = 0
    size: int = 0
    first: int | None = 1


class Input(NamedTuple):
    """A file as it was when the run began; a run that goes on must find the same."""

    path: str
    bytes: int
    changed: int


def files_of(words: Sequence[str], out: str) -> list[str]:
    """The files that the words after `--samples` mean: files, folders and patterns, in order. `-` is standard input, alone.

    Raises `UsageError` for a word that means no file. A folder's and a pattern's files do not include `out`, nor those whose
    names begin with a dot or an underscore.
    """
    if "-" in words:
        if len(words) > 1:
            raise UsageError("--samples - reads standard input, and cannot be given with files")
        return ["-"]
    return [path for word in words for path in _files(word, os.path.realpath(out))]


def _files(word: str, out: str) -> list[str]:
    path = Path(word)
    if path.is_dir():
        found = [str(file) for file in path.rglob("*") if file.suffix.lower() in FORMATS and _shown(file.relative_to(path))]
        what = f"{word} is a folder without a file whose name ends in one of {', '.join(FORMATS)}"
    elif glob.has_magic(word) and not path.exists():
        matching = glob.glob(word, recursive=True)  # noqa: PTH207 - a pattern with a folder in front is one of these
        found = [file for file in matching if Path(file).is_file() and _shown(Path(Path(file).name))]
        what = f"no file matches {word}"
    else:
        return [str(existing_file(word))]
    found = sorted(file for file in found if os.path.realpath(file) != out)
    if not found:
        raise UsageError(what)
    forms = sorted({Path(file).suffix.lower() for file in found})
    if len(forms) > 1:
        raise UsageError(f"{word} holds files of several forms ({', '.join(forms)}); choose some: --samples '{path / ('*' + forms[0])}'")
    return found


def _shown(path: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in path.parts)


def identities(files: Sequence[str]) -> list[Input]:
    """What says that the files are the same ones, unchanged."""
    found = []
    for file in files:
        about = Path(file).stat()
        found.append(Input(os.path.realpath(file), about.st_size, about.st_mtime_ns))
    return found


def parts_of(files: Sequence[str], renames: Mapping[str, str]) -> Iterator[Part | Problem]:
    """The parts of all files, in order; a problem for a file that cannot be opened as what its name says."""
    for file in files:
        suffix = Path(file).suffix.lower()
        if file != "-" and suffix == ".parquet":
            groups = groups_of(file)
            if isinstance(groups, Problem):
                yield groups
                continue
            for start, stop, first, rows in groups:
                yield Part(file, "groups", start, stop, rows, first)
        elif file != "-" and suffix in (".jsonl", ".ndjson", ".json"):
            try:
                yield from _lines(file)
            except OSError as error:
                raise UsageError(f"cannot read {file}: {error.strerror}") from None
        else:
            yield Part(file, "file")


def _lines(path: str) -> Iterator[Part]:
    """Parts of about 64 megabytes that end where a line ends."""
    from rewardlang.samples.json_rows import is_array

    with Path(path).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if is_array(stream):
            yield Part(path, "file")
            return
        start = 0
        while start < size:
            stream.seek(min(start + _PART_BYTES, size) - 1)
            stream.readline()
            stop = min(stream.tell(), size)
            yield Part(path, "lines", start, stop, stop - start, 1 if start == 0 else None)
            start = stop
