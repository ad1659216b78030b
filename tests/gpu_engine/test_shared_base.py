"""One NF4 base under two models: the transformers model over the sampler's storages, on a fake module tree on the CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_shared_base import adapters, base_tensors, model_over, storage_bytes, with_adapter
from rewardlang.trainer.gpu_vllm_weights import EngineContract
from tests.gpu_engine.fake_vllm import Fake, fake_vllm

# peft asks transformers for an attribute that it has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")

KINDS = [("qwen2", True), ("qwen2", False), ("llama", False), ("qwen3", True)]
IDS = torch.arange(1, 41).reshape(2, 20) % 96


def _logits(model: Any, ids: torch.Tensor) -> torch.Tensor:
    embedded = model.get_submodule("model").embed_tokens(ids).float()
    hidden: torch.Tensor = model.get_submodule("model")(inputs_embeds=embedded, use_cache=False).last_hidden_state
    weight: torch.Tensor = model.get_submodule("lm_head").weight
    return hidden @ weight.float().t()


@pytest.mark.parametrize(("model_type", "tied"), KINDS)
def test_the_model_over_shared_weights_computes_what_the_sampler_holds(model_type: str, tied: bool) -> None:
    """Every shard of every fused matrix, every bias and norm lands where transformers has it: the logits are the reference's."""
    fake = fake_vllm(model_type, tied=tied)
    model = model_over(fake.weights, fake.config, "cpu")
    with torch.no_grad():
        assert torch.allclose(_logits(model, IDS), _logits(fake.reference, IDS), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("model_type", "tied"), KINDS)
def test_nothing_is_copied(model_type: str, tied: bool) -> None:
    """Every tensor of the trainer's base lies in a storage of the sampler's, also after a forward and a backward pass."""
    fake = fake_vllm(model_type, tied=tied)
    model = with_adapter(model_over(fake.weights, fake.config, "cpu"), rank=4, alpha=8)
    pointers = [tensor.data_ptr() for tensor in base_tensors(model)]
    model.train()
    _logits(model.base_model.model, IDS).logsumexp(-1).sum().backward()
    model.eval()
    with torch.no_grad():
        _logits(model.base_model.model, IDS)
    assert [tensor.data_ptr() for tensor in base_tensors(model)] == pointers
    owned = storage_bytes(fake.weights.parameters())
    codes = {address for name in fake.shape.linear_names() for address in storage_bytes([fake.weights.linear(name).codes])}
    assert codes <= owned.keys()
    scales = storage_bytes([tensor for name in fake.shape.linear_names() for tensor in _scales(fake, name)])
    assert storage_bytes(base_tensors(model)).keys() <= owned.keys() | scales.keys()


def _scales(fake: Fake, name: str) -> list[torch.Tensor]:
    state = fake.weights.linear(name).state
    return [state.absmax, state.code]


def test_gradients_reach_the_adapter_and_nothing_else() -> None:
    """The backward pass goes through the views: every A and B gets a gradient, no shared tensor wants one."""
    fake = fake_vllm("qwen2")
    model = with_adapter(model_over(fake.weights, fake.config, "cpu"), rank=4, alpha=8)
    for _, lora_b, _ in adapters(model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    _logits(model.base_model.model, IDS).logsumexp(-1).sum().backward()
    for name, (lora_a, lora_b, scaling) in adapters(model).items():
        assert lora_a.dtype == lora_b.dtype == torch.float32
        assert scaling == 2.0
        assert lora_a.grad is not None, name
        assert lora_a.grad.abs().sum() > 0, name
        assert lora_b.grad is not None, name
    assert not any(parameter.requires_grad for key, parameter in model.named_parameters() if "lora_" not in key)
    assert set(adapters(model)) == set(fake.shape.linear_names())


def test_the_adapter_is_computed_as_a_sum() -> None:
    """W x + (α/r) B A x: the adapted model equals a plain model whose matrices were changed by that product, in fp32."""
    fake = fake_vllm("llama", tied=False)
    model = with_adapter(model_over(fake.weights, fake.config, "cpu"), rank=4, alpha=8)
    reference = fake.reference
    torch.manual_seed(0)
    for name, (lora_a, lora_b, scaling) in adapters(model).items():
        torch.nn.init.normal_(lora_b, std=0.05)
        reference.get_submodule(name).weight.data += scaling * lora_b.data @ lora_a.data
    with torch.no_grad():
        assert torch.allclose(_logits(model.base_model.model, IDS), _logits(reference, IDS), atol=1e-3, rtol=1e-3)


def test_a_missing_weight_is_named() -> None:
    """Where vLLM's module tree lacks what the engine relies on, the error names the version and the attribute."""
    fake = fake_vllm("qwen2")
    module: Any = fake.weights._modules["model.layers.0.mlp.down_proj"]
    del module.base_layer.weight.bnb_quant_state
    with pytest.raises(EngineContract, match=r"vllm 0\.26\.0 holds no bitsandbytes weight for model\.layers\.0\.mlp\.down_proj"):
        model_over(fake.weights, fake.config, "cpu")
    with pytest.raises(EngineContract, match="has no module"):
        fake.weights.linear("model.layers.7.mlp.down_proj")
    with pytest.raises(EngineContract, match="has no parameter"):
        fake.weights.dense("model.other.weight")
