"""PPO (arXiv 1707.06347) on TRL's GRPO trainer: advantages from a value head on the adapted trunk, in the place of the group's mean.

The head is one linear layer on the last hidden state. The value of a place is
what the head says before the token there is drawn; the reward file's score
comes with the last token, and generalised advantage estimation (arXiv
1506.02438, no discount) spreads it over the tokens:

    delta_t = r_t + V_{t+1} - V_t        A_t = delta_t + lambda A_{t+1}        R_t = A_t + V_t

The policy's part of the loss is TRL's, with advantages of shape (B, T); the value's part is clipped as in the paper's code.
"""

from __future__ import annotations

from typing import Any

import torch

from rewardlang.trainer.data import Row
from rewardlang.trainer.generation import PolicyTrainer

CLIP = 0.2  # how far a value may move from what it was when the completion was drawn


class PpoTrainer(PolicyTrainer):
    """`gae_lambda`: see above. `value_weight`: of the value's part in the loss. `value_rate`: learning rate of the head."""

    def __init__(self, *arguments: Any, gae_lambda: float, value_weight: float, value_rate: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lambda, self._weight, self._rate = gae_lambda, value_weight, value_rate
        self._hidden: torch.Tensor | None = None
        model: Any = self.accelerator.unwrap_model(self.model)
        base = model.get_base_model() if hasattr(model, "get_base_model") else model
        self.value_head = torch.nn.Linear(base.config.get_text_config().hidden_size, 1).to(self.args.device)
        torch.nn.init.zeros_(self.value_head.weight)
        torch.nn.init.zeros_(self.value_head.bias)
        base.base_model.register_forward_hook(self._keep_hidden)

    def create_optimizer(self, *arguments: Any, **options: Any) -> Any:
        """Trainer's, with the head as a group of its own."""
        trl: Any = super()
        optimizer = trl.create_optimizer(*arguments, **options)
        known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        if id(self.value_head.weight) not in known:
            optimizer.add_param_group({"params": list(self.value_head.parameters()), "lr": self._rate, "weight_decay": 0.0})
            # Trainer empties the gradients of the model alone.
            optimizer.register_step_post_hook(lambda *_: self.value_head.zero_grad())
        return optimizer

    def learning_rates(self) -> list[float]:
        """The peak rate of each group of the optimizer, as this configuration has it."""
        return [*super().learning_rates()[:-1], self._rate]

    def algorithm_state(self) -> dict[str, Any]:
        """The head, beside what is refilled."""
        return super().algorithm_state() | {"value_head": self.value_head.state_dict()}

    def restore_algorithm(self, state: dict[str, Any]) -> None:
        """Takes the head back; its part of the optimizer comes with the optimizer."""
        super().restore_algorithm(state)
        self.value_head.load_state_dict(state["value_head"])

    def _keep_hidden(self, module: Any, arguments: Any, output: Any) -> None:
        self._hidden = output[0]

    def _values(self, length: int) -> torch.Tensor:
        """(B, T): values before each of the last `length` tokens, from the forward pass that was just made."""
        assert self._hidden is not None
        hidden_BTH, self._hidden = self._hidden[:, -length - 1 : -1], None
        values: torch.Tensor = self.value_head(hidden_BTH.float()).squeeze(-1)
        return values

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        trainer: Any = self
        batch = super()._generate_and_score_completions(inputs)
        if not trainer.model.training:
            return batch
        mask_BT, length = batch["completion_mask"], batch["completion_ids"].shape[1]
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
        attention = torch.cat([batch["prompt_mask"], mask_BT], dim=1)
        size = trainer.args.per_device_train_batch_size
        with torch.no_grad():
            old = [
                (trainer._get_per_token_logps_and_entropies(trainer.model, some, mask, length)[0], self._values(length))
                for some, mask in zip(ids.split(size), attention.split(size), strict=True)
            ]
        batch["old_per_token_logps"], values_BT = torch.cat([logps for logps, _ in old]), torch.cat([values for _, values in old])
        scores_B = torch.tensor([list(column)[-len(inputs) :] for column in trainer._logs["rewards"].values()]).sum(0).to(values_BT)
        marked_B1 = (~scores_B.isnan()).unsqueeze(1)
        advantages_BT = advantages(scores_B.nan_to_num(), values_BT, mask_BT, self._lambda)
        batch["returns"], batch["old_values"] = advantages_BT + values_BT, values_BT
        batch["value_mask"] = mask_BT * marked_B1
        batch["advantages"] = normalised(advantages_BT, batch["value_mask"])
        trainer._metrics["train"]["value"].append(float((values_BT * mask_BT).sum() / mask_BT.sum().clamp(min=1)))
        return batch

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        trainer: Any = self
        trl: Any = super()
        policy_loss: torch.Tensor = trl._compute_loss(model, inputs)
        values_BT = self._values(inputs["completion_ids"].shape[1])
        each = value_loss(values_BT, inputs["old_values"], inputs["returns"]) * inputs["value_mask"]
        # a mean over the tokens of the whole step, like the policy's part ('dapo' in TRL)
        loss: torch.Tensor = each.sum() / inputs["num_items_in_batch"].clamp(min=1.0) * trainer.args.steps_per_generation
        loss = loss / trainer.current_gradient_accumulation_steps
        trainer._metrics["train"]["value_loss"].append(float(loss.detach()))
        return policy_loss + self._weight * loss


def advantages(scores_B: torch.Tensor, values_BT: torch.Tensor, mask_BT: torch.Tensor, gae_lambda: float) -> torch.Tensor:
    """(B, T), 0 outside of the mask: A_t of each token; the score comes with the last token of the mask."""
    mask_BT = mask_BT.to(values_BT.dtype)
    beyond_B1 = torch.zeros_like(values_BT[:, :1])
    following_BT = torch.cat([mask_BT[:, 1:], beyond_B1], dim=1)
    ends_BT = mask_BT * (1 - following_BT)
    next_values_BT = torch.cat([values_BT[:, 1:], beyond_B1], dim=1) * following_BT
    deltas_BT = (scores_B.unsqueeze(1) * ends_BT + next_values_BT - values_BT) * mask_BT
    found = [beyond_B1[:, 0]]
    for place in reversed(range(values_BT.shape[1])):
        found.append(deltas_BT[:, place] + gae_lambda * found[-1] * following_BT[:, place])
    return torch.stack(found[:0:-1], dim=1)


def normalised(values_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """(B, T): mean 0 and deviation 1 over the mask, 0 outside."""
    kept = values_BT[mask_BT.bool()]
    if kept.numel() < 2:
        return torch.zeros_like(values_BT)
    return (values_BT - kept.mean()) / (kept.std() + 1e-8) * mask_BT


def value_loss(values_BT: torch.Tensor, old_BT: torch.Tensor, returns_BT: torch.Tensor) -> torch.Tensor:
    """(B, T): half the squared error, of the value or of the value kept near the old one, whichever is larger."""
    kept_BT = old_BT + (values_BT - old_BT).clamp(-CLIP, CLIP)
    return torch.maximum((values_BT - returns_BT) ** 2, (kept_BT - returns_BT) ** 2) / 2
