"""Norms, gated activations and rotations in one pass: transformers' own values on the CPU; the kernels, interpreted, against them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch

from rewardlang.trainer.gpu_layer import Attention, GatedMlp, RmsNorm, exchange
from tests.gpu_engine.fake_vllm import small_config, small_model

# The interpreter cuts fp32 to bf16 where a GPU rounds: bf16 is held to two steps, fp32 closely.
SCRIPT = """
import torch
from rewardlang.trainer.gpu_layer import gated_reference, norm_reference, rotated_reference
from rewardlang.trainer.gpu_layer_kernels import gated, norm, rotated

def close(found, wanted, kind):
    bound = 1e-5 if kind == torch.float32 else 2**-6
    assert found.dtype == wanted.dtype
    assert torch.allclose(found.float(), wanted.float(), rtol=bound, atol=bound), (found - wanted).abs().max()

for shape, kind in (((2, 3, 96), torch.float32), ((5, 64), torch.bfloat16), ((3, 1, 1030), torch.bfloat16), ((1, 7), torch.float32)):
    torch.manual_seed(len(shape))
    weight, upstream = torch.randn(shape[-1]).to(kind), torch.randn(shape).to(kind)
    results = []
    for ours in (True, False):
        x = torch.linspace(-3, 4, upstream.numel()).view(shape).to(kind).requires_grad_()
        made = (norm if ours else norm_reference)(x, weight, 1e-6)
        results.append([made, *torch.autograd.grad(made, x, upstream)])
    for found, wanted in zip(*results):
        close(found, wanted, kind)
    results = []
    for ours in (True, False):
        gate = torch.linspace(-20, 20, upstream.numel()).view(shape).to(kind).requires_grad_()
        up = torch.linspace(2, -1, upstream.numel()).view(shape).to(kind).requires_grad_()
        made = (gated if ours else gated_reference)(gate, up)
        results.append([made, *torch.autograd.grad(made, (gate, up), upstream)])
    for found, wanted in zip(*results):
        close(found, wanted, kind)

for (sequences, tokens, heads, width), kind, angles in (((2, 3, 5, 8), torch.float32, 2), ((3, 4, 2, 24), torch.bfloat16, 1)):
    cos, sin = torch.rand(2, angles, tokens, width).to(kind)
    wide, upstream = torch.randn(sequences, tokens, heads, 2 * width).to(kind), torch.randn(sequences, heads, tokens, width).to(kind)
    results = []
    for ours in (True, False):
        x = wide[..., :width].detach().requires_grad_()
        made = (rotated if ours else rotated_reference)(x, cos, sin)
        results.append([made, *torch.autograd.grad(made.transpose(1, 2), x, upstream)])
    for found, wanted in zip(*results):
        close(found, wanted, kind)

# What transposes left is read in its own order; rows of another width, and a weight that is trained, are refused.
turned = torch.randn(8, 4).t()
close(norm(turned, torch.ones(8), 1e-6), norm_reference(turned, torch.ones(8), 1e-6), torch.float32)
close(gated(turned, turned), gated_reference(turned, turned), torch.float32)
for wrong in (lambda: norm(turned, torch.ones(4), 1e-6), lambda: norm(turned, torch.ones(8, requires_grad=True), 1e-6),
              lambda: gated(turned, turned.t()), lambda: rotated(wide, cos, sin), lambda: rotated(wide, cos, sin[:, 1:])):
    try:
        wrong()
    except ValueError as error:
        print(error)
    else:
        raise AssertionError("not refused")
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted where there is no GPU; `test_on_gpu.py` compiles it")
def test_the_kernels_are_the_formulas() -> None:
    """Odd widths, both types, gradients; views in another order; what does not belong together is refused."""
    pytest.importorskip("triton", reason="triton is not installed")
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == 5


@pytest.mark.parametrize(("model_type", "norms"), [("llama", 5), ("qwen2", 5), ("qwen3", 9)])
def test_every_part_is_exchanged(model_type: str, norms: int) -> None:
    """Of all three architectures, under the same names, and the model gives the same to the bit."""
    model: Any = small_model(small_config(model_type, tied=True))
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
