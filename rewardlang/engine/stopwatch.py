"""How long each step of a plan takes on a batch: the kernels of a run, or the lines of a plain plan's function, each with a clock."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from rewardlang.engine.calls import Calls
from rewardlang.engine.frame import Frame, Kernels
from rewardlang.engine.plain import run
from rewardlang.engine.run import KERNELS, Prepared, run_columns

if TYPE_CHECKING:
    from rewardlang.engine.batch import Batch
    from rewardlang.engine.column import Rows
    from rewardlang.engine.plain import PlainPlan
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


class Measured(NamedTuple):
    """What marking a batch took in all, and of that each step; steps that no row asked for are not there."""

    seconds: float
    times: dict[int, StepTime]


def measured(plan: Plan, made: Callable[[], Batch], step: int) -> Measured:
    """Marks a batch that is made, as `Reward.score` does, and says what all that took."""
    prepared = Prepared(plan)
    began = time.perf_counter()
    batch = made()
    read = time.perf_counter() - began
    if prepared.plain is not None and (times := _of_rows(prepared.plain, batch, step)) is not None:
        return Measured(read + sum(taken.seconds for taken in times.values()), times)
    began = time.perf_counter()
    times = _of_columns(prepared, batch, step)
    return Measured(read + time.perf_counter() - began, times)


def _of_columns(prepared: Prepared, batch: Batch, step: int) -> dict[int, StepTime]:
    watch = Stopwatch()
    marks = run_columns(prepared, batch, step, Calls(), watch.kernels)
    assert len(marks.score) == len(batch)
    for name in marks.rules:  # computed when they are asked for
        assert len(marks.rules[name]) == len(batch)
    return watch.times


def _of_rows(plain: PlainPlan, batch: Batch, step: int) -> dict[int, StepTime] | None:
    """Of a plain plan: what a function with clocks says of each line, as shares of what the one without takes; None if a verifier broke."""
    code = plain.row_code(clocked=True)
    for _ in range(2):  # the second time layout and keys are known, as they are in training
        code.times.update(dict.fromkeys(code.times, (0.0, 0)))
        if run(plain, batch, step, Calls(), code) is None or run(plain, batch, step, Calls()) is None:
            return None
    began = time.perf_counter()
    run(plain, batch, step, Calls())
    taken = time.perf_counter() - began
    share = taken / max(sum(seconds for seconds, _ in code.times.values()), 1e-9)
    by_shape = dict.fromkeys(range(len(plain.plan.steps)), StepTime(0.0, len(batch)))  # known with the shape of a text, or with the file
    return by_shape | {index: StepTime(seconds * share, rows) for index, (seconds, rows) in code.times.items()}
