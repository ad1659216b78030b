"""Nothing is lost: a run killed at any moment and resumed ends like one never cut; a failure leaves the last checkpoint usable."""

from __future__ import annotations

import html
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rewardlang.trainer import checkpoints
from rewardlang.trainer.config import DataConfig, RunConfig
from rewardlang.trainer.ending import ending_of
from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.run_record import read_record
from rewardlang.trainer.training import train
from tests.trainer.killed_run import begin
from tests.trainer.runs import LENGTH_PAYS, short_run

LONG = bool(os.environ.get("REWARDLANG_LONG_TESTS"))


@pytest.fixture
def reward(tmp_path: Path) -> Path:
    """A reward that even nonsense earns, so that the weights move."""
    path = tmp_path / "length_pays.reward"
    path.write_text(LENGTH_PAYS, encoding="utf-8")
    return path


def epochs(policy: Path, output: Path, reward: Path, **training: Any) -> RunConfig:
    """Four steps, of which two are an epoch; a round of completions is used in two steps, so every other checkpoint lies in a round.

    Metrics have a row every two steps and checkpoints stand after every one, so that sums of metrics are cut as well.
    """
    settings: dict[str, Any] = {"steps": 4, "save_every": 1, "log_every": 2, "iterations": 2, "schedule": "cosine", "micro_batch": 8}
    config = short_run(policy, output, reward, **(settings | training))
    return replace(config, data=DataConfig(recipe="decimals", size=4), held_out=DataConfig(recipe="decimals", size=4))


def weights(output: Path) -> dict[str, Any]:
    """The trained adapter, tensor by tensor."""
    from safetensors.torch import load_file

    return load_file(output / "policy" / "adapter_model.safetensors")


def story(output: Path) -> list[dict[str, Any]]:
    """All rows of metrics, without what depends on the clock."""
    return [{name: value for name, value in row.items() if name != "seconds_a_step"} for row in read_metrics(output / "metrics.jsonl")]


def assert_equal_runs(one: Path, other: Path) -> None:
    """The same weights to the bit, the same metrics, the same completions in the ledger."""
    import torch

    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert story(one) == story(other)
    ledgers = [read_ledger(folder / "ledger").drop_columns(["marking_seconds", "verifier_seconds"]) for folder in (one, other)]
    assert ledgers[0].equals(ledgers[1])


def go_on(config: RunConfig, kill_at: int | None) -> int | None:
    """Resumes, or begins again where nothing was saved yet."""
    return begin(config, resume=checkpoints.last_complete(Path(config.output)) is not None, kill_at=kill_at)


def killed_at_moments(policy: Path, folder: Path, reward: Path, moments_drawn: int, **training: Any) -> None:
    """Runs once whole, and then as often as wanted with a kill and a resume; the first of these is killed again while it resumes."""
    whole = folder / "whole"
    moments = begin(epochs(policy, whole, reward, **training), resume=False, kill_at=None)
    assert moments is not None
    if training.get("algorithm") != "online_dpo":  # of the second update from each round; what is compared in pairs has none
        assert any(row["ratio_mean"] not in (None, 1.0) for row in read_ledger(whole / "ledger").to_pylist())
    last = moments - 1  # after the last measurement, when all but the end of it is done
    for turn, moment in enumerate([*random.Random(7).sample(range(last), moments_drawn - 1), last]):
        cut = epochs(policy, folder / f"cut-{moment}", reward, **training)
        assert go_on(cut, kill_at=moment) is None
        left = ending_of(Path(cut.output))  # none where it was killed before it began; at the last moment only the page is missing
        assert left is None or left.how == ("finished" if moment == last else "killed")
        if turn == 0:
            assert go_on(cut, kill_at=3) is None
        assert go_on(cut, kill_at=None) is not None
        assert_equal_runs(whole, Path(cut.output))


@pytest.mark.slow
def test_a_run_killed_at_any_moment_and_resumed_equals_one_that_was_never_cut(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """At moments drawn by a seed, over two epochs: while a checkpoint is written, between its rename and the next step, in the middle of
    a round of completions. Weights, metrics and ledger are the same."""
    killed_at_moments(raw_policy, tmp_path, reward, 20 if LONG else 3)


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="takes long: set REWARDLANG_LONG_TESTS=1")
@pytest.mark.parametrize("algorithm", ["dapo", "gdpo", "rloo", "online_dpo"])
def test_algorithms_with_a_memory_of_their_own_resume_too(raw_policy: Path, tmp_path: Path, reward: Path, algorithm: str) -> None:
    """What was drawn to replace groups, a reward function for each section, old log-probabilities of whole completions."""
    killed_at_moments(raw_policy, tmp_path, reward, 5, algorithm=algorithm)


def stopped_by(config: RunConfig, *, resume: bool = False) -> str:
    """The problem that ends the run, as it is told."""
    with pytest.raises(TrainingProblem) as caught:
        train(config, Silent(), resume=resume)
    return str(caught.value)


def assert_recorded(output: Path, told: str, step: int, *, page: bool = True) -> None:
    """The folder of the run says what the run said, and where it was; its page, too."""
    ended = ending_of(output)
    assert ended is not None
    assert (ended.how, ended.step) == ("failed", step)
    assert f"{ended.cause}\n  remedy: {ended.remedy}" == told
    if page:
        assert ended.remedy in html.unescape((output / "report.html").read_text(encoding="utf-8"))


def test_a_full_disk_leaves_the_last_checkpoint(raw_policy: Path, tmp_path: Path, reward: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system refuses to write on in the middle of a file of the second checkpoint; with room again, the run goes on."""
    import resource

    config = epochs(raw_policy, tmp_path / "run", reward)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    original = checkpoints.written_whole

    def narrow(target: Path) -> Any:
        if target.name == "checkpoint-2":
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
        return original(target)

    monkeypatch.setattr("rewardlang.trainer.exact_resume.written_whole", narrow)
    try:
        told = stopped_by(config)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "the disk that holds" in told
    assert "checkpoint-1 is whole" in told
    assert "remedy: free space there or lower 'training.keep', then go on with --resume" in told
    assert_recorded(tmp_path / "run", told, 2, page=False)  # which there was no room for
    monkeypatch.undo()
    train(config, Silent(), resume=True)
    record = read_record(tmp_path / "run")
    assert record is not None
    assert record["resumed"][0]["ended"]["how"] == "failed"
    uncut = epochs(raw_policy, tmp_path / "uncut", reward)
    train(uncut, Silent())
    assert_equal_runs(Path(uncut.output), Path(config.output))


BREAKS_LATE = """rewardlang 1
reward breaks_late
column gold: text
use python "breaks:late" as late(answer: text) returns number between 0 and 1 timeout 2 s
rule words: award up to 1 point scaled by late(completion)
score between 0 and 1
"""


def test_a_verifier_that_keeps_failing_ends_the_run_with_its_name(raw_policy: Path, tmp_path: Path) -> None:
    """Once the first checkpoint is there every call raises; what was saved by then stays."""
    (tmp_path / "breaks.py").write_text(
        "from pathlib import Path\n"
        "def late(answer):\n"
        "    if (Path(__file__).parent / 'run' / 'checkpoints' / 'checkpoint-1').exists():\n"
        "        raise ValueError('the dictionary is gone')\n"
        "    return min(1, len(answer) / 100)\n",
        encoding="utf-8",
    )
    path = tmp_path / "breaks_late.reward"
    path.write_text(BREAKS_LATE, encoding="utf-8")
    told = stopped_by(short_run(raw_policy, tmp_path / "run", path, save_every=1))
    assert "a verifier of the reward file keeps failing" in told
    assert "late" in told
    assert "is whole" in told
    assert "repair or replace it in the reward file, then go on with --resume" in told
    saved = checkpoints.last_complete(tmp_path / "run")
    assert saved is not None
    assert_recorded(tmp_path / "run", told, checkpoints.step_of(saved))


@pytest.mark.parametrize("bad", ["loss", "gradients"])
def test_numbers_that_are_none_never_reach_the_weights(
    raw_policy: Path, tmp_path: Path, reward: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    """In the second step the loss, or only its gradient, is NaN: the run ends before the weights move."""
    import torch
    from trl.trainer.grpo_trainer import GRPOTrainer

    compute: Any = GRPOTrainer.compute_loss

    def spoilt(trainer: Any, *arguments: Any, **options: Any) -> Any:
        loss = compute(trainer, *arguments, **options)
        if trainer.state.global_step < 1:
            return loss
        # the square root of zero has a value, and no derivative
        return loss * float("nan") if bad == "loss" else loss + torch.sqrt(loss * 0)

    monkeypatch.setattr(GRPOTrainer, "compute_loss", spoilt)
    told = stopped_by(short_run(raw_policy, tmp_path / "run", reward, save_every=1))
    name = "the loss" if bad == "loss" else "the norm of the gradients"
    assert f"{name} in step 2 is nan; the weights were not changed by it; checkpoint-1 is whole" in told
    assert "remedy: lower 'training.learning_rate'" in told
    assert_recorded(tmp_path / "run", told, 1)


def test_a_step_without_enough_memory_says_what_to_lower(
    raw_policy: Path, tmp_path: Path, reward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a smaller micro-batch the run goes on from its checkpoint, in the middle of a round; what was changed is recorded."""
    import torch
    from trl.trainer.grpo_trainer import GRPOTrainer

    compute: Any = GRPOTrainer.compute_loss

    def hungry(trainer: Any, *arguments: Any, **options: Any) -> Any:
        if trainer.state.global_step >= 1 and trainer.args.per_device_train_batch_size > 4:
            torch.empty(2**60)
        return compute(trainer, *arguments, **options)

    monkeypatch.setattr(GRPOTrainer, "compute_loss", hungry)
    config = epochs(raw_policy, tmp_path / "run", reward)
    told = stopped_by(config)
    assert "there was not enough memory" in told
    lower = "lower 'training.micro_batch', 'engine.concurrent', 'training.max_completion_tokens' or 'evaluation.batch'"
    assert f"{lower}, then go on with --resume" in told
    assert_recorded(tmp_path / "run", told, 1)
    smaller = replace(config, training=replace(config.training, micro_batch=4))
    assert train(smaller, Silent(), resume=True).steps == 4
    record = read_record(Path(config.output))
    assert record is not None
    assert record["resumed"][0]["step"] == 1
    assert record["resumed"][0]["changed"] == ["training.micro_batch: 8 → 4"]


def test_what_a_checkpoint_depends_on_cannot_be_changed(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """Other data or another adapter would give the checkpoint another meaning; a learning rate may change, and takes effect."""
    config = short_run(raw_policy, tmp_path / "run", reward, steps=2)
    train(config, Silent())
    for changed, named in (
        (replace(config, data=replace(config.data, size=41)), "data.size: 40 → 41"),
        (replace(config, lora=replace(config.lora, rank=8)), "lora.rank: 4 → 8"),
        (replace(config, seed=1), "seed: 0 → 1"),
    ):
        assert named in stopped_by(changed, resume=True)
    slower = replace(config, training=replace(config.training, steps=4, learning_rate=1e-5))
    train(slower, Silent(), resume=True)
    rates = [row["learning_rate"] for row in read_metrics(Path(config.output) / "metrics.jsonl") if row["kind"] == "training"]
    assert rates == [0.0, 1e-3, 1e-5, 1e-5]
