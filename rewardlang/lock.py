"""`rewardlang.lock`: which content the files had that a reward names, when somebody last looked at them.

It lies beside the reward and holds a sha256 for each list and each reward file
that is read for it. Where it is there, other content is an error until
`rewardlang lock` writes it anew; a list that grows overnight moves no score
unseen. Line ends do not count, because version control may change them.
"""

from __future__ import annotations

import posixpath
from pathlib import Path

from rewardlang.record import NamedTuple

NAME = "rewardlang.lock"
_EDITION = 1
_ADVICE = "look at what changed; then write the lock anew: rewardlang lock FILE"


class LockProblem(NamedTuple):
    """Why the lock does not let a file through, and what to do."""

    message: str
    advice: str


class Lock(NamedTuple):
    """`sha256` by path from the lock's folder; `broken` says why the lock itself cannot be used."""

    sha256: dict[str, str]
    broken: str | None = None

    def problem(self, path: str, raw: bytes) -> LockProblem | None:
        """What is wrong with a file of that content, if anything."""
        if self.broken is not None:
            return LockProblem(f"'{path}' cannot be held against {NAME}: {self.broken}", "write the lock anew: rewardlang lock FILE")
        known = self.sha256.get(key(path))
        if known is None:
            return LockProblem(f"'{path}' is not in {NAME}", _ADVICE)
        return None if known == sha256_of(raw) else LockProblem(f"'{path}' is not what it was when {NAME} was written", _ADVICE)


def key(path: str) -> str:
    """One spelling of a path."""
    return posixpath.normpath(path.replace("\\", "/"))


def sha256_of(raw: bytes) -> str:
    """In hex, over the bytes with every line end as a line feed."""
    import hashlib  # 3 ms of start-up, for files that have a lock

    return hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()


def read(folder: str | Path) -> Lock | None:
    """The lock of a folder; None where there is none."""
    path = Path(folder, NAME)
    if not path.is_file():
        return None
    import json

    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Lock({}, "it is no JSON")
    if not isinstance(data, dict) or data.get("lock") != _EDITION or not isinstance(data.get("sha256"), dict):
        return Lock({}, f"it is no lock of edition {_EDITION}")
    return Lock({str(name): str(value) for name, value in data["sha256"].items()})


def text_of(sha256: dict[str, str]) -> str:
    """The lock as it is written: one line a file, in order, so that a difference can be read."""
    import json

    return json.dumps({"lock": _EDITION, "sha256": dict(sorted(sha256.items()))}, indent=2, ensure_ascii=False) + "\n"
