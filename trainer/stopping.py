"""Ctrl-C while a run is going on: the first asks it to save and stop after the step, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class StopRequest:
    """While entered, an interrupt sets `asked` and calls `told` once; the next one raises KeyboardInterrupt as usual.

    Signals reach only the main thread, so in any other thread this does nothing.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self.asked = False
        self._told = told
        self._before: Any = None

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self._told()
