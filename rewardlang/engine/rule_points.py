"""What each rule gives to some rows: exact unsigned points, and whether it fired. `marking.row_marks` is the same for one row."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import FALSE, MISSING, REFUSED, TRUE, Column, Rows
from rewardlang.engine.column import Codes as Truths
from rewardlang.engine.exact import Exact
from rewardlang.engine.frame import Frame
from rewardlang.engine.loops import counted
from rewardlang.engine.outcomes import Codes, EachOutcomes, Floats, Outcomes, WhenOutcomes
from rewardlang.engine.plan import EachPlan, RulePlan, ScaledPlan, WhenPlan

Flags: TypeAlias = "NDArray[np.bool_]"


class Given:
    """What a rule gave to some rows: signed points before caps and weight, and whether it fired."""

    __slots__ = ("_fired", "_points", "codes", "outcomes")

    def __init__(self, points: Exact | None, fired: Flags | None, codes: Codes | None = None, outcomes: Outcomes | None = None) -> None:
        self._points, self._fired = points, fired
        self.codes, self.outcomes = codes, outcomes

    @property
    def points(self) -> Exact:
        """The points, exact."""
        if self._points is None:
            assert self.outcomes is not None
            assert self.codes is not None
            self._points = self.outcomes.exact.take(self.codes)
        return self._points

    @property
    def fired(self) -> Flags:
        """Whether the rule applied."""
        if self._fired is None:
            assert self.outcomes is not None
            self._fired = self.outcomes.fired[self.codes]
        return self._fired

    def doubles(self) -> Floats:
        """The points as the nearest doubles."""
        if self.outcomes is None:
            return self.points.doubles()
        doubles: Floats = self.outcomes.doubles[self.codes]
        return doubles


def given(frame: Frame, plan: RulePlan, outcomes: Outcomes | None, rows: Rows) -> Given:
    """The points of a rule in some rows."""
    if isinstance(outcomes, WhenOutcomes):
        assert isinstance(plan, WhenPlan)
        return Given(None, None, _which(frame, plan, outcomes, rows), outcomes)
    if isinstance(outcomes, EachOutcomes):
        assert isinstance(plan, EachPlan)
        return Given(None, None, _how_many(frame, plan, outcomes, rows), outcomes)
    match plan:
        case WhenPlan():
            points, fired = _when(frame, plan, rows)
        case EachPlan():
            points, fired = _each(frame, plan, rows)
        case ScaledPlan():
            points, fired = _scaled(frame, plan, rows)
    return Given(points if plan.rule.sign == "award" else points.times(-1), fired)


# -------------------------------------------------------- fixed points


def _which(frame: Frame, plan: WhenPlan, outcomes: WhenOutcomes, rows: Rows) -> Codes:
    """The case of each row. A case is asked of the rows for which none before it held."""
    truths: list[Truths] = []
    waiting = None  # the places among `rows` that are still asked; None: all
    for _, condition in plan.cases:
        if condition is None:
            truths.append(np.full(len(rows), TRUE, np.int8))
            break
        if waiting is None:
            truth = frame.truths(condition, rows)
        else:
            truth = np.full(len(rows), FALSE, np.int8)
            truth[waiting] = frame.truths(condition, rows[waiting])
        truths.append(truth)
        if len(truths) < len(plan.cases):
            held = truth == TRUE
            if held.any():
                waiting = (~held).nonzero()[0] if waiting is None else waiting[~held[waiting]]
                if not len(waiting):
                    break
    none_held = len(outcomes.points) - 1
    places = range(len(truths))
    codes = outcomes.chosen[places[-1]][:, none_held][truths[-1]]
    for place in reversed(places[:-1]):
        codes = outcomes.chosen[place][truths[place], codes]
    return codes


def _how_many(frame: Frame, plan: EachPlan, outcomes: EachOutcomes, rows: Rows) -> Codes:
    counts, state = counted(frame, plan, rows)
    codes: Codes = np.minimum(counts, outcomes.most)
    if state is not None:
        codes[state == REFUSED] = outcomes.most + 1
    return codes


# -------------------------------------------------------- points that differ from row to row


def _points(frame: Frame, index: int, rows: Rows) -> Exact:
    return frame.values(index, rows).exact


def _when(frame: Frame, plan: WhenPlan, rows: Rows) -> tuple[Exact, Flags]:
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
    return zero.where(better, points), fired & ~better


def _is_worse(one: Exact, other: Exact, award: bool) -> Flags:
    """Whether one outcome is worse for the row than the other."""
    left, right = one.compared(other)
    worse: Flags = (left < right if award else left > right).astype(bool)
    return worse


def _each(frame: Frame, plan: EachPlan, rows: Rows) -> tuple[Exact, Flags]:
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
    return points, fired


def _scaled(frame: Frame, plan: ScaledPlan, rows: Rows) -> tuple[Exact, Flags]:
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
    return points, fired
