"""The ledger of a run: every completion that was drawn, with what each rule gave it and why, in `ledger/*.parquet`, written as it goes.

A row has `version` (the policy that wrote it, counted in updates), `row` and
`group` within that version, `prompt` (a chat as JSON), `completion`, `columns` (what the reward file was given of the data, as one JSON
object), `tokens`, `score` (null where the row was skipped), `success`, `gate` (the words of the
`require` that stopped it), `clamping`, `failures` (of verifiers),
`verifier_seconds` (what verifiers in other processes took on this completion; null where none was asked: all else is computed for
many completions at once, in microseconds each), `marking_seconds` (how long the run waited for the call that marked it) and
`marked_together` (how many completions that call had, which share its seconds),
`ratio_mean`, `ratio_min`, `ratio_max` (importance ratios of its tokens when it was learned from, `ratios.py`; null until then), and
`section.NAME`, `points.NAME`, `fired.NAME`, `reason.NAME` for each section and
rule of the reward file; points are those before caps and weight of the section.

A Parquet file has its table of contents at the end, so one that is cut off is
lost. Each file here holds a few versions, one row group each call; it is written anew
beside and renamed, so that what was there stays readable at any moment.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rewardlang.marks import RowMarks
from rewardlang.program import Program

_VERSIONS_A_FILE = 16
_RATIOS = ("ratio_mean", "ratio_min", "ratio_max")


class Ledger:
    """Writes; each call's rows are in a file when `add` returns."""

    def __init__(self, folder: Path, program: Program, group: int, *, from_version: int = 0) -> None:
        """Rows of `from_version` and later are dropped: a resumed run draws them again."""
        self._folder, self._program, self._group = folder, program, group
        self._tables: list[Any] = []
        self._first = self._version = from_version
        self._rows = 0
        self._ratios: dict[tuple[int, int], tuple[float | None, ...]] = {}  # by version and row, not in the tables yet
        folder.mkdir(parents=True, exist_ok=True)
        _cut(folder, from_version)
        self._go_on()

    def add(
        self,
        version: int,
        prompts: Sequence[Any],
        marks: Sequence[RowMarks],
        columns: Mapping[str, Sequence[Any]],
        seconds: float,
        own_seconds: Mapping[int, float],
    ) -> None:
        """The B rows of one call that marked completions: how long it took, and what rows took of that by themselves."""
        import pyarrow

        if not self._tables or version - self._first >= _VERSIONS_A_FILE:
            self.flush()
            self._tables, self._first = [], version
        if version != self._version:
            self._version, self._rows = version, 0
        tokens = columns.get("completion_tokens") or [None] * len(marks)
        rows = []
        for place, (prompt, row, count) in enumerate(zip(prompts, marks, tokens, strict=True), self._rows):
            rows.append({"version": version, "row": place, "group": place // self._group, "tokens": count})
            rows[-1] |= {"marking_seconds": seconds, "marked_together": len(marks), "verifier_seconds": own_seconds.get(place - self._rows)}
            given = {name: values[place - self._rows] for name, values in columns.items()}
            rows[-1] |= {"prompt": prompt_text(prompt), "columns": json.dumps(given, ensure_ascii=False, default=str)} | _marked(row)
        self._rows += len(marks)
        self._tables.append(pyarrow.Table.from_pylist(rows, schema=_schema(self._program)))
        self._write()

    def fill_ratios(
        self, version: int, rows: Sequence[int], mean: Sequence[float], least: Sequence[float], greatest: Sequence[float]
    ) -> None:
        """Statistics of the ratios of some rows, NaN where there are none; on the disk after the next `add` or `flush`."""
        for row, *found in zip(rows, mean, least, greatest, strict=True):
            self._ratios[version, row] = tuple(value if math.isfinite(value) else None for value in found)

    def flush(self) -> None:
        """Brings what was filled in to the disk."""
        if self._ratios and self._tables:
            self._write()

    def _write(self) -> None:
        if self._ratios:
            self._tables = [_with_ratios(table, self._ratios) for table in self._tables]
            self._ratios = {}
        _write(self._folder / f"from-{self._first:07d}.parquet", self._tables)

    def _go_on(self) -> None:
        """The newest file of a run that is resumed is written on."""
        import pyarrow.parquet

        files = sorted(self._folder.glob("from-*.parquet"))
        table = pyarrow.parquet.read_table(files[-1]) if files else None
        if table is not None and table.schema.equals(_schema(self._program)):  # else it is of an older version of this library
            self._tables, self._first = [table], int(files[-1].stem.removeprefix("from-"))


def prompt_text(prompt: Any) -> str:
    """A prompt as the ledger has it: a text as it is, a chat as JSON."""
    return prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False)


def read_ledger(folder: Path, columns: Sequence[str] | None = None) -> Any:
    """All rows as one pyarrow table, in the order in which they were written; None where there are none.

    A column that was asked for and stands in no file, as in a ledger of an older version of this library, holds nulls.
    """
    import pyarrow
    import pyarrow.parquet

    files = sorted(folder.glob("from-*.parquet"))
    if not files:
        return None
    there = [set(pyarrow.parquet.read_schema(path).names) for path in files]
    wanted = [None if columns is None else [name for name in columns if name in names] for names in there]
    tables = [pyarrow.parquet.read_table(path, columns=some) for path, some in zip(files, wanted, strict=True)]
    table = pyarrow.concat_tables(tables, promote_options="default")
    for name in columns or ():
        if name not in table.column_names:
            table = table.append_column(name, pyarrow.nulls(table.num_rows))
    return table


def prompt_of(text: str) -> Any:
    """A prompt as it was before the ledger took it: a chat, or a text."""
    if text.startswith('[{"'):
        try:
            return json.loads(text)
        except ValueError:
            return text  # a text that looks like the beginning of one
    return text


def _schema(program: Program) -> Any:
    import pyarrow as pa

    fields = [("version", pa.int32()), ("row", pa.int32()), ("group", pa.int32()), ("prompt", pa.string()), ("completion", pa.string())]
    fields += [("columns", pa.string())]
    fields += [("tokens", pa.int32()), ("score", pa.float64()), ("success", pa.bool_()), ("gate", pa.string()), ("clamping", pa.float64())]
    fields += [("failures", pa.string()), ("verifier_seconds", pa.float64()), ("marking_seconds", pa.float64())]
    fields += [("marked_together", pa.int32())]
    fields += [(name, pa.float64()) for name in _RATIOS]
    fields += [(f"section.{section.name or ''}", pa.float64()) for section in program.sections]
    for rule in program.rules:
        fields += [(f"points.{rule.name}", pa.float64()), (f"fired.{rule.name}", pa.bool_()), (f"reason.{rule.name}", pa.string())]
    return pa.schema(fields)


def _marked(row: RowMarks) -> dict[str, Any]:
    values: dict[str, Any] = {
        "completion": row.completion,
        "score": row.score,
        "success": row.success,
        "gate": None if row.gate is None else row.gate.words,
        "clamping": row.clamping,
        "failures": "; ".join(f"{failure.verifier}: {failure.reason}" for failure in row.failures) or None,
    }
    values |= {f"section.{section.section or ''}": section.points for section in row.sections}
    for mark in row.marks:
        values |= {f"points.{mark.rule}": float(mark.points), f"fired.{mark.rule}": mark.fired, f"reason.{mark.rule}": mark.reason}
    return values


def _with_ratios(table: Any, ratios: Mapping[tuple[int, int], tuple[float | None, ...]]) -> Any:
    import pyarrow

    keys = list(zip(table["version"].to_pylist(), table["row"].to_pylist(), strict=True))
    if not any(key in ratios for key in keys):
        return table
    for number, name in enumerate(_RATIOS):
        old = table[name].to_pylist()
        new = [ratios[key][number] if key in ratios else value for key, value in zip(keys, old, strict=True)]
        table = table.set_column(table.column_names.index(name), name, pyarrow.array(new, pyarrow.float64()))
    return table


def _write(path: Path, tables: Sequence[Any]) -> None:
    import pyarrow.parquet

    beside = path.with_suffix(".writing")
    with pyarrow.parquet.ParquetWriter(beside, tables[0].schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)
    beside.replace(path)


def _cut(folder: Path, version: int) -> None:
    """Leaves the rows before `version`."""
    import pyarrow.compute
    import pyarrow.parquet

    for path in folder.glob("from-*.parquet"):
        table = pyarrow.parquet.read_table(path)
        kept = table.filter(pyarrow.compute.less(table["version"], version))
        if kept.num_rows == 0:
            path.unlink()
        elif kept.num_rows < table.num_rows:
            _write(path, [kept])
