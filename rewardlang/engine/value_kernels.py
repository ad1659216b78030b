"""The columns of values: what is given, computed, read and measured. `marking.row_values` is the same for one row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from rewardlang import meaning
from rewardlang.answers.values import Answer, identity_of
from rewardlang.engine.calls import Shrink
from rewardlang.engine.column import MISSING, REFUSED, THERE, Codes, Column, Constant, Rows, joined_state
from rewardlang.engine.frame import Frame, ValueKernel
from rewardlang.engine.plan import Step
from rewardlang.marking.guard import failure
from rewardlang.marking.row_values import MAX_BITS, TOO_MANY, contains_words, folded, share_of_verdicts, spaced, too_many
from rewardlang.passages import outside
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import Verifier

_SAME_IN_ALL_ROWS = (meaning.Constant, meaning.NamedList, meaning.ParamValue)
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def by_row(frame: Frame, rows: Rows, inputs: Sequence[int], compute: Callable[[Rows, list[list[Any]]], Sequence[Any]]) -> Column:
    """A column computed where all inputs are there; what comes back may be `Missing` or `Refused`.

    `compute` is given the places among `rows` and the values of each input there.
    """
    columns = [frame.values(index, rows) for index in inputs]
    state = joined_state(columns)
    if state is None:
        return of_results(compute(np.arange(len(rows)), [column.values for column in columns]))
    there = np.flatnonzero(state == THERE)
    found = of_results(compute(there, [column.take(there).values for column in columns]))
    return spread(found, there, state)


def spread(found: Column, there: Rows, state: Codes) -> Column:
    """A column of the places that are there, put into all places."""
    values: list[Any] = [None] * len(state)
    for place, value in zip(there.tolist(), found.values, strict=True):
        values[place] = value
    state = state.copy()
    if found.state is not None:
        state[there] = found.state
    return Column(values, state)


def of_results(results: Sequence[Any]) -> Column:
    """A column of values among which `Missing` and `Refused` stand."""
    kinds = set(map(type, results))
    if Missing not in kinds and Refused not in kinds:
        return Column(list(results))
    states = {Missing: MISSING, Refused: REFUSED}
    return Column(list(results), np.array([states.get(type(result), THERE) for result in results], dtype=np.int8))


def ask(frame: Frame, step: Step, verifier: Verifier, rows: Rows, arguments: Sequence[list[Any]], shrink: Shrink) -> list[Any]:
    """What a verifier says for some rows, options as each row has them."""
    size = len(rows)
    if not size:
        return []
    options = [(name, frame.values(index, rows)) for name, index in step.options]
    if all(isinstance(frame.plan.steps[index].node, _SAME_IN_ALL_ROWS) for _, index in step.options):
        chosen = tuple((name, column.values[0]) for name, column in options)
        return frame.calls.ask(verifier, arguments, chosen, partial(frame.in_batch, rows), shrink)
    groups: dict[Any, list[int]] = {}
    for place in range(size):
        groups.setdefault(tuple((name, column.values[place]) for name, column in options), []).append(place)
    results: list[Any] = [None] * size
    for chosen, places in groups.items():
        some = [[column[place] for place in places] for column in arguments]
        said = frame.calls.ask(verifier, some, chosen, partial(frame.in_batch, rows[places]), shrink)
        for place, result in zip(places, said, strict=True):
            results[place] = result
    return results


def as_it_is(_arguments: Any, result: Any) -> Any:
    """Nothing is left out of a result."""
    return result


# -------------------------------------------------------- what is given


def _constant(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.Constant)
    value = step.node.value
    if type(value) is Fraction and value.denominator == 1:
        value = value.numerator
    return Constant(value, len(rows))


def _list(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.NamedList)
    return Constant(step.node.values, len(rows))


def _given(frame: Frame, _index: int, step: Step, _rows: Rows) -> Column:
    assert isinstance(step.node, (meaning.ColumnValue, meaning.BuiltIn, meaning.ParamValue))
    return frame.given[step.node.name]


def _let(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    value, otherwise = (frame.values(index, rows) for index in step.inputs)
    if value.state is None:
        return value
    state, other, values = value.state, otherwise.values, value.values.copy()
    for place in (state == MISSING).nonzero()[0].tolist():
        values[place] = other[place]
    refused = state == REFUSED
    if not refused.any():
        return Column(values)
    return Column(values, refused.astype(np.int8))


# -------------------------------------------------------- what is computed


def _arithmetic(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.Arithmetic)
    sign = step.node.operator

    def compute(_places: Rows, columns: list[list[Any]]) -> list[Any]:
        if sign == "/":
            return [_limited(Fraction(one) / two) if two else Missing("a division by zero") for one, two in zip(*columns, strict=True)]
        return [_limited(result) for result in map(_ARITHMETIC[sign], *columns)]

    column = by_row(frame, rows, step.inputs, compute)
    if column.state is not None and (refused := column.state == REFUSED).any():
        frame.calls.refused.update(frame.in_batch(rows[refused]))
    return column


def _limited(number: Any) -> Any:
    if number.numerator.bit_length() + number.denominator.bit_length() > MAX_BITS:
        return Refused(f"a number of more than {MAX_BITS:,} bits")
    return number


def _outside(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.Outside)
    tag, (text,) = step.node.tag, step.inputs
    column = frame.values(text, rows)
    tags = frame.tags(text)
    if tags is None:
        return by_row(frame, rows, step.inputs, lambda _places, columns: [outside(each, tag).text for each in columns[0]])
    return Column(tags.outside(tag), column.state)


def _share(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.ShareOf)
    ignoring, equivalence = step.node.ignoring_case, step.node.equivalence
    if equivalence is not None:
        return by_row(frame, rows, step.inputs, lambda places, columns: _shares(frame, step, equivalence, rows[places], columns))

    def one(items: tuple[Any, ...], within: Any) -> Any:
        if not items:
            return Missing("the list is empty in this row")
        if isinstance(within, str):
            text = folded(spaced(within), ignoring)
            hits = sum(contains_words(text, folded(spaced(item), ignoring)) for item in items)
        else:
            members = {same(value, ignoring) for value in within}
            hits = sum(same(item, ignoring) in members for item in items)
        return Fraction(hits, len(items))

    return by_row(frame, rows, step.inputs, lambda _places, columns: list(map(one, *columns)))


def _shares(frame: Frame, step: Step, equivalence: Verifier, rows: Rows, columns: list[list[Any]]) -> list[Any]:
    """Shares of answers: all pairs of all rows are put to the equivalence at once."""
    places = [place for place, (items, others) in enumerate(zip(*columns, strict=True)) if not too_many(items, others)]
    pairs = [[(item, other) for item in columns[0][place] for other in columns[1][place]] for place in places]
    owners = np.repeat(rows[np.array(places, dtype=np.intp)], np.array([len(some) for some in pairs], dtype=np.intp))
    ones, others = [one for some in pairs for one, _ in some], [other for some in pairs for _, other in some]
    said = iter(ask(frame, step, equivalence, owners, [ones, others], as_it_is))
    shares: list[Any] = [Refused(TOO_MANY)] * len(rows)
    for place in places:
        items, within = columns[0][place], columns[1][place]
        verdicts = [[next(said) for _ in within] for _ in items]
        shares[place] = share_of_verdicts(verdicts) if items else Missing("the list is empty in this row")
    for place in {*range(len(rows))} - {*places}:
        for owner in frame.in_batch(rows[[place]]):
            frame.calls.failures.setdefault(owner, {})[failure(equivalence, TOO_MANY, broke=False)] = None
    return shares


def same(value: Any, ignoring_case: bool = False) -> Any:
    """What makes two values the same thing; see `marking.row_values.identity`."""
    if isinstance(value, str):
        return folded(value.strip(), ignoring_case)
    return identity_of(value) if isinstance(value, Answer) else value


# -------------------------------------------------------- what verifiers say


def _read(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.Read)
    reader = step.node.reader
    return by_row(frame, rows, step.inputs, lambda places, columns: ask(frame, step, reader, rows[places], columns, as_it_is))


def _as_math(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    from rewardlang.answers.values import answer_of_number

    known: dict[Any, Any] = {}

    def answer(number: Any) -> Any:
        if isinstance(number, tuple):
            return tuple(map(answer, number))
        if number not in known:
            known[number] = answer_of_number(Fraction(number))
        return known[number]

    return by_row(frame, rows, step.inputs, lambda _places, columns: list(map(answer, columns[0])))


def _as_written(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    def text(value: Any) -> Any:
        return tuple(map(text, value)) if isinstance(value, tuple) else value.written

    return by_row(frame, rows, step.inputs, lambda _places, columns: list(map(text, columns[0])))


def _measure(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    assert isinstance(step.node, meaning.Measure)
    node = step.node

    def compute(places: Rows, columns: list[list[Any]]) -> list[Any]:
        said = ask(frame, step, node.verifier, rows[places], columns, as_it_is)
        if node.on_error is not None:
            return [node.on_error if isinstance(result, Refused) else result for result in said]
        return said

    return by_row(frame, rows, step.inputs, compute)


VALUES: Mapping[type, ValueKernel] = {
    meaning.Constant: _constant,
    meaning.NamedList: _list,
    meaning.ColumnValue: _given,
    meaning.BuiltIn: _given,
    meaning.ParamValue: _given,
    meaning.LetValue: _let,
    meaning.Arithmetic: _arithmetic,
    meaning.Outside: _outside,
    meaning.ShareOf: _share,
    meaning.Read: _read,
    meaning.AsMath: _as_math,
    meaning.AsWritten: _as_written,
    meaning.Measure: _measure,
}
