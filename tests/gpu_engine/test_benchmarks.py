"""The GPU benchmark's parts run through on the CPU, small and over fake samplers, so that no typing error costs time on a card.

What they measure here means nothing; that they plan, sample, update, count and write their JSON does.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from benchmarks.gpu import cases, parts, peer_unsloth, profile_of, shapes, throughput
from benchmarks.gpu import run as run_module
from rewardlang.trainer import gpu_engine
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_memory import MemoryWatch
from rewardlang.trainer.gpu_shape import shape_from_config
from rewardlang.trainer.gpu_vllm import SamplerSettings
from rewardlang.trainer.memory_plan import plan
from tests.gpu_engine import fake_vllm as fakes
from tests.gpu_engine.fake_sampler import FakeMergedSampler, FakeSampler
from tests.gpu_engine.vllm_source import fields, folder, parameters

pytestmark = pytest.mark.filterwarnings("default")

long_test = pytest.mark.skipif(not os.environ.get("REWARDLANG_LONG_TESTS"), reason="takes long: set REWARDLANG_LONG_TESTS=1")
SCRIPTS = Path(run_module.__file__).parent


class Uncounted(MemoryWatch):
    """A watch without a driver."""

    def __init__(self) -> None:
        self.peaks: dict[str, int] = {}
        self.before = 0

    def __enter__(self) -> Uncounted:
        return self

    def __exit__(self, *_: Any) -> None:
        """There is no thread."""

    def _used(self) -> int:
        return 3 * 2**30


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> list[SamplerSettings]:
    """A card that does nothing, a shape of a few thousand parameters, rounds of a few tokens; what vLLM was asked to start with."""
    started: list[SamplerSettings] = []
    for name in ("synchronize", "empty_cache", "reset_peak_memory_stats"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: None)
    for name in ("max_memory_allocated", "memory_allocated", "memory_reserved"):
        monkeypatch.setattr(torch.cuda, name, lambda *_: 2**30)
    monkeypatch.setattr(torch.cuda, "memory_summary", lambda **_: "")
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "no card")
    monkeypatch.setitem(fakes.SIZES, "vocab_size", 1024)
    monkeypatch.setitem(fakes.SIZES, "max_position_embeddings", 4096)
    config = {key: value for key, value in fakes.small_config("qwen2", tied=True).to_dict().items() if key != "architectures"}
    for name in ("qwen2.5-1.5b", "llama3.1-8b", "qwen2.5-14b"):
        monkeypatch.setitem(shapes.SHAPES, name, config)
    monkeypatch.setattr(shapes, "register_random_weights", lambda: None)

    def start(settings: SamplerSettings, **options: Any) -> Engine:
        started.append(settings)
        fake = fakes.fake_vllm("qwen2")
        made = FakeMergedSampler(fake) if settings.merged else FakeSampler(fake)
        return Engine(made, fake.config, base=fake.weights if settings.merged else None, rank=8, **options)

    monkeypatch.setattr(parts, "start_engine", start)
    monkeypatch.setattr(gpu_engine, "start_engine", start)
    for module in (parts, sys.modules["rewardlang.trainer.gpu_memory"]):
        monkeypatch.setattr(module, "MemoryWatch", Uncounted)
    monkeypatch.setattr(parts, "DEVICE", "cpu")
    for name, value in (("SHARE_ROWS", 6), ("SHARE_TOKENS", 4), ("CANARY_TOKENS", 3)):
        monkeypatch.setattr(parts, name, value)
    monkeypatch.setattr("bitsandbytes.optim.AdamW8bit", torch.optim.AdamW)

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", leave)
    return started


def document(monkeypatch: pytest.MonkeyPatch, main: Any, out: Path, *arguments: str) -> dict[str, Any]:
    """What a script wrote."""
    monkeypatch.setattr(sys, "argv", ["script", *arguments, "--out", str(out)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("part", "model"),
    [
        pytest.param("memory", "qwen2.5-1.5b", marks=long_test),
        pytest.param("sleep", "qwen2.5-1.5b", marks=long_test),
        pytest.param("fit", "qwen2.5-14b", marks=long_test),
        ("long", "llama3.1-8b"),
    ],
)
def test_the_parts_that_count_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_card: list[SamplerSettings], part: str, model: str
) -> None:
    """Every round of every case is there, with the plan beside the peaks; vLLM is started with the plan's sizes."""
    case = cases.case_of(part, model)
    small = dataclasses.replace(case, prompt=6, completion=7, decoded=case.decoded and 3)
    monkeypatch.setattr(parts, "case_of", lambda *_: small)
    found = document(monkeypatch, parts.main, tmp_path / "out.json", part, "--model", model)
    assert [(row["micro_batch"], row["shared_prompts"]) for row in found["rounds"]] == list(case.passes)
    assert {"rollout", "training", "start"} <= found["peaks_gib"].keys()
    assert found["plan_gib"].keys() == {"rollout", "training"}
    assert found["gate"]["extra_bytes"] == 0
    assert no_card[0].cache_bytes == plan(shapes.SHAPES[model], small.workload()).cache_bytes
    assert no_card[0].unmap_cache == case.unmap


@long_test
def test_the_part_of_shares_and_broken_canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_card: list[SamplerSettings]) -> None:
    """Three sizes of the adapter, four canaries, stale prefixes, two hundred swaps."""
    found = document(monkeypatch, parts.main, tmp_path / "out.json", "share")
    assert [row["size"] for row in found["shares"]] == [1e-3, 1e-2, 3e-2]
    assert found["canary"]["one matrix lost"][0] == "caught by the bits"
    assert found["base_unchanged_after_200_swaps"] is True
    assert no_card[0].sequences == 128


@pytest.mark.parametrize(
    "options",
    [pytest.param(["memory"], marks=long_test), ["speed", "--unmap", "--share"], pytest.param(["speed", "--compiled"], marks=long_test)],
)
def test_throughput(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_card: list[SamplerSettings], options: list[str]) -> None:
    """Both backends, with and without pages that leave the card and shared prompts."""
    for name, value in (("PROMPT", 5), ("COMPLETION", 4), ("GROUP", 4), ("SIZES", (4, 8)), ("SHARE_ROWS", 6), ("RANK", 8)):
        monkeypatch.setattr(throughput, name, value)
    monkeypatch.setattr(shapes, "write_checkpoint", shapes.write_config)
    arguments = ["--system", *options, "--effect", "--profile", "--scratch", str(tmp_path / "checkpoints")]
    found = document(monkeypatch, throughput.main, tmp_path / "out.json", *arguments)
    assert len(found["rounds"]) == 2 * throughput.ROUNDS
    assert found["rounds"][-1]["trained_tokens_s"] > 0
    assert len(found["shares"]) == 3
    assert found["profiles"].keys() == {"generation 4", "update 4", "generation 8", "update 8"}
    assert all(len(one["functions"]) == profile_of.MOST and one["kernels_s"] > 0 for one in found["profiles"].values())
    assert no_card[0].merged == (options[0] == "speed")
    assert no_card[0].extra == ({"compilation_config": {}} if "--compiled" in options else {})


def test_run_starts_each_part_and_goes_on_after_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names are checked first; `fit` and `long` have their ballast; a failure is told, and the exit code tells it, too."""
    sizes = []

    def command(part: str, shape: str) -> list[str]:
        return [sys.executable, "-c", f"import sys; print('RESULT', {part!r}); sys.exit({part == 'share'})"]

    monkeypatch.setattr(run_module, "command_of", command)
    real = run_module.ballast

    def without(gib: float | None) -> Any:
        sizes.append(gib)
        return real(None)

    monkeypatch.setattr(run_module, "ballast", without)
    monkeypatch.setattr(sys, "argv", ["run.py", "memory", "share", "fit:qwen2.5-14b", "long:llama3.1-8b", "--out", str(tmp_path)])
    assert run_module.main() == 1
    shown = capsys.readouterr().out
    assert sizes == [None, None, 13.97, 20.0]
    assert json.loads(shown.splitlines()[-1])["share-qwen2.5-1.5b"]["exit"] == 1
    assert shown.count("exit 0") == 3
    for wrong in ("memoryy", "memory:gpt", "fit:qwen2.5-0.5b"):
        monkeypatch.setattr(sys, "argv", ["run.py", "memory", wrong, "--out", str(tmp_path)])
        with pytest.raises(SystemExit) as ended:
            run_module.main()
        assert ended.value.code == 2


@long_test
def test_the_scripts_read_their_arguments() -> None:
    """Each of them, as a process of its own, up to its help; no part may take longer than nine minutes."""
    for name in ("run.py", "learning.py"):
        subprocess.run([sys.executable, str(SCRIPTS / name), "--help"], capture_output=True, check=True, timeout=300)
    assert max(run_module.LIMITS.values()) <= 540
    for part in run_module.LIMITS:
        assert any(Path(word).is_file() and Path(word).parent == SCRIPTS for word in run_module.command_of(part, "")), part


def test_sizes_that_runs_are_held_to_are_those_that_the_plan_gives_room() -> None:
    """Without the margin a plan must fit, or the run that is held to the size has no chance."""
    for name, (gib, case) in [*cases.FITS.items(), ("llama3.1-8b", cases.LONG)]:
        made = plan(shapes.SHAPES[name], case.workload())
        assert made.peak <= gib * 2**30, name
        assert shape_from_config(shapes.SHAPES[name]).layers > 8


def keywords(name: str) -> list[set[str]]:
    """The keyword arguments of each call of this name in the scripts that start peers."""
    trees = [ast.parse((SCRIPTS / file).read_text(encoding="utf-8")) for file in ("throughput.py", "peer_unsloth.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name]
    return [{one.arg for one in call.keywords if one.arg} for call in calls]


def test_the_peers_are_called_by_names_that_they_have() -> None:
    """TRL's settings, and vLLM's where it can be read."""
    from trl.trainer.grpo_config import GRPOConfig

    known = {field.name for field in dataclasses.fields(GRPOConfig)}
    assert len(keywords("GRPOConfig")) == 2
    assert all(used <= known for used in keywords("GRPOConfig"))
    if folder() is not None:
        asked = set(parameters("entrypoints/llm.py", "LLM.__init__")) | fields("engine/arg_utils.py", "EngineArgs")
        assert all(used <= asked for used in keywords("LLM"))
        assert all(used <= fields("sampling_params.py", "SamplingParams") for used in keywords("SamplingParams"))


def test_unsloth_starts_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder comes first on the path; its checkpoint has a tokenizer and special tokens, and prompts are as long as the others'."""
    site, scratch = tmp_path / "site", tmp_path / "scratch"
    (site / "unsloth").mkdir(parents=True)
    scratch.mkdir()
    started: list[tuple[list[str], dict[str, str]]] = []

    def replaced(_: str, command: list[str], environment: dict[str, str]) -> None:
        started.append((command, environment))
        raise SystemExit

    monkeypatch.setattr("os.execve", replaced)
    monkeypatch.setattr("os.chdir", lambda _: None)
    monkeypatch.setenv("PYTHONPATH", "kit")
    options = argparse.Namespace(site=site, scratch=scratch, completions=8, micro_batch=None, unmap=True, out=Path("out.json"))
    with pytest.raises(SystemExit):
        throughput.unsloth(tmp_path / "policy", options)
    ((command, environment),) = started
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(site), "kit"]
    assert {"--completions=8", "--micro-batch=8", "--prompt=150", "--completion=512", "--unmap"} <= set(command)
    with pytest.raises(SystemExit, match="holds no package unsloth"):
        throughput.unsloth(tmp_path / "policy", argparse.Namespace(site=scratch))

    (tmp_path / "policy").mkdir()
    fakes.small_config("qwen2", tied=True).save_pretrained(tmp_path / "policy")
    (tmp_path / "policy" / "model.safetensors").write_bytes(b"weights")
    own = peer_unsloth.with_tokenizer(tmp_path / "policy")
    assert peer_unsloth.with_tokenizer(tmp_path / "policy") == own
    tokenizer = AutoTokenizer.from_pretrained(own)
    prompts = [peer_unsloth.prompt_of(tokenizer, 150, index) for index in (0, 1, 255)]
    assert len(set(prompts)) == 3
    assert all(150 <= len(tokenizer(prompt)["input_ids"]) <= 152 for prompt in prompts)
    assert "<|im_start|>assistant" in tokenizer.apply_chat_template(
        [{"role": "user", "content": "12"}], tokenize=False, add_generation_prompt=True
    )
    assert (json.loads((own / "config.json").read_text())["eos_token_id"], tokenizer.eos_token_id) == (2, 2)
    assert (own / "model.safetensors").read_bytes() == b"weights"
