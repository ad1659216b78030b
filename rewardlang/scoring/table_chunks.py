"""Parquet files: their groups of rows, and these as batches of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rewardlang.samples.problem import Problem
from rewardlang.samples.tables import missing_extra, plain

_PART_ROWS = 1 << 16
_MOST_ROWS, _CHUNK_BYTES = 1 << 14, 1 << 25
_FEW_ROWS, _FEW_BYTES = 1 << 12, 1 << 22
"""Where a chunk is no piece of the output it is smaller: memory that the processor still holds is quicker than new memory."""
_READ_BYTES = 1 << 20
_LARGE_GROUPS = 1 << 28


class TableChunk(NamedTuple):
    """Rows of a Parquet file as a record batch, with all columns or those that are needed.

    `first` is the number of the first of them in the file, `names` are all columns there.
    """

    batch: Any
    first: int
    names: tuple[str, ...]

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows as JSON would have them, each with its number."""
        for number, record in enumerate(self.batch.to_pylist(), start=self.first):
            yield number, {name: plain(value) for name, value in record.items()}

    def column(self, name: str) -> list[Any]:
        """The values of a column as JSON would have them."""
        import pyarrow

        column = self.batch.column(self.batch.schema.get_field_index(name))
        values: list[Any] = column.to_pylist()
        kind = column.type
        as_they_are = is_text(kind) or pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind)
        return values if as_they_are else [plain(value) for value in values]


def is_text(type_: Any) -> bool:
    """Whether a type of pyarrow holds texts."""
    import pyarrow

    return bool(pyarrow.types.is_string(type_) or pyarrow.types.is_large_string(type_))


def names_of(path: str) -> list[str]:
    """The columns of a file that `groups_of` could open."""
    from pyarrow import parquet

    return list(parquet.read_schema(path).names)


def groups_of(path: str) -> list[tuple[int, int, int, int]] | Problem:
    """Runs of groups of rows with 65,536 rows or one group: first group, the one after the last, number of the first row, rows."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise missing_extra(f"reading {path}", "pyarrow") from None
    try:
        metadata = parquet.read_metadata(path)
    except (pyarrow.ArrowException, OSError) as error:
        return broken(path, error)
    runs: list[tuple[int, int, int, int]] = []
    start, first, rows = 0, 1, 0
    for group in range(metadata.num_row_groups):
        here = metadata.row_group(group).num_rows
        if rows and rows + here > _PART_ROWS:
            runs.append((start, group, first, rows))
            start, first, rows = group, first + rows, 0
        rows += here
    if rows:
        runs.append((start, metadata.num_row_groups, first, rows))
    return runs


def table_chunks(path: str, start: int, stop: int, first: int, columns: Sequence[str] | None) -> Iterator[TableChunk]:
    """The rows of some groups, a few thousand at a time, fewer where they are long. Memory does not grow with a group's size."""
    from pyarrow import parquet

    metadata = parquet.read_metadata(path)
    groups = [metadata.row_group(group) for group in range(start, stop)]
    rows = sum(group.num_rows for group in groups)
    size = sum(group.total_byte_size for group in groups)
    names = tuple(metadata.schema.to_arrow_schema().names)
    # A column of a group is read at once where groups are small, else page by page, which is slower.
    with parquet.ParquetFile(path, metadata=metadata, buffer_size=_READ_BYTES if size > _LARGE_GROUPS else 0) as file:
        # A few columns are read by the one thread that reads ahead; all of them by several.
        threads = columns is None
        most, letters = (_MOST_ROWS, _CHUNK_BYTES) if threads else (_FEW_ROWS, _FEW_BYTES)
        at_once = max(1, min(most, letters * rows // max(size, 1)))
        for batch in file.iter_batches(batch_size=at_once, row_groups=range(start, stop), columns=columns, use_threads=threads):
            yield TableChunk(batch, first, names)
            first += len(batch)


def broken(path: str, error: Exception) -> Problem:
    """The problem of a file that is not Parquet, or not to its end."""
    return Problem("RW602", "error", f"the file is not valid Parquet: {str(error).splitlines()[0]}", path, counted="row")


def lengths_of_lists(column: Any) -> list[int]:
    """How many items each list of a column without nulls has."""
    lengths: list[int] = column.value_lengths().to_pylist()
    return lengths


def renamed(names: list[str], renames: Mapping[str, str]) -> dict[str, str]:
    """The columns of a table by our names: what `Samples` makes of a row's names."""
    theirs = set(renames.values())
    ours = {name: name for name in names if name not in theirs}
    return ours | {our: their for our, their in renames.items() if their in names}
