"""Records into Parquet, whose columns must have one type over all rows.

A type is only known when the last row has been seen, so batches are first
written to a temporary folder, each with its own types, and then brought to
types that hold all of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rewardlang.commands.whole_file import batched, whole
from rewardlang.samples.problem import UsageError
from rewardlang.samples.tables import missing_extra


def check_parquet(out: str) -> None:
    """Raises `UsageError` with the command to install where pyarrow is missing."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise missing_extra(f"writing {out}", "pyarrow") from None


def write_parquet(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Raises `UsageError` for a column whose values have types that do not go together."""
    import pyarrow
    from pyarrow import parquet

    with tempfile.TemporaryDirectory() as folder:
        parts, schemas = [], []
        for number, batch in enumerate(batched(records)):
            table = _table(batch)
            part = Path(folder) / f"{number}.parquet"
            parquet.write_table(table, part)
            parts.append(part)
            schemas.append(table.schema)
        try:
            schema = pyarrow.unify_schemas(schemas, promote_options="permissive") if schemas else pyarrow.schema([])
        except (pyarrow.ArrowTypeError, pyarrow.ArrowInvalid) as error:
            raise _mixed(error) from None
        with whole(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
            for part in parts:
                writer.write_table(_fitted(parquet.read_table(part), schema))


def _table(batch: list[dict[str, Any]]) -> Any:
    """Columns of one batch; a key that some rows lack is null there."""
    import pyarrow

    names = list(dict.fromkeys(name for record in batch for name in record))
    try:
        return pyarrow.table({name: pyarrow.array([record.get(name) for record in batch]) for name in names})
    except UnicodeEncodeError:
        raise UsageError("a text holds half a surrogate pair, which Parquet cannot hold; write .jsonl instead") from None
    except (pyarrow.ArrowTypeError, pyarrow.ArrowInvalid, OverflowError) as error:
        raise _mixed(error) from None


def _fitted(table: Any, schema: Any) -> Any:
    """A batch with the columns and types of all batches."""
    import pyarrow

    columns = [table[field.name] if field.name in table.column_names else pyarrow.nulls(len(table)) for field in schema]
    return pyarrow.table([column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)


def _mixed(error: Exception) -> UsageError:
    return UsageError(f"the rows do not fit into Parquet, where a column has one type ({str(error).splitlines()[0]}); write .jsonl instead")
