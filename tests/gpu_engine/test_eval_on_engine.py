"""`rewardlang runs eval` of a run on the engine: the run's own sampler draws, every policy of the run in turn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from rewardlang.cli import main
from rewardlang.trainer import eval_answers, gpu_run
from rewardlang.trainer.config import EvaluationConfig
from rewardlang.trainer.gpu_cards import Card
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_vllm import SamplerSettings
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.past_run import PastRun, SavedPolicy
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm
from tests.gpu_engine.test_gpu_run import run_config, small_card
from tests.gpu_engine.test_trl_seams import tokenizer

__all__ = ["small_card"]

pytestmark = pytest.mark.filterwarnings("default")


def evaluated(run: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The report of one call."""
    assert main(["runs", "eval", str(run), *words, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def a_card(patch: pytest.MonkeyPatch) -> None:
    """A GPU and a vLLM, as far as `runs eval` sees."""
    patch.setattr(eval_answers, "is_installed", lambda name: True)
    patch.setattr(eval_answers, "card_at_hand", lambda: Card("a card", 8 * 10**9))


@pytest.mark.parametrize("backend", ["memory", "speed"])
def test_every_policy_of_the_run_answers_through_its_sampler(
    tmp_path: Path, small_card: list[SamplerSettings], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], backend: str
) -> None:
    """vLLM starts once for both policies; the trained one answers as it did at the end of the run, the base as before it."""
    a_card(monkeypatch)
    config, run = run_config(tmp_path, learning_rate=5e-2, steps=2, save_every=1), tmp_path / "run"
    train(replace(config, engine=replace(config.engine, backend=backend), evaluation=EvaluationConfig(every=1)), Silent())
    measured = {row["step"]: row for row in read_metrics(run / "metrics.jsonl") if row["kind"] == "held out"}
    small_card.clear()
    seed = gpu_run._EVALUATION_SEED
    monkeypatch.setattr("rewardlang.trainer.eval_draws._seed", lambda *_: seed)
    report = evaluated(run, capsys, "-n", "1")
    assert [policy["name"] for policy in report["policies"]] == ["base", "step 2"]
    assert report["drawn_by"] == backend
    scores = [policy["figures"]["score"]["value"] for policy in report["policies"]]
    assert scores == pytest.approx([measured[0]["score"], measured[2]["score"]])
    before, after = ((Path(one["answers"]) / "pass-000.jsonl").read_text(encoding="utf-8") for one in report["policies"])
    assert before != after
    assert len(small_card) == 1
    assert evaluated(run, capsys, "-n", "1")["policies"][1]["passes_reused"] == 1
    assert len(small_card) == 1  # nothing to draw, nothing started
    between = evaluated(run, capsys, "-n", "1", "--checkpoint", "1", "--against", "none")
    assert between["policies"][0]["figures"]["score"]["value"] == pytest.approx(measured[1]["score"])


def test_what_is_not_the_adapter_of_the_run_is_told(tmp_path: Path) -> None:
    """Matrices of other names would be left out in silence, and the base measured in their place."""
    fake = fake_vllm("qwen2")
    engine = Engine(FakeSampler(fake), fake.config, rank=4, alpha=8)
    engine.model.save_pretrained(tmp_path)
    policy, saved = SavedPolicy("step 1", 1, tmp_path), tmp_path / "adapter_model.safetensors"
    eval_answers._take_adapter(engine.model, policy)
    save_file({name.replace("lora_A", "lora_Z"): tensor for name, tensor in load_file(saved).items()}, saved)
    with pytest.raises(TrainingProblem, match="does not hold the adapter of this run"):
        eval_answers._take_adapter(engine.model, policy)


def test_an_engine_without_a_gpu_is_refused(tmp_path: Path) -> None:
    """`--by engine` on a machine without a card, or without vLLM."""
    run = PastRun(tmp_path, {}, run_config(tmp_path))
    with pytest.raises(TrainingProblem, match=r"not installed|there is none"):
        eval_answers.answers_by(run, tokenizer(), [{"prompt": "t5"}], Silent(), "engine").of(SavedPolicy("base", 0, None))


def test_without_a_gpu_transformers_answers_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is said; and where there is one, it can be asked for."""
    said: list[str] = []

    class Listening(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    a_card(monkeypatch)
    run = PastRun(tmp_path, {}, run_config(tmp_path))
    for card, by in ((None, None), (Card("a card", 8 * 10**9), "transformers")):
        monkeypatch.setattr(eval_answers, "card_at_hand", lambda card=card: card)
        assert eval_answers.answers_by(run, None, [], Listening(), by).sampler is None
    assert said == ["answers are generated with transformers over the same 4-bit base; vLLM, which the run drew with, rounds otherwise"] * 2
