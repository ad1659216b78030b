"""The columns of what is found in texts, and of what is selected from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from rewardlang import meaning
from rewardlang.engine.column import MISSING, THERE, Codes, Column, Rows
from rewardlang.engine.frame import Frame, ValueKernel, texts_of
from rewardlang.engine.plan import Found, Step
from rewardlang.engine.plan_from_program import is_cut
from rewardlang.engine.tags import Events, Spans, after_last_closing, blocks, cut, only, openings, scan, tag_of
from rewardlang.engine.value_kernels import as_it_is, ask, by_row, same
from rewardlang.marking.row_values import measured
from rewardlang.passages import text_after, text_before, text_between
from rewardlang.verdict import Finding, Missing
from rewardlang.verifier import Verifier

# -------------------------------------------------------- tags


def _tag(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    """`only`, `first` or `last` block of a tag, or the number of its opening tags."""
    assert isinstance(step.node, meaning.Select)
    assert isinstance(step.node.find, meaning.TagFind)
    selector = step.node.selector
    column, events = _events(frame, step.inputs[0], step.node.find.tag, rows)
    size = len(column)
    if selector == "count of":
        return Column(None, column.state, openings(events, size))
    spans = only(events) if selector == "only" else blocks(events)
    if selector == "first":
        spans = _kept(spans, np.concatenate(([True], spans.row[1:] != spans.row[:-1])))
    elif selector == "last":
        spans = _kept(spans, np.concatenate((spans.row[1:] != spans.row[:-1], [True])))
    texts = cut(column.values, spans)
    if len(texts) == size:
        return Column(texts, column.state, filled=True, trimmed=True)
    values = [""] * size
    for row, text in zip(spans.row.tolist(), texts, strict=True):
        values[row] = text
    state: Codes = np.full(size, MISSING, np.int8)
    state[spans.row] = THERE
    return Column(values, _where_there(column, state), filled=True, trimmed=True)


def _kept(spans: Spans, chosen: Any) -> Spans:
    return Spans(*(part[chosen[: len(part)]] for part in spans))


def _events(frame: Frame, text: int, tag: str, rows: Rows) -> tuple[Column, Events]:
    column = frame.values(text, rows)
    events = frame.events(text, tag)
    return column, scan(texts_of(column), (tag,))[tag] if events is None else events


def _tags(frame: Frame, step: Step, tag: str, wants: str, rows: Rows) -> Column:
    """The texts of all complete blocks, or their number."""
    column, events = _events(frame, step.inputs[0], tag, rows)
    spans = blocks(events)
    if wants == "count":
        return Column(None, column.state, np.bincount(spans.row, minlength=len(column)).astype(np.int64))
    texts = cut(column.values, spans)
    bounds = np.searchsorted(spans.row, np.arange(len(column) + 1)).tolist()
    return Column([tuple(texts[low:high]) for low, high in pairwise(bounds)], column.state)


# -------------------------------------------------------- finders


def _found(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    """A tuple of what is found in each text, or the number of findings."""
    assert isinstance(step.node, Found)
    wants, find = step.node.wants, step.node.find
    match find:
        case meaning.TagFind(tag=tag):
            return _tags(frame, step, tag, wants, rows)
        case meaning.WordFind(verifier=verifier):
            shrink = _number if wants == "count" else _values
            if wants == "count" and verifier.count is not None and find.dimension is None and not step.options:
                return _wholes(by_row(frame, rows, step.inputs, lambda places, columns: _counted(frame, verifier, rows[places], columns)))
            found = by_row(frame, rows, step.inputs, lambda places, columns: ask(frame, step, verifier, rows[places], columns, shrink))
            return _wholes(found) if wants == "count" else found
        case meaning.RegexFind(pattern=pattern) if wants == "count":
            return _wholes(by_row(frame, rows, step.inputs, lambda _places, columns: pattern.counts(columns[0])))
    keep: Callable[[Sequence[Any]], Any] = len if wants == "count" else tuple
    return by_row(frame, rows, step.inputs, lambda _places, columns: [keep(_searched(find, text)) for text in columns[0]])


def _wholes(column: Column) -> Column:
    """A column of numbers with their array, if all are there."""
    return column if column.state is not None else Column(column.values, None, np.array(column.values, dtype=np.int64))


def _counted(frame: Frame, verifier: Verifier, rows: Rows, columns: list[list[Any]]) -> list[Any]:
    return frame.calls.ask(verifier, columns, (), partial(frame.in_batch, rows), as_it_is, counts=True)


def _searched(find: meaning.Find, text: str) -> list[Any]:
    """The values that patterns and markers find in a text."""
    match find:
        case meaning.RegexFind(pattern=pattern):
            return [text[start:end] for start, end in pattern.finditer(text)]
        case meaning.SpelledFind(pattern=spelled):
            return [finding.value for finding in spelled.finditer(text)]
        case meaning.MarkerFind(kind="between", marker=opening, closing=closing):
            return [finding.value for finding in text_between(text, opening, closing)]
        case meaning.MarkerFind(kind=kind, marker=marker):
            return [finding.value for finding in (text_after if kind == "after" else text_before)(text, marker)]
    raise AssertionError(f"{find} asks a verifier, or is a tag")


def _number(_arguments: Any, findings: Sequence[Finding[Any]]) -> int:
    return len(findings)


def _values(arguments: tuple[str], findings: Sequence[Finding[Any]]) -> tuple[Any, ...]:
    (text,) = arguments
    return tuple(text[found.start : found.end] if found.value is None else found.value for found in findings)


def fitting(find: meaning.Find | None, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a loop goes over: quantities of another dimension than the uses of the item want are none of them."""
    if not isinstance(find, meaning.WordFind) or find.dimension is None:
        return values
    fitted = (measured(value, find.dimension) for value in values)
    return tuple(value for value in fitted if not isinstance(value, Missing))


def _select(frame: Frame, index: int, step: Step, rows: Rows) -> Column:
    node = step.node
    assert isinstance(node, meaning.Select)
    if isinstance(node.find, meaning.TagFind) and node.selector in ("only", "first", "last", "count of"):
        return _tag(frame, index, step, rows)
    if is_cut(node):
        return _cut(frame, step, rows)
    find = node.find
    dimension = find.dimension if isinstance(find, meaning.WordFind) else None

    if node.selector == "count of":
        return _counts(frame.values(step.inputs[0], rows))

    def chosen(values: tuple[Any, ...]) -> Any:
        if node.selector == "count of distinct":
            return len(set(map(same, values)))
        if node.selector == "every":
            return fitting(find, values)
        if not values or (node.selector == "only" and len(values) != 1):
            return _NOT_THERE
        value = values[-1 if node.selector == "last" else 0]
        return value if dimension is None else measured(value, dimension)

    return by_row(frame, rows, step.inputs, lambda _places, columns: list(map(chosen, columns[0])))


def _cut(frame: Frame, step: Step, rows: Rows) -> Column:
    """The text before the first marker, or behind the first, the only or the last one, trimmed."""
    node = step.node
    assert isinstance(node, meaning.Select)
    assert isinstance(node.find, meaning.MarkerFind)
    marker, column = node.find.marker, frame.values(step.inputs[0], rows)
    size, texts = len(marker), texts_of(column)
    if node.find.kind == "before":
        at = [text.find(marker) for text in texts]
        values = [text[:found].strip() if found >= 0 else "" for text, found in zip(texts, at, strict=True)]
    elif node.selector == "last":
        tag = tag_of(marker)
        if tag is not None and tag[1] and tag[0] in frame.plan.tags.get(step.inputs[0], ()):
            return _behind_closing(frame, step.inputs[0], tag[0], rows)
        at = [_last_of_several(text, marker) for text in texts] if _overlaps_itself(marker) else [text.rfind(marker) for text in texts]
        values = [text[found + size :].strip() if found >= 0 else "" for text, found in zip(texts, at, strict=True)]
    else:
        at = [text.find(marker) for text in texts]
        ends = [text.find(marker, found + size) if found >= 0 else -1 for text, found in zip(texts, at, strict=True)]
        if node.selector == "only":
            at = [found if end < 0 else -1 for found, end in zip(at, ends, strict=True)]
        values = [
            text[found + size : end if end >= 0 else len(text)].strip() if found >= 0 else ""
            for text, found, end in zip(texts, at, ends, strict=True)
        ]
    if min(at, default=0) >= 0:
        return Column(values, column.state, filled=True, trimmed=True)
    state = np.where(np.array(at) < 0, np.int8(MISSING), np.int8(THERE))
    return Column(values, _where_there(column, state), filled=True, trimmed=True)


def _overlaps_itself(marker: str) -> bool:
    return any(marker.endswith(marker[:length]) for length in range(1, len(marker)))


def _last_of_several(text: str, marker: str) -> int:
    """Where the last occurrence begins when they are counted from the left, without overlaps."""
    last, at = text.rfind(marker), text.find(marker)
    if last == at:
        return at
    while at >= 0:
        last, at = at, text.find(marker, at + len(marker))
    return last


def _behind_closing(frame: Frame, text: int, tag: str, rows: Rows) -> Column:
    """The same, where the closing tags have been looked for already."""
    column, events = _events(frame, text, tag, rows)
    texts = column.values
    found, ends = after_last_closing(events)
    values = [""] * len(texts)
    for row, end in zip(found.tolist(), ends.tolist(), strict=True):
        values[row] = texts[row][end:].strip()
    if len(found) == len(texts):
        return Column(values, column.state, filled=True, trimmed=True)
    state: Codes = np.full(len(texts), MISSING, np.int8)
    state[found] = THERE
    return Column(values, _where_there(column, state), filled=True, trimmed=True)


def _where_there(column: Column, state: Codes) -> Codes:
    """The state of what is found in a column's texts: their own, where there is none."""
    return state if column.state is None else np.where(column.state == THERE, state, column.state)


_NOT_THERE = Missing("nothing, or more than one thing, was found")


def _counts(column: Column) -> Column:
    """The number of findings, whether they were kept or only counted."""
    if column.wholes is not None:
        return column
    there = (
        column.values
        if column.state is None
        else [v if s == THERE else 0 for v, s in zip(column.values, column.state.tolist(), strict=True)]
    )
    counts = [len(value) if isinstance(value, tuple) else value for value in there]
    return Column(counts, column.state, np.array(counts, dtype=np.int64))


FINDS: Mapping[type, ValueKernel] = {Found: _found, meaning.Select: _select}
