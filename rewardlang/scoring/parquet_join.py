"""Whole Parquet files that stand one after the other in one file, made one: a footer at the end says where all their data are.

A Parquet file is its data and a footer that gives the place of each column of
each group of rows. A reader looks at the last footer alone, so the footers in
between may stay. Nothing is decoded, and the cost is that of the footers. The
fields are those of parquet.thrift in Apache Parquet's format.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rewardlang.scoring.thrift import I64, LIST, STRUCT, Field, Reader, struct_bytes

MAGIC = b"PAR1"
_TAIL = 8
_SCHEMA, _ROWS, _GROUPS, _KEYS = 2, 3, 4, 5
_GROUP_COLUMNS, _GROUP_OFFSET, _GROUP_ORDINAL = 1, 5, 7
_CHUNK_OFFSETS = (2, 4, 6)
"""In ColumnChunk: of the metadata, of the offset index and of the column index."""
_CHUNK_META = 3
_META_OFFSETS = (9, 10, 11, 14)
"""In ColumnMetaData: of data pages, index pages, the dictionary and the Bloom filter."""

Fields = dict[int, Field]


def joined_footer(stream: IO[bytes], ends: Iterable[int]) -> bytes:
    """The footer of the whole, to be written at its end; `ends` are where the files end. Their schemas must be equal."""
    whole: Fields | None = None
    rows = start = 0
    groups: list[Fields] = []
    for end in ends:
        footer = footer_at(stream, end)
        whole = whole or footer
        assert [whole.get(key) for key in (_SCHEMA, _KEYS)] == [footer.get(key) for key in (_SCHEMA, _KEYS)], "unequal schemas"
        rows += footer[_ROWS].value
        groups += [_moved(group, start) for group in footer[_GROUPS].value[1]]
        start = end
    assert whole is not None, "no file at all"
    joined = whole | {_ROWS: Field(I64, rows), _GROUPS: Field(LIST, (STRUCT, groups))}
    return footer_bytes(joined)


def footer_bytes(footer: Fields) -> bytes:
    """A footer as it ends a file."""
    data = struct_bytes(dict(sorted(footer.items())))
    return data + len(data).to_bytes(4, "little") + MAGIC


def footer_at(stream: IO[bytes], end: int) -> Fields:
    """The footer of the file that ends there."""
    stream.seek(end - _TAIL)
    tail = stream.read(_TAIL)
    assert tail[4:] == MAGIC, "no Parquet file ends there"
    size = int.from_bytes(tail[:4], "little")
    stream.seek(end - _TAIL - size)
    return Reader(stream.read(size)).struct()


def schema_of(footer: Fields) -> Any:
    """What two footers must have in common to be joined."""
    return footer.get(_SCHEMA), footer.get(_KEYS)


def _moved(group: Fields, distance: int) -> Fields:
    """A group of rows whose data stand so many bytes further on; its number in its old file, which need not be told, is left out."""
    item, chunks = group[_GROUP_COLUMNS].value
    moved = group | {_GROUP_COLUMNS: Field(LIST, (item, [moved_chunk(chunk, distance) for chunk in chunks]))}
    moved |= _shifted(group, (_GROUP_OFFSET,), distance)
    return {number: field for number, field in moved.items() if number != _GROUP_ORDINAL}


def moved_chunk(chunk: Fields, distance: int) -> Fields:
    """A column of a group whose data stand so many bytes further on."""
    meta: Fields = chunk[_CHUNK_META].value
    moved = meta | _shifted(meta, _META_OFFSETS, distance)
    return chunk | {_CHUNK_META: Field(STRUCT, moved)} | _shifted(chunk, _CHUNK_OFFSETS, distance)


def _shifted(fields: Fields, numbers: tuple[int, ...], distance: int) -> Fields:
    """The offsets among the fields, moved; 0 is how a writer says that there is none."""
    return {
        number: Field(fields[number].type, fields[number].value + distance)
        for number in numbers
        if number in fields and fields[number].value
    }
