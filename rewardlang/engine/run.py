"""The numbers of a batch: gates, rules, sections, score. They are those of `marking.row_marks`, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.batch import Batch
from rewardlang.engine.calls import Calls
from rewardlang.engine.column import TRUE, Column, Rows
from rewardlang.engine.exact import Exact
from rewardlang.engine.find_kernels import FINDS
from rewardlang.engine.frame import Frame, Kernels
from rewardlang.engine.loops import LOOPS
from rewardlang.engine.plan import Plan
from rewardlang.engine.rule_points import Given, given
from rewardlang.engine.truth_kernels import TRUTHS
from rewardlang.engine.value_kernels import VALUES
from rewardlang.marking.row_marks import clamping_of
from rewardlang.marks import Failure
from rewardlang.program import Section

Floats = NDArray[np.float64]
_ROWS_AT_ONCE = 2048
"""The columns of so many rows are in memory at a time."""
KERNELS = Kernels({**VALUES, **FINDS}, {**TRUTHS, **LOOPS})


class BatchMarks(NamedTuple):
    """The numbers of B rows: NaN where a row was skipped, 0 from rules and sections where a gate stopped it.

    `gates` is the place of the gate that stopped a row among the plan's gates,
    or −1. `failures` has the rows in which a verdict was not reached.
    """

    score: Floats
    rules: Mapping[str, Floats]
    fired: Mapping[str, NDArray[np.bool_]]
    sections: Mapping[str, Floats]
    clamping: Floats
    success: Floats | None
    gates: NDArray[np.int16]
    failures: Mapping[int, tuple[Failure, ...]]


def run(plan: Plan, batch: Batch, step: int, calls: Calls, kernels: Kernels = KERNELS) -> BatchMarks:
    """The numbers of a batch at a training step."""
    starts = range(0, max(len(batch), 1), _ROWS_AT_ONCE)
    parts = [_part(plan, batch, start, min(start + _ROWS_AT_ONCE, len(batch)), step, calls, kernels) for start in starts]
    failures = {row: tuple(found) for row, found in sorted(calls.failures.items())}
    if len(parts) == 1:
        return parts[0]._replace(failures=failures)
    return BatchMarks(
        np.concatenate([part.score for part in parts]),
        {name: np.concatenate([part.rules[name] for part in parts]) for name in parts[0].rules},
        {name: np.concatenate([part.fired[name] for part in parts]) for name in parts[0].fired},
        {name: np.concatenate([part.sections[name] for part in parts]) for name in parts[0].sections},
        np.concatenate([part.clamping for part in parts]),
        None if plan.success is None else np.concatenate([part.success for part in parts if part.success is not None]),
        np.concatenate([part.gates for part in parts]),
        failures,
    )


def _part(plan: Plan, batch: Batch, start: int, end: int, step: int, calls: Calls, kernels: Kernels) -> BatchMarks:
    size = end - start
    whole = size == len(batch)
    columns = {name: column if whole else _between(column, start, end) for name, column in batch.columns.items()}
    frame = Frame(plan, kernels, calls, size, given=columns, first=start)
    gates, alive = _gates(plan, frame)
    skipped, score = np.zeros(size, bool), np.zeros(size)
    for place, gate in enumerate(plan.gates):
        stopped = gates == place
        if gate.require.score is None:
            skipped |= stopped
        else:
            score[stopped] = float(gate.require.score)
    success = _success(plan, frame, skipped)
    found = [given(frame, rule, alive) for rule in plan.rules] if len(alive) else []
    score[skipped] = np.nan
    blank = np.where(skipped, np.nan, 0.0)
    if not len(alive):
        rules = {rule.rule.name: blank.copy() for rule in plan.rules}
        fired = {rule.rule.name: np.zeros(size, bool) for rule in plan.rules}
        sections = {section.name or "": blank.copy() for section in plan.program.sections}
        return BatchMarks(score, rules, fired, sections, np.zeros(size), success, gates, {})
    total = np.zeros(len(alive))
    sections = {}
    for section in plan.program.sections:
        points = _section(section, plan, found, len(alive), step)
        total = total + points
        sections[section.name or ""] = _spread(points, alive, blank)
    clamping = _clamping(plan, total)
    score[alive] = total + clamping
    rules = {rule.rule.name: _spread(one.points.doubles(), alive, blank) for rule, one in zip(plan.rules, found, strict=True)}
    fired = {rule.rule.name: _spread(one.fired, alive, np.zeros(size, bool)) for rule, one in zip(plan.rules, found, strict=True)}
    return BatchMarks(score, rules, fired, sections, _spread(clamping, alive, np.zeros(size)), success, gates, {})


def _between(column: Column, start: int, end: int) -> Column:
    return Column(column.values[start:end], None if column.state is None else column.state[start:end])


def _spread(part: Any, rows: Rows, blank: Any) -> Any:
    """Numbers of some rows, put into all."""
    if len(part) == len(blank):
        return part
    spread = blank.copy()
    spread[rows] = part
    return spread


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


def _success(plan: Plan, frame: Frame, skipped: NDArray[np.bool_]) -> Floats | None:
    if plan.success is None:
        return None
    success = np.full(frame.size, np.nan)
    rows = np.flatnonzero(~skipped) if skipped.any() else frame.all
    success[rows] = frame.truths(plan.success, rows) == TRUE
    return success


def _section(section: Section, plan: Plan, found: list[Given], size: int, step: int) -> Floats:
    """The sum of a section's rules, capped and weighted exactly, and rounded once."""
    raw = Exact.zeros(size)
    for rule, one in zip(plan.rules, found, strict=True):
        if rule.rule.section == section.name:
            raw = raw.plus(one.points)
    for bound, cap in ((section.low, Exact.at_least), (section.high, Exact.at_most)):
        if bound is not None:
            raw = cap(raw, Exact.of([bound]).repeated(size))
    return raw.times(section.weight_at(step)).doubles()


def _clamping(plan: Plan, total: Floats) -> Floats:
    """What brings each total into a clamped range."""
    declared = plan.program.score
    clamping = np.zeros(len(total))
    if declared.clamped:
        out = (total < float(declared.low)) | (total > float(declared.high))
        different, places = np.unique(total[out], return_inverse=True)
        clamping[out] = np.array([clamping_of(declared, value) for value in different.tolist()])[places] if len(different) else 0.0
    return clamping
