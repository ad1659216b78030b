"""A new folder that is there whole or not at all, for what is handed on: nothing is ever overwritten."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rewardlang.trainer.problem import TrainingProblem

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def refuse_what_is_there(target: Path) -> None:
    """Raises `TrainingProblem` when `target` is there, but for an empty folder."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise TrainingProblem(f"{target} is there already; nothing is overwritten", "name another folder, or remove it")


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to write into; left without an error it is brought to the disk and gets that name.

    After an error nothing of it stays. Raises `TrainingProblem` for a target that is there, and for a disk that takes no more.
    """
    refuse_what_is_there(target)
    beside = target.parent / f".{target.name}.writing-{os.getpid()}"
    try:
        beside.mkdir(parents=True)
        yield beside
        for path in sorted(beside.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)  # safetensors' own files are closed to others
            _to_disk(path)
        if target.is_dir():
            target.rmdir()
        beside.rename(target)
        _to_disk(target.parent)
    except OSError as error:
        raise TrainingProblem(
            f"{target} cannot be written: {error.strerror or error}",
            "free space there" if error.errno in _NO_ROOM else "name another folder",
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
