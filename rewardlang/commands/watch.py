"""Runs something again whenever one of some files is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rewardlang.samples.problem import UsageError

_SECONDS = 0.3
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(paths: Sequence[str], action: Callable[[], Sequence[str]]) -> None:
    """Calls the action now and after every change, until Ctrl-C. A file that is away for a moment, as while it is saved, is waited for.

    The action gives further files to watch: those that the reward names, which may be others after each change.
    """
    seen = None
    named: Sequence[str] = ()
    try:
        while True:
            now = _stamps(paths), _stamps(named)
            if now != seen and None not in now[0]:
                named = _once(action)
                seen = now[0], _stamps(named)
                print(f"\n-- {time.strftime('%H:%M:%S')}: waiting for a change of {', '.join(paths)}; Ctrl-C ends", flush=True)
            time.sleep(_SECONDS)
    except KeyboardInterrupt:
        print()


def _once(action: Callable[[], Sequence[str]]) -> Sequence[str]:
    if sys.stdout.isatty():
        print(_CLEAR, end="")
    try:
        return action()
    except UsageError as error:
        print(error)
        return ()


def _stamps(paths: Sequence[str]) -> list[tuple[int, int] | None]:
    """Time of change and size of every file, None where it cannot be seen."""
    stamps: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            status = Path(path).stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((status.st_mtime_ns, status.st_size))
    return stamps
