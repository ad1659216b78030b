"""The fused head and the loss, against plain PyTorch and against TRL's own loss."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.trainer.gpu_head import token_logprobs
from rewardlang.trainer.gpu_loss import truncated_loss


@settings(max_examples=40, deadline=None)
@given(
    tokens=st.integers(1, 40),
    chunk=st.sampled_from([1, 7, 16, 64]),
    temperature=st.sampled_from([0.7, 1.0, 1.5]),
    vocabulary=st.sampled_from([2, 33, 200]),
    seed=st.integers(0, 99),
)
def test_the_fused_head_is_log_softmax_of_a_product(tokens: int, chunk: int, temperature: float, vocabulary: int, seed: int) -> None:
    """Values and gradients equal log_softmax(h·Wᵀ/T) at the token, for any chunk, also where the chunk does not divide the tokens."""
    generator = torch.Generator().manual_seed(seed)
    hidden, head = torch.randn(tokens, 12, generator=generator), torch.randn(vocabulary, 12, generator=generator)
    wanted = torch.randint(0, vocabulary, (tokens,), generator=generator)
    upstream = torch.randn(tokens, generator=generator)
    results = []
    for fused in (True, False):
        states = hidden.clone().requires_grad_()
        if fused:
            values = token_logprobs(states, head, wanted, temperature=temperature, chunk=chunk)
        else:
            values = (states @ head.t() / temperature).log_softmax(-1).gather(1, wanted[:, None])[:, 0]
        values.backward(upstream)
        assert states.grad is not None
        results.append((values.detach(), states.grad))
    assert torch.allclose(results[0][0], results[1][0], atol=1e-5)
    assert torch.allclose(results[0][1], results[1][1], atol=1e-5)


def test_the_head_stays_frozen_and_autocast_does_not_round_the_logits() -> None:
    """Under bf16 autocast the logits are still fp32, and the head gets no gradient."""
    hidden = torch.randn(6, 32).bfloat16().requires_grad_()
    head = torch.nn.Parameter(torch.randn(50, 32).bfloat16(), requires_grad=False)
    wanted = torch.arange(6)
    exact = (hidden.detach().float() @ head.float().t()).log_softmax(-1).gather(1, wanted[:, None])[:, 0]
    with torch.autocast("cpu", torch.bfloat16):
        values = token_logprobs(hidden, head, wanted)
    values.sum().backward()
    assert values.dtype == torch.float32
    assert torch.allclose(values.detach(), exact, atol=1e-5)
    assert head.grad is None
    assert hidden.grad is not None


def test_on_policy_the_loss_is_the_policy_gradient() -> None:
    """Where sampler and trainer agree, the gradient is −A/N for every token's log-prob, and nothing is truncated."""
    logprobs = torch.tensor([-1.0, -2.0, -3.0], requires_grad=True)
    loss, report = truncated_loss(logprobs, logprobs.detach(), torch.tensor([1.0, -2.0, 0.5]), tokens=3)
    loss.backward()
    assert logprobs.grad is not None
    assert torch.allclose(logprobs.grad, torch.tensor([-1.0, 2.0, -0.5]) / 3)
    assert (report.truncated, report.max_weight, report.mean_difference) == (0.0, 1.0, 0.0)


def test_weights_are_cut_by_token() -> None:
    """A token that the trainer finds ten times likelier than the sampler did counts `cap` times, and its neighbours are untouched."""
    logprobs = torch.tensor([-1.0, -1.0], requires_grad=True)
    sampled = torch.tensor([-1.0 - torch.log(torch.tensor(10.0)).item(), -1.0])
    loss, report = truncated_loss(logprobs, sampled, torch.ones(2), tokens=2, cap=2.0)
    loss.backward()
    assert logprobs.grad is not None
    assert torch.allclose(logprobs.grad, torch.tensor([-1.0, -0.5]))
    assert report.truncated == 0.5
    assert report.max_weight == pytest.approx(10.0, rel=1e-4)


def test_the_gradient_is_that_of_the_clipped_objective() -> None:
    """At one update a batch, PPO's clipped ratio objective with truncated weights has the same gradient (by autograd, from its formula)."""
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(50, generator=generator) - 3
    sampled = start + 0.3 * torch.randn(50, generator=generator)
    advantages = torch.randn(50, generator=generator)
    first = start.clone().requires_grad_()
    truncated_loss(first, sampled, advantages, tokens=50, cap=1.3)[0].backward()
    second = start.clone().requires_grad_()
    ratio = (second - second.detach()).exp()
    weight = (second.detach() - sampled).exp().clamp(max=1.3)
    objective = weight * torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
    (-objective.mean()).backward()
    assert first.grad is not None
    assert second.grad is not None
    assert torch.allclose(first.grad, second.grad, atol=1e-7)
