"""Whole runs: what they write, that they resume exactly, stop on Ctrl-C, refuse what cannot work; 4-bit weights; the seam for engines."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer import checkpoints
from rewardlang.trainer.config import EvaluationConfig
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.trainer.runs import LENGTH_PAYS, short_run


@pytest.fixture
def reward(tmp_path: Path) -> Path:
    """A reward that even nonsense earns, so that the weights move."""
    path = tmp_path / "length_pays.reward"
    path.write_text(LENGTH_PAYS, encoding="utf-8")
    return path


def weights(output: Path) -> dict[str, Any]:
    """The trained adapter, tensor by tensor."""
    from safetensors.torch import load_file

    return load_file(output / "policy" / "adapter_model.safetensors")


def test_a_run_writes_metrics_checkpoints_and_the_policy(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """A row of metrics a step with the points of each rule, measurements before and after, an adapter that PEFT loads."""
    output = tmp_path / "run"
    result = train(short_run(raw_policy, output, reward, every=2), Silent())
    assert (result.steps, result.stopped) == (4, False)
    rows = read_metrics(output / "metrics.jsonl")
    assert [(row["kind"], row["step"]) for row in rows if row["kind"] == "held out"] == [("held out", 0), ("held out", 2), ("held out", 4)]
    training = [row for row in rows if row["kind"] == "training"]
    assert [row["step"] for row in training] == [1, 2, 3, 4]
    for row in training:
        assert row["reward"] == pytest.approx(sum(row["points"].values()))
        assert set(row["points"]) == {"words", "holds"}
        assert row["points"]["holds"] == pytest.approx(row["success"])
    assert checkpoints.last_complete(output) == output / "checkpoints" / "checkpoint-4"
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(raw_policy), result.policy)
    assert model.peft_config["default"].r == 4


def test_a_resumed_run_equals_one_that_was_never_cut(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """Four steps, or two steps, a crash in the third and the rest after --resume: the same weights to the bit, the same metrics."""
    import torch

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train(short_run(raw_policy, whole, reward), Silent())
    shutil.copytree(whole, cut)
    shutil.rmtree(cut / "policy")
    (cut / "checkpoints" / "checkpoint-4" / "COMPLETE").unlink()  # as if it was cut off while that one was written
    result = train(short_run(raw_policy, cut, reward), Silent(), resume=True)
    assert result.steps == 4
    first, second = weights(whole), weights(cut)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    told = [[(row["step"], row.get("reward"), row["points"]) for row in read_metrics(folder / "metrics.jsonl")] for folder in (whole, cut)]
    assert told[0] == told[1]


def test_ctrl_c_saves_a_checkpoint_and_the_run_goes_on_from_it(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """The first Ctrl-C ends the run after the step; nothing is lost."""

    class Interrupting(Silent):
        said: list[str] = []  # noqa: RUF012

        def step(self, number: int, **figures: float) -> None:
            if number == 3 and not any("stopping" in text for text in self.said):
                os.kill(os.getpid(), signal.SIGINT)

        def say(self, text: str) -> None:
            self.said.append(text)

    output = tmp_path / "run"
    progress = Interrupting()
    result = train(short_run(raw_policy, output, reward, save_every=0), progress)
    assert result.stopped
    assert result.steps == 3
    assert any("stopping after this step" in text for text in progress.said)
    assert checkpoints.last_complete(output) == output / "checkpoints" / "checkpoint-3"
    assert not result.policy.exists()
    assert train(short_run(raw_policy, output, reward, save_every=0), Silent(), resume=True).steps == 4


def test_runs_that_cannot_start_say_why(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """Before anything is written."""
    from dataclasses import replace

    output = tmp_path / "run"
    good = short_run(raw_policy, output, reward)
    for config, told in (
        (replace(good, reward=str(tmp_path / "none.reward")), "the reward file .* is not there"),
        (replace(good, model=replace(good.model, path=str(tmp_path / "none"))), "the model folder .* is not there"),
        (replace(good, model=replace(good.model, path=str(tmp_path))), "holds no model: it has no config.json"),
        (replace(good, model=replace(good.model, chat_template="none.jinja")), "the chat template none.jinja cannot be read"),
        (replace(good, reward=str(tmp_path)), "the reward file .* is a folder"),
        (replace(good, output=str(reward)), "the folder .* cannot be made: it is a file"),
        (replace(good, params={"weight": 2}), "'params.weight' is no param of .*; it declares none"),
        (replace(good, lora=replace(good.lora, targets=("q_prj",))), "no linear layer 'q_prj'\n.*did you mean 'q_proj'"),
        (replace(good, lora=replace(good.lora, targets=("all-linear", "q_proj"))), "'all-linear' stands for every layer"),
        (replace(good, data=replace(good.data, rename={}, recipe="none")), "there is no recipe 'none'"),
    ):
        with pytest.raises(TrainingProblem, match=told):
            train(config, Silent())
    with pytest.raises(TrainingProblem, match="no whole checkpoint to resume from"):
        train(good, Silent(), resume=True)
    broken = tmp_path / "broken.reward"
    broken.write_text("rewardlang 1\nreward broken\nrule a: awrd 1 point\n", encoding="utf-8")
    with pytest.raises(rewardlang.RewardError):
        train(replace(good, reward=str(broken)), Silent())
    train(replace(good, training=replace(good.training, steps=2)), Silent())
    with pytest.raises(TrainingProblem, match="holds a run already"):
        train(good, Silent())
    shutil.rmtree(output / "checkpoints")
    with pytest.raises(TrainingProblem, match=r"holds a trained policy already\n.*name another 'output'"):
        train(good, Silent())
    with pytest.raises(TrainingProblem, match="is the folder of a model"):
        train(replace(good, output=str(raw_policy)), Silent())


def test_four_bit_weights_train_on_the_cpu(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """NF4 by bitsandbytes' CPU kernels: the base stays in 4 bits, the adapter moves and is float32."""
    pytest.importorskip("bitsandbytes")
    import torch

    output = tmp_path / "run"
    result = train(short_run(raw_policy, output, reward, nf4=True, steps=2), Silent())
    assert result.steps == 2
    moved = {name: tensor for name, tensor in weights(output).items() if "lora_B" in name}
    assert all(tensor.dtype == torch.float32 for tensor in moved.values())
    assert any(bool(tensor.abs().max() > 0) for tensor in moved.values())


def test_measuring_does_not_disturb_training(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """The same weights come out whether the run is measured on the way or not."""
    import torch

    train(short_run(raw_policy, tmp_path / "without", reward), Silent())
    train(short_run(raw_policy, tmp_path / "with", reward, every=1), Silent())
    first, second = weights(tmp_path / "without"), weights(tmp_path / "with")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_an_engine_takes_the_place_of_trl_s_generation(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """The seam: it is given the prompts as token ids, group by group, once a policy version after `publish`."""
    from rewardlang.trainer.grpo import make_trainer
    from rewardlang.trainer.policy import load_model, load_tokenizer

    config = short_run(raw_policy, tmp_path / "run", reward, steps=2, save_every=0)
    tokenizer = load_tokenizer(config.model)

    class Engine:
        def __init__(self) -> None:
            self.calls: list[str] = []
            self.groups: list[list[list[int]]] = []

        def publish(self, model: Any, step: int) -> None:
            self.calls.append(f"publish {step}")

        def generate(self, prompts: list[list[int]], group: int, ended: Any) -> tuple[list[list[int]], None]:
            self.calls.append("generate")
            self.groups.extend(prompts[start : start + group] for start in range(0, len(prompts), group))
            texts = [f"<answer>{number % 3}</answer>" for number in range(len(prompts))]
            return [[*tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id] for text in texts], None

    engine = Engine()
    rows = [{"prompt": [{"role": "user", "content": f"What is {number} + 1?"}], "gold": "2"} for number in range(8)]
    trainer = make_trainer(config, rewardlang.load(reward), load_model(config.model), tokenizer, rows, generation=engine)
    trainer.train()
    assert engine.calls == ["publish 0", "generate", "publish 1", "generate"]
    assert all(len({tuple(prompt) for prompt in group}) == 1 for group in engine.groups)
    assert trainer.state.log_history[0]["completions/mean_length"] == 4.0


def test_answers_can_be_drawn_without_chance(raw_policy: Path, tmp_path: Path, reward: Path) -> None:
    """At temperature 0 two measurements of the same policy are equal, and so they are at 1, because the seed is fixed."""
    from rewardlang.trainer.evaluate import complete
    from rewardlang.trainer.policy import load_model, load_tokenizer

    config = short_run(raw_policy, tmp_path / "run", reward)
    model, tokenizer = load_model(config.model), load_tokenizer(config.model)
    for temperature in (0.0, 1.0):
        settings = EvaluationConfig(temperature=temperature, batch=3)
        drawn = [complete(model, tokenizer, ["What is 2 + 2?"] * 5, settings, max_tokens=6) for _ in range(2)]
        assert drawn[0] == drawn[1]
        assert len(set(drawn[0])) == 1 or temperature == 1.0
