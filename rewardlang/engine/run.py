"""The numbers of a batch: gates, rules, sections, score. They are those of `marking.row_marks`, to the last bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.batch import Batch, MadeWhenAsked
from rewardlang.engine.batch_marks import BatchMarks, Flags, Floats, Part
from rewardlang.engine.calls import Calls
from rewardlang.engine.column import TRUE, Column, Rows
from rewardlang.engine.exact import Exact
from rewardlang.engine.find_kernels import FINDS
from rewardlang.engine.frame import Frame, Kernels
from rewardlang.engine.loops import LOOPS
from rewardlang.engine.outcomes import SectionTable, Tables
from rewardlang.engine.plan import Plan
from rewardlang.engine.rule_points import Given, given
from rewardlang.engine.truth_kernels import TRUTHS
from rewardlang.engine.value_kernels import VALUES
from rewardlang.marking.row_marks import clamping_of
from rewardlang.program import Section

_ROWS_AT_ONCE = 1024
_MOST_AT_ONCE = 2048
_LETTERS_AT_ONCE = 1 << 21
"""The columns of so many rows, and texts of about so many letters, are in memory at a time."""
KERNELS = Kernels({**VALUES, **FINDS}, {**TRUTHS, **LOOPS})


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
        columns: Mapping[str, Column] = self.batch.columns
        if size < len(self.batch):
            columns = MadeWhenAsked(lambda name: self.batch.columns[name].between(start, end), {})
        frame = Frame(plan, self.kernels, self.calls, size, given=columns, first=start)
        gates, alive = _gates(plan, frame)
        skipped, score = _stopped(plan, gates) if len(alive) < size else (None, None)
        success = _success(plan, frame, skipped)
        if not len(alive):
            return Part(size, alive, skipped, np.zeros(0) if score is None else score, success, gates, (), (), None)
        found = [given(frame, rule, outcomes, alive) for rule, outcomes in zip(plan.rules, self.tables.rules, strict=True)]
        total = np.zeros(len(alive))
        sections = []
        for section, table in zip(plan.program.sections, self.tables.sections, strict=True):
            rules = [one for rule, one in zip(plan.rules, found, strict=True) if rule.rule.section == section.name]
            points = _summed(section, rules, len(alive), self.step) if table is None else _looked_up(table, section, rules, self.step)
            total = total + points
            sections.append(points)
        clamping = _clamping(plan, total)
        scored = total if clamping is None else total + clamping
        if score is None:
            return Part(size, None, None, scored, success, gates, found, sections, clamping)
        score[alive] = scored
        return Part(size, alive, skipped, score, success, gates, found, sections, clamping)


def run(plan: Plan, batch: Batch, step: int, calls: Calls, kernels: Kernels = KERNELS, tables: Tables | None = None) -> BatchMarks:
    """The numbers of a batch at a training step. `tables` are those of the plan, which whoever marks many batches makes once."""
    size = len(batch)
    marking = _Marking(plan, Tables(plan) if tables is None else tables, batch, step, calls, kernels)
    length = size if size <= _ROWS_AT_ONCE else _rows_at_once(batch.columns["completion"].values)
    parts = [marking.part(start, min(start + length, size)) for start in range(0, max(size, 1), max(length, 1))]
    failures = {row: tuple(found) for row, found in sorted(calls.failures.items())}
    return BatchMarks(plan, parts, failures, frozenset(calls.refused.union(failures)))


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


def _stopped(plan: Plan, gates: NDArray[np.int16]) -> tuple[Flags | None, Floats]:
    """The rows that gates skip, and the scores that the others give."""
    skipped, score = np.zeros(len(gates), bool), np.zeros(len(gates))
    for place, gate in enumerate(plan.gates):
        stopped = gates == place
        if gate.require.score is None:
            skipped |= stopped
        else:
            score[stopped] = float(gate.require.score)
    score[skipped] = np.nan
    return skipped if skipped.any() else None, score


def _success(plan: Plan, frame: Frame, skipped: Flags | None) -> Floats | None:
    if plan.success is None:
        return None
    if skipped is None:
        held: Flags = frame.truths(plan.success, frame.all) == TRUE
        return held.astype(np.float64)
    success = np.full(frame.size, np.nan)
    rows = (~skipped).nonzero()[0]
    success[rows] = frame.truths(plan.success, rows) == TRUE
    return success


def _looked_up(table: SectionTable, section: Section, rules: Sequence[Given], step: int) -> Floats:
    """The sum of a section whose rules have fixed points."""
    combination: NDArray[np.intp] | None = None
    for rule, stride in zip(rules, table.strides, strict=True):
        assert rule.codes is not None
        part = rule.codes if stride == 1 else rule.codes * stride
        combination = part if combination is None else combination + part
    points: Floats = table.at_weight(section.weight_at(step))[combination]
    return points


def _summed(section: Section, rules: Sequence[Given], size: int, step: int) -> Floats:
    """The sum of a section's rules, capped and weighted exactly, and rounded once."""
    raw = Exact.zeros(size)
    for rule in rules:
        raw = raw.plus(rule.points)
    for bound, cap in ((section.low, Exact.at_least), (section.high, Exact.at_most)):
        if bound is not None:
            raw = cap(raw, Exact.of([bound]).repeated(size))
    return raw.times(section.weight_at(step)).doubles()


def _clamping(plan: Plan, total: Floats) -> Floats | None:
    """What brings each total into a clamped range; None where all lie in it."""
    declared = plan.program.score
    if not declared.clamped:
        return None
    out = (total < float(declared.low)) | (total > float(declared.high))
    different, places = np.unique(total[out], return_inverse=True)
    if not len(different):
        return None
    clamping = np.zeros(len(total))
    clamping[out] = np.array([clamping_of(declared, value) for value in different.tolist()])[places]
    return clamping
