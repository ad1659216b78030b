"""What a run measures, one JSON line a row in `metrics.jsonl`, and wherever else the configuration wants it.

A row of training: `{"kind": "training", "step", "reward", "reward_std", "success", "points": {rule: mean}, "fired": {rule: share}, …}`
with `spread`, each rule's share of the variance of the score within groups;
a row of measurement: `{"kind": "held out", "step", "accuracy", "score", "points", "answers"}`;
an alarm that rang: `{"kind": "alarm", "step", "alarm", "found", "remedy"}`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.trackers import Tracker

MetricsRow: TypeAlias = dict[str, Any]

# TRL's name → ours; everything else that TRL logs stays out, but for what the reward says of its rules.
_FROM_TRL = {
    "reward": "reward",
    "reward_std": "reward_std",
    "frac_reward_zero_std": "flat_groups",
    "entropy": "entropy",
    "kl": "kl",
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "clip_ratio/region_mean": "clipped",
    "cispo_clip_ratio": "clipped",
    "groups_replaced": "groups_replaced",
    "pairs": "pairs",
    "pairs_in_order": "pairs_in_order",
    "canary/difference": "canary_difference",
    "canary/limit": "canary_limit",
    "canary/effective_sample": "canary_effective_sample",
    "canary/share": "canary_share",
    "value": "value",
    "value_loss": "value_loss",
    "groups_flat_after_refill": "groups_flat_after_refill",
    "completions/mean_length": "tokens",
    "completions/clipped_ratio": "cut_off",
    "step_time": "seconds_a_step",
}


def training_row(logs: dict[str, Any], step: int, reward_name: str) -> MetricsRow:
    """A row from what TRL logged."""
    row: MetricsRow = {"kind": "training", "step": step}
    row |= {ours: float(logs[theirs]) for theirs, ours in _FROM_TRL.items() if theirs in logs and math.isfinite(float(logs[theirs]))}
    points, fired, spread, failures = {}, {}, {}, {}
    for name, value in logs.items():
        if name.startswith("verifier_errors/"):
            failures[name.removeprefix("verifier_errors/")] = float(value)
        own = name.removeprefix(f"{reward_name}/") if name.startswith(f"{reward_name}/") else ""
        if own.endswith("/points"):
            points[own.removesuffix("/points")] = float(value)
        elif own.endswith("/fired"):
            fired[own.removesuffix("/fired")] = float(value)
        elif own.endswith("/spread"):
            spread[own.removesuffix("/spread")] = float(value)
        elif own in ("skipped", "gated", "success"):
            row[own] = float(value)
    row |= {"points": points, "fired": fired}
    return row | {name: found for name, found in (("spread", spread), ("verifier_errors", failures)) if found}


class MetricsLog:
    """Writes rows; each is on the disk when `write` returns."""

    def __init__(self, folder: Path, *, from_step: int = 0, last_step: int | None = None, trackers: Sequence[Tracker] = ()) -> None:
        """Rows after `from_step` are dropped: a resumed run writes them again. With 0 the file starts empty.

        The measurement of `last_step` is dropped too: it is made after the last checkpoint, and so again.
        """
        self.path = folder / "metrics.jsonl"
        kept = [row for row in read_metrics(self.path) if row["step"] <= from_step] if from_step else []
        kept = [row for row in kept if not (row["kind"] == "held out" and row["step"] == last_step)]
        replace_text(self.path, "".join(_line(row) for row in kept))
        self._trackers = trackers

    def write(self, row: MetricsRow) -> None:
        """Appends one row."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))
        values = {f"{row['kind']}/{name}": value for name, value in _flat(row).items()}
        for tracker in self._trackers if values else ():
            tracker.write(values, row["step"])

    def close(self) -> None:
        """Ends what trackers hold open."""
        for tracker in self._trackers:
            tracker.close()


def read_metrics(path: Path) -> list[MetricsRow]:
    """All rows of a metrics file; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def _line(row: MetricsRow) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _flat(row: MetricsRow) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{name}/{inner}": item for inner, item in value.items()}
        elif isinstance(value, (int, float)) and name != "step":
            flat[name] = value
    return flat
