"""How long each step of a plan takes on a batch: the kernels of a run, each with a clock around it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rewardlang.engine.calls import Calls
from rewardlang.engine.frame import Frame, Kernels
from rewardlang.engine.run import KERNELS, Prepared, run_columns

if TYPE_CHECKING:
    from rewardlang.engine.batch import Batch
    from rewardlang.engine.column import Rows
    from rewardlang.engine.plan import Plan, Step

T = TypeVar("T")


class StepTime(NamedTuple):
    """What a step took by itself, without those that it asked, and for how many rows (of a loop: items) it was asked."""

    seconds: float
    rows: int


class Stopwatch:
    """Kernels with a clock. What one kernel asks of another is taken off its own time."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = defaultdict(float)
        self._rows: dict[int, int] = defaultdict(int)
        self._inner = [0.0]  # what the kernels took that were called by each one that runs now
        values = {node: self._timed(kernel) for node, kernel in KERNELS.values.items()}
        truths = {node: self._timed(kernel) for node, kernel in KERNELS.truths.items()}
        self.kernels = Kernels(values, truths)

    @property
    def times(self) -> dict[int, StepTime]:
        """By step."""
        return {index: StepTime(seconds, self._rows[index]) for index, seconds in self._seconds.items()}

    def _timed(self, kernel: Callable[[Frame, int, Step, Rows], T]) -> Callable[[Frame, int, Step, Rows], T]:
        def timed(frame: Frame, index: int, step: Step, rows: Rows) -> T:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return kernel(frame, index, step, rows)
            finally:
                took = time.perf_counter() - began
                self._seconds[index] += took - self._inner.pop()
                self._inner[-1] += took
                self._rows[index] += len(rows)

        return timed


def step_times(plan: Plan, batch: Batch, step: int) -> dict[int, StepTime]:
    """What each step takes on a batch, over arrays, whatever the plan is; steps that no row asked for are not there."""
    watch = Stopwatch()
    marks = run_columns(Prepared(plan), batch, step, Calls(), watch.kernels)
    assert len(marks.score) == len(batch)
    for name in marks.rules:  # computed when they are asked for
        assert len(marks.rules[name]) == len(batch)
    return watch.times
