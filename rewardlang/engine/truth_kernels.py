"""The columns of tests: what holds, what does not, and what nobody could judge. `marking.row_tests` is the same for one row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rewardlang import meaning, types
from rewardlang.engine.column import (
    FALSE,
    MISSING,
    REFUSED,
    THERE,
    TRUE,
    UNKNOWN,
    Codes,
    Column,
    Constant,
    Rows,
    joined_state,
    truths,
)
from rewardlang.engine.frame import Frame, TruthKernel
from rewardlang.engine.judging import Decide, Places, judged, leaf, verdicts
from rewardlang.engine.plan import Step
from rewardlang.engine.plan_from_program import bare
from rewardlang.engine.text_kernels import TEXT_TRUTHS
from rewardlang.engine.value_kernels import same
from rewardlang.marking.guard import failure
from rewardlang.marking.row_values import TOO_MANY, too_many
from rewardlang.marks import Failure

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST_WHOLE = 1 << 62


# -------------------------------------------------------- numbers


def _numeric(frame: Frame, index: int, rows: Rows) -> Column:
    """Numbers; of answers their numeric value, missing for an answer that has none."""
    column = frame.values(index, rows)
    if not isinstance(bare(frame.plan.steps[index].node.type), types.MathType):
        return column
    from rewardlang.answers.compare import numeric_value

    state = np.zeros(len(rows), np.int8) if column.state is None else column.state.copy()
    values: list[Any] = [None] * len(rows)
    known: dict[int, Any] = {}
    for place in np.flatnonzero(state == THERE).tolist():
        answer = column.values[place]
        if isinstance(answer, Fraction):
            number: Any = answer
        else:
            if id(answer) not in known:
                known[id(answer)] = numeric_value(answer)
            number = known[id(answer)]
        values[place] = number
        if number is None:
            state[place] = MISSING
    return Column(values, state)


def _flags(held: Any) -> Codes:
    """Codes of an array of booleans."""
    flags: NDArray[np.bool_] = held.astype(bool, copy=False)
    return flags.astype(np.int8) * np.int8(2)


def _ordered(columns: list[Column], low: int, sign: Callable[[Any, Any], Any], high: int) -> Any:
    one, two = columns[low].exact.compared(columns[high].exact)
    return sign(one, two)


def _number_test(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.NumberTest)
    sign = COMPARE[step.node.operator]
    if (held := _compared_with_whole(frame, step, rows, sign)) is not None:
        return TRUE - held if step.node.negated else held
    numbers = [_numeric(frame, index, rows) for index in step.inputs]
    return _with_refused_first(frame, step, rows, numbers, lambda _, columns: _flags(_ordered(columns, 0, sign, 1)), step.node.negated)


def _compared_with_whole(frame: Frame, step: Step, rows: Rows, sign: Callable[[Any, Any], Any]) -> Codes | None:
    """A comparison of whole numbers at hand as an array with one whole number; None for any other."""
    left = frame.values(step.inputs[0], rows)
    if left.wholes is None or left.state is not None:
        return None
    right = frame.values(step.inputs[1], rows)
    if not isinstance(right, Constant) or type(right.value) is not int or abs(right.value) > _MOST_WHOLE:
        return None
    return _flags(sign(left.wholes, right.value))


def _between(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Between)
    numbers = [_numeric(frame, index, rows) for index in step.inputs]

    def decide(_places: Places, columns: list[Column]) -> Codes:
        above = _flags(_ordered(columns, 1, operator.le, 0))
        below = _flags(_ordered(columns, 0, operator.le, 2))
        return np.minimum(above, below)

    return _with_refused_first(frame, step, rows, numbers, decide, step.node.negated)


def _with_refused_first(frame: Frame, step: Step, rows: Rows, numbers: list[Column], decide: Decide, negated: bool) -> Codes:
    """A refused operand leaves a test open, even where another operand has no numeric value: only then is it looked at."""
    truth = judged(numbers, decide, negated=negated)
    refused = joined_state([frame.values(index, rows) for index in step.inputs])
    if refused is not None:
        truth[refused == REFUSED] = UNKNOWN
    return truth


def _within(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Within)
    node = step.node
    operand, _, target = step.inputs
    columns = [frame.values(index, rows) for index in step.inputs]
    numbers = [_numeric(frame, operand, rows), columns[1], _numeric(frame, target, rows)]
    state = joined_state(columns)
    there = np.arange(len(rows)) if state is None else np.flatnonzero(state == THERE)
    truth: Codes = np.zeros(len(rows), np.int8) if state is None else np.int8(2) - state
    if node.equivalence is not None:
        given = [columns[0].take(there).values, columns[2].take(there).values]
        equal: Codes = verdicts(frame, step, node.equivalence, rows[there], given)
    else:
        equal = _flags(_ordered([column.take(there) for column in columns], 0, operator.eq, 2))
    near = judged([column.take(there) for column in numbers], lambda _, parts: _flags(_near(parts, node.relative)))
    numeric = joined_state([column.take(there) for column in numbers])
    if numeric is not None:
        open_ = (numeric != THERE) & (equal == UNKNOWN)
        near[open_] = UNKNOWN
        nothing = (numeric != THERE) & (equal == FALSE)
    held = np.where(equal == TRUE, np.int8(TRUE), near)
    truth[there] = TRUE - held if node.negated else held
    if numeric is not None:
        truth[there[nothing]] = FALSE
    return truth


def _near(columns: list[Column], relative: bool) -> Any:
    value, tolerance, target = (column.exact for column in columns)
    allowed = tolerance.multiplied(target.magnitude()) if relative else tolerance
    one, two = value.plus(target.times(-1)).magnitude().compared(allowed)
    return one <= two


# -------------------------------------------------------- values of any kind


def _present(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Present)
    state = frame.values(step.inputs[0], rows).state
    if state is None:
        state = np.zeros(len(rows), np.int8)
    return np.int8(2) - state if step.node.present else state


def _in(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.In)
    node = step.node
    ignoring = node.ignoring_case
    if isinstance(node.container, meaning.NamedList):
        members = node.container.folded if ignoring else node.container.members
        listed = step.inputs[:1]
        return leaf(
            frame,
            rows,
            listed,
            lambda _, columns: truths(same(item, ignoring) in members for item in columns[0].values),
            negated=node.negated,
        )

    def decide(places: Places, columns: list[Column]) -> Codes:
        items, lists = columns[0].values, columns[1].values
        if node.equivalence is None:
            return truths(
                any(same(other, ignoring) == wanted for other in others)
                for wanted, others in zip((same(item, ignoring) for item in items), lists, strict=True)
            )
        unasked = [place for place, others in enumerate(lists) if too_many((items[place],), others)]
        asked = list(lists)
        for place in unasked:
            asked[place] = ()
        owners = np.repeat(np.arange(len(items)), np.array([len(others) for others in asked], dtype=np.intp))
        given = [[items[owner] for owner in owners.tolist()], [other for others in asked for other in others]]
        truth: Codes = np.zeros(len(items), np.int8)
        truth[unasked] = UNKNOWN
        for owner in frame.in_batch(rows[places][unasked]) if unasked else ():
            frame.calls.failures.setdefault(owner, {})[failure(node.equivalence, TOO_MANY, broke=False)] = None
        np.maximum.at(truth, owners, verdicts(frame, step, node.equivalence, rows[places][owners], given))
        return truth

    return leaf(frame, rows, step.inputs, decide, negated=node.negated)


def _covered_in(frame: Frame, index: int, step: Step, rows: Rows) -> Codes:
    """Membership as far as the list covers; beyond it the test counts as false, and that is recorded."""
    node = step.node
    assert isinstance(node, meaning.CoveredIn)
    assert isinstance(node.container, meaning.NamedList)
    truth = _in(frame, index, step, rows).copy()
    column, owners = frame.values(step.inputs[0], rows), frame.in_batch(rows)
    for place, text in enumerate(column.values):
        if column.state is not None and column.state[place] != THERE:
            continue
        beyond = node.outside(text)
        if beyond is not None:
            truth[place] = FALSE
            frame.calls.failures.setdefault(owners[place], {})[Failure(node.container.name, False, beyond)] = None
    return truth


def _predicate(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Predicate)
    node = step.node
    return leaf(
        frame,
        rows,
        step.inputs,
        lambda places, columns: verdicts(frame, step, node.verifier, rows[places], [columns[0].values]),
        negated=node.negated,
    )


def _truth(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    return leaf(frame, rows, step.inputs, lambda _, columns: truths(map(bool, columns[0].values)))


# -------------------------------------------------------- joined tests


def _not(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    return np.int8(2) - frame.truths(step.inputs[0], rows)


def _at_least(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    """Cheap tests first; each is asked for the rows that those before it left undecided."""
    assert isinstance(step.node, meaning.AtLeast)
    needed = step.node.count
    spare = len(step.inputs) - needed
    if not step.lazy:
        return _counted([frame.truths(index, rows) for index in step.inputs], needed, spare)
    hold, fail = np.zeros(len(rows), np.int16), np.zeros(len(rows), np.int16)
    places = np.arange(len(rows))
    for place in step.node.order:
        index = step.inputs[place]
        truth = frame.truths(index, rows if len(places) == len(rows) else rows[places])
        hold[places] += truth == TRUE
        fail[places] += truth == FALSE
        places = places[(hold[places] < needed) & (fail[places] <= spare)]
        if not len(places):
            break
    return np.where(hold >= needed, np.int8(TRUE), np.where(fail > spare, np.int8(FALSE), np.int8(UNKNOWN)))


def _counted(parts: list[Codes], needed: int, spare: int) -> Codes:
    if spare == 0:
        return reduce(np.minimum, parts)
    if needed == 1:
        return reduce(np.maximum, parts)
    table = np.stack(parts)
    hold, fail = (table == TRUE).sum(axis=0), (table == FALSE).sum(axis=0)
    return np.where(hold >= needed, np.int8(TRUE), np.where(fail > spare, np.int8(FALSE), np.int8(UNKNOWN)))


TRUTHS: Mapping[type, TruthKernel] = {
    meaning.NumberTest: _number_test,
    meaning.Between: _between,
    meaning.Within: _within,
    **TEXT_TRUTHS,
    meaning.Present: _present,
    meaning.In: _in,
    meaning.CoveredIn: _covered_in,
    meaning.Predicate: _predicate,
    meaning.Truth: _truth,
    meaning.Not: _not,
    meaning.AtLeast: _at_least,
}
