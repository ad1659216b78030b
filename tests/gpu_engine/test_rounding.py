"""Base and adapter rounded once: the effect of a small adapter survives bf16, where adding to a rounded product loses it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from rewardlang.trainer.gpu_rounding import adapted_product, add_products_, dequantized


def matrix(outputs: int, inputs: int, seed: int) -> tuple[torch.Tensor, Any]:
    """NF4 codes and state of a random matrix."""
    from bitsandbytes.functional import quantize_4bit

    weight = torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed)).bfloat16() / inputs**0.5
    codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=False, quant_type="nf4")
    return codes, state


def share_kept(changed: torch.Tensor, base: torch.Tensor, delta: torch.Tensor) -> float:
    """Slope of the change on the adapter's output."""
    seen = (changed.float() - base.float()).flatten()
    true = delta.float().flatten()
    return float(seen @ true / (true @ true))


def adapter(rank: int, outputs: int, inputs: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A and B in fp32, neither of them zero."""
    return torch.randn(rank, inputs, generator=generator) / inputs**0.5, torch.randn(outputs, rank, generator=generator) / rank**0.5


@pytest.mark.parametrize(("size", "kept_by_two_roundings"), [(3e-4, 0.25), (1e-3, 0.6)])
def test_a_small_adapter_is_kept_whole(size: float, kept_by_two_roundings: float) -> None:
    """At 1e-3 of the base's output, two roundings keep about half of the adapter's effect; one rounding keeps all of it."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4096, 64, generator=generator).bfloat16()
    codes, state = matrix(128, 64, seed=1)
    base = adapted_product(x, None, None, codes, state)
    lora_a, lora_b = adapter(4, 128, 64, generator)
    lora_b *= size * base.float().std() / (x.float() @ lora_a.t() @ lora_b.t()).std()
    delta = ((x @ lora_a.bfloat16().t()).float() @ lora_b.bfloat16().float().t()).bfloat16()
    once = adapted_product(x, lora_a, lora_b, codes, state)
    in_place = add_products_(delta.clone(), x, [(codes, state)])
    assert abs(share_kept(once, base, delta) - 1.0) < 0.08
    assert abs(share_kept(in_place, base, delta) - 1.0) < 0.08
    assert share_kept(base + delta, base, delta) < kept_by_two_roundings


def test_shards_are_added_to_their_own_columns() -> None:
    """Three matrices over the same input, as in a fused qkv, each with its own codes and scales."""
    shards = [matrix(outputs, 64, seed) for seed, outputs in enumerate((96, 32, 32))]
    x, delta = torch.randn(10, 64), torch.randn(10, 160)
    expected = delta + torch.cat([x @ dequantized(codes, state, torch.float32).t() for codes, state in shards], dim=1)
    assert torch.allclose(add_products_(delta.clone(), x, shards), expected, atol=1e-5)


@pytest.mark.parametrize("biased", [False, True])
def test_gradients_are_those_of_the_plain_formula(*, biased: bool) -> None:
    """Output and gradients with respect to the input and both matrices of the adapter equal autograd's through the expanded matrix."""
    codes, state = matrix(48, 64, seed=2)
    weight = dequantized(codes, state, torch.float32)
    generator = torch.Generator().manual_seed(5)
    upstream, bias = torch.randn(2, 5, 48, generator=generator), torch.randn(48, generator=generator) if biased else None
    start = [torch.randn(2, 5, 64, generator=generator), *adapter(8, 48, 64, generator)]
    results = []
    for ours in (True, False):
        x, lora_a, lora_b = inputs = [tensor.clone().requires_grad_() for tensor in start]
        if ours:
            output = adapted_product(x, lora_a, lora_b, codes, state, bias)
        else:
            output = functional.linear(x, weight, bias) + x @ lora_a.t() @ lora_b.t()
        results.append([output, *torch.autograd.grad(output, inputs, upstream)])
    for found, wanted in zip(*results, strict=True):
        assert torch.allclose(found, wanted, atol=1e-4)


def test_without_an_adapter_it_is_the_matrix_alone() -> None:
    """Also its gradient; and nothing is computed for an input that needs none."""
    codes, state = matrix(48, 64, seed=3)
    weight, x = dequantized(codes, state, torch.float32), torch.randn(7, 64, requires_grad=True)
    adapted_product(x, None, None, codes, state).sum().backward()
    assert x.grad is not None
    assert torch.allclose(x.grad, weight.sum(0).expand(7, 64), atol=1e-5)
    lora_a, lora_b = (tensor.requires_grad_() for tensor in adapter(4, 48, 64, torch.Generator().manual_seed(1)))
    adapted_product(x.detach(), lora_a, lora_b, codes, state).sum().backward()
    assert lora_a.grad is not None
    assert lora_b.grad is not None
