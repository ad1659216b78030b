"""`rewardlang lock`: writes down which content the files have that rewards name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.samples.read import existing_file

if TYPE_CHECKING:
    from rewardlang.compiled import Compiled

DESCRIPTION = """
Writes rewardlang.lock beside each reward file: a sha256 of every list and every other reward file that it reads. From then
on a change in one of them is an error (rewardlang help RW319) until the lock is written anew, so that no list changes a
score unseen. Rewards in one folder share one lock. A reward with mistakes is not locked.
"""
EXAMPLE = """
rewardlang lock law.reward
rewardlang lock *.reward --check
"""


class _Locked(NamedTuple):
    """One folder's lock: what is to stand in it, and how that differs from what stands there."""

    path: Path
    sha256: dict[str, str]
    new: list[str]
    changed: list[str]
    gone: list[str]
    stale: bool

    def to_json(self) -> dict[str, object]:
        """The same as plain data."""
        return {"lock": str(self.path), "sha256": self.sha256, "new": self.new, "changed": self.changed, "gone": self.gone}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `lock`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="the .reward files")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a lock would change")
    parser.add_argument("--json", action="store_true", help="one JSON object: ok, locks, findings")


def run(arguments: argparse.Namespace) -> int:
    """Locks all files, or none where one has mistakes."""
    from rewardlang.compiled import compile_path

    compiled = [compile_path(existing_file(path), held=False) for path in arguments.files]
    errors = [error for each in compiled for error in each.errors]
    if errors:
        if arguments.json:
            shared.print_json({"ok": False, "locks": [], "findings": [error.to_json() for error in errors]})
        else:
            shared.print_findings(errors)
            print(f"{shared.counted(len(errors), 'error')}; nothing was locked")
        return 1
    folders: dict[str, list[Compiled]] = {}
    for each in compiled:
        folders.setdefault(each.folder or "", []).append(each)
    locks = [_lock_of(Path(folder), rewards) for folder, rewards in folders.items()]
    stale = [lock for lock in locks if lock.stale]
    if not arguments.check:
        for lock in stale:
            _write(lock)
    ok = not (arguments.check and stale)
    if arguments.json:
        shared.print_json({"ok": ok, "locks": [lock.to_json() for lock in locks], "findings": []})
    else:
        for lock in locks:
            print(_told(lock, check=arguments.check))
    return 0 if ok else 1


def _lock_of(folder: Path, rewards: list[Compiled]) -> _Locked:
    """What the lock of a folder is to hold: what these rewards read, and what others have locked, as far as it is still there."""
    from rewardlang import lock

    before = lock.read(folder)
    old = before.sha256 if before is not None else {}
    named = dict.fromkeys(lock.key(path) for reward in rewards for path in reward.locked)
    now = {path: lock.sha256_of((folder / path).read_bytes()) for path in named}
    kept = {path: digest for path, digest in old.items() if path not in now and (folder / path).is_file()}
    wanted = dict(sorted({**kept, **now}.items()))
    return _Locked(
        folder / lock.NAME,
        wanted,
        sorted(path for path in now if path not in old),
        sorted(path for path, digest in now.items() if path in old and old[path] != digest),
        sorted(path for path in old if path not in wanted),
        wanted != old or (before is not None and before.broken is not None),
    )


def _write(locked: _Locked) -> None:
    from rewardlang import lock
    from rewardlang.whole_file import whole

    try:
        with whole(locked.path) as temporary:
            temporary.write_text(lock.text_of(locked.sha256), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {locked.path}: {error.strerror}") from None


def _told(locked: _Locked, *, check: bool) -> str:
    if not locked.sha256 and not locked.stale:
        return f"{locked.path}: the rewards read no files, so there is nothing to lock"
    differences = [
        f"{what}: {', '.join(paths)}" for what, paths in (("new", locked.new), ("changed", locked.changed), ("gone", locked.gone)) if paths
    ]
    total = shared.counted(len(locked.sha256), "file")
    if not locked.stale:
        return f"{locked.path}: {total}, as locked"
    return f"{locked.path}: {'would change' if check else f'{total} locked'}" + (f" ({'; '.join(differences)})" if differences else "")
