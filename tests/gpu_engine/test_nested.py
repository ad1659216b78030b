"""Nested scales: kept as bitsandbytes has them, expanded into one buffer, and the policy the same to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_checkpoint import CheckpointWeights
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_nested import kept_nested, packed_states, share_buffer
from rewardlang.trainer.gpu_rollout import MergedMatrix
from rewardlang.trainer.gpu_rounding import adapted_product, add_products_, dequantized, scales
from rewardlang.trainer.gpu_shared_base import adapters
from rewardlang.trainer.gpu_update import accumulate, prepare_training
from rewardlang.trainer.gpu_vllm_weights import EngineContract
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm, small_model
from tests.gpu_engine.test_rounding import adapter

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")

PROMPTS = [[5, 6, 7], [8, 9, 10, 11], [12, 13], [14, 15, 16]]


def packed(outputs: int, inputs: int, seed: int, *, nested: bool = True) -> tuple[torch.Tensor, Any]:
    """A random matrix quantised with nested scales, which vLLM's formula multiplies out unless they stay nested."""
    from bitsandbytes.functional import dequantize_blockwise, quantize_4bit

    weight = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed)).bfloat16()
    codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=True, quant_type="nf4")
    if not nested:
        expanded = dequantize_blockwise(state.absmax, state.state2)
        expanded += state.offset
        state.absmax, state.nested, state.offset, state.state2 = expanded, False, None, None
    return codes, state


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize(("outputs", "inputs"), [(96, 64), (64, 192), (33, 256), (300, 128)])
def test_values_are_those_of_the_expanded_scales(outputs: int, inputs: int, buffered: bool) -> None:
    """Scales, matrix, product, sum and gradients equal those of scales multiplied out at load, and bitsandbytes' own, to the bit."""
    from bitsandbytes.functional import dequantize_4bit

    codes, state = packed(outputs, inputs, seed=1)
    _, plain = packed(outputs, inputs, seed=1, nested=False)
    own = dequantize_4bit(codes, state)
    if buffered:
        share_buffer([packed(512, 256, seed=2)[1], state])
    assert torch.equal(scales(state), plain.absmax)
    assert torch.equal(dequantized(codes, state, torch.bfloat16), own)
    results = []
    for one in (state, plain):
        x = torch.randn(5, inputs, generator=torch.Generator().manual_seed(3)).bfloat16().requires_grad_()
        delta = torch.randn(5, outputs, generator=torch.Generator().manual_seed(4)).bfloat16()
        lora_a, lora_b = adapter(4, outputs, inputs, torch.Generator().manual_seed(5))
        output = adapted_product(x, lora_a, lora_b.requires_grad_(), codes, one)
        output.sum().backward()
        results.append([output, x.grad, lora_b.grad, add_products_(delta.clone(), x.detach(), [(codes, one)])])
    for ours, theirs in zip(*results, strict=True):
        assert ours is not None
        assert theirs is not None
        assert torch.equal(ours, theirs)


def test_all_matrices_are_expanded_into_the_same_memory() -> None:
    """One buffer of the largest matrix, whatever the order and the sizes; a base made under inference mode can be trained over."""
    with torch.inference_mode():
        made = [packed(outputs, 128, seed) for seed, outputs in enumerate((96, 32, 300))]
        buffer = share_buffer([state for _, state in made])
    assert buffer.matrix.numel() == 300 * 128
    assert buffer.scales.numel() == 300 * 128 // 64
    addresses = {dequantized(codes, state, torch.bfloat16).data_ptr() for codes, state in made}
    assert addresses == {buffer.matrix.data_ptr()}
    x = torch.randn(4, 128).bfloat16().requires_grad_()
    sum(adapted_product(x, None, None, codes.clone(), state).sum() for codes, state in made).backward()  # type: ignore[union-attr]
    assert x.grad is not None


def test_a_base_whose_scales_were_expanded_is_refused() -> None:
    """The buffer is for nested states alone: where vLLM multiplied them out after all, the start says so."""
    with pytest.raises(EngineContract, match="1 of 2 matrices are not nested"):
        share_buffer([packed(64, 64, 1)[1], packed(64, 64, 1, nested=False)[1]])
    with pytest.raises(EngineContract, match="0 of 0"):
        share_buffer(packed_states(torch.nn.Linear(2, 2)))


def test_the_loader_expands_again_afterwards() -> None:
    """vLLM's class is as it was after the load, also after one that failed."""

    class Loader:
        def _dequantize_dq(self, quant_states: Any) -> str:
            return "expanded"

    def load() -> None:
        with kept_nested(Loader):
            assert Loader()._dequantize_dq("as it was") == "as it was"
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        load()
    assert Loader()._dequantize_dq({}) == "expanded"


@pytest.mark.parametrize(("model_type", "tied"), [("qwen2", True), ("llama", False), ("qwen3", True)])
def test_an_engine_over_nested_scales(model_type: str, tied: bool) -> None:
    """Gate, update and canary pass, nothing of the base is copied, and the scales are still nested after all of it."""
    fake = fake_vllm(model_type, tied=tied, nested=True)
    engine = Engine(FakeSampler(fake), fake.config, rank=4, alpha=8)
    report = engine.gate(PROMPTS, max_tokens=6)
    report.check()
    assert report.extra_bytes == 0
    prepare_training(engine)
    torch.manual_seed(1)
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    engine.publish()
    completions = engine.generate(PROMPTS, 8)
    canary = engine.canary(completions)
    canary.check()
    assert canary.verdict == "the same policy"
    accumulate(engine, completions, [1.0, -1.0, 0.5, -0.5], micro_batch=2)
    assert all(lora_a.grad is not None for lora_a, _, _ in adapters(engine.model).values())
    states = [fake.weights.linear(name).state for name in fake.shape.linear_names()]
    assert all(state.nested and state.absmax.dtype == torch.uint8 for state in states)


def test_a_checkpoint_read_with_nested_scales(tmp_path: Path) -> None:
    """The base of *speed*: quantised on reading or read as bitsandbytes saved it, codes and values are those of the expanded base."""
    fake = fake_vllm("llama", tied=False)
    small_model(fake.config).save_pretrained(tmp_path)
    nested, plain = (CheckpointWeights(str(tmp_path), fake.shape, "cpu", nested=one) for one in (True, False))
    for name in fake.shape.linear_names():
        ours, theirs = nested.linear(name), plain.linear(name)
        assert ours.state.nested
        assert not theirs.state.nested
        assert torch.equal(ours.codes, theirs.codes)
        assert torch.equal(dequantized(ours.codes, ours.state, torch.bfloat16), dequantized(theirs.codes, theirs.state, torch.bfloat16))
    written = []
    for one in (ours, theirs):
        outputs, inputs = one.state.shape
        weight = torch.empty(outputs, inputs, dtype=torch.bfloat16)
        MergedMatrix("m", weight, one, torch.ones(4, inputs), torch.ones(outputs, 4), 0.5).write(weight, adapted=True)
        written.append(weight)
    assert torch.equal(*written)
