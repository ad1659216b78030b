"""What each rule gives to some rows: exact unsigned points, and whether it fired. `marking.row_marks` is the same for one row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import FALSE, MISSING, REFUSED, TRUE, Column, Rows
from rewardlang.engine.exact import Exact
from rewardlang.engine.frame import Frame
from rewardlang.engine.loops import counted
from rewardlang.engine.plan import EachPlan, RulePlan, ScaledPlan, WhenPlan

Flags = NDArray[np.bool_]


class Given(NamedTuple):
    """What a rule gave: signed points before caps and weight, and whether it fired."""

    points: Exact
    fired: Flags


def given(frame: Frame, plan: RulePlan, rows: Rows) -> Given:
    """The points of a rule in some rows."""
    match plan:
        case WhenPlan():
            outcome = _when(frame, plan, rows)
        case EachPlan():
            outcome = _each(frame, plan, rows)
        case ScaledPlan():
            outcome = _scaled(frame, plan, rows)
    return outcome if plan.rule.sign == "award" else Given(outcome.points.times(-1), outcome.fired)


def _points(frame: Frame, index: int, rows: Rows) -> Exact:
    return frame.values(index, rows).exact


def _when(frame: Frame, plan: WhenPlan, rows: Rows) -> Given:
    """The first case that holds; where a verdict was not reached, the case that gives the row fewest points."""
    award = plan.rule.sign == "award"
    points = Exact.zeros(len(rows))
    decided, fired = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    waiting = np.arange(len(rows))
    for points_index, condition in plan.cases:
        if not len(waiting):
            break
        asked = rows if len(waiting) == len(rows) else rows[waiting]
        truth = np.full(len(waiting), TRUE, np.int8) if condition is None else frame.truths(condition, asked)
        possible = np.zeros(len(rows), bool)
        possible[waiting] = truth != FALSE
        offered = _points(frame, points_index, rows)
        better = possible & (~decided | _is_worse(offered, points, award))
        points = offered.where(better, points)
        fired |= better
        decided |= possible
        waiting = waiting[truth != TRUE]
    nothing = np.zeros(len(rows), bool)
    nothing[waiting] = True
    zero = Exact.zeros(len(rows))
    better = nothing & (~decided | _is_worse(zero, points, award))
    return Given(zero.where(better, points), fired & ~better)


def _is_worse(one: Exact, other: Exact, award: bool) -> Flags:
    """Whether one outcome is worse for the row than the other."""
    left, right = one.compared(other)
    worse: Flags = (left < right if award else left > right).astype(bool)
    return worse


def _each(frame: Frame, plan: EachPlan, rows: Rows) -> Given:
    """Points for each finding, up to the limit."""
    counts, state = counted(frame, plan, rows)
    points = _points(frame, plan.points, rows).multiplied(Exact(counts))
    limit = None if plan.limit is None else _points(frame, plan.limit, rows)
    if limit is not None:
        points = points.at_most(limit)
    fired = counts > 0
    if state is not None:
        refused = state == REFUSED
        if plan.rule.sign == "award":
            worst = Exact.zeros(len(rows))
        else:
            worst = limit if limit is not None else Column([plan.rule.range.high] * len(rows)).exact
        points = worst.where(refused, points)
        fired = np.where(refused, (worst.numerators != 0).astype(bool), fired)
    return Given(points, fired)


def _scaled(frame: Frame, plan: ScaledPlan, rows: Rows) -> Given:
    """Points times a measure, cut to 0…1; a missing measure gives none, a refused one gives the row the worse end."""
    measure, most = frame.values(plan.measure, rows), _points(frame, plan.points, rows)
    zero, one = Exact.zeros(len(rows)), Exact(np.ones(len(rows), np.int64))
    if measure.state is None:
        share = measure.exact
    else:
        there = np.flatnonzero(measure.state == 0)
        values: list[object] = [0] * len(rows)
        for place, value in zip(there.tolist(), measure.take(there).values, strict=True):
            values[place] = value
        share = Column(values).exact
    share = share.at_least(zero).at_most(one)
    points = most.multiplied(share)
    fired = (share.numerators > 0).astype(bool)
    if measure.state is not None:
        worst = zero if plan.rule.sign == "award" else most
        refused, missing = measure.state == REFUSED, measure.state == MISSING
        points = worst.where(refused, zero.where(missing, points))
        fired = np.where(refused, (worst.numerators != 0).astype(bool), fired & ~missing)
    return Given(points, fired)
