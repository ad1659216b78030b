"""How far a run is: how much of the whole, rows a second, and the time that is left."""

from __future__ import annotations

import sys
import time

from rewardlang.scoring.pieces import Piece

_TERMINAL_SECONDS = 0.2
_LOG_SECONDS = 30.0


class Progress:
    """Told on standard error: on a terminal as a line that changes, elsewhere (a log) as a line every half minute.

    `whole` is the size of all parts, `before` that of what an earlier run has done; 0 where sizes are not known.
    """

    def __init__(self, whole: int, before: int) -> None:
        self._whole, self._before = whole, before
        self._done = self._rows = self._completions = 0
        self._terminal = sys.stderr.isatty()
        self._every = _TERMINAL_SECONDS if self._terminal else _LOG_SECONDS
        self._start = self._last = time.monotonic()

    def add(self, piece: Piece) -> None:
        """A piece that was scored."""
        self._done += piece.size
        self._rows += piece.rows
        self._completions += piece.completions
        now = time.monotonic()
        if now - self._last > self._every:
            self._last = now
            line = told(self._whole, self._before, self._done, self._rows, now - self._start)
            print(f"\r\x1b[K{line}" if self._terminal else line, end="" if self._terminal else "\n", file=sys.stderr, flush=True)

    def erase(self) -> None:
        """Takes the line away, so that something else can be told."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def told(whole: int, before: int, done: int, rows: int, seconds: float) -> str:
    """`1,200,000 rows scored, 12 %, 45,000 a second, 3 min left`; without share and time where sizes are not known."""
    parts = [f"{rows:,} rows scored"]
    if whole:
        parts.append(f"{(before + done) * 100 // whole} %")
    parts.append(f"{rows / max(seconds, 1e-9):,.0f} a second")
    if whole and done:
        parts.append(f"{duration((whole - before - done) * seconds / done)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
