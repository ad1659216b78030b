"""`rewardlang.lock`: what a reward said, and which content the files had that it names, when somebody last looked at them.

It lies beside the reward and holds a sha256 for each list and each reward file
that is read for it. Where it is there, other content is an error until
`rewardlang lock` writes it anew; a list that grows overnight moves no score
unseen. Line ends do not count, because version control may change them.

Of the reward itself it holds its version and a hash for each statement, so that
a word lost while somebody typed is warned of (`checking.as_locked`).
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


class LockedReward(NamedTuple):
    """A reward as it was locked: its own version, and the hash of each statement by the words that name it."""

    version: str | None
    statements: dict[str, str]


class Lock(NamedTuple):
    """`sha256` by path from the lock's folder, `rewards` by the file's name; `broken` says why the lock itself cannot be used."""

    sha256: dict[str, str]
    rewards: dict[str, LockedReward]
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
        return Lock({}, {}, "it is no JSON")
    known = data if isinstance(data, dict) and data.get("lock") == _EDITION else {}
    sha256, rewards = known.get("sha256"), known.get("rewards", {})
    if not isinstance(sha256, dict) or not isinstance(rewards, dict) or not all(map(_is_reward, rewards.values())):
        return Lock({}, {}, f"it is no lock of edition {_EDITION}")
    return Lock(
        {str(name): str(value) for name, value in sha256.items()},
        {str(name): LockedReward(each["version"], each["statements"]) for name, each in rewards.items()},
    )


def _is_reward(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("statements"), dict):
        return False
    version = value.get("version", 0)
    return (version is None or isinstance(version, str)) and all(isinstance(digest, str) for digest in value["statements"].values())


def text_of(sha256: dict[str, str], rewards: dict[str, LockedReward]) -> str:
    """The lock as it is written: one line a file or statement, in order, so that a difference can be read."""
    import json

    data: dict[str, object] = {"lock": _EDITION, "sha256": dict(sorted(sha256.items()))}
    if rewards:
        data["rewards"] = {name: reward._asdict() for name, reward in sorted(rewards.items())}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
