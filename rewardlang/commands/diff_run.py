"""The completions of a training run, from its ledger, as rows to compare on, and what the run itself gave them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rewardlang.commands.diff_compare import Verdict
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import Row, is_conversation
from rewardlang.samples.tables import parquet_records
from rewardlang.scoring.rows_in_batches import RowSource

_SECTION = "section."
_NEEDED = {"version", "row", "prompt", "completion", "score", "success", "gate", "clamping"}


class StoredRun(NamedTuple):
    """A run's output folder: what its reward was called, and the files of its ledger, at least one."""

    path: str
    name: str
    version: str | None
    fingerprint: str
    ledger: tuple[Path, ...]


class Update:
    """The rows of one update: completions that one policy wrote, marked at one training step. See `RowSource`."""

    counted = "row"

    def __init__(self, name: str, step: int, rows: Sequence[Row | Problem]) -> None:
        self.name, self.step, self._rows = name, step, rows

    def __iter__(self) -> Iterator[Row | Problem]:
        return iter(self._rows)


def open_run(path: str) -> StoredRun:
    """Raises `UsageError` where there is no run, or nothing in its ledger."""
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {path}; --run takes the 'output' folder of a training run")
    try:
        reward = json.loads((folder / "run.json").read_text(encoding="utf-8"))["reward"]
        stored = StoredRun(
            path, reward["name"], reward["version"], reward["fingerprint"], tuple(sorted((folder / "ledger").glob("*.parquet")))
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{path} holds no run: there is no run.json that can be read") from None
    if not stored.ledger:
        raise UsageError(f"{path} has no completions: its folder 'ledger' is empty")
    return stored


def updates(run: StoredRun) -> Iterator[Update]:
    """The rows of the ledger, one update after the other, as they were drawn. Raises `UsageError` for what is no ledger."""
    rows: list[Row | Problem] = []
    step = 0
    for path in run.ledger:
        for item in parquet_records(path, str(path)):
            if isinstance(item, Problem):
                rows.append(item)
                continue
            number, record = item
            _check(run, record)
            if rows and record["version"] != step:
                yield Update(f"{run.path}/ledger", step, rows)
                rows = []
            step = record["version"]
            rows.append(_row(record, number))
    if rows:
        yield Update(f"{run.path}/ledger", step, rows)


def _check(run: StoredRun, record: Mapping[str, Any]) -> None:
    if not record.keys() >= _NEEDED:
        raise UsageError(f"{run.path}/ledger is no ledger of a training run")
    if "columns" not in record:
        raise UsageError(f"the ledger of {run.path} was written by an older version, which left the columns of the data out")


def _row(record: Mapping[str, Any], number: int) -> Row:
    prompt = record["prompt"]
    chat = _json(prompt) if prompt.startswith("[") else None
    values = _json(record["columns"] or "{}") or {}
    values |= {"prompt": chat if is_conversation(chat) else prompt, "completion": record["completion"]}
    name = f"update {record['version']}, row {record['row']}"
    return Row(id=name, line=number, record=record, values=values, completions=(record["completion"],), several=False)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


class RecordedSide:
    """What the run gave its completions, by section: the file that paid them need not be there any more."""

    def verdicts(self, rows: Sequence[Row], samples: RowSource) -> Iterator[tuple[Row, tuple[Verdict, ...]] | Problem]:
        """See `Side`."""
        for row in rows:
            record = row.record
            yield row, (Verdict(record["score"], record["success"], dict(_parts(record))),)


def _parts(record: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    if record["gate"] is not None:
        given = {f"require {record['gate']}": record["score"]}
    else:
        names = [name for name in record if name.startswith(_SECTION)]
        given = {name.replace(_SECTION, "section ", 1).strip() or "section": record[name] for name in names}
        given["clamping"] = record["clamping"]
    yield from ((name, points) for name, points in given.items() if points)
