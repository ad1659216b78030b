"""Ctrl-C while a run is going on: the first asks it to save and stop after the step, the second ends it at once.

SIGTERM, by which schedulers of clusters announce that time is up, counts the same.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}


class StopRequest:
    """While entered, an interrupt sets `asked` and calls `told` once; the next one raises KeyboardInterrupt as usual.

    Signals reach only the main thread, so in any other thread this does nothing. `by` names the signal that asked.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self.asked = False
        self.by = ""
        self._told = told
        self._before: dict[signal.Signals, Any] = {}
        self._process = os.getpid()

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._interrupted) for number in _NAMES}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a process that was forked meanwhile has the handler, but no run
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        elif self.asked:
            raise KeyboardInterrupt
        else:
            self.asked, self.by = True, _NAMES[signal.Signals(number)]
            self._told()
