"""What rules can give whose points are fixed: a number for each outcome, known before any row is seen.

A row of such a rule is then one small number, and a section of such rules is
one sum of small numbers: the points of all their combinations are worked out
exactly, once, and looked up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang import meaning
from rewardlang.engine.column import FALSE, TRUE, UNKNOWN
from rewardlang.engine.exact import Exact
from rewardlang.engine.plan import EachPlan, Plan, ScaledPlan, WhenPlan
from rewardlang.program import Rule, Section

Codes: TypeAlias = "NDArray[np.intp]"
Floats: TypeAlias = "NDArray[np.float64]"
_MOST = 512
"""Outcomes of a rule, and combinations of a section, that are worked out beforehand."""
_WEIGHTS_KEPT = 16


class Outcomes:
    """The outcomes of a rule by code: signed points, and whether it fired."""

    def __init__(self, rule: Rule, outcomes: Sequence[tuple[Fraction, bool]]) -> None:
        self.points = tuple(points if rule.sign == "award" else -points for points, _ in outcomes)
        self.fired = np.array([fired for _, fired in outcomes])
        self.exact = Exact.of(self.points)
        self.doubles = np.array([float(points) for points in self.points])


class WhenOutcomes(Outcomes):
    """Code `k` is the k-th case, the last code that no case held. `chosen[k][truth, code]`: the code given that of the cases behind."""

    def __init__(self, rule: Rule, points: Sequence[Fraction]) -> None:
        super().__init__(rule, [*((one, True) for one in points), (Fraction(0), False)])
        self.chosen = [self._chosen(place) for place in range(len(points))]

    def _chosen(self, place: int) -> Codes:
        """A verdict that was not reached gives the row the worse of both, and the first of two that are equally bad.

        Signed, the worse for the row is the smaller, for what is awarded and for what is deducted.
        """
        table = np.empty((3, len(self.points)), np.intp)
        table[FALSE], table[TRUE] = np.arange(len(self.points)), place
        table[UNKNOWN] = [place if self.points[place] <= points else other for other, points in enumerate(self.points)]
        return table


class EachOutcomes(Outcomes):
    """The code is the number of items up to `most`, from which on the limit holds; `most + 1`: what to look through was refused."""

    def __init__(self, rule: Rule, one: Fraction, limit: Fraction, most: int) -> None:
        worst = Fraction(0) if rule.sign == "award" else limit
        super().__init__(rule, [*((min(one * count, limit), count > 0) for count in range(most + 1)), (worst, worst != 0)])
        self.most = most


class SectionTable:
    """The weighted points of a section for every combination of its rules' outcomes: the codes, each times its stride, are one number."""

    def __init__(self, section: Section, outcomes: Sequence[Outcomes]) -> None:
        sizes = [len(outcome.points) for outcome in outcomes]
        self.strides = tuple(math.prod(sizes[place + 1 :]) for place in range(len(sizes)))
        sums = [sum(combination, Fraction(0)) for combination in product(*(outcome.points for outcome in outcomes))]
        low, high = section.low, section.high
        sums = sums if low is None else [max(points, low) for points in sums]
        self._points = sums if high is None else [min(points, high) for points in sums]
        self._weighted: dict[Fraction, Floats] = {}

    def at_weight(self, weight: Fraction) -> Floats:
        """By combination."""
        if weight not in self._weighted:
            if len(self._weighted) >= _WEIGHTS_KEPT:
                self._weighted = {}
            self._weighted[weight] = np.array([float(points * weight) for points in self._points])
        return self._weighted[weight]


class Tables:
    """The outcomes of a plan's rules, and the tables of its sections; None where they are not fixed, or too many."""

    def __init__(self, plan: Plan) -> None:
        self.rules = tuple(None if isinstance(rule, ScaledPlan) else _outcomes(plan, rule) for rule in plan.rules)
        self.sections = tuple(self._table(plan, section) for section in plan.program.sections)

    def _table(self, plan: Plan, section: Section) -> SectionTable | None:
        outcomes = [outcome for rule, outcome in zip(plan.rules, self.rules, strict=True) if rule.rule.section == section.name]
        fixed = [outcome for outcome in outcomes if outcome is not None]
        if not fixed or len(fixed) != len(outcomes) or math.prod(len(outcome.points) for outcome in fixed) > _MOST:
            return None
        return SectionTable(section, fixed)


def _outcomes(plan: Plan, rule: WhenPlan | EachPlan) -> WhenOutcomes | EachOutcomes | None:
    if isinstance(rule, WhenPlan):
        points = [_fixed(plan, step) for step, _ in rule.cases]
        known = [one for one in points if one is not None]
        return WhenOutcomes(rule.rule, known) if len(known) == len(points) < _MOST else None
    one, limit = _fixed(plan, rule.points), None if rule.limit is None else _fixed(plan, rule.limit)
    if one is None or limit is None or one <= 0 or limit < 0 or limit > one * (_MOST - 2):
        return None
    return EachOutcomes(rule.rule, one, limit, max(1, math.ceil(limit / one)))


def _fixed(plan: Plan, index: int) -> Fraction | None:
    """The number that a step has in every row."""
    match plan.steps[index].node:
        case meaning.Constant(value=value):
            return Fraction(value)
        case meaning.ParamValue(name=name):
            return Fraction(plan.program.params[name].default)
    return None
