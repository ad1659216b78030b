"""`engine.backend` = "memory" and "speed" through the whole of `train`: on the CPU, with the fake samplers in vLLM's place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from rewardlang.trainer import gpu_run
from rewardlang.trainer.config import DataConfig, EngineConfig, EvaluationConfig, LoraConfig, ModelConfig, RunConfig, TrainingConfig
from rewardlang.trainer.gpu_cards import Card, card_named
from rewardlang.trainer.gpu_checkpoint import CheckpointWeights
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_vllm import SamplerSettings
from rewardlang.trainer.gpu_world import World
from rewardlang.trainer.metrics import read_metrics
from rewardlang.trainer.policy import load_tokenizer
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.gpu_engine.fake_sampler import FakeMergedSampler, FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm, small_model
from tests.gpu_engine.test_trl_seams import tokenizer

pytestmark = pytest.mark.filterwarnings("default")

REWARD = """rewardlang 1
reward low
pattern low = /\\bt[1-4]?[0-9]\\b/
rule paid: award 0.1 points for each low in completion, up to 1 point
success when count of low in completion is at least 5
score between 0 and 1
"""


def run_config(folder: Path, **training: Any) -> RunConfig:
    """Four steps over a policy and rows that this writes."""
    fake = fake_vllm("qwen2")
    fake.config.save_pretrained(folder / "policy")
    tokenizer().save_pretrained(folder / "policy")
    (folder / "low.reward").write_text(REWARD, encoding="utf-8")
    rows = [json.dumps({"prompt": f"t{index} t{index + 1}"}) for index in range(20, 28)]
    (folder / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    settings = TrainingConfig(
        steps=4, completions=8, group=4, learning_rate=1e-2, max_completion_tokens=6, log_every=1, save_every=2, warmup_steps=1
    )
    data = DataConfig(file=str(folder / "rows.jsonl"))
    return RunConfig(
        reward=str(folder / "low.reward"),
        output=str(folder / "run"),
        model=ModelConfig(path=str(folder / "policy")),
        lora=LoraConfig(rank=4, alpha=8),
        data=data,
        held_out=data,
        training=replace(settings, **training),
        engine=EngineConfig(backend="memory", canary_every=1, unmap_cache=True),
        evaluation=EvaluationConfig(every=2),
    )


@pytest.fixture
def small_card(monkeypatch: pytest.MonkeyPatch) -> list[SamplerSettings]:
    """A GPU of 8 GB and a vLLM, as far as `gpu_run` sees; what the sampler was started with."""
    started: list[SamplerSettings] = []

    def start(settings: SamplerSettings, **options: Any) -> Engine:
        started.append(settings)
        fake = fake_vllm("qwen2")
        if not settings.merged:
            return Engine(FakeSampler(fake), fake.config, rank=settings.rank, **options)
        small_model(fake.config).save_pretrained(settings.model)
        base = CheckpointWeights(settings.model, fake.shape, "cpu")
        return Engine(FakeMergedSampler(fake), fake.config, base=base, rank=settings.rank, **options)

    monkeypatch.setattr("rewardlang.trainer.gpu_engine.start_engine", start)
    monkeypatch.setattr(gpu_run, "card_at_hand", lambda: Card("a card", 8 * 10**9))
    monkeypatch.setattr(gpu_run, "need", lambda *_, **__: None)
    return started


@pytest.mark.parametrize("backend", ["memory", "speed"])
def test_a_run_on_the_engine_from_start_to_end(tmp_path: Path, small_card: list[SamplerSettings], backend: str) -> None:
    """Plan, gate, measurement, four steps with a canary in each, measurement; the adapter is saved as always."""
    progress, config = Silent(), run_config(tmp_path)
    result = train(replace(config, engine=replace(config.engine, backend=backend)), progress)
    assert result.steps == 4
    assert (result.policy / "adapter_model.safetensors").is_file()
    assert result.before is not None
    assert result.after is not None
    assert len(result.after.completions) == 8
    rows = list(read_metrics(tmp_path / "run" / "metrics.jsonl"))
    assert [row["step"] for row in rows if row.get("kind") == "held out"] == [0, 2, 4]
    assert all(0 < row["canary_difference"] < row["canary_limit"] for row in rows if row["kind"] == "training")
    (settings,) = small_card
    prompt = len(gpu_run.prompt_ids(load_tokenizer(config.model), "t20 t21"))
    assert (settings.length, settings.sequences, settings.unmap_cache, settings.merged) == (prompt + 6, 8, True, backend == "speed")


def test_what_the_engine_cannot_train_is_told_before_it_starts(tmp_path: Path, small_card: list[SamplerSettings]) -> None:
    """Every key that the engine has no answer for, an architecture that it does not know, a card that is too small, and no card."""
    good = run_config(tmp_path)
    for config, told in (
        (replace(good, lora=replace(good.lora, rank=0)), "adapter over a base that never changes"),
        (replace(good, lora=replace(good.lora, targets=("q_proj",))), "all linear layers"),
        (replace(good, lora=replace(good.lora, dropout=0.1)), "with dropout the policy that is trained"),
        (replace(good, training=replace(good.training, iterations=2)), "one update from each round"),
        (replace(good, training=replace(good.training, completions=4_000_000)), "the run needs .* GiB and a card has 7.45"),
    ):
        with pytest.raises(TrainingProblem, match=told):
            train(config, Silent())
    path = tmp_path / "policy" / "config.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(table | {"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"]}), encoding="utf-8")
    with pytest.raises(TrainingProblem, match="Gemma3ForCausalLM is not supported"):
        train(good, Silent())
    assert not small_card


def test_nested_scales_of_a_run(tmp_path: Path, small_card: list[SamplerSettings]) -> None:
    """Asked for, they reach the sampler; a checkpoint that was saved with plain ones cannot have them."""
    good = run_config(tmp_path)
    asked = replace(good, engine=replace(good.engine, nested_scales=True))
    rows = [{"prompt": "t5 t6"}]
    made = gpu_run.run_plan(asked, tokenizer(), rows, card_named("24GB"))
    gpu_run._started(asked, made, World())
    assert small_card[0].nested_scales
    assert str(small_card[0].arguments()["worker_cls"]).endswith("NestedWorker")
    path = tmp_path / "policy" / "config.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    quantised = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": False}
    path.write_text(json.dumps(table | {"quantization_config": quantised}), encoding="utf-8")
    with pytest.raises(TrainingProblem, match="saved without nesting"):
        gpu_run.run_plan(asked, tokenizer(), rows, card_named("24GB"))


def test_without_a_gpu_the_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on most machines where this is read."""
    monkeypatch.setattr(gpu_run, "need", lambda *_, **__: None)
    monkeypatch.setattr(gpu_run, "card_at_hand", lambda: None)
    with pytest.raises(TrainingProblem, match="needs an NVIDIA GPU, and there is none"):
        train(run_config(tmp_path), Silent())


def test_the_command_prints_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rewardlang train run.toml --plan`: a table, or JSON; exit code 1 where the card is too small, 2 where it is unknown."""
    run_config(tmp_path)
    path = tmp_path / "run.toml"
    path.write_text(
        'reward = "low.reward"\noutput = "run"\n[model]\npath = "policy"\n[lora]\nrank = 4\n[data]\nfile = "rows.jsonl"\n'
        "[training]\nmax_completion_tokens = 32\n",
        encoding="utf-8",
    )
    assert main(["train", str(path), "--plan", "--card", "24GB"]) == 0
    shown = capsys.readouterr().out
    assert "KV cache" in shown
    assert "fits in 24GB" in shown
    assert main(["train", str(path), "--plan", "--card", "0.5GiB", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["fits"] is False
    assert told["peak"] == max(told["rollout"], told["training"])
    assert main(["train", str(path), "--plan", "--card", "abacus"]) == 2
    assert main(["train", str(path), "--card", "24GB"]) == 2
    assert not (tmp_path / "run").exists()


def test_the_plan_needs_no_gpu(tmp_path: Path) -> None:
    """Of a named card: the longest prompt, and passes that divide the round."""
    config = run_config(tmp_path, completions=12)
    rows = [{"prompt": "t5 " * 40}, {"prompt": "t5"}]
    made = gpu_run.run_plan(config, tokenizer(), rows, card_named("24GB"))
    assert made.workload.prompt == 40
    assert made.micro_batch == 12
    assert made.fits
