"""The numbers of a batch: gates, rules, sections, score. They are those of `marking.row_marks`, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine import plain
from rewardlang.engine.batch import Batch, declared
from rewardlang.engine.batch_marks import BatchMarks, Flags, Floats, Part
from rewardlang.engine.calls import Calls
from rewardlang.engine.column import TRUE, Rows
from rewardlang.engine.find_kernels import FINDS
from rewardlang.engine.frame import Frame, Kernels
from rewardlang.engine.loops import LOOPS
from rewardlang.engine.outcomes import Tables
from rewardlang.engine.plan import Plan
from rewardlang.engine.rule_points import given
from rewardlang.engine.totals import part_of, skipped_rows
from rewardlang.engine.truth_kernels import TRUTHS
from rewardlang.engine.value_kernels import VALUES
from rewardlang.registry import Registry

_ROWS_AT_ONCE = 1024
_MOST_AT_ONCE = 2048
_LETTERS_AT_ONCE = 1 << 21
"""The columns of so many rows, and texts of about so many letters, are in memory at a time."""
KERNELS = Kernels({**VALUES, **FINDS}, {**TRUTHS, **LOOPS})


class Prepared:
    """What is worked out once for a plan. `plain` is its quicker form with lists; None for a plan that is not plain."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tables = Tables(plan)
        self.plain = plain.plain_plan(plan, self.tables)
        self._declared = declared(plan.program)

    def mark(
        self,
        registry: Registry,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None,
        columns: Mapping[str, Sequence[Any]],
        step: int,
    ) -> tuple[Batch, BatchMarks, Calls]:
        """The numbers of what `Batch` takes at a training step, and what verifiers were asked for them. Raises `DataError`."""
        batch, calls = Batch(self.plan.program, registry, completions, prompts, columns, self._declared), Calls()
        return batch, run(self, batch, step, calls), calls


class _Marking(NamedTuple):
    """What the parts of a batch have in common."""

    plan: Plan
    tables: Tables
    batch: Batch
    step: int
    calls: Calls
    kernels: Kernels

    def part(self, start: int, end: int) -> Part:
        """The numbers of the rows [start, end)."""
        size, plan = end - start, self.plan
        frame = Frame(plan, self.kernels, self.calls, size, given=self.batch.between(start, end), first=start)
        gates, alive = _gates(plan, frame)
        success = _success(plan, frame, gates)
        rules = zip(plan.rules, self.tables.rules, strict=True)
        found = [given(frame, rule, outcomes, alive) for rule, outcomes in rules] if len(alive) else []
        return part_of(plan, self.tables, self.step, alive, gates, success, found)


def run(prepared: Prepared, batch: Batch, step: int, calls: Calls) -> BatchMarks:
    """The numbers of a batch at a training step."""
    if prepared.plain is not None:
        marks = plain.run(prepared.plain, batch, step, calls)
        if marks is not None:
            return marks
    return run_columns(prepared, batch, step, calls)


def run_columns(prepared: Prepared, batch: Batch, step: int, calls: Calls, kernels: Kernels = KERNELS) -> BatchMarks:
    """The same for any plan, with arrays."""
    marking = _Marking(prepared.plan, prepared.tables, batch, step, calls, kernels)
    parts = [marking.part(start, end) for start, end in _bounds(batch)]
    failures = {row: tuple(found) for row, found in sorted(calls.failures.items())}
    return BatchMarks(prepared.plan, parts, failures, frozenset(calls.refused.union(failures)))


def _bounds(batch: Batch) -> list[tuple[int, int]]:
    """The rows [start, end) that are worked on at a time."""
    size = len(batch)
    length = size if size <= _ROWS_AT_ONCE else _rows_at_once(batch.columns["completion"].values)
    return [(start, min(start + length, size)) for start in range(0, max(size, 1), max(length, 1))]


def _rows_at_once(texts: Sequence[str]) -> int:
    """How many rows are worked on at a time: more of short texts, and equally many each time."""
    letters = sum(map(len, texts))
    most = min(max(_ROWS_AT_ONCE, _LETTERS_AT_ONCE * len(texts) // max(letters, 1)), _MOST_AT_ONCE)
    return -(-len(texts) // -(-len(texts) // most))


def _gates(plan: Plan, frame: Frame) -> tuple[NDArray[np.int16], Rows]:
    """The gate that stops each row, and the rows that none stops."""
    gates = np.full(frame.size, -1, np.int16)
    alive = frame.all
    for place, gate in enumerate(plan.gates):
        passed = frame.truths(gate.test, alive) == TRUE
        if not passed.all():
            gates[alive[~passed]] = place
            alive = alive[passed]
    return gates, alive


def _success(plan: Plan, frame: Frame, gates: NDArray[np.int16]) -> Floats | None:
    """1 or 0, NaN for rows that a gate skips."""
    if plan.success is None:
        return None
    skipped = skipped_rows(plan, gates)
    if skipped is None:
        held: Flags = frame.truths(plan.success, frame.all) == TRUE
        return held.astype(np.float64)
    success = np.full(frame.size, np.nan)
    rows = (~skipped).nonzero()[0]
    success[rows] = frame.truths(plan.success, rows) == TRUE
    return success
