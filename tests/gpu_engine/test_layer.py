"""Norms, gated activations and rotations in one pass: transformers' own values on the CPU; the kernels, interpreted, against them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_layer import Attention, GatedMlp, RmsNorm, exchange, gated, normed, rotated
from tests.gpu_engine.fake_vllm import small_config, small_model

# The interpreter cuts fp32 to bf16 where a GPU rounds: bf16 is held to two steps, fp32 closely.
SCRIPT = """
import torch
from rewardlang.trainer import gpu_layer_kernels as kernels, gpu_layer_plain as plain

def same(name, kind, *tensors, **options):
    found, wanted = (getattr(way, name)(*tensors, **options) for way in (kernels, plain))
    bound = 1e-5 if kind == torch.float32 else 2**-6
    for one, other in zip(*(made if isinstance(made, tuple) else (made,) for made in (found, wanted)), strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        assert torch.allclose(one.float(), other.float(), rtol=bound, atol=bound), (name, (one - other).abs().max())
    return wanted

for shape, kind in (((2, 3, 96), torch.float32), ((5, 64), torch.bfloat16), ((3, 1, 1030), torch.bfloat16), ((1, 7), torch.float32)):
    torch.manual_seed(len(shape))
    weight, grad = torch.randn(shape[-1]).to(kind), torch.randn(shape).to(kind)
    x, up = (torch.linspace(first, last, grad.numel()).view(shape).to(kind) for first, last in ((-20, 20), (2, -1)))
    _, roots = same("norm", kind, x, weight, 1e-6)
    same("norm_backward", kind, grad, x, weight, roots)
    same("gate", kind, x, up)
    same("gate_backward", kind, grad, x, up)

# Heads that lie further apart than they are wide, gradients whose axes are turned, angles of one sequence for all.
for (sequences, tokens, heads, width), kind, angles in (((2, 3, 5, 8), torch.float32, 2), ((3, 4, 2, 24), torch.bfloat16, 1)):
    cos, sin = torch.rand(2, angles, tokens, width).to(kind)
    same("rotate", kind, torch.randn(sequences, tokens, heads, 2 * width).to(kind)[..., :width], cos, sin, backward=False)
    same("rotate", kind, torch.randn(sequences, heads, tokens, width).to(kind).transpose(1, 2), cos, sin, backward=True)
turned = torch.randn(8, 4).t()
same("norm", torch.float32, turned, torch.ones(8), 1e-6)
same("gate", torch.float32, turned, turned)
same("gate_backward", torch.float32, turned, turned, turned)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted where there is no GPU; `test_on_gpu.py` compiles it")
def test_the_kernels_are_the_formulas() -> None:
    """Odd widths, both types, gradients, views in another order."""
    pytest.importorskip("triton", reason="triton is not installed")
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(("model_type", "batch"), [("llama", 2), ("qwen3", 1)])
def test_gradients_are_those_of_autograd(model_type: str, batch: int) -> None:
    """Of a whole layer in fp32, through norms, activation and rotation, with respect to its input."""
    config = small_config(model_type, tied=True)
    model: Any = small_model(config).float()
    model.requires_grad_(requires_grad=False)
    x, upstream = torch.randn(2, batch, 9, config.hidden_size, generator=torch.Generator().manual_seed(0))
    results = []
    for ours in (False, True):
        if ours:
            exchange(model)
        states = x.clone().requires_grad_()
        output = model.model(inputs_embeds=states, use_cache=False).last_hidden_state
        results.append((output, *torch.autograd.grad(output, states, upstream)))
    for found, wanted in zip(results[1], results[0], strict=True):
        assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_what_does_not_belong_together_is_refused() -> None:
    """A weight that is trained or of another width, two shapes, angles for other heads."""
    x, heads = torch.randn(4, 8), torch.randn(3, 5, 2, 6)
    for weight in (torch.ones(4), torch.ones(8, requires_grad=True)):
        with pytest.raises(ValueError, match="frozen weight"):
            normed(x, weight, 1e-6)
    with pytest.raises(ValueError, match="is not for"):
        gated(x, x.t())
    for angles in (torch.ones(2, 5, 6), torch.ones(3, 4, 6), torch.ones(1, 5, 3)):
        with pytest.raises(ValueError, match="not for heads"):
            rotated(heads, angles, angles)


@pytest.mark.parametrize(("model_type", "norms"), [("llama", 5), ("qwen2", 5), ("qwen3", 9)])
def test_every_part_is_exchanged(model_type: str, norms: int) -> None:
    """Of all three architectures, under the same names, and the model gives the same to the bit."""
    model: Any = small_model(small_config(model_type, tied=True))
    model.requires_grad_(requires_grad=False)
    names = [name for name, _ in model.named_parameters()]
    ids = torch.arange(12)[None]
    with torch.no_grad():
        wanted = model(ids, use_cache=False).logits
        exchange(model)
        assert torch.equal(model(ids, use_cache=False).logits, wanted)
    assert [name for name, _ in model.named_parameters()] == names
    kinds = [type(module) for module in model.modules()]
    assert (kinds.count(RmsNorm), kinds.count(GatedMlp), kinds.count(Attention)) == (norms, 2, 2)
    assert not [
        kind for kind in kinds if kind.__name__.startswith(("Llama", "Qwen")) and kind.__name__.endswith(("Norm", "MLP", "Attention"))
    ]
    with pytest.raises(ValueError, match="use_cache=False"):
        model(ids, use_cache=True)
