"""The columns of what is found in texts, and of what is selected from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from rewardlang import meaning
from rewardlang.engine.column import MISSING, THERE, Codes, Column, Rows
from rewardlang.engine.frame import Frame, ValueKernel, texts_of
from rewardlang.engine.plan import Found, Step
from rewardlang.engine.plan_from_program import is_cut
from rewardlang.engine.tags import Tags, tag_of, tags_of
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
    selector, tag = step.node.selector, step.node.find.tag
    column, tags = _tags_in(frame, step.inputs[0], tag, rows)
    if selector == "count of":
        return _wholes(tags.spread(tags.shapes.openings(tag)), column.state)
    return _with_holes(selected_blocks(selector, tag, tags), column.state)


def selected_blocks(selector: str, tag: str, tags: Tags) -> list[str | None]:
    """The `only`, `first` or `last` block of each text; None where there is none."""
    return tags.only(tag) if selector == "only" else tags.nth(tag, 0 if selector == "first" else -1)


def _tags_in(frame: Frame, text: int, tag: str, rows: Rows) -> tuple[Column, Tags]:
    column, tags = frame.values(text, rows), frame.tags(text)
    return column, tags_of(texts_of(column), (tag,)) if tags is None else tags


def _blocks(frame: Frame, step: Step, tag: str, wants: str, rows: Rows) -> Column:
    """The texts of all complete blocks, or their number."""
    column, tags = _tags_in(frame, step.inputs[0], tag, rows)
    return _wholes(tags.spread(tags.shapes.counts(tag)), column.state) if wants == "count" else Column(tags.every(tag), column.state)


def _wholes(numbers: list[int], state: Codes | None) -> Column:
    """A column of whole numbers, with their array."""
    return Column(numbers, state, np.array(numbers, dtype=np.int64))


# -------------------------------------------------------- finders


def _found(frame: Frame, _index: int, step: Step, rows: Rows) -> Column:
    """A tuple of what is found in each text, or the number of findings."""
    assert isinstance(step.node, Found)
    wants, find = step.node.wants, step.node.find
    match find:
        case meaning.TagFind(tag=tag):
            return _blocks(frame, step, tag, wants, rows)
        case meaning.WordFind(verifier=verifier):
            shrink = _number if wants == "count" else _values
            if wants == "count" and verifier.count is not None and find.dimension is None and not step.options:
                return _with_array(
                    by_row(frame, rows, step.inputs, lambda places, columns: _counted(frame, verifier, rows[places], columns))
                )
            found = by_row(frame, rows, step.inputs, lambda places, columns: ask(frame, step, verifier, rows[places], columns, shrink))
            return _with_array(found) if wants == "count" else found
        case meaning.RegexFind(pattern=pattern) if wants == "count":
            return _with_array(by_row(frame, rows, step.inputs, lambda _places, columns: pattern.counts(columns[0])))
    keep: Callable[[Sequence[Any]], Any] = len if wants == "count" else tuple
    return by_row(frame, rows, step.inputs, lambda _places, columns: [keep(searched(find, text)) for text in columns[0]])


def _with_array(column: Column) -> Column:
    """A column of numbers with their array, if all are there."""
    return column if column.state is not None else _wholes(column.values, None)


def _counted(frame: Frame, verifier: Verifier, rows: Rows, columns: list[list[Any]]) -> list[Any]:
    return frame.calls.ask(verifier, columns, (), partial(frame.in_batch, rows), as_it_is, counts=True)


def searched(find: meaning.Find, text: str) -> list[Any]:
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
    column = frame.values(step.inputs[0], rows)
    tag = closing_tag_before(node, frame.plan.tags.get(step.inputs[0], ()))
    if tag is None:
        return _with_holes(cut_texts(node.selector, node.find, texts_of(column)), column.state)
    _, tags = _tags_in(frame, step.inputs[0], tag, rows)
    return _with_holes(tags.behind_last_closing(tag), column.state)


def _with_holes(texts: list[str | None], state: Codes | None) -> Column:
    """Trimmed texts as a column: missing where there is None."""
    if None in texts:
        found = np.array([MISSING if text is None else THERE for text in texts], dtype=np.int8)
        state = found if state is None else np.where(state == THERE, found, state)
        texts = [text or "" for text in texts]
    return Column(texts, state, filled=True, trimmed=True)


def closing_tag_before(node: meaning.Select, scanned: Sequence[str]) -> str | None:
    """The tag whose last closing a selection stands behind, if it is among those that are looked for anyway."""
    assert isinstance(node.find, meaning.MarkerFind)
    tag = tag_of(node.find.marker) if node.find.kind == "after" and node.selector == "last" else None
    return tag[0] if tag is not None and tag[1] and tag[0] in scanned else None


def cut_texts(selector: str, find: meaning.MarkerFind, texts: Sequence[str]) -> list[str | None]:
    """The text of each before the first marker, or behind the first, the only or the last one, trimmed; None where there is none."""
    marker, size = find.marker, len(find.marker)
    if find.kind == "before":
        return [text[:found].strip() if (found := text.find(marker)) >= 0 else None for text in texts]
    if selector == "last":
        last = partial(_last_of_several, marker) if _overlaps_itself(marker) else partial(_last, marker)
        return [text[found + size :].strip() if (found := last(text)) >= 0 else None for text in texts]
    starts = [text.find(marker) for text in texts]
    ends = [text.find(marker, found + size) if found >= 0 else -1 for text, found in zip(texts, starts, strict=True)]
    if selector == "only":
        starts = [found if end < 0 else -1 for found, end in zip(starts, ends, strict=True)]
    return [
        text[found + size : end if end >= 0 else len(text)].strip() if found >= 0 else None
        for text, found, end in zip(texts, starts, ends, strict=True)
    ]


def _overlaps_itself(marker: str) -> bool:
    return any(marker.endswith(marker[:length]) for length in range(1, len(marker)))


def _last(marker: str, text: str) -> int:
    return text.rfind(marker)


def _last_of_several(marker: str, text: str) -> int:
    """Where the last occurrence begins when they are counted from the left, without overlaps."""
    last, at = text.rfind(marker), text.find(marker)
    if last == at:
        return at
    while at >= 0:
        last, at = at, text.find(marker, at + len(marker))
    return last


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
    return _wholes(counts, column.state)


FINDS: Mapping[type, ValueKernel] = {Found: _found, meaning.Select: _select}
