"""Rows through a reward, a batch at a time, every bad row named in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from rewardlang.errors import DataError
from rewardlang.marks import RowMarks
from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Row
from rewardlang.suggest import nearest
from rewardlang.types import OptionalType

if TYPE_CHECKING:
    from rewardlang.program import ColumnDecl
    from rewardlang.reward import Reward

_BATCH = 1024
_BATCH_CHARACTERS = 1 << 24
_PER_COMPLETION = ("truncated", "completion_tokens")


class RowSource(Protocol):
    """Where rows come from: `Samples`, or one document. `counted` says what a row's `line` counts."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def counted(self) -> str:
        """`line` or `row`."""

    def __iter__(self) -> Iterator[Row | Problem]: ...


class MarkedRow(NamedTuple):
    """A row of samples with the marks of each of its completions."""

    row: Row
    marks: tuple[RowMarks, ...]


def marked_rows(reward: Reward, samples: RowSource, step: int = 0) -> Iterator[MarkedRow | Problem]:
    """Every row marked, in the order of the file; a problem where a row cannot be. Raises what `Reward.score` raises for verifiers."""
    for batch in batches(samples):
        good: list[Row] = []
        for item in batch:
            if isinstance(item, Problem):
                yield item
                continue
            yield from item.warnings
            problems = list(missing_columns(reward, samples, item))
            yield from problems
            if not problems:
                good.append(item)
        yield from _mark(reward, samples, good, step)


def batches(items: Iterable[Row | Problem]) -> Iterator[list[Row | Problem]]:
    """Groups of about a thousand completions, fewer where they are long."""
    batch: list[Row | Problem] = []
    count = characters = 0
    for item in items:
        batch.append(item)
        if isinstance(item, Row):
            count += len(item.completions)
            characters += sum(len(completion) for completion in item.completions)
        else:
            count += 1
        if count >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, count, characters = [], 0, 0
    if batch:
        yield batch


def _mark(reward: Reward, samples: RowSource, rows: list[Row], step: int) -> Iterator[MarkedRow | Problem]:
    """A batch marked at once; where a value does not fit, row by row, so that every bad row is named."""
    if not rows:
        return
    try:
        marks = iter(_score(reward, rows, step))
    except DataError:
        for row in rows:
            try:
                yield MarkedRow(row, _score(reward, [row], step))
            except DataError as error:
                yield _ill_typed(reward, samples, row, error)
        return
    for row in rows:
        yield MarkedRow(row, tuple(next(marks) for _ in row.completions))


def _score(reward: Reward, rows: list[Row], step: int) -> tuple[RowMarks, ...]:
    completions = [completion for row in rows for completion in row.completions]
    prompts = [row.values.get("prompt") for row in rows for _ in row.completions]
    names = list(reward.columns)
    columns = {name: [row.values.get(name) for row in rows for _ in row.completions] for name in names if name not in _PER_COMPLETION}
    for name in _PER_COMPLETION:
        if name in names or any(name in row.values for row in rows):
            columns[name] = [value for row in rows for value in _spread(row, name)]
    return reward.mark(completions, prompts=prompts, columns=columns, step=step)


def _spread(row: Row, name: str) -> list[Any]:
    """A value for each completion: a list with one value a completion is taken apart, anything else is repeated."""
    value = row.values.get(name)
    if row.several and isinstance(value, list) and len(value) == len(row.completions):
        return value
    return [value] * len(row.completions)


def missing_columns(reward: Reward, samples: RowSource, row: Row) -> Iterator[Problem]:
    """A problem for each column that the file declares and the row lacks; an optional column may be absent."""
    for column in reward.program.columns.values():
        if column.original in row.values or isinstance(column.type, OptionalType):
            continue
        there = [name for name in row.values if name not in ("id", "completion", "completions")]
        near = nearest(column.original, there, limit=1)
        guess = f"did you mean '{near[0]}'? if so: --map {column.name}={near[0]}" if near else None
        listed = ", ".join(map(str, there)) or "none but id and completion"
        yield Problem(
            code="RW606",
            severity="error",
            message=f"row '{row.id}' has no column '{column.original}'",
            file=samples.name,
            line=row.line,
            counted=samples.counted,
            row=row.id,
            column=column.original,
            notes=(_declared(reward, column),),
            help=guess or f"columns there: {listed}; if one of them holds it: --map {column.name}=NAME",
        )


def _ill_typed(reward: Reward, samples: RowSource, row: Row, error: DataError) -> Problem:
    column = next((column for column in reward.program.columns.values() if column.original == error.column), None)
    what = f"column '{error.column}' of row '{row.id}'" if error.column is not None else f"row '{row.id}'"
    return Problem(
        code="RW607",
        severity="error",
        message=f"{what}: {error.message}",
        file=samples.name,
        line=row.line,
        counted=samples.counted,
        row=row.id,
        column=error.column,
        notes=(_declared(reward, column),) if column is not None else (),
    )


def _declared(reward: Reward, column: ColumnDecl) -> str:
    """Where the reward file asks for a column."""
    source = reward.source
    return f"declared at {source.name}:{source.position(column.span.start).line}: {' '.join(source.cut(column.span).split())}"
