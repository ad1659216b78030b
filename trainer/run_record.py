"""`run.json`: what made a run, so that it can be made again and told from another: configuration, versions, fingerprints."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import rewardlang
from rewardlang.reward import Reward
from rewardlang.trainer.checkpoints import replace_text
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.problem import TrainingProblem

Record: TypeAlias = dict[str, Any]

_NAME = "run.json"
_LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")
# The checkpoint's tensors, or the place in the data, have another meaning under another value of these.
_FIXED = ("seed", "model.", "lora.", "data.", "training.completions", "training.group", "training.iterations")


def make_record(config: RunConfig, reward: Reward, rows: Sequence[Row], held_out: Sequence[Row], notes: Sequence[str]) -> Record:
    """The record of a run that is about to begin. `notes` is what was said about its data."""
    import torch

    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "folder": str(Path.cwd()),  # what relative paths in the configuration are relative to
        "config": dataclasses.asdict(config),
        "reward": {"name": reward.name, "version": reward.version, "fingerprint": reward.fingerprint, "rules": list(reward.rules)},
        "score": {"low": float(reward.program.score.low), "high": float(reward.program.score.high)},
        "data": {"rows": len(rows), "fingerprint": data_fingerprint(rows)},
        "held_out": {"rows": len(held_out), "fingerprint": data_fingerprint(held_out)},
        "notes": list(notes),
        "versions": {
            "rewardlang": rewardlang.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(), "threads": torch.get_num_threads(), "gpu": _gpu()},
        "resumed": [],
    }


def data_fingerprint(rows: Sequence[Row]) -> str:
    """sha256 (hex) of the rows in their order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, ensure_ascii=False, sort_keys=True, default=str).encode() + b"\n")
    return digest.hexdigest()


def write_record(output: Path, record: Record) -> None:
    """Puts it in the run's folder."""
    replace_text(output / _NAME, json.dumps(record, ensure_ascii=False, indent=2) + "\n")


def read_record(output: Path) -> Record | None:
    """The record of a run, or None where there is none."""
    path = output / _NAME
    if not path.is_file():
        return None
    record: Record = json.loads(path.read_text(encoding="utf-8"))
    return record


def record_of(run: Path) -> Record:
    """The record of a run. Raises `TrainingProblem` where the folder holds none."""
    record = read_record(run)
    if record is None:
        raise TrainingProblem(f"{run} holds no run: it has no run.json", "name the 'output' folder of a run")
    return record


def resumed_record(before: Record, now: Record, step: int, ended: Record | None) -> tuple[Record, list[str]]:
    """The record of a run that goes on at `step`, and what differs from how it began, one text a difference.

    `ended` is how it had ended, as far as it left a word.
    Raises `TrainingProblem` when something differs that the checkpoint cannot go on under.
    """
    changes = differences(before["config"], now["config"])
    for name in ("data", "reward"):
        if before[name]["fingerprint"] != now[name]["fingerprint"]:
            changes[f"{name} (its content)"] = (before[name]["fingerprint"][:12], now[name]["fingerprint"][:12])
    told = [f"{name}: {old!r} → {new!r}" for name, (old, new) in changes.items()]
    fixed = [text for name, text in zip(changes, told, strict=True) if name.startswith(_FIXED) or name == "data (its content)"]
    if fixed:
        listed = "".join(f"\n  - {text}" for text in fixed)
        raise TrainingProblem(
            f"the run cannot go on with another value of{listed}", "put the old value back, or begin a run with another 'output'"
        )
    entry = {"step": step, "at": now["started"], "changed": told, "ended": ended, "versions": now["versions"]}
    return before | {"config": now["config"], "reward": now["reward"], "resumed": [*before["resumed"], entry]}, told


def differences(one: Record, other: Record, place: str = "") -> dict[str, tuple[Any, Any]]:
    """Each key, dotted, whose values differ; where data live does not count, what they hold does."""
    found: dict[str, tuple[Any, Any]] = {}
    for name in {**one, **other}:
        old, new = _by_number(one.get(name)), _by_number(other.get(name))
        if isinstance(old, dict) and isinstance(new, dict):
            found |= differences(old, new, f"{place}{name}.")
        elif json.loads(json.dumps(old, default=str)) != json.loads(json.dumps(new, default=str)) and not _PATHS.fullmatch(place + name):
            found[f"{place}{name}"] = (old, new)
    return found


_PATHS = re.compile(r"output|reward|model\.path|(data|held_out)\.(mix\.\d+\.)?(file|hub)")


def _by_number(value: Any) -> Any:
    """A list of tables as a table, so that the keys of each are compared."""
    tables = isinstance(value, (list, tuple)) and value and all(isinstance(item, dict) for item in value)
    return {str(number): item for number, item in enumerate(value, 1)} if tables else value


def _gpu() -> str | None:
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
