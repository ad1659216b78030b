"""A part of the input as chunks: some thousand rows that are scored at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from rewardlang.samples.json_rows import line_records
from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Row, Samples
from rewardlang.scoring.inputs import Part
from rewardlang.scoring.rows_in_batches import batches
from rewardlang.scoring.table_chunks import TableChunk, broken, table_chunks

_MOST_ROWS = 1 << 13
_MOST_BYTES = 1 << 23


class LinesChunk(NamedTuple):
    """Lines of a JSONL file. `before` counts the lines of the part that stand before them; `size` is in bytes."""

    lines: list[bytes]
    before: int
    size: int

    def items(self, samples: Samples, first: int) -> list[Row | Problem]:
        """The rows, where `first` is the number of the part's first line in its file."""
        found = line_records(self.lines, samples.name, first + self.before)
        return [item if isinstance(item, Problem) else samples.row(*item) for item in found]


class RowsChunk(NamedTuple):
    """Rows of any other form, as they were read."""

    items: list[Row | Problem]


Chunk: TypeAlias = "TableChunk | LinesChunk | RowsChunk"


def chunks_of(part: Part, samples: Samples, columns: Sequence[str] | None = None) -> Iterator[Chunk | Problem]:
    """The chunks of a part, the same ones each time; a problem ends a Parquet file that is broken in the middle.

    `columns` are those of a Parquet file that are needed, if not all are.
    """
    if part.form == "groups":
        assert part.first is not None, "the groups of a table are counted"
        import pyarrow

        try:
            yield from table_chunks(part.path, part.start, part.stop, part.first, columns)
        except (pyarrow.ArrowException, OSError) as error:
            yield broken(part.path, error)
    elif part.form == "lines":
        yield from _line_chunks(part)
    else:
        items = (item if isinstance(item, Problem) else samples.row(*item) for item in samples.records())
        for batch in batches(items, _MOST_ROWS):
            yield RowsChunk(batch)


def samples_of(part: Part, renames: Mapping[str, str]) -> Samples:
    """How the rows of a part are read. Ids are not compared: a row is scored as if it were alone."""
    return Samples(part.path, renames, stdin=sys.stdin.buffer if part.path == "-" else None, repeated_ids=False)


def lines_before(part: Part) -> int:
    """The number of the part's first line in its file, counted by reading all that stands before it."""
    count = 1
    with Path(part.path).open("rb") as stream:
        left = part.start
        while left > 0 and (block := stream.read(min(left, 1 << 20))):
            count += block.count(b"\n")
            left -= len(block)
    return count


def _line_chunks(part: Part) -> Iterator[LinesChunk]:
    with Path(part.path).open("rb") as stream:
        stream.seek(part.start)
        left = part.stop - part.start
        before = size = 0
        lines: list[bytes] = []
        while left > 0 and (line := stream.readline()):
            lines.append(line)
            left -= len(line)
            size += len(line)
            if len(lines) >= _MOST_ROWS or size >= _MOST_BYTES:
                yield LinesChunk(lines, before, size)
                before, size, lines = before + len(lines), 0, []
        if lines:
            yield LinesChunk(lines, before, size)
