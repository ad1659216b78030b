"""The algorithms that are more than settings of GRPO, over an engine: RLOO, PPO and Online DPO.

One update is made from each round, so the ratio of RLOO's objective is 1 and its gradient that of REINFORCE with the mean of the
others as the baseline: GRPO's parts give it, without division, with the sum over a completion's tokens in the place of their mean.
"""

from __future__ import annotations

from typing import Any

import torch

from rewardlang.trainer.data import Row
from rewardlang.trainer.gpu_trainer import EngineTrainer
from rewardlang.trainer.online_dpo import OnlineDpoTrainer
from rewardlang.trainer.ppo import PpoTrainer


class EngineLeaveOneOutTrainer(EngineTrainer):
    """For `scale_rewards` 'none' and TRL's loss 'luspo', the mean over completions of the sum over tokens."""

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        batch = super()._generate_and_score_completions(inputs)
        trainer: Any = self
        group: int = trainer.num_generations
        # r - mean of the others = (r - mean of all) G / (G - 1)
        batch["advantages"] = batch["advantages"] * group / (group - 1)
        return batch


class EnginePpoTrainer(EngineTrainer, PpoTrainer):
    """The value head reads the states that the log-probs come from, which here have no padding."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._found: torch.Tensor | None = None
        super().__init__(*arguments, **options)

    def _keep_hidden(self, module: Any, arguments: Any, output: Any) -> None:
        """Whole sequences are not kept."""

    def _saw(self, states_NH: torch.Tensor, kept_BC: torch.Tensor) -> None:
        values_N = self.value_head(states_NH.float()).squeeze(-1)
        self._found = torch.zeros(kept_BC.shape, dtype=values_N.dtype, device=values_N.device).masked_scatter(kept_BC, values_N)

    def _values(self, length: int) -> torch.Tensor:
        assert self._found is not None
        values_BC, self._found = self._found, None
        return values_BC

    def _with_gradient(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Every row: the value learns from those without advantage too."""
        return dict(inputs)


class EngineOnlineDpoTrainer(EngineTrainer, OnlineDpoTrainer):
    """Pairs weigh no token by the sampler, since completions from another policy may be compared as well."""
