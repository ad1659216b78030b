"""The seam where completions come from: TRL's own generation, or an engine put in its place.

TRL's `GRPOTrainer` asks one method for completions, `_generate_single_turn`.
`PolicyTrainer` hands that question to a `Generation` where it was given one; the
engine for GPUs plugs in here, the CPU path uses TRL with Hugging Face's `generate`.
The name is TRL's private one, so the version of TRL is pinned and a test holds the contract.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

from trl.trainer.grpo_trainer import GRPOTrainer

from rewardlang.trainer.exact_resume import ExactResume

TokenIds: TypeAlias = list[int]


class Generation(Protocol):
    """An engine that completes prompts with the policy as it is now."""

    def publish(self, model: Any, step: int) -> None:
        """Takes over the weights after an update; called once a policy version, before `generate`."""

    def generate(self, prompts: list[TokenIds], group: int) -> tuple[list[TokenIds], list[list[float]] | None]:
        """One completion a prompt, without the prompt; equal prompts stand next to one another, `group` at a time.

        Beside them the log-probability of each token under the sampler, or None where the engine has none.
        """


class PolicyTrainer(ExactResume, GRPOTrainer):
    """TRL's trainer with the seam, and with checkpoints that resume exactly."""

    def __init__(self, *arguments: Any, generation: Generation | None = None, **options: Any) -> None:
        self.generation = generation
        self._published_step = -1
        super().__init__(*arguments, **options)

    def _generate_single_turn(self, prompt_ids: list[TokenIds], *rest: Any, **options: Any) -> tuple[list[TokenIds], Any]:
        if self.generation is None:
            trl: Any = super()
            result: tuple[list[TokenIds], Any] = trl._generate_single_turn(prompt_ids, *rest, **options)
            return result
        if self._published_step != self.state.global_step:
            self.generation.publish(self.model, self.state.global_step)
            self._published_step = self.state.global_step
        return self.generation.generate(prompt_ids, self.num_generations or 1)
