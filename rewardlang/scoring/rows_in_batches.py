"""Rows of samples as a reward takes them, in batches, and what is told of a row that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from rewardlang.errors import DataError
from rewardlang.record import NamedTuple
from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Row
from rewardlang.suggest import nearest
from rewardlang.types import OptionalType

if TYPE_CHECKING:
    from rewardlang.program import ColumnDecl
    from rewardlang.reward import Reward

_BATCH = 1024
_BATCH_CHARACTERS = 1 << 24
PER_COMPLETION = ("truncated", "completion_tokens")
"""Columns that may hold a value for each completion of a row."""


class RowSource(Protocol):
    """Where rows come from: `Samples`, or one document. `counted` says what a row's `line` counts."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def counted(self) -> str:
        """`line` or `row`."""

    def __iter__(self) -> Iterator[Row | Problem]: ...


class Arguments(NamedTuple):
    """What `Reward.score` and `Reward.mark` take, for B completions. Without `prompts`, no row has one, or nothing depends on it."""

    completions: list[Any]
    prompts: list[Any] | None
    columns: dict[str, list[Any]]


def batches(items: Iterable[Row | Problem], most: int = _BATCH) -> Iterator[list[Row | Problem]]:
    """Groups of about `most` completions, fewer where they are long."""
    batch: list[Row | Problem] = []
    count = characters = 0
    for item in items:
        batch.append(item)
        if isinstance(item, Row):
            count += len(item.completions)
            characters += sum(len(completion) for completion in item.completions)
        else:
            count += 1
        if count >= most or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, count, characters = [], 0, 0
    if batch:
        yield batch


def arguments_of(reward: Reward, rows: list[Row]) -> Arguments:
    """The completions of rows, one after the other, each with the values of its row."""
    completions = [completion for row in rows for completion in row.completions]
    prompts = [row.values.get("prompt") for row in rows for _ in row.completions]
    names = list(reward.columns)
    columns = {name: [row.values.get(name) for row in rows for _ in row.completions] for name in names if name not in PER_COMPLETION}
    for name in PER_COMPLETION:
        if name in names or any(name in row.values for row in rows):
            columns[name] = [value for row in rows for value in spread(row.values.get(name), len(row.completions), several=row.several)]
    return Arguments(completions, prompts, columns)


def spread(value: Any, count: int, *, several: bool) -> list[Any]:
    """A value for each completion: a list with one value a completion is taken apart, anything else is repeated."""
    if several and isinstance(value, list) and len(value) == count:
        return value
    return [value] * count


def alone(row: Row, index: int) -> Row:
    """A row with one of its completions, and with what is that one's own."""
    count = len(row.completions)
    own = {name: spread(row.values[name], count, several=row.several)[index] for name in PER_COMPLETION if name in row.values}
    return row._replace(values={**row.values, **own}, completions=(row.completions[index],), several=False)


def missing_columns(reward: Reward, samples: RowSource, row: Row) -> Iterator[Problem]:
    """A problem for each column that the file declares and the row lacks; an optional column may be absent."""
    for column in lacking(reward, row.values):
        yield missing_column(reward, samples, column, list(row.values), row)


def lacking(reward: Reward, there: Iterable[str]) -> list[ColumnDecl]:
    """The declared columns that are not among the names, less those that are optional."""
    names = set(there)
    return [
        column for column in reward.program.columns.values() if column.original not in names and not isinstance(column.type, OptionalType)
    ]


def missing_column(reward: Reward, samples: RowSource, column: ColumnDecl, names: list[str], row: Row | None = None) -> Problem:
    """The problem of a row, or of a whole table, without a column; `names` are those that it has."""
    there = [name for name in names if name not in ("id", "completion", "completions")]
    near = nearest(column.original, there, limit=1)
    guess = f"did you mean '{near[0]}'? if so: --map {column.name}={near[0]}" if near else None
    what = "the file" if row is None else f"row '{row.id}'"
    listed = ", ".join(map(str, there)) or "none but id and completion"
    return Problem(
        code="RW606",
        severity="error",
        message=f"{what} has no column '{column.original}'",
        file=samples.name,
        line=row.line if row is not None else None,
        counted=samples.counted,
        row=row.id if row is not None else None,
        column=column.original,
        notes=(_declared(reward, column),),
        help=guess or f"columns there: {listed}; if one of them holds it: --map {column.name}=NAME",
    )


def ill_typed(reward: Reward, samples: RowSource, row: Row, error: DataError) -> Problem:
    """The problem of a value that is not of its column's type."""
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
