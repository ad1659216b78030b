"""Groups of rows of a Parquet file with columns added: the data of the old columns are copied as they are, never decoded.

Only where nothing can go wrong: the file must describe its columns with the very
bytes with which pyarrow here would describe them, hold each group in one piece,
and have no column that is called like an added one. Every other file is read and
written anew.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from rewardlang.scoring.parquet_join import MAGIC, Fields, footer_at, footer_bytes, moved_chunk
from rewardlang.scoring.thrift import I32, I64, LIST, STRUCT, Field

_SCHEMA, _ROWS, _GROUPS, _KEYS = 2, 3, 4, 5
_CHILDREN = 5
_GROUP_COLUMNS, _GROUP_BYTES, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_COMPRESSED = 1, 2, 3, 5, 6
_META, _META_COMPRESSED, _META_DATA, _META_DICTIONARY = 3, 7, 9, 11
_CHUNK_ELSEWHERE = 1
_CHUNK_KEPT = (2, 3)
"""Of a ColumnChunk: what does not point to another file, or to an index outside of the group."""
_META_BLOOM = (14, 15)


class Copied(NamedTuple):
    """Bytes of a file, from one place to another."""

    path: str
    start: int
    stop: int


Segment: TypeAlias = "bytes | Copied"


class CopiedTable:
    """A file whose groups of rows can be copied. Raises `ValueError` where they cannot.

    `schema` is that of its columns; `several` says that what is added are lists.
    """

    def __init__(self, path: str, added: Any) -> None:
        """`added` is the schema of the columns that will be added."""
        import pyarrow
        from pyarrow import parquet

        with Path(path).open("rb") as stream:
            self._footer = footer_at(stream, stream.seek(0, io.SEEK_END))
        old = parquet.read_schema(path).remove_metadata()
        if set(old.names) & set(added.names) or len(set(old.names)) < len(old.names):
            raise ValueError("a column stands twice")
        out = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_batches([], schema=pyarrow.schema([*old, *added])), out)
        self._described = footer_at(out, out.tell())
        elements, described = self._footer[_SCHEMA].value[1], self._described[_SCHEMA].value[1]
        root = elements[0] | {_CHILDREN: Field(I32, elements[0][_CHILDREN].value + len(added))}
        if [root, *elements[1:]] != described[: len(elements)]:
            raise ValueError("the columns are described otherwise")
        self._path, self._added = path, added
        self.schema = old
        self.several = str(added.field("score").type) != "double"
        self._spans = [_span(group) for group in self._footer[_GROUPS].value[1]]

    def piece(self, start: int, stop: int, added: Any) -> tuple[Segment, ...]:
        """Groups from one to before another as a Parquet file, with a table of the added columns, as long as they are together."""
        from pyarrow import parquet

        groups: list[Fields] = self._footer[_GROUPS].value[1][start:stop]
        out = io.BytesIO()
        first = 0
        with parquet.ParquetWriter(out, self._added) as writer:
            for group in groups:
                count = group[_GROUP_ROWS].value
                writer.write_table(added.slice(first, count), row_group_size=max(count, 1))
                first += count
        assert first == len(added), "a row without its columns"
        new = footer_at(out, len(out.getvalue()))
        body = out.getvalue()[len(MAGIC) : -8 - int.from_bytes(out.getvalue()[-8:-4], "little")]
        segments: list[Segment] = [MAGIC]
        place, joined = len(MAGIC), []
        behind = len(MAGIC) + sum(end - begin for begin, end in self._spans[start:stop])
        for group, more, (begin, end) in zip(groups, new[_GROUPS].value[1], self._spans[start:stop], strict=True):
            segments.append(Copied(self._path, begin, end))
            joined.append(_joined(group, more, place - begin, behind - len(MAGIC)))
            place += end - begin
        footer = self._described | {_ROWS: Field(I64, first), _GROUPS: Field(LIST, (STRUCT, joined))}
        return (*segments, body, footer_bytes(footer))


def _span(group: Fields) -> tuple[int, int]:
    """Where the data of a group stand. Raises `ValueError` where something else stands between them."""
    chunks = group[_GROUP_COLUMNS].value[1]
    if any(_CHUNK_ELSEWHERE in chunk or _META not in chunk for chunk in chunks):
        raise ValueError("a column stands in another file")
    metas = [chunk[_META].value for chunk in chunks]
    starts = [
        min(meta[number].value for number in (_META_DATA, _META_DICTIONARY) if number in meta and meta[number].value) for meta in metas
    ]
    sizes = [meta[_META_COMPRESSED].value for meta in metas]
    end = max(start + size for start, size in zip(starts, sizes, strict=True))
    if end - min(starts) != sum(sizes):
        raise ValueError("a group is not in one piece")
    return min(starts), end


def _joined(group: Fields, more: Fields, distance: int, further: int) -> Fields:
    """A group with the columns of another beside its own; each moved by its distance."""
    item, chunks = group[_GROUP_COLUMNS].value
    columns = [
        *(_bare(moved_chunk(chunk, distance)) for chunk in chunks),
        *(moved_chunk(chunk, further) for chunk in more[_GROUP_COLUMNS].value[1]),
    ]
    joined = {_GROUP_COLUMNS: Field(LIST, (item, columns)), _GROUP_ROWS: group[_GROUP_ROWS]}
    for number in (_GROUP_BYTES, _GROUP_COMPRESSED):
        if number in group and number in more:
            joined[number] = Field(I64, group[number].value + more[number].value)
    if _GROUP_OFFSET in group:
        joined[_GROUP_OFFSET] = Field(I64, group[_GROUP_OFFSET].value + distance)
    return dict(sorted(joined.items()))


def _bare(chunk: Fields) -> Fields:
    """A column without what points outside of its group: indexes and Bloom filters are optional."""
    meta = {number: field for number, field in chunk[_META].value.items() if number not in _META_BLOOM}
    return {number: field for number, field in (chunk | {_META: Field(STRUCT, meta)}).items() if number in _CHUNK_KEPT}
