"""That the learning is real: accuracy on problems never trained on rises under the honest file, and under no broken reward.

The policy here is a smaller relative of the demonstration's and is trained for
a minute. With REWARDLANG_LONG_TESTS=1 the demonstration itself runs on three seeds, a quarter of an hour each on two cores,
and its two broken rewards.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from rewardlang.trainer.algorithms import ALGORITHMS
from rewardlang.trainer.config import DataConfig, EvaluationConfig, LoraConfig, ModelConfig, RunConfig, TrainingConfig
from rewardlang.trainer.data import load_rows
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import RunResult, train
from tests.trainer.runs import HONEST

CONSTANT = """rewardlang 1
reward constant
column gold: text
rule always: award 1 point when gold is present
success when only <answer> in completion equals gold
score between 0 and 1
"""
RECIPE = DataConfig(recipe="decimals", size=800)
long_test = pytest.mark.skipif(not os.environ.get("REWARDLANG_LONG_TESTS"), reason="takes long: set REWARDLANG_LONG_TESTS=1")


def shuffled_gold(folder: Path, data: DataConfig) -> DataConfig:
    """The training problems with one another's answers, and none with its own.

    Many problems share an answer, so a plain shuffle leaves some right. A handful among thousands is enough to teach:
    reward that is that rare still moves the weights by full steps, because Adam divides by the size of the gradients it has seen.
    """
    rows = load_rows(data, columns=("gold",), chat=False, held_out=False)
    own = [row["gold"] for row in rows]
    golds = list(own)
    rng = random.Random(0)
    rng.shuffle(golds)
    while right := [index for index, gold in enumerate(golds) if gold == own[index]]:
        other = rng.randrange(len(golds))
        golds[right[0]], golds[other] = golds[other], golds[right[0]]
    path = folder / "shuffled.jsonl"
    path.write_text("".join(json.dumps(row | {"gold": gold}) + "\n" for row, gold in zip(rows, golds, strict=True)), encoding="utf-8")
    return DataConfig(file=str(path))


def constant(folder: Path) -> Path:
    """A reward file that pays every completion the same."""
    path = folder / "constant.reward"
    path.write_text(CONSTANT, encoding="utf-8")
    return path


def minute(
    policy: Path, output: Path, *, reward: Path = HONEST, data: DataConfig = RECIPE, steps: int = 50, algorithm: str = "grpo_token"
) -> RunResult:
    """A run of about twenty seconds of one core."""
    config = RunConfig(
        reward=str(reward),
        output=str(output),
        model=ModelConfig(path=str(policy), dtype="float32"),
        data=data,
        held_out=DataConfig(recipe="decimals", size=200),
        training=TrainingConfig(steps=steps, learning_rate=1e-3, max_completion_tokens=32, save_every=0, algorithm=algorithm),
        lora=LoraConfig(rank=16, alpha=32),
        evaluation=EvaluationConfig(batch=200),
    )
    return train(config, Silent())


def rise(result: RunResult) -> float:
    """By how much held-out accuracy rose, between -1 and 1."""
    assert result.before is not None
    assert result.after is not None
    assert result.before.accuracy is not None
    assert result.after.accuracy is not None
    return result.after.accuracy - result.before.accuracy


@pytest.mark.slow
def test_accuracy_rises_under_the_honest_file(warm_policy: Path, tmp_path: Path) -> None:
    """By at least twelve points in fifty steps; more than twenty were seen."""
    result = minute(warm_policy, tmp_path / "honest")
    assert rise(result) >= 0.12
    assert result.before is not None
    assert result.after is not None
    assert result.after.score > result.before.score


@pytest.mark.slow
def test_accuracy_does_not_rise_when_the_gold_answers_are_shuffled(warm_policy: Path, tmp_path: Path) -> None:
    """The same file, problems and steps; only the answers stand at the wrong problems."""
    assert rise(minute(warm_policy, tmp_path / "shuffled", data=shuffled_gold(tmp_path, RECIPE))) <= 0.04


@pytest.mark.slow
def test_nothing_changes_under_a_constant_reward(warm_policy: Path, tmp_path: Path) -> None:
    """Without spread in a group there is no gradient: the answers before and after are the same to the letter."""
    result = minute(warm_policy, tmp_path / "constant", reward=constant(tmp_path), steps=8)
    assert result.before is not None
    assert result.after is not None
    assert result.before.completions == result.after.completions


@long_test
@pytest.mark.slow
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_learns(warm_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """Ten points and more in fifty steps, from the same policy, with the same problems and learning rate."""
    result = minute(warm_policy, tmp_path / algorithm, algorithm=algorithm)
    assert result.before is not None
    assert result.after is not None
    print(f"{algorithm}: {result.before.accuracy} -> {result.after.accuracy}, {result.seconds:.0f} s")
    assert rise(result) >= 0.10


@long_test
@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_demonstration_learns(tmp_path: Path, seed: int) -> None:
    """Thirty points and more, to at least 75 % under the honest file; under the careless one reward rises and accuracy does not.

    From the same policy, a constant reward and shuffled answers bring nothing.
    """
    from dataclasses import replace

    from rewardlang.trainer.demo import DemoPlan, prepare, run_config, run_demo

    plan = DemoPlan()
    prepare(tmp_path)
    result = run_demo(tmp_path, seed, plan, Silent())
    assert result is not None
    assert result.honest.accuracy_after >= max(0.75, result.honest.accuracy_before + 0.30)
    assert result.careless.after.score > result.careless.before.score
    assert result.careless.accuracy_after <= result.careless.accuracy_before
    honest = run_config(tmp_path, "decimals.reward", seed, plan)
    shuffled = replace(honest, output=str(tmp_path / "shuffled"), data=shuffled_gold(tmp_path, honest.data))
    assert rise(train(shuffled, Silent())) <= 0.05
    same = replace(honest, output=str(tmp_path / "constant"), reward=str(constant(tmp_path)))
    assert rise(train(same, Silent())) == 0
