"""The head's kernels, interpreted on the CPU, against plain PyTorch and against the formula in fp64."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

# Triton reads the variable when it is imported, and other tests must not see it: so a process of its own.
SCRIPT = """
import torch
from rewardlang.trainer.gpu_head import read_reference, slopes_reference, token_logprobs_and_entropies
from rewardlang.trainer.gpu_head_kernels import read, slopes

def exact(logits, temperature):
    return (logits.double() / temperature).log_softmax(1)

def case(rows, vocabulary, temperature, spread):
    torch.manual_seed(rows + vocabulary)
    wide = torch.randn(rows, vocabulary + 40) * spread
    tokens = torch.stack([torch.randint(vocabulary, (rows,)), torch.zeros(rows, dtype=torch.int64)], 1)[:, 0]
    logits, before, slope = wide[:, 16 : 16 + vocabulary], wide.clone(), torch.randn(1).expand(rows)
    found = read(logits, tokens, temperature, entropies=True)
    for part, same in zip(read(logits, tokens, temperature, entropies=False), (*found[:2], None)):
        assert part is same or torch.equal(part, same)
    plain = read_reference(logits.clone(), tokens, temperature, entropies=True)
    logprobs = exact(logits, temperature)
    truth = (logprobs.gather(1, tokens[:, None])[:, 0], -(logprobs.exp() * logprobs).sum(1))
    error = 2e-6 * (1 + 4 * spread)  # some ulps of the largest logit
    for value, wanted in zip((found[0] - found[1], found[2]), truth):
        assert (value - wanted).abs().max() < error, (vocabulary, temperature)
    for value, wanted in zip(found, plain):
        assert torch.allclose(value, wanted, rtol=1e-5, atol=error)
    gradient = slopes(logits, tokens, found[1], slope, temperature, torch.float32)
    once = torch.nn.functional.one_hot(tokens, vocabulary)
    assert gradient.is_contiguous() and (gradient - slope[:, None] * (once - logprobs.exp())).abs().max() < error
    assert torch.equal(wide, before), "the logits stay as they are"
    assert torch.allclose(gradient, slopes_reference(logits.clone(), tokens, plain[1], slope, temperature, torch.float32), atol=error)
    # The interpreter cuts fp32 to bf16 where a GPU rounds.
    rounded = slopes(logits, tokens, found[1], slope, temperature, torch.bfloat16)
    assert rounded.dtype == torch.bfloat16 and torch.allclose(rounded.float(), gradient, rtol=2**-7, atol=1e-30)

case(rows=3, vocabulary=33, temperature=1.0, spread=3.0)
case(rows=2, vocabulary=4096, temperature=0.7, spread=1.0)
case(rows=5, vocabulary=5003, temperature=1.5, spread=10.0)
case(rows=2, vocabulary=9001, temperature=1.0, spread=0.0)
case(rows=1, vocabulary=2, temperature=1.0, spread=1.0)

# What is not a number, what has no chance, and a token that does not exist.
logits, tokens = torch.randn(7, 5003), torch.full((7,), 5000)
logits[0, 3], logits[1, 3], logits[2, :4100], logits[3, 5000] = float("nan"), -float("inf"), -float("inf"), -float("inf")
logits[4], logits[5, 7] = -float("inf"), float("inf")
tokens[6] = 5003
chosen, normaliser, entropy = read(logits, tokens, 1.0, entropies=True)
assert torch.equal((chosen - normaliser).isnan(), torch.tensor([True, False, False, False, True, False, True]))
assert torch.equal((chosen - normaliser).isneginf(), torch.tensor([False, False, False, True, False, True, False]))
assert torch.allclose(normaliser[:6], logits[:6].logsumexp(1), equal_nan=True)
logprobs = exact(logits, 1.0)
truth = -torch.where(logprobs.isneginf(), 0, logprobs.exp() * logprobs).sum(1)
assert torch.allclose(entropy.double()[[1, 2, 3, 6]], truth[[1, 2, 3, 6]]) and entropy[[0, 4, 5]].isnan().all()
gradient = slopes(logits, tokens, normaliser, torch.ones(7), 1.0, torch.bfloat16)
assert gradient[0].isnan().all() and not gradient[1:4].isnan().any() and (gradient[2, :4100] == 0).all()

# The whole function, in chunks of which the last is short: the entropies and the gradient of the states.
states, head = torch.randn(11, 24, requires_grad=True), torch.randn(70, 24)
tokens = torch.randint(70, (11,))
values, entropies = token_logprobs_and_entropies(states, head, tokens, temperature=0.9, chunk=4, entropies=True)
weights = torch.randn(11)
slope = torch.autograd.grad((values * weights).sum(), states)[0]
other = (states @ head.t() / 0.9).log_softmax(1)
wanted = torch.autograd.grad((other.gather(1, tokens[:, None])[:, 0] * weights).sum(), states)[0]
assert torch.allclose(values, other.gather(1, tokens[:, None])[:, 0], atol=1e-5) and torch.allclose(slope, wanted, atol=1e-5)
assert torch.allclose(entropies, -(other.exp() * other).sum(1), atol=1e-5)

for bad in (logits.bfloat16(), logits.t()[:7], logits[:3]):
    try:
        read(bad, torch.zeros(7, dtype=torch.int64), 1.0, entropies=False)
    except ValueError:
        continue
    raise AssertionError("logits that the kernel cannot read were accepted")
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted where there is no GPU; `test_on_gpu.py` compiles it")
def test_the_kernels_are_the_formula() -> None:
    """Odd vocabularies, smaller than a block and of several; temperatures, slices; NaN stays NaN, a logit of −∞ has no chance."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
