"""What the whole process takes of the card, by phase, as the driver counts it (NVML, memory v2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from rewardlang.trainer.gpu_cards import GIB


class MemoryWatch:
    """Samples the card's used memory in a thread and keeps the peak of each phase.

    Use as a context manager, before CUDA starts: `before` is then what others hold, and is taken off every figure.
    Raises pynvml's `NVMLError` where there is no driver.
    """

    def __init__(self, interval_seconds: float = 0.005) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._nvml: Any = pynvml
        self._handle = pynvml.nvmlDeviceGetHandleByIndex(0)
        self._interval = interval_seconds
        self._phase: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-watch", daemon=True)
        self.peaks: dict[str, int] = {}
        self.before = 0

    def __enter__(self) -> MemoryWatch:
        self.before = self._used()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def now(self) -> int:
        """Bytes that the process holds now."""
        return self._used() - self.before

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Counts the peak of what runs inside under this name; phases do not nest."""
        self._phase = name
        self._note(name)
        try:
            yield
        finally:
            self._note(name)
            self._phase = None

    def table(self) -> dict[str, float]:
        """Peak of each phase, in GiB."""
        return {name: round(peak / GIB, 3) for name, peak in self.peaks.items()}

    def _used(self) -> int:
        return int(self._nvml.nvmlDeviceGetMemoryInfo(self._handle, version=self._nvml.nvmlMemory_v2).used)

    def _note(self, name: str) -> None:
        self.peaks[name] = max(self.peaks.get(name, 0), self.now())

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            phase = self._phase
            if phase is not None:
                self._note(phase)
