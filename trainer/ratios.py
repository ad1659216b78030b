"""How far the policy had moved from the one that drew a completion, when it was learned from: importance ratios into the ledger.

The ratio of a token is its probability under the policy that is updated, over
that under the policy that drew it (on an engine: under the sampler). Where one
update is made from a round it is 1, and the loss is not asked. An algorithm
with one ratio for each completion has that one. Of several updates from one round the last counts.
"""

from __future__ import annotations

from typing import Any

import torch

from rewardlang.trainer.data import Row
from rewardlang.trainer.ledger import Ledger


class Ratios:
    """Mixed into one of TRL's trainers, before it and after what replaces groups. Without a ledger it only numbers the completions."""

    def __init__(self, *arguments: Any, ledger: Ledger | None = None, **options: Any) -> None:
        self._ledger = ledger
        self._numbered = (-1, 0)  # the version whose completions are counted, and how many there are
        self._learned_from: dict[str, Any] = {}
        super().__init__(*arguments, **options)

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        trainer: Any = self
        trl: Any = super()
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        version = trainer.state.global_step
        first = self._numbered[1] if self._numbered[0] == version else 0
        self._numbered = (version, first + len(inputs))
        batch["ledger_version"] = torch.tensor(version)
        batch["ledger_row"] = torch.arange(first, first + len(inputs), device=batch["completion_ids"].device)
        return batch

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        trl: Any = super()
        self._learned_from = inputs
        try:
            loss: torch.Tensor = trl._compute_loss(model, inputs)
        finally:
            self._learned_from = {}
        return loss

    def _get_per_token_logps_and_entropies(self, *arguments: Any, **options: Any) -> Any:
        trl: Any = super()
        found = trl._get_per_token_logps_and_entropies(*arguments, **options)
        if self._learned_from:
            self.note_ratios(found[0].detach(), self._learned_from)
        return found

    def note_ratios(self, logps_BT: torch.Tensor, inputs: dict[str, Any]) -> None:
        """Enters the ratios of one micro-batch; `logps_BT` are those of the loss."""
        trainer: Any = self
        if self._ledger is None or not trainer.model.training:
            return
        mask_BT = inputs["completion_mask"].bool()
        if "old_logps" in inputs:
            log_ratio_BT = ((logps_BT * mask_BT).sum(1) - inputs["old_logps"]).unsqueeze(1)
            mask_BT = mask_BT.any(1, keepdim=True)
        else:
            old_BT = inputs.get("sampling_per_token_logps", inputs.get("old_per_token_logps"))
            log_ratio_BT = torch.zeros_like(logps_BT) if old_BT is None else logps_BT - old_BT
            if trainer.importance_sampling_level == "sequence":
                log_ratio_BT = ((log_ratio_BT * mask_BT).sum(1) / mask_BT.sum(1).clamp(min=1)).unsqueeze(1)
                mask_BT = mask_BT.any(1, keepdim=True)
        self._ledger.fill_ratios(int(inputs["ledger_version"]), inputs["ledger_row"].tolist(), *statistics(log_ratio_BT, mask_BT))

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        if self._ledger is not None:
            self._ledger.flush()
        trl: Any = super()
        trl._save_checkpoint(model, trial)


def statistics(log_ratio_BT: torch.Tensor, mask_BT: torch.Tensor) -> tuple[list[float], list[float], list[float]]:
    """Mean, least and greatest ratio of each row over its mask; NaN where the mask is empty."""
    ratio_BT = log_ratio_BT.double().exp()
    count_B = mask_BT.sum(1)
    mean_B = torch.where(mask_BT, ratio_BT, 0.0).sum(1) / count_B
    least_B = torch.where(mask_BT, ratio_BT, torch.inf).amin(1)
    greatest_B = torch.where(mask_BT, ratio_BT, -torch.inf).amax(1)
    empty_B = count_B == 0
    low, high = (torch.where(empty_B, torch.nan, found).tolist() for found in (least_B, greatest_B))
    return mean_B.tolist(), low, high
