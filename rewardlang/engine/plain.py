"""Plain plans, and their batches: a row earns by which of some tests hold, and by how much of something it has.

Plain is a plan whose rules have fixed points and whose tests no verifier is
asked for, but for counts; that is what most rewards about the shape of a reply
are. One function goes through the rows (`row_code`): of 64 rows an array costs
more than it saves, and of 10,000 the work is in the texts. What a combination
of outcomes earns is worked out once and looked up for every row that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rewardlang.attempt import Raised, attempt
from rewardlang.engine.batch import Batch
from rewardlang.engine.batch_marks import BatchMarks, Floats, Part
from rewardlang.engine.calls import Calls
from rewardlang.engine.column import THERE, Column
from rewardlang.engine.outcomes import EachOutcomes, Tables
from rewardlang.engine.plan import EachPlan, Found, Item, Plan, ScaledPlan, WhenPlan
from rewardlang.engine.row_code import RowCode, Rows
from rewardlang.engine.row_expressions import has_expression
from rewardlang.engine.row_writer import Wanted
from rewardlang.engine.rule_points import Given
from rewardlang.engine.totals import part_of, skipped_rows
from rewardlang.marking.row_marks import clamping_of
from rewardlang.meaning import NamedList, WordFind
from rewardlang.verifier import Verifier

_MOST_TOTALS = 1 << 14
_WEIGHTS_KEPT = 16


class PlainPlan:
    """What a row earns is looked up under one number, which says whether each of `tests` holds, and each of `counts`."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        self.plan, self.tables = plan, tables
        self._rules = list(zip(plan.rules, tables.rules, strict=True))
        tests = [test for rule in plan.rules if isinstance(rule, WhenPlan) for _, test in rule.cases if test is not None]
        self.success = None if plan.gates else plan.success
        """The test of success, where it is one of `tests`: where no gate stops a row, it is known with the rest."""
        self.tests = tuple(dict.fromkeys(tests if self.success is None else [*tests, self.success]))
        self.counts = tuple(
            dict.fromkeys(
                (rule.loop.items, one.most) for rule, one in self._rules if isinstance(rule, EachPlan) and isinstance(one, EachOutcomes)
            )
        )
        used = {index for step in plan.steps for index in step.inputs}
        counted = {step for step, _ in self.counts if _asks_a_finder(plan.steps[step].node)} - used
        self.most = {step: max(most for one, most in self.counts if one == step) for step in counted}
        """What finders count for rules alone, with the number from which on all those rules say the same."""
        gates = tuple(gate.test for gate in plan.gates)
        self.wanted = Wanted(plan.success if self.success is None else None, gates, self.tests, self.counts, self.most)
        self._totals: dict[tuple[Fraction, ...], _Totals] = {}
        self._known: dict[int, tuple[int, ...]] = {}
        self._always = None if any(len(section.weights) > 1 for section in plan.program.sections) else self._at(0)

    @cached_property
    def code(self) -> RowCode:
        """The function that goes through the rows."""
        return self.row_code()

    def row_code(self, *, clocked: bool = False) -> RowCode:
        """Another one; with `clocked` it says what each step takes."""
        return RowCode(self.plan, self.wanted, clocked=clocked)

    def totals(self, step: int) -> Mapping[int, float]:
        """The score of a row at a training step, by its number."""
        totals = self._at(step) if self._always is None else self._always
        if len(totals) >= _MOST_TOTALS:
            totals.clear()
        return totals

    def _at(self, step: int) -> _Totals:
        weights = tuple(section.weight_at(step) for section in self.plan.program.sections)
        if weights not in self._totals:
            if len(self._totals) >= _WEIGHTS_KEPT:
                self._totals = {}
            self._totals[weights] = _Totals(self, weights)
        return self._totals[weights]

    def codes(self, number: int) -> tuple[int, ...]:
        """The outcome of each rule, as its `Outcomes` number them."""
        held, counts = self.wanted.outcomes(number)
        codes = []
        for rule, outcomes in self._rules:
            if isinstance(rule, WhenPlan):
                codes.append(next((place for place, (_, test) in enumerate(rule.cases) if test is None or held[test]), len(rule.cases)))
            else:
                assert isinstance(rule, EachPlan)
                assert isinstance(outcomes, EachOutcomes)
                codes.append(counts[rule.loop.items, outcomes.most])
        return tuple(codes)

    def known(self, number: int) -> tuple[int, ...]:
        """The outcome of each rule, and whether there is success, where the number says it."""
        if number not in self._known:
            if len(self._known) >= _MOST_TOTALS:
                self._known = {}
            succeeds = self.success is not None and self.wanted.outcomes(number)[0][self.success]
            self._known[number] = (*self.codes(number), succeeds)
        return self._known[number]


class _Totals(dict[int, float]):
    """The scores of the rows that were met, by their numbers."""

    def __init__(self, plain: PlainPlan, weights: tuple[Fraction, ...]) -> None:
        super().__init__()
        self._plain, self._weights = plain, weights

    def __missing__(self, number: int) -> float:
        """Works out a score, as `totals.part_of` does for arrays."""
        plain, total = self._plain, 0.0
        codes = list(zip(plain.plan.rules, plain.codes(number), strict=True))
        for section, table, weight in zip(plain.plan.program.sections, plain.tables.sections, self._weights, strict=True):
            assert table is not None
            own = [code for rule, code in codes if rule.rule.section == section.name]
            total += float(table.at_weight(weight)[sum(code * stride for code, stride in zip(own, table.strides, strict=True))])
        declared = plain.plan.program.score
        if declared.clamped and not float(declared.low) <= total <= float(declared.high):
            total += clamping_of(declared, total)
        self[number] = total
        return total


def _asks_a_finder(node: Any) -> bool:
    return isinstance(node, Found) and isinstance(node.find, WordFind)


def plain_plan(plan: Plan, tables: Tables) -> PlainPlan | None:
    """The plan as a plain one, if it is that."""
    if None in tables.sections or None in tables.rules or plan.loops:
        return None
    if not all(isinstance(step.node, (Item, NamedList)) or has_expression(plan, step) for step in plan.steps):
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


class _UnjudgedError(Exception):
    """A verifier broke, for which the function has no place."""


class _Counted(dict[str, int]):
    """How often a finder finds something in a text, or `most` where that is less."""

    def __init__(self, verifier: Verifier, most: int | None) -> None:
        super().__init__()
        self.verifier, self._most = verifier, most

    def __missing__(self, text: str) -> int:
        """Asks the finder."""
        assert self.verifier.count is not None
        counts = attempt(self.verifier.count, [text], self._most)
        if isinstance(counts, Raised):
            raise _UnjudgedError
        count: int = counts[0] if self._most is None else min(counts[0], self._most)
        self[text] = count
        return count


def run(plain: PlainPlan, batch: Batch, step: int, calls: Calls, code: RowCode | None = None) -> BatchMarks | None:
    """The numbers of a batch at a training step; None where a verifier that counts broke."""
    tables: list[_Counted] = []

    def counts(index: int) -> _Counted:
        node = plain.plan.steps[index].node
        assert isinstance(node, Found)
        assert isinstance(node.find, WordFind)
        tables.append(_Counted(node.find.verifier, plain.most.get(index)))
        return tables[-1]

    try:
        rows = (code or plain.code).run((partial(_listed, columns) for columns in batch.portions()), len(batch), counts)
    except _UnjudgedError:
        return None
    for table in filter(None, tables):  # a verifier that nobody asked broke on nothing
        calls.asked.note_all(table.verifier, list(zip(table)), (), list(table.values()))
    return PlainMarks(plain, step, len(batch), rows)


def _listed(columns: Mapping[str, Column], name: str) -> list[Any]:
    """The values of a column, None where a row has none."""
    column = columns[name]
    if column.state is None:
        return column.values
    return [value if state == THERE else None for value, state in zip(column.values, column.state.tolist(), strict=True)]


class PlainMarks(BatchMarks):
    """The numbers of a plain plan's batch. The scores are at hand; the rest is put into arrays when it is asked for."""

    def __init__(self, plain: PlainPlan, step: int, size: int, rows: Rows) -> None:
        super().__init__(plain.plan, (), {}, frozenset())
        self._plain, self._step, self._size, self._rows = plain, step, size, rows
        self._scores = list(map(plain.totals(step).__getitem__, rows.numbers))
        if len(rows.numbers) < size:
            scored = iter(self._scores)
            stopped = [float("nan" if gate.require.score is None else gate.require.score) for gate in plain.plan.gates]
            self._scores = [next(scored) if gate < 0 else stopped[gate] for gate in rows.gates]

    @cached_property
    def score(self) -> Floats:
        """The score of each row, NaN where it was skipped."""
        return np.array(self._scores)

    def floats(self) -> list[float | None]:
        """The score of each row, None where it was skipped."""
        return super().floats() if len(self._rows.numbers) < self._size else list(self._scores)

    @cached_property
    def exact(self) -> Mapping[str, list[Fraction]]:
        """The points of each rule as they are added up; 0 where a gate decided."""
        places = self._distinct[1].tolist()
        return {name: [points[place] for place in places] for name, points in super().exact.items()}

    @cached_property
    def _distinct(self) -> tuple[Rows, NDArray[np.intp]]:
        """The rows of which no two are alike, and for each row which of these it is."""
        rows, keys = self._rows, self._rows.numbers
        if not rows.gates:
            places = {number: place for place, number in enumerate(dict.fromkeys(rows.numbers))}
            return Rows([], [], list(places)), np.fromiter(map(places.__getitem__, keys), np.intp, self._size)
        numbers = iter(rows.numbers)
        several = zip(rows.gates, rows.success or repeat(False))  # noqa: B905 - one of them may have no end
        kinds = [(gate, next(numbers) if gate < 0 else -1, success) for gate, success in several]
        among = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
        gates, alive, success = zip(*among, strict=True)
        distinct = Rows(list(success) if rows.success else [], list(gates), [number for number in alive if number >= 0])
        return distinct, np.array([among[kind] for kind in kinds], np.intp)

    def _joined(self, of: Callable[[Part], Any]) -> Any:
        """Rows that are alike have the same numbers."""
        return super()._joined(of)[self._distinct[1]]

    @cached_property
    def _parts(self) -> Sequence[Part]:
        """The numbers of the distinct rows."""
        plain, rows = self._plain, self._distinct[0]
        gates = np.array(rows.gates or [-1] * len(rows.numbers), dtype=np.int16)
        alive = np.flatnonzero(gates < 0)
        held, found = np.array(rows.success, dtype=np.float64), []
        if len(alive):
            *codes, successes = np.array(list(map(plain.known, rows.numbers)), dtype=np.intp).T
            found = [Given(None, None, code, outcomes) for code, outcomes in zip(codes, plain.tables.rules, strict=True)]
            if plain.success is not None:
                held = successes.astype(np.float64)
        success = _success(plain.plan, held, gates)
        return [part_of(plain.plan, plain.tables, self._step, alive, gates, success, found)]


def _success(plan: Plan, success: Floats, gates: NDArray[np.int16]) -> Floats | None:
    if plan.success is None:
        return None
    skipped = skipped_rows(plan, gates)
    if skipped is not None:
        success[skipped] = np.nan
    return success
