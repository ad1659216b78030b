"""How a long piece of work shows that it goes on: a bar on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import IO, Any

from rewardlang.marks import RowMarks
from rewardlang.trainer.metrics import MetricsRow

_SECONDS_BETWEEN_LINES = 15.0


class Progress:
    """Work in `total` steps at a time, with a few figures beside each. This one shows nothing; each kind shows what it can."""

    def start(self, label: str, total: int, done: int = 0) -> None:
        """A new piece of work, of which `done` steps were done before."""

    def step(self, number: int, **figures: float) -> None:
        """Step `number` (from 1) is done. Figures that are not given again stay as they were."""

    def finish(self) -> None:
        """The piece of work ended, at its last step or before it."""

    def say(self, text: str) -> None:
        """A line that stays."""

    def row(self, row: MetricsRow) -> None:
        """A row of metrics, of training, of a measurement or of an alarm."""

    def drawn(self, marks: Sequence[RowMarks], prompts: Sequence[Any] = ()) -> None:
        """The completions of one call, marked, and the prompt of each, a text or a chat."""


class Silent(Progress):
    """Shows nothing."""


class PlainLines(Progress):
    """A line at the start, one every quarter of a minute, and one at the end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._label, self._total, self._first, self._number = "", 0, 0, 0
        self._figures: dict[str, float] = {}
        self._began = self._told = 0.0

    def start(self, label: str, total: int, done: int = 0) -> None:
        """A line with what begins."""
        self._label, self._total, self._first, self._number, self._figures = label, total, done, done, {}
        self._began = self._told = time.monotonic()
        self.say(f"{label}: {total - done} step{'s' * (total - done != 1)}")

    def step(self, number: int, **figures: float) -> None:
        """A line when it is time for one."""
        self._number = number
        self._figures |= figures
        if time.monotonic() - self._told >= _SECONDS_BETWEEN_LINES:
            self._tell()

    def finish(self) -> None:
        """A line with the last figures."""
        self._tell()

    def say(self, text: str) -> None:
        """A line of its own."""
        print(text, file=self._stream, flush=True)

    def _tell(self) -> None:
        self._told = time.monotonic()
        taken, done = self._told - self._began, self._number - self._first
        left = f", about {duration(taken / done * (self._total - self._number))} left" if 0 < done < self._total - self._first else ""
        self.say(f"{self._label}: step {self._number} of {self._total}, {duration(taken)}{left}{figures_text(self._figures)}")


class Bar(Progress):
    """A bar that moves, with the time that is left."""

    def __init__(self, stream: IO[str]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._console = Console(file=stream, highlight=False)
        columns = [TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn()]
        self._rich = RichProgress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[figures]}"), console=self._console)
        self._task: Any = None
        self._figures: dict[str, float] = {}

    def start(self, label: str, total: int, done: int = 0) -> None:
        """A new bar under the ones that ended."""
        self._figures = {}
        self._task = self._rich.add_task(label, total=total, completed=done, figures="")
        self._rich.start()

    def step(self, number: int, **figures: float) -> None:
        """Moves the bar."""
        self._figures |= figures
        self._rich.update(self._task, completed=number, figures=figures_text(self._figures).removeprefix(", "))

    def finish(self) -> None:
        """Leaves the bar as it stands, so that the next one starts on a line of its own."""
        if self._task is not None:
            self._rich.stop()
            self._rich.remove_task(self._task)
            self._task = None

    def say(self, text: str) -> None:
        """A line above the bar."""
        self._console.print(text, markup=False)


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def figures_text(figures: dict[str, float]) -> str:
    """`, reward 1.25, success 62%`: shares as percentages, the rest with two decimals."""
    shares = ("accuracy", "success")
    return "".join(f", {name} {value:.0%}" if name in shares else f", {name} {value:.2f}" for name, value in figures.items())
