"""Which display of progress a stream gets."""

from __future__ import annotations

import sys
from typing import IO

from rewardlang.trainer.extras import is_installed
from rewardlang.trainer.progress import Bar, PlainLines, Progress


def progress_for(stream: IO[str] | None = None, *, run: bool = False) -> Progress:
    """A bar, or the live view of a `run`, where the stream (by default standard error) is a terminal with rich there; else plain lines."""
    stream = stream or sys.stderr
    if not stream.isatty() or not is_installed("rich"):
        return PlainLines(stream)
    if run:
        from rewardlang.trainer.live import LiveView

        return LiveView(stream)
    return Bar(stream)
