"""What `scale_rewards`, `kl` and `micro_batch` change in an algorithm, against formulas written out on the same numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer.test_algorithms import (
    GROUP,
    LIMIT,
    POINTS,
    TEXTS,
    drawn_batch,
    gradient,
    log_probs,
    loss_by_formula,
    trainer_for,
    true_lengths,
)

TOTALS = np.array(POINTS["right"]) + np.array(POINTS["ones"])


def moved(trainer: Any) -> Any:
    """The trainer with an adapter that is no longer zero, so that the policy differs from the reference."""
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in (item for item in trainer.model.parameters() if item.requires_grad):
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return trainer


def with_true_lengths(trainer: Any, batch: dict[str, Any]) -> dict[str, Any]:
    """The batch, with the mask of tokens that the formulas go by, and old log-probabilities at some distance."""
    width = batch["completion_ids"].shape[1]
    batch["true_mask"] = torch.tensor([[place < length for place in range(width)] for length in true_lengths(trainer)])
    return batch


def given(batch: dict[str, Any], rows: slice = slice(None)) -> dict[str, Any]:
    """Some rows of the batch, as the loss takes them."""
    return {name: value[rows] if value.ndim else value for name, value in batch.items() if name != "true_mask"}


@pytest.mark.parametrize("algorithm", ["grpo", "gspo"])
@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_advantages_are_divided_by_the_spread_that_is_asked_for(raw_policy: Path, tmp_path: Path, algorithm: str, scale: str) -> None:
    """Of the group, of all completions of the step, or not at all; they are always less the mean of their group."""
    trainer = trainer_for(raw_policy, tmp_path, algorithm, scale_rewards=scale)
    wanted = []
    for first in range(0, len(TEXTS), GROUP):
        group = TOTALS[first : first + GROUP]
        spread = {"group": group.std(ddof=1) + 1e-4, "batch": TOTALS.std(ddof=1) + 1e-4, "none": 1.0}[scale]
        wanted += [(points - group.mean()) / spread for points in group]
    assert drawn_batch(trainer)["advantages"].tolist() == pytest.approx(wanted, abs=1e-5)


def kl_by_formula(algorithm: str, trainer: Any, batch: dict[str, Any]) -> torch.Tensor:
    """The estimate r - 1 - log r of each token, r being the reference's ratio, averaged as the algorithm averages its tokens.

    Each is weighted by the ratio of new to old probability, which makes the gradient that of the divergence (arXiv 2512.02556).
    """
    sums, means = [], []
    for index in range(len(TEXTS)):
        with torch.no_grad(), trainer.model.disable_adapter():
            reference = log_probs(trainer.model, batch, index)
        new = log_probs(trainer.model, batch, index)
        log_ratio = reference - new
        each = (new - batch["old_per_token_logps"][index, : len(new)]).exp() * (log_ratio.exp() - 1 - log_ratio)
        sums.append(each.sum())
        means.append(each.mean())
    if algorithm == "grpo":
        return torch.stack(means).mean()
    if algorithm == "dr_grpo":
        return torch.stack(sums).sum() / (len(TEXTS) * LIMIT)
    return torch.stack(sums).sum() / sum(true_lengths(trainer))


@pytest.mark.parametrize("algorithm", ["grpo_token", "grpo", "dr_grpo", "cispo"])
def test_the_kl_of_the_loss_and_its_gradient(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """The algorithm's own loss, plus the weight times the KL estimate of its tokens; no part of it is clipped."""
    trainer = moved(trainer_for(raw_policy, tmp_path, algorithm, kl=0.5))
    batch = with_true_lengths(trainer, drawn_batch(trainer))
    new = torch.nn.utils.rnn.pad_sequence(
        [log_probs(trainer.model, batch, index).detach() for index in range(len(TEXTS))], batch_first=True
    )
    batch["old_per_token_logps"] = new + torch.randn(new.shape, generator=torch.Generator().manual_seed(1)) * 0.3
    wanted = loss_by_formula(algorithm, trainer.model, batch, batch["old_per_token_logps"])
    wanted = wanted + 0.5 * kl_by_formula(algorithm, trainer, batch)
    wanted_gradient = gradient(wanted, trainer.model)
    loss = trainer._compute_loss(trainer.model, given(batch))
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert gradient(loss, trainer.model) == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)


def test_rloo_takes_the_kl_off_the_reward(raw_policy: Path, tmp_path: Path) -> None:
    """Weight times log pi - log ref of the whole completion, before the mean of the others is taken off."""
    trainer = moved(trainer_for(raw_policy, tmp_path, "rloo", kl=0.5))
    batch = with_true_lengths(trainer, drawn_batch(trainer))
    paid = []
    for index in range(len(TEXTS)):
        with torch.no_grad():
            policy = log_probs(trainer.model, batch, index).sum()
            with trainer.model.disable_adapter():
                paid.append(TOTALS[index] - 0.5 * float(policy - log_probs(trainer.model, batch, index).sum()))
    wanted = []
    for first in range(0, len(TEXTS), GROUP):
        group = paid[first : first + GROUP]
        wanted += [own - (sum(group) - own) / (GROUP - 1) for own in group]
    assert batch["advantages"].tolist() == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("algorithm", ["grpo_token", "grpo", "dr_grpo", "gspo", "rloo"])
def test_micro_batches_add_up_to_the_step(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """Two passes over half of the completions each have together the loss and the gradient of the formula over all of them."""
    trainer = moved(trainer_for(raw_policy, tmp_path, algorithm, micro_batch=len(TEXTS) // 2))
    batch = with_true_lengths(trainer, drawn_batch(trainer))
    new = torch.nn.utils.rnn.pad_sequence(
        [log_probs(trainer.model, batch, index).detach() for index in range(len(TEXTS))], batch_first=True
    )
    old = new + torch.randn(new.shape, generator=torch.Generator().manual_seed(1)) * (1e-3 if algorithm == "gspo" else 0.1)
    if algorithm == "rloo":
        batch["old_logps"] = (old * batch["true_mask"]).sum(1)
    else:
        batch["old_per_token_logps"] = old
    wanted = loss_by_formula(algorithm, trainer.model, batch, old)
    wanted_gradient = gradient(wanted, trainer.model)
    trainer.current_gradient_accumulation_steps = 2
    half = len(TEXTS) // 2
    loss = sum(trainer._compute_loss(trainer.model, given(batch, rows)) for rows in (slice(0, half), slice(half, None)))
    if not trainer.loss_is_scaled_for_ga:
        loss = loss / 2  # what Trainer does then
    assert loss.item() == pytest.approx(wanted.item(), abs=2e-6, rel=1e-5)
    assert gradient(loss, trainer.model) == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)
