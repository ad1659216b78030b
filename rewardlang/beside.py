"""The files that a reward names, read from the folder in which it lies, and from nowhere else."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from rewardlang import lock

MAX_BYTES = 64 * 2**20


class Beside:
    """Reads files by the paths that stand in a reward.

    `read` are the paths that were asked for, in order; True for those that a
    lock holds: lists and reward files. `held` is False for whoever writes the lock.
    """

    def __init__(self, folder: str | None, *, held: bool = True) -> None:
        self.folder, self._held = folder, held
        self.read: dict[str, bool] = {}

    def text(self, path: str) -> str:
        """The text of a completion. Raises OSError or UnicodeDecodeError."""
        self.read.setdefault(path, False)
        return _decoded(self._bytes(path))

    def locked_text(self, path: str) -> tuple[str, lock.LockProblem | None]:
        """The text of a list or a reward file, and what `rewardlang.lock` has against it. Raises OSError or UnicodeDecodeError."""
        raw = self._bytes(path)
        self.read[path] = True
        return _decoded(raw), self.folder_lock.problem(path, raw) if self.folder_lock is not None else None

    @cached_property
    def folder_lock(self) -> lock.Lock | None:
        """The lock of the folder; None where there is none, and for whoever writes it."""
        return lock.read(self.folder) if self._held and self.folder is not None else None

    def _bytes(self, path: str) -> bytes:
        if self.folder is None:
            raise OSError(2, "a reward that is a text and no file has no folder to read from")
        target = Path(self.folder) / path
        if target.stat().st_size > MAX_BYTES:
            raise OSError(27, f"it is larger than {MAX_BYTES // 2**20} MB")
        return target.read_bytes()


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a file could not be read, as the end of a sentence."""
    return f"{error.strerror or error}" if isinstance(error, OSError) else "it is not UTF-8 text"
