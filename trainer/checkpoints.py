"""Checkpoints of a run: written beside, brought to the disk, then renamed, so that a run killed at any moment leaves only whole ones.

A checkpoint counts when its marker `COMPLETE` stands in it and every file that
the marker lists is there in its full length: one cut off in the writing, in
the deleting or in a copy to another disk is never resumed from.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MARKER = "COMPLETE"
_NAME = re.compile(r"checkpoint-(\d+)")
_BESIDE = ".writing"


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A folder of the same name beside `target`, to write into; when left without an error it takes the place of `target`.

    After an error what was written is removed, and `target` is as it was.
    """
    beside = target.parent / _BESIDE
    shutil.rmtree(beside, ignore_errors=True)
    folder = beside / target.name
    folder.mkdir(parents=True)
    try:
        yield folder
        mark_complete(folder)
        remove(target)
        folder.rename(target)
        _to_disk(target.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def mark_complete(folder: Path) -> None:
    """Puts the marker, after everything else in the folder has reached the disk."""
    sizes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _MARKER:
            _to_disk(path)
            sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
    (folder / _MARKER).write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")
    _to_disk(folder / _MARKER)
    _to_disk(folder)


def is_complete(folder: Path) -> bool:
    """Whether the marker is there, and every file that it lists in its full length."""
    try:
        sizes = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def whole_checkpoints(run: Path) -> list[Path]:
    """The checkpoints that are whole, oldest first."""
    return sorted((path for path in _all(run) if is_complete(path)), key=step_of)


def last_complete(run: Path) -> Path | None:
    """The newest checkpoint that is whole, or None."""
    return max(whole_checkpoints(run), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    match = _NAME.fullmatch(checkpoint.name)
    assert match is not None
    return int(match[1])


def discard_incomplete(run: Path) -> None:
    """Removes what a killed run left half written or half deleted."""
    shutil.rmtree(run / "checkpoints" / _BESIDE, ignore_errors=True)
    shutil.rmtree(run / _BESIDE, ignore_errors=True)
    for path in _all(run):
        if not is_complete(path):
            shutil.rmtree(path)


def keep_newest(run: Path, number: int) -> None:
    """Removes all but the `number` newest whole checkpoints."""
    for path in whole_checkpoints(run)[:-number]:
        remove(path)


def remove(folder: Path) -> None:
    """Removes a folder if it is there, its marker first."""
    (folder / _MARKER).unlink(missing_ok=True)
    if folder.exists():
        shutil.rmtree(folder)


def replace_text(path: Path, text: str) -> None:
    """Writes a file beside and renames it: whoever reads `path` finds the old text or the new one, whole."""
    beside = path.with_name(f".{path.name}.writing")
    try:
        beside.write_text(text, encoding="utf-8")
        _to_disk(beside)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _all(run: Path) -> list[Path]:
    folder = run / "checkpoints"
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []


def _to_disk(path: Path) -> None:
    """Waits until a file or a folder is on the disk, not only in the memory of the operating system."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
