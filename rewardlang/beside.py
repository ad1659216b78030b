"""The files that a reward names, read from the folder in which it lies, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

MAX_BYTES = 64 * 2**20


class Beside:
    """Reads files by the paths that stand in a reward; `read` are the paths that were asked for, in order."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self.read: dict[str, None] = {}

    def text(self, path: str) -> str:
        """The text of a file, relative to the reward. Raises OSError or UnicodeDecodeError."""
        if self.folder is None:
            raise OSError(2, "a reward that is a text and no file has no folder to read from")
        self.read[path] = None
        target = Path(self.folder) / path
        if target.stat().st_size > MAX_BYTES:
            raise OSError(27, f"it is larger than {MAX_BYTES // 2**20} MB")
        return target.read_text(encoding="utf-8-sig")


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a file could not be read, as the end of a sentence."""
    return f"{error.strerror or error}" if isinstance(error, OSError) else "it is not UTF-8 text"
