"""`check --cost`: the plan of a file, and with samples the share of the time that each line of it takes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from rewardlang.engine.plan_from_program import plan
from rewardlang.report.plan_lines import Stage, stages_of, to_json
from rewardlang.report.words import percent
from rewardlang.terminal_text import Paint, clip, pad, safe, width_of, wrap

if TYPE_CHECKING:
    from rewardlang.engine.stopwatch import StepTime
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Row

_MOST_TIMED = 8_192
_CLASSES = {
    "free": "a comparison",
    "linear": "one pass through the text",
    "dictionary": "its words looked up",
    "symbolic": "exact algebra",
    "external": "a process, or a cost without a known bound",
}
_HEAD = """
What a batch goes through, from top to bottom. A line is computed once for the whole batch, for all rows or, where it
says 'asked', for those that still need it when it is their turn; 4× is how often the file uses it.
"""


class Cost:
    """The plan of a reward; rows of samples are kept until they are timed."""

    def __init__(self, reward: Reward) -> None:
        self._reward = reward
        self._plan = plan(reward.program)
        self._stages = stages_of(self._plan)
        self._rows: list[Row] = []
        self._completions = 0
        self._times: dict[int, StepTime] = {}
        self._seconds = 0.0

    def add(self, row: Row) -> None:
        """Keeps a row that could be marked, up to a number of completions that is enough for shares."""
        if self._completions < _MOST_TIMED:
            self._rows.append(row)
            self._completions += len(row.completions)

    def measure(self, step: int) -> None:
        """Times every line on the rows that were kept. Verifiers are asked again, the dear ones too."""
        from rewardlang.engine.batch import Batch
        from rewardlang.engine.stopwatch import measured
        from rewardlang.scoring.rows_in_batches import arguments_of

        if not self._rows:
            return
        reward = self._reward
        given = arguments_of(reward, self._rows)
        made = partial(Batch, reward.program, reward.registry, given.completions, given.prompts, given.columns)
        self._seconds, self._times = measured(self._plan, made, step)

    def lines(self, width: int, paint: Paint) -> Iterator[str]:
        """What a terminal shows."""
        yield paint("bold", "-- the plan " + "-" * max(0, width - 12))
        yield from wrap(" ".join(_HEAD.split()), width)
        used = dict.fromkeys(line.cost for stage in self._stages for line in stage.lines)
        yield from wrap("; ".join(f"{name}: {told}" for name, told in _CLASSES.items() if name in used) + ".", width)
        for stage in self._stages:
            yield ""
            yield from self._stage(stage, width, paint)
        if self._times:
            yield ""
            rest = self._seconds - sum(taken.seconds for taken in self._times.values())
            per_row = self._seconds / self._completions * 1e6
            told = f"{percent(max(0.0, rest) / self._seconds)} goes into reading the rows and adding up points"
            yield from wrap(f"{self._completions:,} completions were timed, {per_row:,.0f} µs each; {told}.", width)

    def _stage(self, stage: Stage, width: int, paint: Paint) -> Iterator[str]:
        head = clip(f"{stage.name}, {stage.where}: {safe(stage.words)}", width)
        yield paint("bold", head[: len(stage.name)]) + head[len(stage.name) :]
        tails = [f"{'asked' if line.lazy else 'all':<5} {line.uses:>3}×{self._time(line.step)}" for line in stage.lines]
        for line, tail in zip(stage.lines, tails, strict=True):
            words = safe(line.words) + (" (each item)" if line.in_loop else "")
            room = max(20, width - 14 - 2 - width_of(tail))
            yield f"  {line.cost:<10}  {pad(clip(words, room), room)}  {tail}"
        if not stage.lines:
            yield "  nothing that is not known by now"
        for order in stage.reordered:
            yield from _indented(f"asked in this order: {', then '.join(map(safe, order))}", width)
        if stage.spared:
            names = dict.fromkeys(safe(line.words) for other in self._stages for line in other.lines if line.step in stage.spared)
            yield from _indented(f"spares the rows that it stops: {', '.join(names)}", width)

    def _time(self, step: int) -> str:
        if not self._times:
            return ""
        taken = self._times.get(step)
        return f"{'–':>7}" if taken is None else f"{percent(taken.seconds / self._seconds):>7}"

    def to_json(self) -> dict[str, Any]:
        """The plan, and what was measured of it, as plain data."""

        def times(step: int) -> dict[str, Any]:
            if not self._times:
                return {}
            taken = self._times.get(step)
            return {"share_of_time": taken.seconds / self._seconds if taken else 0.0, "asked_for": taken.rows if taken else 0}

        measured = {"completions": self._completions, "seconds": self._seconds} if self._times else None
        return {"stages": to_json(self._plan, self._stages, times), "measured": measured}


def _indented(text: str, width: int) -> Iterator[str]:
    return (f"  {line}" for line in wrap(text, width - 2))
