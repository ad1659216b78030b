"""A run opened again after training: its configuration, and the policies that it left.

Paths in `run.json` are as the run saw them; `folder` there says from where.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rewardlang.reward import Reward
from rewardlang.suggest import did_you_mean
from rewardlang.trainer.checkpoints import is_complete, step_of, whole_checkpoints
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.config_from_toml import config_from_record
from rewardlang.trainer.metrics import MetricsRow, read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.run_record import Record, record_of

BASE, BEST, LAST = "base", "best", "last"


@dataclass(frozen=True)
class PastRun:
    """`config` has paths that lead where the run's led, from here."""

    folder: Path
    record: Record
    config: RunConfig

    @property
    def rows(self) -> list[MetricsRow]:
        """All metrics."""
        return read_metrics(self.folder / "metrics.jsonl")


@dataclass(frozen=True)
class SavedPolicy:
    """A policy of a run: `folder` holds its adapter, or all its weights, and its tokenizer; None for the policy before training."""

    name: str
    step: int
    folder: Path | None


def open_run(folder: Path) -> PastRun:
    """The run in an 'output' folder. Raises `TrainingProblem` where none is, or one that this version cannot read."""
    record = record_of(folder)
    config = config_from_record(record["config"], folder / "run.json")
    return PastRun(folder, record, _found(config, Path(record.get("folder", "."))))


def policy_of(run: PastRun, which: str | None = None) -> SavedPolicy:
    """The policy that is meant: 'base', 'best' (on held-out rows), 'last', or the number of a step; by default the last.

    Raises `TrainingProblem` when it is not there, with what is.
    """
    if which == BASE:
        return SavedPolicy("base", 0, None)
    there = saved_policies(run)
    if not there:
        raise TrainingProblem(f"{run.folder} holds no trained policy and no whole checkpoint", "let the run go on with --resume")
    if which in (None, LAST):
        return there[max(there)]
    if which == BEST:
        return there[_best_step(run, set(there))]
    if str(which).isascii() and str(which).isdigit() and int(str(which)) in there:
        return there[int(str(which))]
    steps = ", ".join(map(str, sorted(there)))
    guess = did_you_mean(str(which), (BASE, BEST, LAST))
    raise TrainingProblem(f"{run.folder} holds no policy '{which}'", guess or f"there are steps {steps}, 'best', 'last' and 'base'")


def saved_policies(run: PastRun) -> dict[int, SavedPolicy]:
    """Every policy with whole files, by its step: checkpoints, the best that `evaluation.patience` kept, the trained one."""
    found = {step_of(path): SavedPolicy(f"step {step_of(path)}", step_of(path), path) for path in whole_checkpoints(run.folder)}
    if is_complete(run.folder / BEST):
        from rewardlang.trainer.run_callback import best_accuracy

        best = best_accuracy(run.rows, run.config.evaluation.min_rise)
        if best is not None:
            found[best[1]] = SavedPolicy(f"step {best[1]}", best[1], run.folder / BEST)
    trained = run.folder / "policy"
    if is_complete(trained):
        step = max((row["step"] for row in run.rows), default=run.config.training.steps)
        found[step] = SavedPolicy(f"step {step}", step, trained)
    return found


def reward_of(run: PastRun) -> Reward:
    """The run's reward file as it is now; `record["reward"]["fingerprint"]` tells whether it is the same."""
    from rewardlang.trainer.training import load_reward

    return load_reward(run.config)


def in_four_bits(config: RunConfig) -> bool:
    """Whether the base was held in 4 bits while an adapter over it was trained; both backends with an engine do."""
    return config.model.nf4 or config.engine.backend != "transformers"


def load_policy(run: PastRun, policy: SavedPolicy) -> Any:
    """The policy, ready to answer: the base, in 4 bits where it was trained so, with the adapter over it, or all weights."""
    from rewardlang.trainer.policy import load_model

    if policy.folder is not None and run.config.lora.rank == 0:
        return load_model(dataclasses.replace(run.config.model, path=str(policy.folder), revision=None))
    model = load_model(dataclasses.replace(run.config.model, nf4=in_four_bits(run.config)))
    if policy.folder is None:
        return model
    import peft

    return peft.PeftModel.from_pretrained(model, policy.folder)


def _best_step(run: PastRun, there: set[int]) -> int:
    """The step with the best held-out accuracy, or score in a file without `success`; of equal ones the earliest."""
    measured = [row for row in run.rows if row["kind"] == "held out" and row["step"] in there]
    if not measured:
        raise TrainingProblem(
            f"none of the policies that {run.folder} holds was measured on held-out rows", "name a step, or measure with runs eval"
        )
    name = "accuracy" if all(row.get("accuracy") is not None for row in measured) else "score"
    best: MetricsRow = max(measured, key=lambda row: (row[name], -row["step"]))
    return int(best["step"])


def _found(config: RunConfig, folder: Path) -> RunConfig:
    """Relative paths that lead nowhere from here, as seen from where the run was started."""

    def found(path: str) -> str:
        return path if Path(path).exists() or not (folder / path).exists() else str(folder / path)

    def perhaps(path: str | None) -> str | None:
        return None if path is None else found(path)

    def data(table: DataConfig) -> DataConfig:
        return dataclasses.replace(table, file=perhaps(table.file), hub=perhaps(table.hub), mix=tuple(map(data, table.mix)))

    model = config.model
    return dataclasses.replace(
        config,
        reward=found(config.reward),
        model=dataclasses.replace(model, path=found(model.path), chat_template=perhaps(model.chat_template)),
        data=data(config.data),
        held_out=None if config.held_out is None else data(config.held_out),
    )
