"""Online DPO against its formula, and against TRL's own trainer on the same completions; whole groups in micro-batches."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.config import ModelConfig
from rewardlang.trainer.online_dpo import pair_losses
from rewardlang.trainer.policy import load_model
from tests.trainer.test_algorithms import GROUP, POINTS, TEXTS, drawn_batch, gradient, log_probs, trainer_for

TOTALS = [right + ones for right, ones in zip(POINTS["right"], POINTS["ones"], strict=True)]
BETA = 0.3


def ready(policy: Path, folder: Path, **training: Any) -> tuple[Any, dict[str, Any]]:
    """A trainer whose adapter is no longer zero, and a round of completions."""
    trainer = trainer_for(policy, folder, "online_dpo", dpo_beta=BETA, **training)
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in (item for item in trainer.model.parameters() if item.requires_grad):
            parameter.add_(torch.randn_like(parameter) * 0.05)
    batch = drawn_batch(trainer)
    batch["true_mask"] = batch["completion_mask"]
    return trainer, batch


def given(batch: dict[str, Any]) -> dict[str, Any]:
    """The batch as the loss takes it."""
    return {name: value for name, value in batch.items() if name != "true_mask"}


def over_reference(trainer: Any, batch: dict[str, Any], index: int) -> torch.Tensor:
    """log pi - log ref of one completion, each from a forward pass of that sequence alone."""
    with torch.no_grad(), trainer.model.disable_adapter():
        reference = log_probs(trainer.model, batch, index).sum()
    found: torch.Tensor = log_probs(trainer.model, batch, index).sum() - reference
    return found


def test_loss_and_gradient_are_those_of_the_formula(raw_policy: Path, tmp_path: Path) -> None:
    """Pair by pair: each completion against every one of its group that scored less, groups weighing the same."""
    trainer, batch = ready(raw_policy, tmp_path)
    groups = []
    for first in range(0, len(TEXTS), GROUP):
        places = range(first, first + GROUP)
        pairs = [(better, worse) for better in places for worse in places if TOTALS[better] > TOTALS[worse]]
        losses = [
            torch.log1p(torch.exp(-BETA * (over_reference(trainer, batch, better) - over_reference(trainer, batch, worse))))
            for better, worse in pairs
        ]
        groups.append(torch.stack(losses).mean())
    wanted = torch.stack(groups).mean()
    wanted_gradient = gradient(wanted, trainer.model)
    loss = trainer._compute_loss(trainer.model, given(batch))
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert gradient(loss, trainer.model) == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)
    assert trainer._metrics["train"]["pairs"] == [12.0]


def test_loss_and_gradient_are_those_of_trl(raw_policy: Path, tmp_path: Path) -> None:
    """Groups of two, as TRL's experimental trainer has them: its whole training step on the same completions and the same model."""
    from trl.experimental.online_dpo import OnlineDPOConfig, OnlineDPOTrainer

    ours, batch = ready(raw_policy, tmp_path, group=2)
    scores = torch.tensor(TOTALS).view(-1, 2)
    assert (scores[:, 0] != scores[:, 1]).all()  # TRL prefers the first of two equals, ours has no pair
    wanted = ours._compute_loss(ours.model, given(batch))
    wanted_gradient = gradient(wanted, ours.model)

    class Theirs(OnlineDPOTrainer):  # type: ignore[misc, unused-ignore]
        """Its completions of one prompt stand half a batch apart."""

        def _generate(self, model: Any, prompts: Any, images: Any = None) -> Any:
            apart = torch.arange(len(TEXTS)).view(-1, 2).t().flatten()
            return (*(batch[name][apart] for name in ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask")), None)

        def _calculate_rewards_from_functions(self, *arguments: Any, **options: Any) -> torch.Tensor:
            return scores.t().flatten()

    arguments = OnlineDPOConfig(output_dir=str(tmp_path / "theirs"), beta=[BETA], use_cpu=True, bf16=False, report_to=[])
    theirs = Theirs(
        model=ours.model,
        ref_model=load_model(ModelConfig(path=str(raw_policy), dtype="float32")),
        reward_funcs=lambda **_: [],
        args=arguments,
        train_dataset=ours.train_dataset,
        processing_class=ours.processing_class,
    )
    ours.model.zero_grad()
    rows: dict[str, Any] = {"prompt": [ours.train_dataset[index]["prompt"] for index in range(len(TEXTS) // 2)]}
    loss = theirs.training_step(ours.model, rows) * arguments.gradient_accumulation_steps
    found = torch.cat([parameter.grad.flatten() for parameter in ours.model.parameters() if parameter.requires_grad]).tolist()
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert found == pytest.approx(wanted_gradient, abs=1e-6, rel=1e-4)


def test_equal_scores_make_no_pair() -> None:
    """A group that scored the same adds nothing; with one better than two equals there are two pairs."""
    found = pair_losses(torch.tensor([1.0, 0.0, 0.5, 9.0, 9.0, 1.0]), torch.tensor([1.0, 0.0, 0.0, 2.0, 2.0, 2.0]), 3, 2.0)
    wanted = (math.log1p(math.exp(-2.0)) + math.log1p(math.exp(-1.0))) / 2
    assert found.losses_G.tolist() == pytest.approx([wanted, 0.0])
    assert (found.pairs, found.in_order) == (2, 1.0)


def test_micro_batches_hold_whole_groups(raw_policy: Path, tmp_path: Path) -> None:
    """TRL shuffles a round before it is sliced; here the slices are the groups in their order, and their losses add up."""
    trainer, batch = ready(raw_policy, tmp_path, micro_batch=GROUP)
    rows = [trainer.train_dataset[index // GROUP] for index in range(len(TEXTS))]
    trainer.current_gradient_accumulation_steps = 2
    parts = []
    for step in range(2):
        trainer._step = step
        parts.append(trainer._prepare_inputs(rows))
    assert [part["place"].tolist() for part in parts] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    summed = sum(trainer._compute_loss(trainer.model, part).item() for part in parts)
    trainer.current_gradient_accumulation_steps = 1
    assert summed == pytest.approx(trainer._compute_loss(trainer.model, given(batch)).item(), rel=1e-5)
