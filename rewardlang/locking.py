"""What a lock is to hold, from rewards that were compiled, how that differs from what stands there, and writing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rewardlang import lock
from rewardlang.checking.as_locked import differences, locked
from rewardlang.compiled import Compiled
from rewardlang.record import PlainRecord
from rewardlang.whole_file import whole


class FolderLock(PlainRecord):
    """One folder's lock. `new`, `changed` and `gone` are names of files; `said` tells of each changed reward what is different."""

    path: Path
    sha256: dict[str, str]
    rewards: dict[str, lock.LockedReward]
    new: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    said: tuple[str, ...]
    stale: bool

    def to_json(self) -> dict[str, object]:
        """The same as plain data."""
        files = {"new": list(self.new), "changed": list(self.changed), "gone": list(self.gone)}
        return {"lock": str(self.path), "sha256": self.sha256, "rewards": list(self.rewards), **files, "differences": list(self.said)}

    def write(self) -> None:
        """Raises OSError."""
        with whole(self.path) as temporary:
            temporary.write_text(lock.text_of(self.sha256, self.rewards), encoding="utf-8", newline="\n")


def locks_of(compiled: Sequence[Compiled]) -> list[FolderLock]:
    """The lock of each folder in which one of these rewards lies; they have no errors."""
    folders: dict[str, list[Compiled]] = {}
    for each in compiled:
        folders.setdefault(each.folder or "", []).append(each)
    return [_lock_of(Path(folder), rewards) for folder, rewards in folders.items()]


def _lock_of(folder: Path, compiled: list[Compiled]) -> FolderLock:
    """What the lock of a folder is to hold: these rewards, what they read, and what others have locked, as far as it is still there."""
    before = lock.read(folder)
    old = before or lock.Lock({}, {})
    named = dict.fromkeys(lock.key(path) for each in compiled for path in each.locked)
    files = {path: lock.sha256_of((folder / path).read_bytes()) for path in named}
    rewards = {Path(each.source.name).name: locked(each.syntax) for each in compiled if each.syntax is not None}
    sha256 = {path: digest for path, digest in old.sha256.items() if (folder / path).is_file()} | files
    kept = {name: reward for name, reward in old.rewards.items() if (folder / name).is_file()} | rewards
    said = {name: _said(old.rewards[name], reward) for name, reward in rewards.items() if old.rewards.get(name, reward) != reward}
    was, now = {**old.sha256, **old.rewards}, {**sha256, **kept}
    return FolderLock(
        folder / lock.NAME,
        dict(sorted(sha256.items())),
        dict(sorted(kept.items())),
        tuple(sorted(set(now) - set(was))),
        tuple(sorted([*(path for path, digest in files.items() if old.sha256.get(path, digest) != digest), *said])),
        tuple(sorted(set(was) - set(now))),
        tuple(f"{name}: {words}" for name, words in said.items()),
        (sha256, kept) != (old.sha256, old.rewards) or old.broken is not None,
    )


def _said(before: lock.LockedReward, now: lock.LockedReward) -> str:
    """What is different in a reward, and whether its version says so."""
    found = str(differences(before, now)) or "nothing that counts"
    if before.version != now.version:
        return f"{found} (version {before.version or 'none'} -> {now.version or 'none'})"
    return f"{found} (version {now.version} as before)" if now.version else found
