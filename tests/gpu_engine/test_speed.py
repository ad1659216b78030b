"""The *speed* backend on the CPU: 16-bit rollout weights written from an NF4 base of the trainer's own and its adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_canary import PolicyMismatch
from rewardlang.trainer.gpu_checkpoint import CheckpointWeights
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_rollout import RolloutWeights
from rewardlang.trainer.gpu_shared_base import adapters
from rewardlang.trainer.gpu_swap import SlotMismatch
from rewardlang.trainer.gpu_vllm import MergedSampler, SamplerSettings
from rewardlang.trainer.gpu_vllm_weights import EngineContract, VllmWeights
from rewardlang.trainer.problem import TrainingProblem
from tests.gpu_engine.fake_sampler import FakeMergedSampler
from tests.gpu_engine.fake_vllm import Fake, fake_vllm, plain_tree, small_model

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")

PROMPTS = [[3, 5, 7, 11], [2, 4, 6], [1, 1, 2, 3, 5, 8], [9, 8, 7]]
KINDS = [("qwen2", True), ("llama", False), ("qwen3", True)]


def made(model_type: str = "qwen2", *, tied: bool = True, adapted: bool = True) -> Engine:
    """An engine with an adapter large enough to see."""
    fake = fake_vllm(model_type, tied=tied)
    engine = Engine(FakeMergedSampler(fake), fake.config, base=fake.weights, rank=4, alpha=8)
    if adapted:
        torch.manual_seed(1)
        for _, lora_b, _ in adapters(engine.model).values():
            torch.nn.init.normal_(lora_b, std=0.1)
    return engine


@pytest.mark.parametrize(("model_type", "tied"), KINDS)
def test_the_sampler_has_the_whole_policy(model_type: str, tied: bool) -> None:
    """Base, embeddings, norms and biases are written before the gate; a published adapter is sampled with, to the bit and by its effect."""
    engine = made(model_type, tied=tied)
    engine.gate(PROMPTS, max_tokens=6).check()
    engine.publish()
    report = engine.canary(engine.generate(PROMPTS, 12))
    report.check()
    assert report.verdict == "the same policy"
    assert report.share is not None
    assert abs(report.share.value - 1.0) < 0.05


def test_the_trainers_base_is_never_written() -> None:
    """Two hundred versions later the codes and scales are what they were."""
    engine = made()
    base = engine.sampler.weights
    before = {name: parameter.data.clone() for name, parameter in engine.model.named_parameters() if "lora_" not in name}
    for _ in range(200):
        engine.swap.write()
    after = dict(engine.model.named_parameters())
    assert all(torch.equal(kept, after[name].data) for name, kept in before.items())
    assert base.merged("model.layers.0.mlp.down_proj").weight.dtype == torch.bfloat16


def test_weights_that_left_the_card_are_written_when_they_are_back() -> None:
    """Unmapped pages hold nothing; `publish` meanwhile only counts, and the next sampling has the new policy."""
    engine = made()
    engine.gate(PROMPTS, max_tokens=4).check()
    engine.unmap_cache = True
    engine.release()
    sampler: Any = engine.sampler
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    engine.publish()
    assert not sampler.mapped
    with engine.cache_mapped():
        engine.check_sampler()
        completions = engine.generate(PROMPTS, 6)
    assert not sampler.mapped
    assert sampler.forgotten == 1
    report = engine.canary(completions)
    report.check()
    assert report.verdict == "the same policy"


@pytest.mark.parametrize("broken", ["stale", "one matrix", "a norm"])
def test_weights_that_are_not_the_policys_are_seen(broken: str) -> None:
    """By the bits each time; an adapter that was not delivered by the statistics, too."""
    engine = made()
    engine.gate(PROMPTS, max_tokens=4).check()
    engine.publish()
    if broken == "stale":
        for _, lora_b, _ in adapters(engine.model).values():
            torch.nn.init.normal_(lora_b, std=0.1)
    elif broken == "one matrix":
        swap: Any = engine.swap
        swap.matrices[3].write(swap.matrices[3].weight, adapted=False)
    else:
        engine.sampler.weights.dense("model.norm.weight").mul_(1.01)
    completions = engine.generate(PROMPTS, 12)
    with pytest.raises(SlotMismatch, match="not the policy that is trained"):
        engine.canary(completions)
    if broken == "stale":
        engine.swap.check = lambda: None  # type: ignore[method-assign]
        with pytest.raises(PolicyMismatch):
            engine.canary(completions).check()


def test_every_weight_of_the_sampler_is_written() -> None:
    """From tensors of NaN, nothing but the rows that pad the vocabulary is left unwritten."""
    fake = fake_vllm("qwen2")
    sampler = FakeMergedSampler(fake)
    for parameter in sampler._tree.parameters():
        parameter.data.fill_(float("nan"))
    engine = Engine(sampler, fake.config, base=fake.weights, rank=4)
    left = sum(int(parameter.isnan().sum()) for parameter in sampler._tree.parameters())
    assert left == 32 * fake.shape.hidden
    assert isinstance(engine.swap, RolloutWeights)


def saved(folder: Path, fake: Fake, **options: Any) -> Any:
    """The policy as save_pretrained writes it."""
    model = small_model(fake.config)
    model.save_pretrained(folder, **options)
    return model


@pytest.mark.parametrize(("model_type", "tied"), KINDS)
def test_a_checkpoint_becomes_the_base_that_vllm_would_make(tmp_path: Path, model_type: str, tied: bool) -> None:
    """One file or several: codes, table, biases and dense tensors; scales differ by the rounding of nested statistics alone."""
    fake = fake_vllm(model_type, tied=tied)
    saved(tmp_path / "one", fake)
    saved(tmp_path / "several", fake, max_shard_size="40KB")
    assert len(list((tmp_path / "several").glob("*.safetensors"))) > 1
    for folder in ("one", "several"):
        base = CheckpointWeights(str(tmp_path / folder), fake.shape, "cpu")
        for name in fake.shape.linear_names():
            ours, theirs = base.linear(name), fake.weights.linear(name)
            assert torch.equal(ours.codes.flatten(), theirs.codes.flatten())
            assert not ours.state.nested
            assert torch.allclose(ours.state.absmax, theirs.state.absmax, rtol=0.05)
            assert (ours.bias is None) == (theirs.bias is None)
            assert ours.bias is None or theirs.bias is None or torch.equal(ours.bias, theirs.bias)
        for name in fake.shape.dense_names():
            assert torch.equal(base.dense(name), fake.weights.dense(name))


def test_nested_scales_are_multiplied_out_as_bitsandbytes_does(tmp_path: Path) -> None:
    """The expanded state dequantises to what bitsandbytes makes of the nested one."""
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    fake = fake_vllm("llama", tied=False)
    model = saved(tmp_path, fake)
    base = CheckpointWeights(str(tmp_path), fake.shape, "cpu")
    name = "model.layers.1.mlp.up_proj"
    weight = model.get_submodule(name).weight.data
    codes, nested = quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
    expected = dequantize_4bit(codes, nested)
    assert nested.nested
    assert torch.equal(dequantize_4bit(base.linear(name).codes, base.linear(name).state), expected)


def test_a_bitsandbytes_checkpoint_keeps_its_codes(tmp_path: Path) -> None:
    """Packed tensors with their state, in the layout that transformers saves."""
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit
    from safetensors.torch import save_file

    fake = fake_vllm("qwen2")
    tensors = {name: value.contiguous() for name, value in small_model(fake.config).state_dict().items() if name != "lm_head.weight"}
    expected = {}
    for name in fake.shape.linear_names():
        codes, state = quantize_4bit(tensors[f"{name}.weight"], blocksize=64, compress_statistics=True, quant_type="nf4")
        expected[name] = dequantize_4bit(codes, state)
        tensors[f"{name}.weight"] = codes
        tensors |= {f"{name}.weight.{key}": value for key, value in state.as_dict(packed=True).items()}
    save_file(tensors, tmp_path / "model.safetensors")
    base = CheckpointWeights(str(tmp_path), fake.shape, "cpu")
    for name, weight in expected.items():
        assert torch.equal(base.linear(name).codes, tensors[f"{name}.weight"])
        assert torch.equal(dequantize_4bit(base.linear(name).codes, base.linear(name).state).to(weight.dtype), weight)


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    """Before vLLM's minutes are spent: no safetensors, or one that lacks a matrix."""
    fake = fake_vllm("llama", tied=False)
    with pytest.raises(TrainingProblem, match=r"holds no model\.safetensors"):
        CheckpointWeights(str(tmp_path), fake.shape, "cpu")
    from safetensors.torch import save_file

    save_file({"other": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(TrainingProblem, match=r"holds no tensor model\.layers\.0\.self_attn\.q_proj\.weight"):
        CheckpointWeights(str(tmp_path), fake.shape, "cpu").linear("model.layers.0.self_attn.q_proj")


def test_a_packed_matrix_is_not_taken_for_a_plain_one() -> None:
    """And one of another size neither: the version of vLLM is named."""
    fake = fake_vllm("qwen2")
    tree = plain_tree(fake.shape)
    qkv: Any = tree.get_submodule("model.layers.0.self_attn.qkv_proj")
    for broken in (torch.zeros(4, 4, dtype=torch.bfloat16), torch.zeros_like(qkv.weight, dtype=torch.uint8)):
        qkv.weight = torch.nn.Parameter(broken, requires_grad=False)
        with pytest.raises(EngineContract, match=r"vllm 0\.26\.0 holds"):
            VllmWeights(tree, fake.shape).merged("model.layers.0.self_attn.k_proj")


def test_vllm_is_started_plain() -> None:
    """No quantisation, no LoRA, no weights read; the second level of sleep drops its weights, too."""
    packed = SamplerSettings("policy", 16, 1024, 8, 1 << 28).arguments()
    plain = SamplerSettings("policy", 16, 1024, 8, 1 << 28, merged=True, unmap_cache=True).arguments()
    assert packed["quantization"] == "bitsandbytes"
    assert not {"quantization", "enable_lora", "worker_cls"} & plain.keys()
    assert (plain["load_format"], plain["enable_sleep_mode"], MergedSampler.sleep_level) == ("dummy", True, 2)
