"""What a run came to, as plain data, from what it left on the disk: `run.json`, `metrics.jsonl` and the ledger. Loads no torch."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rewardlang.trainer.alarms import WINDOW
from rewardlang.trainer.checkpoints import last_complete
from rewardlang.trainer.ending import FINISHED, ending_of
from rewardlang.trainer.intervals import wilson
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.metrics import MetricsRow, read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.run_record import Record, differences, record_of

Summary: TypeAlias = dict[str, Any]

_FIGURES = ("reward", "success", "tokens", "cut_off", "entropy", "flat_groups", "kl", "seconds_a_step")


def summary(run: Path) -> Summary:
    """One run. Figures of training are means over the first and the last rows of metrics. Raises `TrainingProblem` where none is."""
    record = record_of(run)
    rows = read_metrics(run / "metrics.jsonl")
    training = [row for row in rows if row["kind"] == "training"]
    checkpoint, ended = last_complete(run), ending_of(run)
    done = training[-1]["step"] if training else 0
    return {
        "run": str(run),
        "reward": record["reward"],
        "algorithm": record["config"]["training"]["algorithm"],
        "steps": {"done": done if ended is None else max(done, ended.step), "planned": record["config"]["training"]["steps"]},
        "finished": (run / "policy" / "COMPLETE").exists() if ended is None else ended.how == FINISHED,
        "ending": None if ended is None else ended.to_json(),
        "checkpoint": None if checkpoint is None else checkpoint.name,
        "resumed": record["resumed"],
        "notes": [*record["notes"], *(f"ended early: {row['found']}" for row in rows if row["kind"] == "early end")],
        "held_out": [_measured(row) for row in rows if row["kind"] == "held out"],
        "training": {name: _ends(training, name) for name in _FIGURES if any(name in row for row in training)},
        "rules": {name: _rule(training, name) for name in record["reward"]["rules"]},
        "alarms": [{name: row[name] for name in ("step", "alarm", "found", "remedy")} for row in rows if row["kind"] == "alarm"],
        "ledger": _ledger(run),
    }


def comparison(runs: Sequence[Path]) -> Summary:
    """Several runs: the summary of each, and what differs in their configurations, each key with one value a run."""
    records = [record_of(run) for run in runs]
    keys: dict[str, None] = {}
    for record in records[1:]:
        keys |= dict.fromkeys(differences(_compared(records[0]), _compared(record)))
    return {
        "runs": [summary(run) for run in runs],
        "differences": {key: [_value(_compared(record), key) for record in records] for key in keys},
    }


def completions_of(run: Path, version: int | None, count: int) -> list[dict[str, Any]]:
    """The `count` best and the `count` worst completions that one version of the policy wrote, best first; of the last by default.

    Raises `TrainingProblem` when the ledger holds none of that version.
    """
    import pyarrow.compute

    table = read_ledger(run / "ledger")
    if table is None:
        raise TrainingProblem(f"{run} holds no ledger", "name the 'output' folder of a run that has begun")
    last = pyarrow.compute.max(table["version"]).as_py()
    wanted = last if version is None else version
    rows = [row for row in table.filter(pyarrow.compute.equal(table["version"], wanted)).to_pylist() if row["score"] is not None]
    if not rows:
        raise TrainingProblem(f"the ledger of {run} holds no marked completion of version {wanted}", f"it goes from 0 to {last}")
    rows.sort(key=lambda row: (-row["score"], row["row"]))
    rows = list({(row["prompt"], row["completion"]): row for row in reversed(rows)}.values())[::-1]  # the same answer once
    return rows if len(rows) <= 2 * count else [*rows[:count], *rows[-count:]]


def _compared(record: Record) -> Record:
    data = {name: record[name]["fingerprint"][:12] for name in ("data", "held_out", "reward")}
    return {**record["config"], "content of": data, "versions": record["versions"]}


def _value(record: Record, key: str) -> Any:
    value: Any = record
    while isinstance(value, dict) and key not in value:
        name, _, key = key.partition(".")
        value = value.get(name)
    return value.get(key) if isinstance(value, dict) else None


def _rule(rows: Sequence[dict[str, Any]], name: str) -> Summary:
    """Points, how often it fired, and its share of the spread within groups."""
    flat = [{kind: row[kind][name] for kind in ("points", "fired", "spread") if name in row.get(kind, {})} for row in rows]
    return {kind: _ends(flat, kind) for kind in ("points", "fired", "spread")}


def _ends(rows: Sequence[dict[str, Any]], name: str) -> dict[str, float] | None:
    """Means over the first rows and the last, up to `WINDOW` of each and none in both; of a single row, `last` alone."""
    values = [row[name] for row in rows if name in row]
    if not values:
        return None
    if len(values) == 1:
        return {"last": values[0]}
    some = min(WINDOW, len(values) // 2)
    return {"first": statistics.fmean(values[:some]), "last": statistics.fmean(values[-some:])}


def _measured(row: MetricsRow) -> Summary:
    """A measurement, with Wilson's 95 % interval of its accuracy."""
    found: Summary = {name: row[name] for name in ("step", "accuracy", "score", "answers") if name in row}
    interval = accuracy_interval(row)
    return found if interval is None else found | {"interval": list(interval)}


def accuracy_interval(row: MetricsRow) -> tuple[float, float] | None:
    """Of a measurement with one answer a prompt; None where there is no accuracy."""
    if row.get("accuracy") is None or not row["answers"]:
        return None
    found = wilson(round(row["accuracy"] * row["answers"]), row["answers"])
    return found.low, found.high


def _ledger(run: Path) -> Summary | None:
    import pyarrow.compute

    table = read_ledger(run / "ledger", ["version", "row", "score", "failures", "marking_seconds", "verifier_seconds"])
    if table is None:
        return None
    calls = {(row["version"], row["marking_seconds"]) for row in table.select(["version", "marking_seconds"]).to_pylist()}
    return {
        "completions": table.num_rows,
        "versions": pyarrow.compute.count_distinct(table["version"]).as_py(),
        "skipped": table["score"].null_count,
        "with_failures": table.num_rows - table["failures"].null_count,
        "marking_seconds": round(sum(seconds for _, seconds in calls), 3),
        "verifier_seconds": _slowest(table),
    }


def _slowest(table: Any) -> Summary | None:
    """What verifiers in other processes took on a completion; None where none was asked."""
    asked = [row for row in table.to_pylist() if row["verifier_seconds"] is not None]
    if not asked:
        return None
    longest = max(asked, key=lambda row: row["verifier_seconds"])
    seconds = {"median": statistics.median(row["verifier_seconds"] for row in asked), "longest": longest["verifier_seconds"]}
    return {name: round(value, 4) for name, value in seconds.items()} | {"version": longest["version"], "row": longest["row"]}
