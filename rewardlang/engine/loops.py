"""Loops over findings and over the items of lists: all items of many rows laid end to end, and sums over each row's part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang import meaning
from rewardlang.engine.column import FALSE, REFUSED, THERE, TRUE, UNKNOWN, Codes, Column, Rows
from rewardlang.engine.find_kernels import fitting
from rewardlang.engine.frame import Frame, TruthKernel
from rewardlang.engine.plan import EachPlan, Loop, Step
from rewardlang.engine.value_kernels import same

_ITEMS_AT_ONCE = 1 << 16


class _Laid(NamedTuple):
    """The items of some places: `frame` holds them, those of the k-th place begin at `begins[k]` and are `sizes[k]`."""

    places: Rows
    frame: Frame
    begins: Rows
    sizes: Rows


def _laid(frame: Frame, loop: Loop, rows: Rows, items: Column) -> Iterator[_Laid]:
    """The items of every row that has any, in portions that fit into memory."""
    there = np.arange(len(rows)) if items.state is None else np.flatnonzero(items.state == THERE)
    lists = [fitting(loop.find, items.values[place]) for place in there.tolist()]
    sizes = np.array([len(values) for values in lists], dtype=np.intp)
    portion = np.cumsum(sizes) // _ITEMS_AT_ONCE
    for number in np.unique(portion).tolist():
        chosen = np.flatnonzero((portion == number) & (sizes > 0))
        if len(chosen):
            values: list[Any] = list(chain.from_iterable(lists[index] for index in chosen.tolist()))
            owners = np.repeat(rows[there[chosen]], sizes[chosen])
            inner = frame.inside(Column(values), owners, loop.item)
            yield _Laid(there[chosen], inner, np.cumsum(sizes[chosen]) - sizes[chosen], sizes[chosen])


def some(frame: Frame, index: int, step: Step, rows: Rows) -> Codes:
    """`some … in … where …`: whether the test holds for an item; `no …` the other way round."""
    assert isinstance(step.node, meaning.Some)
    loop, where = frame.plan.loops[index], step.inputs[1]
    items = frame.values(loop.items, rows)
    truth: Codes = np.zeros(len(rows), np.int8)
    for laid in _laid(frame, loop, rows, items):
        if frame.plan.steps[where].lazy:
            truth[laid.places] = _first_that_holds(laid, where)
        else:
            truth[laid.places] = np.maximum.reduceat(laid.frame.truths(where, laid.frame.all), laid.begins)
    if step.node.negated:
        truth = np.int8(2) - truth
    if items.state is not None:
        truth[items.state != THERE] = FALSE
        truth[items.state == REFUSED] = UNKNOWN
    return truth


def _first_that_holds(laid: _Laid, where: int) -> Codes:
    """Item by item, until one holds: what comes behind it is not asked."""
    truth: Codes = np.zeros(len(laid.places), np.int8)
    active = np.arange(len(laid.places))
    at = 0
    while len(active):
        found = laid.frame.truths(where, laid.begins[active] + at)
        truth[active] = np.maximum(truth[active], found)
        at += 1
        active = active[(found != TRUE) & (laid.sizes[active] > at)]
    return truth


def counted(frame: Frame, plan: EachPlan, rows: Rows) -> tuple[NDArray[np.int64], Codes | None]:
    """How many items of each row count for a rule, and the state of what the loop goes over."""
    items = frame.values(plan.loop.items, rows)
    if items.wholes is not None and plan.where is None and not plan.distinct:
        return items.wholes, items.state
    counts = np.zeros(len(rows), np.int64)
    if plan.where is None and not plan.distinct:
        sizes = [value if isinstance(value, int) else len(fitting(plan.loop.find, value)) for value in _values_there(items)]
        counts[_places_there(items)] = sizes
        return counts, items.state
    for laid in _laid(frame, plan.loop, rows, items):
        counts[laid.places] = _passing(laid, plan)
    return counts, items.state


def _places_there(items: Column) -> Rows:
    return np.arange(len(items)) if items.state is None else np.flatnonzero(items.state == THERE)


def _values_there(items: Column) -> list[Any]:
    return items.values if items.state is None else items.take(_places_there(items)).values


def _passing(laid: _Laid, plan: EachPlan) -> NDArray[np.int64]:
    owners = np.repeat(np.arange(len(laid.places)), laid.sizes)
    kinds = _kinds(laid, plan.loop, owners) if plan.distinct else np.arange(laid.frame.size)
    passed = np.zeros(laid.frame.size, bool)
    if plan.where is None:
        passed[:] = True
    elif not laid.frame.plan.steps[plan.where].lazy or not plan.distinct:
        passed[:] = _pays(laid.frame.truths(plan.where, laid.frame.all), plan)
    else:
        _ask_until_paid(laid, plan, kinds, passed)
    if plan.distinct:
        first: Rows = np.unique(kinds[passed], return_index=True)[1]
        owners_passed = owners[passed][first]
    else:
        owners_passed = owners[passed]
    return np.bincount(owners_passed, minlength=len(laid.places)).astype(np.int64)


def _pays(truth: Codes, plan: EachPlan) -> NDArray[np.bool_]:
    """Whether an item counts; one that nobody could judge counts against the row."""
    pays: NDArray[np.bool_] = truth >= (UNKNOWN if plan.rule.sign == "deduct" else TRUE)
    return pays


def _kinds(laid: _Laid, loop: Loop, owners: Rows) -> Rows:
    """A number for each item, the same for the same thing in the same row."""
    numbers: dict[Any, int] = {}
    values = laid.frame.values(loop.item, laid.frame.all).values
    return np.array([numbers.setdefault((owner, same(value)), len(numbers)) for owner, value in zip(owners.tolist(), values, strict=True)])


def _ask_until_paid(laid: _Laid, plan: EachPlan, kinds: Rows, passed: NDArray[np.bool_]) -> None:
    """The first item of each kind, then the second of those kinds that have not counted yet, and so on."""
    assert plan.where is not None
    order = np.argsort(kinds, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], kinds[order][1:] != kinds[order][:-1])))
    sizes = np.diff(np.concatenate((starts, [len(order)])))
    at = 0
    while len(starts):
        items = order[starts + at]
        ascending = np.sort(items)
        pays = np.zeros(laid.frame.size, bool)
        pays[ascending] = _pays(laid.frame.truths(plan.where, ascending), plan)
        passed[items] = pays[items]
        at += 1
        kept = ~pays[items] & (sizes > at)
        starts, sizes = starts[kept], sizes[kept]


LOOPS: Mapping[type, TruthKernel] = {meaning.Some: some}
