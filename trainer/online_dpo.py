"""Online DPO (arXiv 2402.04792) on TRL's GRPO trainer: pairs of completions of one prompt, whose scores say which is better.

With h_i = log pi(y_i) - log ref(y_i), both sums over the tokens of completion i,
every pair of a group in which i scored more than j has the loss

    -log sigmoid(beta (h_i - h_j))

a group's loss is the mean over its pairs, that of a step the mean over its
groups; a group in which all scored the same has no pair. Groups of two are the
published algorithm. TRL's own trainer (experimental) is not driven, because it prefers the
first of two completions that scored the same, tells the reward neither the step nor which
completions were cut off, and generates anew for each micro-batch without a seam for an engine;
tests hold this loss to TRL's on the same completions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from rewardlang.trainer.data import Row
from rewardlang.trainer.generation import PolicyTrainer


class OnlineDpoTrainer(PolicyTrainer):
    """TRL's `beta` is that of the formula, so that TRL scores completions under the reference; micro-batches hold whole groups."""

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        batch = super()._generate_and_score_completions(inputs)
        batch["place"] = torch.arange(len(inputs), device=batch["completion_ids"].device)
        return batch

    def _prepare_inputs(self, generation_batch: Any) -> dict[str, Any]:
        """TRL's, which shuffles the completions of a new round before it is sliced; here each slice gets whole groups again."""
        trainer: Any = self
        before = trainer._buffered_inputs
        trl: Any = super()
        inputs: dict[str, Any] = trl._prepare_inputs(generation_batch)
        if trainer._buffered_inputs is before:
            return inputs
        trainer._buffered_inputs = in_order(trainer._buffered_inputs, "place")
        ordered: dict[str, Any] = trainer._buffered_inputs[trainer._step % trainer.args.steps_per_generation]
        return ordered

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        trainer: Any = self
        mask_BT = inputs["completion_mask"]
        ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
        attention = torch.cat([inputs["prompt_mask"], mask_BT], dim=1)
        logps_BT, entropies_BT, _ = trainer._get_per_token_logps_and_entropies(
            model, ids, attention, mask_BT.shape[1], compute_entropy=True
        )
        over_reference_B = ((logps_BT - inputs["ref_per_token_logps"]) * mask_BT).sum(1)
        # Within a group advantages differ as scores do: they are scores less the mean of the group.
        found = pair_losses(over_reference_B, inputs["advantages"], trainer.num_generations, trainer.beta)
        metrics, tokens = trainer._metrics["train"], mask_BT.sum().clamp(min=1)
        metrics["entropy"].append(float((entropies_BT.detach() * mask_BT).sum() / tokens))
        metrics["kl"].append(float(over_reference_B.detach().mean()))
        metrics["pairs"].append(float(found.pairs))
        if found.pairs:
            metrics["pairs_in_order"].append(found.in_order)
        loss: torch.Tensor = found.losses_G.mean() / trainer.current_gradient_accumulation_steps
        return loss


class PairLosses(NamedTuple):
    """`losses_G`: of each group, 0 without a pair; `in_order`: the share of pairs in which the policy leans to the better one."""

    losses_G: torch.Tensor
    pairs: int
    in_order: float


def pair_losses(over_reference_B: torch.Tensor, scores_B: torch.Tensor, group: int, beta: float) -> PairLosses:
    """The formula above, groups standing `group` at a time."""
    grouped, scores = over_reference_B.view(-1, group), scores_B.view(-1, group)
    margins_GKK = grouped[:, :, None] - grouped[:, None, :]
    better_GKK = scores[:, :, None] > scores[:, None, :]
    each_GKK = -torch.nn.functional.logsigmoid(beta * margins_GKK) * better_GKK
    counts_G = better_GKK.sum((1, 2))
    pairs = int(counts_G.sum())
    in_order = int(((margins_GKK > 0) & better_GKK).sum()) / max(pairs, 1)
    return PairLosses(each_GKK.sum((1, 2)) / counts_G.clamp(min=1), pairs, in_order)


def in_order(parts: list[dict[str, Any]], by: str) -> list[dict[str, Any]]:
    """The micro-batches of a round, as large as before, with its rows by the column `by`."""
    order = torch.cat([part[by] for part in parts]).argsort()
    whole = {name: torch.cat([part[name] for part in parts])[order] if value.ndim else value for name, value in parts[0].items()}
    size = len(parts[0][by])
    return [
        {name: value[first : first + size] if value.ndim else value for name, value in whole.items()}
        for first in range(0, len(order), size)
    ]
