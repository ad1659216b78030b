"""Plain plans, and their batches: a row earns by which of some tests hold, and by how much of something it has.

Plain is a plan whose rules have fixed points and whose tests no verifier is
asked for, but for counts; that is what most rewards about the shape of a reply
are. The columns of a plain plan are lists (`lists`): of 64 rows an array costs
more than it saves, and of 10,000 the work is in the texts. What a combination
of outcomes earns is worked out once and looked up for every row that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.batch import Batch
from rewardlang.engine.batch_marks import BatchMarks, Floats, Part
from rewardlang.engine.calls import Calls
from rewardlang.engine.list_kernels import KERNELS, UnjudgedError, has_lists, shaped_steps
from rewardlang.engine.lists import ListPlan, Lists
from rewardlang.engine.outcomes import EachOutcomes, Tables
from rewardlang.engine.plan import EachPlan, Found, Item, Plan, ScaledPlan, WhenPlan
from rewardlang.engine.rule_points import Given
from rewardlang.engine.totals import part_of, skipped_rows
from rewardlang.marking.row_marks import clamping_of
from rewardlang.meaning import NamedList

_MOST_TOTALS = 1 << 14
_WEIGHTS_KEPT = 16


class _Count(NamedTuple):
    """The step of a number of findings, and the number from which on it makes no difference."""

    step: int
    most: int


class PlainPlan:
    """What is looked up for a row is a key: whether each of `tests` holds, and then each of `counts`."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        self.plan, self.tables = plan, tables
        self.lists = ListPlan(plan, KERNELS, shaped_steps(plan))
        self._rules = list(zip(plan.rules, tables.rules, strict=True))
        self.tests = tuple(
            dict.fromkeys(test for rule in plan.rules if isinstance(rule, WhenPlan) for _, test in rule.cases if test is not None)
        )
        self.counts = tuple(
            dict.fromkeys(
                _Count(rule.loop.items, one.most)
                for rule, one in self._rules
                if isinstance(rule, EachPlan) and isinstance(one, EachOutcomes)
            )
        )
        self._totals: dict[tuple[Fraction, ...], _Totals] = {}

    def totals(self, step: int) -> _Totals:
        """The score of each key at a training step."""
        weights = tuple(section.weight_at(step) for section in self.plan.program.sections)
        if weights not in self._totals:
            if len(self._totals) >= _WEIGHTS_KEPT:
                self._totals = {}
            self._totals[weights] = _Totals(self, weights)
        return self._totals[weights]

    def codes(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """The outcome of each rule, as its `Outcomes` number them."""
        held = dict(zip(self.tests, key, strict=False))
        counts = dict(zip(self.counts, key[len(self.tests) :], strict=True))
        codes = []
        for rule, outcomes in self._rules:
            if isinstance(rule, WhenPlan):
                codes.append(next((place for place, (_, test) in enumerate(rule.cases) if test is None or held[test]), len(rule.cases)))
            else:
                assert isinstance(rule, EachPlan)
                assert isinstance(outcomes, EachOutcomes)
                codes.append(counts[_Count(rule.loop.items, outcomes.most)])
        return tuple(codes)


class _Totals(dict[tuple[Any, ...], float]):
    """The score of each key that was met."""

    def __init__(self, plain: PlainPlan, weights: tuple[Fraction, ...]) -> None:
        super().__init__()
        self._plain, self._weights = plain, weights

    def __missing__(self, key: tuple[Any, ...]) -> float:
        """Works out the score of a key, as `totals.part_of` does for arrays."""
        plain, total = self._plain, 0.0
        codes = list(zip(plain.plan.rules, plain.codes(key), strict=True))
        for section, table, weight in zip(plain.plan.program.sections, plain.tables.sections, self._weights, strict=True):
            assert table is not None
            own = [code for rule, code in codes if rule.rule.section == section.name]
            total += float(table.at_weight(weight)[sum(code * stride for code, stride in zip(own, table.strides, strict=True))])
        declared = plain.plan.program.score
        if declared.clamped and not float(declared.low) <= total <= float(declared.high):
            total += clamping_of(declared, total)
        if len(self) >= _MOST_TOTALS:
            self.clear()
        self[key] = total
        return total


def plain_plan(plan: Plan, tables: Tables) -> PlainPlan | None:
    """The plan as a plain one, if it is that."""
    if None in tables.sections or None in tables.rules or plan.loops:
        return None
    if not all(isinstance(step.node, (Item, NamedList)) or has_lists(plan, step) for step in plan.steps):
        return None
    first = []  # what may be dear is asked of all rows that no gate stopped, or else not here
    for rule in plan.rules:
        match rule:
            case WhenPlan(cases=cases):
                first.append([test for _, test in cases[1:] if test is not None])
            case EachPlan(loop=loop, where=None, distinct=False) if isinstance(plan.steps[loop.items].node, Found):
                continue
            case EachPlan() | ScaledPlan():
                return None
    asked = [gate.test for gate in plan.gates] + ([plan.success] if plan.success is not None else []) + list(chain.from_iterable(first))
    return None if any(plan.steps[index].lazy for index in asked) else PlainPlan(plan, tables)


# -------------------------------------------------------- batches


class _Part(NamedTuple):
    """What is known of rows that follow each other. `gates` None: none stopped a row; `keyed` are the columns of the keys of the others."""

    size: int
    scores: list[float]
    success: list[bool] | None
    gates: list[int] | None
    keyed: list[list[Any]]


def run(plain: PlainPlan, batch: Batch, step: int, calls: Calls, bounds: Sequence[tuple[int, int]]) -> BatchMarks | None:
    """The numbers of a batch at a training step, `bounds` by `bounds`; None where a verifier that counts refused a text, or broke."""
    totals = plain.totals(step)
    parts = []
    try:
        for start, end in bounds:
            parts.append(_marked(plain, totals, Lists(plain.lists, calls, range(start, end), batch.between(start, end))))
    except UnjudgedError:
        return None
    return PlainMarks(plain, step, parts)


def _marked(plain: PlainPlan, totals: _Totals, lists: Lists) -> _Part:
    plan = plain.plan
    success = None if plan.success is None else lists.tests(plan.success)
    gates = _gates(plan, lists)
    if gates is None:
        keyed = _keyed(plain, lists)
        return _Part(lists.size, _looked_up(totals, keyed, lists.size), success, None, keyed)
    alive = [row for row, gate in enumerate(gates) if gate < 0]
    keyed = _keyed(plain, lists.some(alive)) if alive else []
    scored = iter(_looked_up(totals, keyed, len(alive)))
    stopped = [float("nan" if gate.require.score is None else gate.require.score) for gate in plan.gates]
    return _Part(lists.size, [next(scored) if gate < 0 else stopped[gate] for gate in gates], success, gates, keyed)


def _gates(plan: Plan, lists: Lists) -> list[int] | None:
    """The gate that stops each row, or −1."""
    gates: list[int] | None = None
    for place, gate in enumerate(plan.gates):
        passed = lists.tests(gate.test)
        if not all(passed):
            before = gates or repeat(-1)
            gates = [place if one < 0 and not holds else one for one, holds in zip(before, passed, strict=False)]
    return gates


def _keyed(plain: PlainPlan, lists: Lists) -> list[list[Any]]:
    return [*map(lists.tests, plain.tests), *(_capped(lists, count) for count in plain.counts)]


def _capped(lists: Lists, count: _Count) -> list[int]:
    values, holes = lists.values(count.step)
    most = count.most
    if holes:
        return [0 if value is None else value if value < most else most for value in values]
    return [value if value < most else most for value in values]


def _looked_up(totals: _Totals, keyed: list[list[Any]], size: int) -> list[float]:
    return list(map(totals.__getitem__, zip(*keyed, strict=True) if keyed else repeat((), size)))


class PlainMarks(BatchMarks):
    """The numbers of a plain plan's batch. The scores are at hand; the rest is put into arrays when it is asked for."""

    def __init__(self, plain: PlainPlan, step: int, parts: Sequence[_Part]) -> None:
        super().__init__(plain.plan, (), {}, frozenset())
        self._plain, self._step, self._known = plain, step, parts

    @cached_property
    def score(self) -> Floats:
        """The score of each row, NaN where it was skipped."""
        return np.array(list(chain.from_iterable(part.scores for part in self._known)))

    def floats(self) -> list[float | None]:
        """The score of each row, None where it was skipped."""
        if any(part.gates is not None for part in self._known):
            return super().floats()
        return list(chain.from_iterable(part.scores for part in self._known))

    @cached_property
    def _parts(self) -> Sequence[Part]:
        return [self._part(part) for part in self._known]

    def _part(self, part: _Part) -> Part:
        plain = self._plain
        gates = np.array([-1] * part.size if part.gates is None else part.gates, dtype=np.int16)
        alive = np.flatnonzero(gates < 0)
        success = _success(plain.plan, part, gates)
        if not len(alive):
            return part_of(plain.plan, plain.tables, self._step, alive, gates, success, [])
        codes = _Codes(plain)
        keys = zip(*part.keyed, strict=True) if part.keyed else repeat((), len(alive))
        table = np.array([codes[key] for key in keys], dtype=np.intp)
        found = [Given(None, None, table[:, place], outcomes) for place, outcomes in enumerate(plain.tables.rules)]
        return part_of(plain.plan, plain.tables, self._step, alive, gates, success, found)


def _success(plan: Plan, part: _Part, gates: NDArray[np.int16]) -> Floats | None:
    if part.success is None:
        return None
    success = np.array(part.success, dtype=np.float64)
    skipped = skipped_rows(plan, gates)
    if skipped is not None:
        success[skipped] = np.nan
    return success


class _Codes(dict[tuple[Any, ...], tuple[int, ...]]):
    """The outcomes of each key that was met."""

    def __init__(self, plain: PlainPlan) -> None:
        super().__init__()
        self._plain = plain

    def __missing__(self, key: tuple[Any, ...]) -> tuple[int, ...]:
        """Works out the outcomes of a key."""
        self[key] = codes = self._plain.codes(key)
        return codes
