"""Checkpoints of a run. A checkpoint counts only once its marker is there, so one cut off in the writing is never resumed from."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_MARKER = "COMPLETE"
_NAME = re.compile(r"checkpoint-(\d+)")


def mark_complete(folder: Path) -> None:
    """Puts the marker, after everything else in the folder has reached the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    (folder / _MARKER).write_text("", encoding="utf-8")


def last_complete(run: Path) -> Path | None:
    """The newest checkpoint that is whole, or None."""
    found = [path for path in _all(run) if (path / _MARKER).exists()]
    return max(found, key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The step after which it was written."""
    match = _NAME.fullmatch(checkpoint.name)
    assert match is not None
    return int(match[1])


def discard_incomplete(run: Path) -> None:
    """Removes checkpoints without a marker."""
    for path in _all(run):
        if not (path / _MARKER).exists():
            shutil.rmtree(path)


def _all(run: Path) -> list[Path]:
    folder = run / "checkpoints"
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
