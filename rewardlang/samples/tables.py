"""Rows from Parquet (pyarrow) and from a spreadsheet (openpyxl): libraries that only these two formats need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rewardlang.samples.problem import Problem, UsageError

BATCH = 1024


def missing_extra(what: str, library: str) -> UsageError:
    """The error of a library that is not installed, with the command that installs it."""
    return UsageError(f"{what} needs {library}, which is not installed; install it with: pip install 'rewardlang[data]'")


def parquet_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """The rows of a Parquet file, a batch in memory at a time. `line` is the row's number from 1."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise missing_extra(f"reading {name}", "pyarrow") from None
    try:
        with parquet.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=BATCH):
                for record in batch.to_pylist():
                    number += 1
                    yield number, {key: plain(value) for key, value in record.items()}
    except (pyarrow.ArrowException, OSError) as error:
        yield Problem("RW602", "error", f"the file is not valid Parquet: {str(error).splitlines()[0]}", name, counted="row")


def xlsx_records(path: Path, name: str) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """The rows of the first sheet; its first row names the columns. `line` is the sheet's row number."""
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError:
        raise missing_extra(f"reading {name}", "openpyxl") from None
    import zipfile

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        yield Problem("RW602", "error", f"the file is not a valid XLSX workbook: {error}", name, counted="row")
        return
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        names = ["" if cell is None else str(cell).strip() for cell in next(rows, ())]
        while names and not names[-1]:
            names.pop()
        if "" in names or len(set(names)) < len(names):
            yield Problem("RW602", "error", "the first row must name every column once", name, 1, "row")
            return
        for number, cells in enumerate(rows, start=2):
            if any(cell is not None for cell in cells[: len(names)]):
                yield number, dict(zip(names, (plain(cell) for cell in cells), strict=False))
    finally:
        book.close()


def plain(value: Any) -> Any:
    """A value as JSON could hold it: a whole float of a sheet is an integer, a date is its ISO text, what is no number is null."""
    import datetime
    from decimal import Decimal
    from math import isfinite, isnan

    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float):
        if isfinite(value):
            return int(value) if value.is_integer() else value
        return None if isnan(value) else str(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    return value
