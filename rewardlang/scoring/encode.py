"""The rows of a chunk with what was added to them, as bytes: lines of JSON, or a Parquet file of one group of rows.

The keys `score`, `rules`, `skipped` and `errors` take the place of columns that are called so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rewardlang.samples.problem import UsageError
from rewardlang.scoring.mark import Added

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Record = Mapping[str, Any]


def line_of(record: Record) -> bytes:
    """One line of JSON. Half a surrogate pair, which UTF-8 cannot hold, is written as an escape."""
    try:
        return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
    except UnicodeEncodeError:
        return (json.dumps(record, allow_nan=False) + "\n").encode("ascii")


def lines(records: Sequence[Record], added: Added) -> bytes:
    """The rows as JSONL."""
    return b"".join(line_of({**record, **keys}) for record, keys in zip(records, _keys(added), strict=True))


def _keys(added: Added) -> Iterator[dict[str, Any]]:
    """The four keys of each row, as lists where the row has several completions."""
    scores = [None if score != score else score for score in added.score.tolist()]  # noqa: PLR0124 - NaN alone is unequal to itself
    columns = [points.tolist() for points in added.rules.values()]
    names = list(added.rules)
    place = 0
    for length in added.lengths:
        each = []
        for index in range(place, place + (length or 1)):
            score = scores[index]
            points = {name: None if score is None else column[index] for name, column in zip(names, columns, strict=True)}
            each.append({"score": score, "rules": points, "skipped": score is None, "errors": added.errors.get(index, [])})
        place += length or 1
        yield each[0] if length is None else {key: [keys[key] for keys in each] for key in each[0]}


def as_lists(added: Added) -> Added:
    """The same for rows that all have lists; a null list has been scored as one empty completion."""
    return added._replace(lengths=[length or 1 for length in added.lengths])


def added_schema(rules: Sequence[str], *, several: bool) -> Any:
    """The four columns as `added_table` makes them."""
    import pyarrow

    number = pyarrow.float64()
    points = pyarrow.struct([(name, number) for name in rules])
    columns = {"score": number, "rules": points, "skipped": pyarrow.bool_(), "errors": pyarrow.list_(pyarrow.string())}
    return pyarrow.schema({name: pyarrow.list_(type_) if several else type_ for name, type_ in columns.items()})


def added_table(added: Added) -> Any:
    """The four columns alone."""
    import pyarrow

    return pyarrow.table(_added_columns(added))


def parquet(source: Any, added: Added) -> bytes:
    """The rows as Parquet. `source` is a record batch, whose columns stay as they are, or the records of rows.

    Raises `UsageError` for rows that do not fit into columns.
    """
    import pyarrow
    from pyarrow import parquet as writer

    columns = _columns_of(source) if isinstance(source, list) else dict(zip(source.schema.names, source.columns, strict=True))
    table = pyarrow.table({**columns, **_added_columns(added)})
    out = pyarrow.BufferOutputStream()
    writer.write_table(table, out, row_group_size=max(len(table), 1))
    content: bytes = out.getvalue().to_pybytes()
    return content


def _columns_of(records: Sequence[Record]) -> dict[str, Any]:
    """Columns with the types that the values ask for; a key that some rows lack is null there."""
    import pyarrow

    names = dict.fromkeys(str(name) for record in records for name in record)
    try:
        return {name: pyarrow.array([record.get(name) for record in records]) for name in names}
    except UnicodeEncodeError:
        raise UsageError("a text holds half a surrogate pair, which Parquet cannot hold; write .jsonl instead") from None
    except (pyarrow.ArrowTypeError, pyarrow.ArrowInvalid, OverflowError) as error:
        raise mixed(error) from None


def mixed(error: Exception) -> UsageError:
    """The complaint about values of one column that have several types."""
    return UsageError(f"the rows do not fit into Parquet, where a column has one type ({str(error).splitlines()[0]}); write .jsonl instead")


def _added_columns(added: Added) -> dict[str, Any]:
    """The four columns, lists where the rows have several completions."""
    import numpy as np
    import pyarrow

    several = {length is not None for length in added.lengths}
    if len(several) > 1:
        raise mixed(ValueError("some rows have one completion, others a list"))
    skipped = np.isnan(added.score)
    numbers = {name: _numbers(points, skipped) for name, points in added.rules.items()}
    told = [added.errors.get(index, ()) for index in range(len(skipped))] if added.errors else None
    columns = {
        "score": _numbers(added.score, skipped),
        "rules": pyarrow.StructArray.from_arrays(list(numbers.values()), names=list(numbers)),
        "skipped": pyarrow.Array.from_buffers(pyarrow.bool_(), len(skipped), [None, _bits(skipped)]),
        "errors": _lists(np.zeros(len(skipped), np.int32), pyarrow.nulls(0, pyarrow.string()))
        if told is None
        else pyarrow.array(told, pyarrow.list_(pyarrow.string())),
    }
    if several == {True}:
        lengths = [length or 1 for length in added.lengths]
        return {name: _lists(lengths, column) for name, column in columns.items()}
    return columns


# The arrays are made of buffers: `pyarrow.array` imports pandas, which takes longer than scoring a small file.


def _numbers(values: Any, absent: Any) -> Any:
    """Doubles (B,), null where they are absent (B,)."""
    import numpy as np
    import pyarrow

    there = _bits(~absent) if absent.any() else None
    return pyarrow.Array.from_buffers(pyarrow.float64(), len(values), [there, pyarrow.py_buffer(np.ascontiguousarray(values, np.float64))])


def _bits(truths: Any) -> Any:
    import numpy as np
    import pyarrow

    return pyarrow.py_buffer(np.packbits(truths, bitorder="little"))


def _lists(lengths: Sequence[int] | NDArray[np.int32], values: Any) -> Any:
    """The values, cut into lists of these lengths."""
    import numpy as np
    import pyarrow

    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    places = pyarrow.Array.from_buffers(pyarrow.int32(), len(offsets), [None, pyarrow.py_buffer(offsets)])
    return pyarrow.ListArray.from_arrays(places, values)
