"""Rows from CSV or TSV: the first line names the columns, every cell is text.

The separator is a comma, or a semicolon where the first line has semicolons
and no comma (as spreadsheets write it in much of Europe), or a tab in `.tsv`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import IO

from rewardlang.samples.problem import Problem
from rewardlang.samples.text import text_lines
from rewardlang.terminal_text import listed

_LARGEST_CELL = 1 << 28


class _Stop(Exception):
    """Carries the problem of a file that is not UTF-8 out of the csv reader."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


def _lines(stream: IO[bytes], name: str) -> Iterator[str]:
    for item in text_lines(stream, name):
        if isinstance(item, Problem):
            raise _Stop(item)
        yield item[1]


def csv_records(stream: IO[bytes], name: str, *, tabs: bool = False) -> Iterator[tuple[int, dict[str, str]] | Problem]:
    """The rows, each with the line on which it ends; a cell may hold line breaks between quotes."""
    import csv

    csv.field_size_limit(_LARGEST_CELL)
    lines = _lines(stream, name)
    line = 1
    try:
        first = next(lines, "")
        separator = "\t" if tabs else ";" if ";" in first and "," not in first else ","
        reader = csv.reader(_again(first, lines), delimiter=separator, strict=True)
        names = [cell.strip() for cell in next(reader, [])]
        if problem := _names_problem(names, name):
            yield problem
            return
        line = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(names):
                message = f"line {line} has {len(cells)} cells, and the first line names {len(names)} columns"
                yield Problem("RW602", "error", message, name, line, help=f"a cell that holds '{separator}' or a line break needs quotes")
            elif cells:
                yield line, dict(zip(names, cells, strict=True))
            line = reader.line_num + 1
    except _Stop as stop:
        yield stop.problem
    except csv.Error as error:
        yield Problem("RW602", "error", f"line {line} is not valid CSV: {error}", name, line)


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _names_problem(names: list[str], file: str) -> Problem | None:
    """The first line must give every column a name of its own."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        what = "a column without a name" if twice == [""] else f"two columns called {listed(repr(name) for name in twice)}"
        return Problem("RW602", "error", f"the first line must name every column once, found {what}", file, 1)
    return None
