"""A run as it goes on, on a terminal: time left, what each rule pays, what is right, and the best and the worst of the last step."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO, Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from rewardlang.marks import RowMarks
from rewardlang.terminal_text import safe
from rewardlang.trainer.metrics import MetricsRow
from rewardlang.trainer.progress import Progress

_BARS = "▁▂▃▄▅▆▇█"
_REMEMBERED = 24  # rows of metrics in a small curve
_SHORT = 10  # in one beside a figure
_PER_SECOND = 4
_SHOWN = 280  # characters of a completion

# Metric, how it is called here, and how its value is written.
_FIGURES = (
    ("reward", "reward", "{:.3f}"),
    ("success", "right, in training", "{:.0%}"),
    ("accuracy", "right, held out", "{:.0%}"),
    ("tokens", "tokens a completion", "{:.0f}"),
    ("cut_off", "cut off", "{:.0%}"),
    ("flat_groups", "groups without spread", "{:.0%}"),
    ("entropy", "entropy", "{:.2f}"),
    ("kl", "KL", "{:.3f}"),
)


class LiveView(Progress):
    """Drawn anew a few times a second; lines that stay are printed above it. Everything that a model wrote is made safe to print."""

    def __init__(self, stream: IO[str], console: Console | None = None) -> None:
        self._console = console or Console(file=stream, highlight=False)
        columns = [TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn()]
        self._bar = RichProgress(*columns, TextColumn("left"), TimeRemainingColumn(), console=self._console)
        self._task: Any = None
        self._live: Live | None = None
        self._curves: dict[str, deque[float]] = {}
        self._rules: dict[str, dict[str, deque[float]]] = {}
        self._marks: Sequence[RowMarks] = ()
        self._prompts: Sequence[Any] = ()
        self._speed: float | None = None
        self._extra: dict[str, float] = {}

    def start(self, label: str, total: int, done: int = 0) -> None:
        """The view appears."""
        self._task = self._bar.add_task(label, total=total, completed=done)
        self._live = Live(get_renderable=self.picture, console=self._console, refresh_per_second=_PER_SECOND)
        self._live.start()

    def step(self, number: int, **figures: float) -> None:
        """Moves the bar."""
        self._extra |= {name: value for name, value in figures.items() if name not in self._curves}
        if self._task is not None:
            self._bar.update(self._task, completed=number)

    def finish(self) -> None:
        """Leaves the last picture where it is."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, text: str) -> None:
        """A line above the view, or several."""
        self._console.print("\n".join(safe(line) for line in text.split("\n")), markup=False)

    def row(self, row: MetricsRow) -> None:
        """Takes the figures of a row."""
        for name, _, _ in _FIGURES:
            if isinstance(row.get(name), (int, float)):
                self._curves.setdefault(name, deque(maxlen=_REMEMBERED)).append(float(row[name]))
        if row["kind"] != "training":
            return
        for kind in ("points", "fired", "spread"):
            for rule, value in row.get(kind, {}).items():
                curves = self._rules.setdefault(rule, {})
                curves.setdefault(kind, deque(maxlen=_REMEMBERED)).append(value)
        if row.get("seconds_a_step") and row.get("tokens") and self._marks:
            self._speed = row["tokens"] * len(self._marks) / row["seconds_a_step"]

    def drawn(self, marks: Sequence[RowMarks], prompts: Sequence[Any] = ()) -> None:
        """Keeps the completions of this call, for the best and the worst."""
        self._marks, self._prompts = marks, prompts

    def picture(self) -> RenderableType:
        """The whole view as it stands now."""
        parts: list[RenderableType] = [self._bar]
        if self._rules:
            parts += [Text(), self._rule_table()]
        if self._curves:
            parts += [Text(), self._figures()]
        parts += self._completions()
        return Group(*parts)

    def _rule_table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("rule")
        for title in ("points", "fired", "decides"):
            table.add_column(title, justify="right")
        table.add_column("points over time")
        for rule, curves in self._rules.items():
            points = curves.get("points")
            cells = [
                "" if not points else f"{points[-1]:.3f}",
                *("" if not curves.get(kind) else f"{curves[kind][-1]:.0%}" for kind in ("fired", "spread")),
                "" if not points else curve(points),
            ]
            table.add_row(rule, *cells)
        return table

    def _figures(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(2):
            table.add_column()
            table.add_column(justify="right")
            table.add_column()
        cells = [*self._figure_cells()]
        for first in range(0, len(cells), 2):
            table.add_row(*(text for cell in cells[first : first + 2] for text in cell))
        return table

    def _figure_cells(self) -> Iterator[tuple[str, str, str]]:
        for name, label, form in _FIGURES:
            values = self._curves.get(name)
            if values:
                yield label, form.format(values[-1]), curve(list(values)[-_SHORT:])
        if self._speed is not None:
            yield "tokens a second", f"{self._speed:,.0f}", ""
        memory = _memory_gib()
        if memory is not None:
            yield "memory", f"{memory:.2f} GiB", ""

    def _completions(self) -> Iterator[RenderableType]:
        marked = [place for place, marks in enumerate(self._marks) if marks.score is not None]
        if not marked:
            return
        best = max(marked, key=lambda place: self._marks[place].score or 0.0)
        worst = min(marked, key=lambda place: self._marks[place].score or 0.0)
        for title, place in (("best", best), ("worst", worst)):
            marks = self._marks[place]
            points = ", ".join(f"{mark.rule} {float(mark.points):+g}" for mark in marks.marks if mark.points)
            yield Text()
            yield Text(f"{title} of the step, {marks.score:g}" + (f" ({points})" if points else ""), style="bold")
            if self._prompts:
                yield Text(_short(asked(self._prompts[place]), _SHOWN // 2), style="dim")
            yield Text(_short(marks.completion, _SHOWN))


def asked(prompt: Any) -> str:
    """A prompt, or the last message of a chat, as text."""
    return str(prompt[-1].get("content", "")) if isinstance(prompt, list) and prompt else str(prompt)


def _short(text: str, most: int) -> str:
    """One line that a terminal can show, cut off with an ellipsis."""
    text = safe(" ".join(text.split()))
    return text[:most] + ("…" if len(text) > most else "")


def curve(values: Sequence[float]) -> str:
    """A small curve of block characters between the least and the greatest of the values; flat ones lie on the ground."""
    low, high = min(values), max(values)
    span = high - low
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] if span > 0 else _BARS[0] for value in values)


def _memory_gib() -> float | None:
    """What the process has of the machine's memory, and of the GPU's where it uses one: the larger worry first, so the GPU's."""
    import sys

    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        return float(torch.cuda.memory_reserved() / 2**30)
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - no file of the user's
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**30
    except OSError:
        return None
