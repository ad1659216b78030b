"""Base and adapter rounded once: the effect of a small adapter survives bf16, where adding to a rounded product loses it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_rounding import add_products_, dequantized, product_plus


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


@pytest.mark.parametrize(("size", "kept_by_two_roundings"), [(3e-4, 0.25), (1e-3, 0.6)])
def test_a_small_adapter_is_kept_whole(size: float, kept_by_two_roundings: float) -> None:
    """At 1e-3 of the base's output, two roundings keep about half of the adapter's effect; one rounding keeps all of it."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4096, 64, generator=generator).bfloat16()
    codes, state = matrix(128, 64, seed=1)
    base = product_plus(x, None, codes, state)
    delta = (torch.randn(4096, 128, generator=generator) * size * float(base.float().std())).bfloat16()
    once = product_plus(x, delta, codes, state)
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


def test_gradients_are_those_of_the_plain_formula() -> None:
    """The gradient with respect to the input and to the adapter's output equals autograd's through the expanded matrix."""
    codes, state = matrix(48, 64, seed=2)
    weight = dequantized(codes, state, torch.float32)
    upstream = torch.randn(2, 5, 48)
    results = []
    for ours in (True, False):
        x, delta = torch.ones(2, 5, 64).requires_grad_(), torch.zeros(2, 5, 48).requires_grad_()
        output = product_plus(x, delta, codes, state) if ours else x @ weight.t() + delta
        output.backward(upstream)
        assert x.grad is not None
        assert delta.grad is not None
        results.append((x.grad, delta.grad))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-5)
    assert torch.allclose(results[0][1], results[1][1])
