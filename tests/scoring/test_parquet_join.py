"""Parquet files one after the other, made one by a footer."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.scoring.parquet_join import footer_at, joined_footer
from rewardlang.scoring.thrift import BINARY, BYTE, DOUBLE, I16, I32, I64, LIST, STRUCT, TRUE, Field, Reader, struct_bytes

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

VALUES = st.one_of(
    st.builds(Field, st.sampled_from([I16, I32, I64]), st.integers(-(2**63), 2**63 - 1)),
    st.builds(Field, st.just(BYTE), st.integers(0, 255)),
    st.builds(Field, st.just(BINARY), st.binary(max_size=300)),
    st.builds(Field, st.just(DOUBLE), st.binary(min_size=8, max_size=8)),
    st.builds(Field, st.just(TRUE), st.booleans()),
    st.builds(Field, st.just(LIST), st.tuples(st.just(I32), st.lists(st.integers(-9, 9), max_size=20))),
)
STRUCTS = st.recursive(
    st.dictionaries(st.integers(1, 99), VALUES, max_size=5),
    lambda inner: st.dictionaries(st.integers(1, 99), st.builds(Field, st.just(STRUCT), inner), max_size=3),
    max_leaves=5,
)


def same(one: dict[int, Field], other: dict[int, Field]) -> bool:
    """Whether two structs hold the same; what is true has two types."""
    return struct_bytes(one) == struct_bytes(other)


@settings(max_examples=25)
@given(STRUCTS)
def test_a_struct_survives_its_bytes(fields: dict[int, Field]) -> None:
    """Reading what was written gives it back."""
    ordered = dict(sorted(fields.items()))
    assert same(Reader(struct_bytes(ordered)).struct(), ordered)


def written(rows: list[dict[str, Any]], **options: Any) -> bytes:
    """Rows as a Parquet file."""
    points = pyarrow.struct({"a": pyarrow.float64()})
    schema = pyarrow.schema({"text": pyarrow.string(), "points": points, "errors": pyarrow.list_(pyarrow.string())})
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), out, **options)
    return out.getvalue()


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text("añ", max_size=3),
            "points": st.fixed_dictionaries({"a": st.none() | st.floats(allow_nan=False)}),
            "errors": st.lists(st.text("b", max_size=2), max_size=2),
        }
    ),
    max_size=7,
)


@settings(max_examples=25)
@given(st.lists(ROWS, min_size=1, max_size=5), st.booleans(), st.sampled_from(["none", "snappy"]))
def test_the_whole_holds_the_rows_of_all(files: list[list[dict[str, Any]]], index: bool, compression: str) -> None:
    """What another reader finds in the joined file are the rows of the files in order, several groups of rows in each."""
    content, ends = b"", []
    for rows in files:
        content += written(rows, row_group_size=3, write_page_index=index, compression=compression)
        ends.append(len(content))
    whole = io.BytesIO(content + joined_footer(io.BytesIO(content), ends))
    assert parquet.read_table(whole).to_pylist() == [row for rows in files for row in rows]


def test_a_footer_is_written_as_it_was_read() -> None:
    """Byte for byte: nothing that a footer says is lost, whatever this reader knows of it."""
    content = written([{"text": "x", "points": {"a": 1.0}, "errors": ["b"]}], write_page_index=True)
    size = int.from_bytes(content[-8:-4], "little")
    assert struct_bytes(footer_at(io.BytesIO(content), len(content))) == content[-8 - size : -8]
