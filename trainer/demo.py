"""The demonstration: a small policy made here, warmed up, and trained twice, once under an honest and once under a careless file.

Both runs start from the same policy, see the same problems in the same order
and differ in the reward file alone. Accuracy is in both what `success` in the
honest file says, on held-out problems, one answer each at temperature 1.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import rewardlang
from rewardlang.trainer import small_policy
from rewardlang.trainer.config import DataConfig, EvaluationConfig, LoraConfig, ModelConfig, RunConfig, TrainingConfig
from rewardlang.trainer.cpu_threads import wait_without_spinning
from rewardlang.trainer.data import Row, load_rows
from rewardlang.trainer.evaluate import Evaluation, mark
from rewardlang.trainer.extras import TRAINING, need
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.progress import Progress
from rewardlang.trainer.side_by_side import RunBeside, cores, threads
from rewardlang.trainer.training import RunResult, train
from rewardlang.trainer.warm_up import WarmUp, warm_up

HONEST, CARELESS, SAMPLES = "decimals.reward", "careless.reward", "samples.jsonl"
HOW_DRAWN = "one answer a problem, drawn at temperature 1 from the whole distribution, with the same seed before and after"


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """How much is done. `quick` only shows that every part runs: too little is learned for the figures to mean anything."""

    warm_up: WarmUp = field(default_factory=WarmUp)
    steps: int = 150
    measure_every: int = 25
    held_out: int = 200

    @staticmethod
    def quick() -> DemoPlan:
        """Under a minute."""
        return DemoPlan(WarmUp(steps=40, batch=32), steps=6, measure_every=3, held_out=32)


@dataclass(frozen=True)
class DemoRun:
    """One of the two runs, with its answers before and after judged by the honest file as well."""

    result: RunResult
    before: Evaluation
    after: Evaluation
    accuracy_before: float
    accuracy_after: float


@dataclass(frozen=True)
class DemoResult:
    """Everything that the summary and the report tell. `problems` are the held-out rows, in the order of the answers."""

    folder: Path
    seed: int
    plan: DemoPlan
    problems: tuple[Row, ...]
    warm_up_seconds: float
    seconds: float
    honest: DemoRun
    careless: DemoRun


def prepare(folder: Path) -> None:
    """Copies the two reward files and the samples into the folder, and clears what an earlier demonstration left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in ("policy", "runs"):
        shutil.rmtree(folder / left, ignore_errors=True)
    files = resources.files("rewardlang") / "templates" / "decimals"
    for name in (HONEST, CARELESS, SAMPLES):
        (folder / name).write_text((files / name).read_text(encoding="utf-8"), encoding="utf-8")


def run_demo(folder: Path, seed: int, plan: DemoPlan, progress: Progress) -> DemoResult | None:
    """Warms up and trains twice, at once where there are two cores; `prepare` comes first. None when stopped with Ctrl-C."""
    need(TRAINING, "train", purpose="the demonstration")
    wait_without_spinning()
    began = time.monotonic()
    make_policy(folder / "policy", seed, plan.warm_up, progress)
    warm_up_seconds = time.monotonic() - began
    problems = load_rows(_held_out(plan), columns=("gold",), chat=True, held_out=True)
    configs = [run_config(folder, reward, seed, plan) for reward in (HONEST, CARELESS)]
    runs = _side_by_side(configs, problems, progress) if cores() > 1 else [train(config, progress) for config in configs]
    if any(run.before is None or run.after is None for run in runs):
        return None
    honest, careless = (_judged(folder, result, problems) for result in runs)
    return DemoResult(
        folder=folder,
        seed=seed,
        plan=plan,
        problems=tuple(problems),
        warm_up_seconds=warm_up_seconds,
        seconds=time.monotonic() - began,
        honest=honest,
        careless=careless,
    )


def _side_by_side(configs: Sequence[RunConfig], problems: list[Row], progress: Progress) -> list[RunResult]:
    """Both runs at once, each on half of the cores; the second is told from what it left on the disk."""
    first, second = configs
    count = cores() // 2
    beside = RunBeside(second, count)
    try:
        with threads(count):
            result = train(first, progress)
        if result.after is None:
            return [result]
        told = beside.told(progress, f"Meanwhile, {CARELESS}")
    finally:
        beside.stop()
    reward = rewardlang.load(second.reward)
    before = None if told.before is None else mark(told.before, problems, reward)
    after = None if told.after is None else mark(told.after, problems, reward, step=told.steps)
    rows = tuple(read_metrics(Path(second.output) / "metrics.jsonl"))
    other = RunResult(second, told.fingerprint, told.steps, after is None, told.seconds, before, after, rows, told.warnings)
    return [result, other]


def make_policy(folder: Path, seed: int, recipe: WarmUp, progress: Progress) -> None:
    """A new small policy, warmed up and saved in the Hugging Face format."""
    from rewardlang.trainer.noise import gathered_warnings

    folder.mkdir(parents=True, exist_ok=True)
    with gathered_warnings(folder / "warnings.log"):
        tokenizer = small_policy.make_tokenizer()
        model = small_policy.make_model(tokenizer, seed=seed)
        progress.start("Warm-up on simulated pupils", recipe.steps)
        warm_up(model, tokenizer, recipe, seed=seed, report=lambda step, loss: progress.step(step, loss=loss))
        progress.finish()
        small_policy.save(model, tokenizer, folder)


def run_config(folder: Path, reward: str, seed: int, plan: DemoPlan) -> RunConfig:
    """The run that `rewardlang train` would make of a TOML file with these values."""
    return RunConfig(
        reward=str(folder / reward),
        output=str(folder / "runs" / Path(reward).stem),
        seed=seed,
        model=ModelConfig(path=str(folder / "policy"), dtype="float32"),
        lora=LoraConfig(rank=32, alpha=64),
        data=DataConfig(recipe="decimals", size=2000, seed=seed),
        held_out=_held_out(plan),
        training=TrainingConfig(steps=plan.steps, learning_rate=3e-4, max_completion_tokens=32, save_every=0),
        evaluation=EvaluationConfig(every=plan.measure_every, batch=plan.held_out),
    )


def _held_out(plan: DemoPlan) -> DataConfig:
    return DataConfig(recipe="decimals", size=plan.held_out)


def _judged(folder: Path, result: RunResult, problems: list[Row]) -> DemoRun:
    assert result.before is not None
    assert result.after is not None
    honest = rewardlang.load(folder / HONEST)
    before, after = (mark(evaluation.completions, problems, honest).accuracy or 0.0 for evaluation in (result.before, result.after))
    return DemoRun(result, result.before, result.after, before, after)
