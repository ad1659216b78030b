"""PPO against its formulas, written out token by token: advantages, values, the loss and its gradient; and a run that resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.ppo import advantages, normalised, value_loss
from tests.trainer.test_algorithms import POINTS, TEXTS, drawn_batch, gradient, log_probs, trainer_for, true_lengths

TOTALS = [right + ones for right, ones in zip(POINTS["right"], POINTS["ones"], strict=True)]


def test_advantages_are_those_of_generalised_advantage_estimation() -> None:
    """A_t is the sum of lambda^k delta_{t+k} to the end of the completion; padding has none."""
    values = torch.tensor([[0.5, 1.0, -1.0, 9.0], [0.2, 0.1, 0.4, 0.3]])
    mask = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    found = advantages(torch.tensor([2.0, -1.0]), values, mask, 0.9)
    for row, score in enumerate((2.0, -1.0)):
        length = int(mask[row].sum())
        kept = [*values[row, :length].tolist(), 0.0]
        deltas = [(score if place == length - 1 else 0.0) + kept[place + 1] - kept[place] for place in range(length)]
        wanted = [sum(0.9**later * deltas[place + later] for later in range(length - place)) for place in range(length)]
        assert found[row].tolist() == pytest.approx([*wanted, *[0.0] * (4 - length)])


def test_the_value_is_kept_near_the_old_one_when_that_is_worse() -> None:
    """Clipping may only raise the loss."""
    value, old, wanted = torch.tensor([1.0, 1.0, 0.1]), torch.tensor([0.0, 0.0, 0.0]), torch.tensor([1.0, 3.0, 0.0])
    assert value_loss(value, old, wanted).tolist() == pytest.approx([(0.2 - 1) ** 2 / 2, (0.2 - 3) ** 2 / 2, 0.1**2 / 2])


def ready(policy: Path, folder: Path) -> tuple[Any, dict[str, Any]]:
    """A trainer whose adapter and value head are no longer zero, and a round of completions."""
    trainer: Any = trainer_for(policy, folder, "ppo")
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in [*(item for item in trainer.model.parameters() if item.requires_grad), *trainer.value_head.parameters()]:
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return trainer, drawn_batch(trainer)


def values_of(trainer: Any, batch: dict[str, Any], index: int) -> torch.Tensor:
    """(T,): the head's word before each token of one completion, from a forward pass of that sequence without padding."""
    prompt = batch["prompt_ids"][index][batch["prompt_mask"][index].bool()]
    completion = batch["completion_ids"][index][batch["completion_mask"][index].bool()]
    trunk = trainer.model.get_base_model().base_model
    hidden = trunk(input_ids=torch.cat([prompt, completion])[None])[0][0]
    values: torch.Tensor = trainer.value_head(hidden[len(prompt) - 1 : -1])[:, 0]
    return values


def test_values_and_advantages_of_a_round(raw_policy: Path, tmp_path: Path) -> None:
    """From the reward file's scores and the head, normalised over all tokens of the round; the returns are not normalised."""
    trainer, batch = ready(raw_policy, tmp_path)
    assert batch["completion_mask"].sum(1).tolist() == true_lengths(trainer)
    values = torch.zeros(batch["completion_mask"].shape)
    with torch.no_grad():
        for index in range(len(TEXTS)):
            own = values_of(trainer, batch, index)
            values[index, : len(own)] = own
    raw = advantages(torch.tensor(TOTALS), values, batch["completion_mask"], 0.95)
    mask = batch["completion_mask"].bool()
    assert batch["old_values"][mask].tolist() == pytest.approx(values[mask].tolist(), abs=1e-5)
    assert batch["returns"][mask].tolist() == pytest.approx((raw + values)[mask].tolist(), abs=1e-5)
    wanted = (raw[mask] - raw[mask].mean()) / raw[mask].std()
    assert batch["advantages"][mask].tolist() == pytest.approx(wanted.tolist(), abs=1e-4)
    assert batch["advantages"][~mask].abs().sum() == 0
    assert normalised(torch.ones(1, 1), torch.ones(1, 1)).tolist() == [[0.0]]


def test_loss_and_gradient_are_those_of_the_formula(raw_policy: Path, tmp_path: Path) -> None:
    """The clipped policy loss plus half of the value's, both a mean over tokens; gradients of the adapter and of the head."""
    trainer, batch = ready(raw_policy, tmp_path)
    generator = torch.Generator().manual_seed(1)
    mask = batch["completion_mask"].bool()
    batch["old_per_token_logps"] = batch["old_per_token_logps"] + torch.randn(mask.shape, generator=generator) * 0.3
    batch["old_values"] = batch["old_values"] + torch.randn(mask.shape, generator=generator) * 0.3
    batch["true_mask"] = mask
    total = torch.tensor(0.0)
    for index in range(len(TEXTS)):
        new, values = log_probs(trainer.model, batch, index), values_of(trainer, batch, index)
        length = len(new)
        pull, back = batch["advantages"][index, :length], batch["returns"][index, :length]
        ratio = (new - batch["old_per_token_logps"][index, :length]).exp()
        total = total - torch.minimum(ratio * pull, ratio.clamp(0.8, 1.2) * pull).sum()
        old = batch["old_values"][index, :length]
        near = old + (values - old).clamp(-0.2, 0.2)
        total = total + 0.5 * torch.maximum((values - back) ** 2, (near - back) ** 2).sum() / 2
    wanted = total / int(mask.sum())
    both = torch.nn.ModuleList([trainer.model, trainer.value_head])
    wanted_gradient = gradient(wanted, both)
    loss = trainer._compute_loss(trainer.model, {name: value for name, value in batch.items() if name != "true_mask"})
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert gradient(loss, both) == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)


def test_the_head_learns_and_comes_back_from_a_checkpoint(raw_policy: Path, tmp_path: Path) -> None:
    """Two steps, or one and one after a resume: the same head and the same adapter to the bit. No gradient is carried over a step."""
    heads, trainers = [], []
    for steps, resumed in ((2, None), (1, None), (2, "checkpoint-1")):
        folder = tmp_path / ("whole" if resumed is None and steps == 2 else "cut")
        folder.mkdir(exist_ok=True)
        trainer = trainer_for(raw_policy, folder, "ppo", steps=steps, save_every=1, warmup_steps=0)
        trainer.train(resume_from_checkpoint=None if resumed is None else str(folder / "run" / "checkpoints" / resumed))
        heads.append(trainer.value_head.weight.detach().clone())
        trainers.append(trainer)
    assert heads[0].abs().sum() > heads[1].abs().sum() > 0
    assert torch.equal(heads[0], heads[2])
    first, second = (trainers[index].model.state_dict() for index in (0, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(parameter.grad is None or not parameter.grad.any() for parameter in trainers[0].value_head.parameters())
