"""From what the rules gave to some rows to their sections and scores, as `marking.row_marks` adds them up, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.batch_marks import Flags, Floats, Part
from rewardlang.engine.column import Rows
from rewardlang.engine.exact import Exact
from rewardlang.engine.outcomes import SectionTable, Tables
from rewardlang.engine.plan import Plan
from rewardlang.engine.rule_points import Given
from rewardlang.marking.row_marks import clamping_of
from rewardlang.program import Section


def part_of(
    plan: Plan, tables: Tables, step: int, alive: Rows, gates: NDArray[np.int16], success: Floats | None, found: Sequence[Given]
) -> Part:
    """The numbers of some rows, given the gate that stopped each (or −1), the rows `alive`, and what each rule gave to those."""
    size = len(gates)
    skipped = skipped_rows(plan, gates)
    score = None if len(alive) == size else _stopped(plan, gates)
    if not len(alive):
        return Part(size, alive, skipped, np.zeros(0) if score is None else score, success, gates, (), (), None)
    total = np.zeros(len(alive))
    sections = []
    for section, table in zip(plan.program.sections, tables.sections, strict=True):
        rules = [one for rule, one in zip(plan.rules, found, strict=True) if rule.rule.section == section.name]
        points = _summed(section, rules, len(alive), step) if table is None else _looked_up(table, section, rules, step)
        total = total + points
        sections.append(points)
    clamping = _clamping(plan, total)
    scored = total if clamping is None else total + clamping
    if score is None:
        return Part(size, None, None, scored, success, gates, found, sections, clamping)
    score[alive] = scored
    return Part(size, alive, skipped, score, success, gates, found, sections, clamping)


def skipped_rows(plan: Plan, gates: NDArray[np.int16]) -> Flags | None:
    """The rows that gates skip, given the gate that stopped each; None where there are none."""
    skipping = [place for place, gate in enumerate(plan.gates) if gate.require.score is None]
    skipped: Flags = np.zeros(len(gates), bool)
    for place in skipping:
        skipped |= gates == place
    return skipped if skipping and skipped.any() else None


def _stopped(plan: Plan, gates: NDArray[np.int16]) -> Floats:
    """The scores that gates give, NaN where they skip."""
    score = np.zeros(len(gates))
    for place, gate in enumerate(plan.gates):
        score[gates == place] = np.nan if gate.require.score is None else float(gate.require.score)
    return score


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
