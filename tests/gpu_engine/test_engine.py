"""The engine's round on the CPU: gate, publish, canary and update over a fake sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rewardlang.trainer.gpu_canary import PolicyMismatch
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_shared_base import adapters
from rewardlang.trainer.gpu_swap import SlotMismatch
from rewardlang.trainer.gpu_update import accumulate, prepare_training
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm

# peft asks transformers for an attribute that it has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")

PROMPTS = [[5, 6, 7], [8, 9, 10, 11], [12, 13], [14, 15, 16]]


def made(noise: float = 0.0, **options: Any) -> Engine:
    """An engine over a fake sampler, and its adapter drawn at random."""
    fake = fake_vllm("qwen2", **options)
    engine = Engine(FakeSampler(fake, noise), fake.config, rank=4, alpha=8)
    torch.manual_seed(1)
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.normal_(lora_b, std=0.1)
    return engine


def test_the_gate_passes_where_both_sides_hold_the_same_base() -> None:
    """Before training, sampler and trainer agree within the trainer's own bf16 noise, and the base is there once."""
    engine = made()
    report = engine.gate(PROMPTS, max_tokens=6)
    report.check()
    assert report.trainer_noise > 0
    assert report.decoded_noise < report.trainer_noise
    assert report.extra_bytes == 0
    assert report.base_bytes > 0


def test_the_gate_stops_where_one_weight_differs() -> None:
    """One matrix of the sampler that is not the trainer's is enough."""
    engine = made()
    sampler: Any = engine.sampler
    with torch.no_grad():
        sampler._model.model.layers[0].mlp.down_proj.weight.mul_(1.3)
    with pytest.raises(PolicyMismatch, match="do not hold the same weights"):
        engine.gate(PROMPTS, max_tokens=6).check()


def test_a_published_policy_is_the_one_that_is_sampled() -> None:
    """After `publish` the slot equals the adapter to the bit, the version has a new name, and the canary finds the effect whole."""
    engine = made()
    engine.gate(PROMPTS, max_tokens=4).check()
    first = engine.adapter
    engine.publish()
    assert engine.adapter != first
    report = engine.canary(engine.generate(PROMPTS, 12))
    report.check()
    assert report.verdict == "the same policy"
    assert report.share is not None
    assert abs(report.share.value - 1.0) < 0.05


@pytest.mark.parametrize("broken", ["cleared", "not swapped", "one matrix"])
def test_a_broken_swap_is_seen_twice(broken: str) -> None:
    """A slot that lost the adapter or one matrix of it, or keeps an old one, fails the bits; the statistics see it lost or old, too."""
    engine = made()
    engine.gate(PROMPTS, max_tokens=4).check()
    engine.publish()
    if broken == "cleared":
        engine.swap.clear()
    elif broken == "not swapped":
        for _, lora_b, _ in adapters(engine.model).values():
            torch.nn.init.normal_(lora_b, std=0.1)
    else:
        swap: Any = engine.swap
        swap.pairs[3].slot_b.zero_()
    completions = engine.generate(PROMPTS, 12)
    with pytest.raises(SlotMismatch, match="not the policy that is trained"):
        engine.canary(completions)
    if broken != "one matrix":
        engine.swap.check = lambda: None  # type: ignore[method-assign]
        with pytest.raises(PolicyMismatch):
            engine.canary(completions).check()


def test_an_untrained_adapter_is_not_yet_detectable() -> None:
    """B starts at zero: there is no effect to find, and the canary says so instead of passing."""
    engine = made()
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.zeros_(lora_b)
    engine.gate(PROMPTS, max_tokens=4).check()
    engine.publish()
    assert engine.canary(engine.generate(PROMPTS, 4)).verdict == "not yet detectable"


def test_both_sides_divide_by_the_same_temperature() -> None:
    """At a temperature other than 1, sampler and trainer still agree; a temperature of 0 is refused."""
    fake = fake_vllm("llama", tied=False)
    engine = Engine(FakeSampler(fake), fake.config, rank=4, temperature=0.7)
    engine.gate(PROMPTS, max_tokens=4).check()
    engine.publish()
    assert engine.compare(engine.generate(PROMPTS, 6)).mean_difference < 0.1
    with pytest.raises(ValueError, match="temperature above 0"):
        Engine(FakeSampler(fake), fake.config, rank=4, temperature=0.0)


def test_micro_batches_add_up_to_the_whole_gradient() -> None:
    """The gradient of a batch is the same in one forward pass and in many, and sequences without advantage only count as tokens."""
    engine = made()
    prepare_training(engine)
    engine.publish()
    completions = engine.generate(PROMPTS, 5)
    advantages = [1.0, -0.5, 0.0, 2.0]
    gradients = []
    for micro_batch in (1, 2, 4):
        engine.model.zero_grad()
        report = accumulate(engine, completions, advantages, micro_batch=micro_batch)
        assert report.tokens == 20
        gradients.append(torch.cat([p.grad.flatten() for p in engine.model.parameters() if p.grad is not None]))
    assert gradients[0].abs().sum() > 0
    for other in gradients[1:]:
        assert float((other - gradients[0]).norm() / gradients[0].norm()) < 0.05


def test_training_moves_the_policy_towards_what_is_paid() -> None:
    """A few rounds that pay one token make it more likely: update, publish and sampling work on the same policy."""
    engine = made()
    for _, lora_b, _ in adapters(engine.model).values():
        torch.nn.init.zeros_(lora_b)
    prepare_training(engine)
    optimizer = torch.optim.Adam([p for p in engine.model.parameters() if p.requires_grad], lr=5e-2)
    counts = []
    for number in range(8):
        engine.publish()
        completions = engine.generate(PROMPTS * 3, 5, seeds=[100 * number + k for k in range(12)])
        paid = np.array([sum(token < 48 for token in one.tokens) for one in completions], dtype=float)
        counts.append(paid.mean())
        accumulate(engine, completions, ((paid - paid.mean()) / (paid.std() + 1e-6)).tolist(), micro_batch=16)
        optimizer.step()
        optimizer.zero_grad()
    assert np.mean(counts[-2:]) > np.mean(counts[:2]) + 0.5
