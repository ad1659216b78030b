"""Pieces of Parquet that stand one after the other in a file: whether their columns go together, and how they become one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from rewardlang.scoring.encode import mixed
from rewardlang.scoring.parquet_join import footer_at, joined_footer, schema_of


class TablePieces:
    """What types the columns of the pieces have. Mostly they are the same for all; else the pieces are written once more."""

    def __init__(self) -> None:
        self._known: list[Any] = []
        self._schema: Any = None

    @property
    def of_one_type(self) -> bool:
        """Whether the columns of all pieces are the same."""
        return len(self._known) < 2

    def see(self, stream: IO[bytes], start: int, end: int) -> None:
        """Looks at the columns of the piece that stands there. Raises `UsageError` where no types hold those of all pieces."""
        import pyarrow
        from pyarrow import parquet

        shape = schema_of(footer_at(stream, end))
        if shape in self._known:
            return
        self._known.append(shape)
        schema = parquet.read_schema(_piece(stream, start, end))
        try:
            self._schema = schema if self._schema is None else pyarrow.unify_schemas([self._schema, schema], promote_options="permissive")
        except (pyarrow.ArrowTypeError, pyarrow.ArrowInvalid) as error:
            raise mixed(error) from None

    def footer(self, stream: IO[bytes], ends: Sequence[int]) -> bytes:
        """The footer that makes pieces of one type a table, and leaves the stream at its end."""
        footer = joined_footer(stream, ends)
        stream.seek(ends[-1])
        return footer

    def write_fitted(self, stream: IO[bytes], ends: Sequence[int], path: Path) -> None:
        """Writes the pieces with the types that hold those of all; a column that a piece lacks is null there."""
        from pyarrow import parquet

        with parquet.ParquetWriter(path, self._schema) as writer:
            for start, end in _between(ends):
                writer.write_table(_fitted(parquet.read_table(_piece(stream, start, end)), self._schema))


def _between(ends: Sequence[int]) -> Iterator[tuple[int, int]]:
    return zip([0, *ends], ends, strict=False)


def _piece(stream: IO[bytes], start: int, end: int) -> Any:
    import pyarrow

    stream.seek(start)
    return pyarrow.BufferReader(stream.read(end - start))


def _fitted(table: Any, schema: Any) -> Any:
    import pyarrow

    columns = [table[field.name] if field.name in table.column_names else pyarrow.nulls(len(table)) for field in schema]
    return pyarrow.table([column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)
