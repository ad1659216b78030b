"""`rewardlang lock`: writes down what rewards say, and which content the files have that they name."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.samples.read import existing_file

if TYPE_CHECKING:
    from rewardlang.locking import FolderLock

DESCRIPTION = """
Writes rewardlang.lock beside each reward file: a sha256 of every list and every other reward file that it reads, the
version of the reward, and a hash for each of its statements. From then on a change in one of the files is an error
(rewardlang help RW319) and a change in the reward itself a warning (rewardlang help RW711) until the lock is written
anew, so that no list, and no word that is lost while somebody types, changes a score unseen. Comments, layout, 'because'
and 'about' do not count. Rewards in one folder share one lock. A reward with mistakes is not locked.
"""
EXAMPLE = """
rewardlang lock law.reward
rewardlang lock *.reward --check
"""


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
    from rewardlang.locking import locks_of

    locks = locks_of(compiled)
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


def _write(lock: FolderLock) -> None:
    try:
        lock.write()
    except OSError as error:
        raise UsageError(f"cannot write {lock.path}: {error.strerror}") from None


def _told(lock: FolderLock, *, check: bool) -> str:
    differences = [
        f"{what}: {', '.join(names)}" for what, names in (("new", lock.new), ("changed", lock.changed), ("gone", lock.gone)) if names
    ]
    total = shared.counted(len(lock.rewards), "reward")
    if lock.sha256:
        total += f" and {shared.counted(len(lock.sha256), 'file')} that {'it reads' if len(lock.rewards) == 1 else 'they read'}"
    if not lock.stale:
        return f"{lock.path}: {total}, as locked"
    head = f"{lock.path}: {'would change' if check else f'{total} locked'}" + (f" ({'; '.join(differences)})" if differences else "")
    return "\n".join([head, *(f"  {words}" for words in lock.said)])
