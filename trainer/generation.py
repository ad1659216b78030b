"""The seam where completions come from: TRL's own generation, or an engine put in its place.

TRL's `GRPOTrainer` asks one method for completions, `_generate_single_turn`.
`PolicyTrainer` hands that question to a `Generation` where it was given one; the
engine for GPUs plugs in here, the CPU path uses TRL with Hugging Face's `generate`.
The name is TRL's private one, so the version of TRL is pinned and a test holds the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer

from rewardlang.trainer.curriculum import ChosenPrompts
from rewardlang.trainer.early_marking import EarlyMarking
from rewardlang.trainer.exact_resume import ExactResume
from rewardlang.trainer.ratios import Ratios
from rewardlang.trainer.refill import Refill

TokenIds: TypeAlias = list[int]
Ended: TypeAlias = Callable[[int, TokenIds], None]


class Generation(Protocol):
    """An engine that completes prompts with the policy as it is now."""

    def publish(self, model: Any, step: int) -> None:
        """Takes over the weights after an update; called once a policy version, before `generate`."""

    def generate(self, prompts: list[TokenIds], group: int, ended: Ended) -> tuple[list[TokenIds], list[list[float]] | None]:
        """One completion a prompt, without the prompt; equal prompts stand next to one another, `group` at a time.

        `ended` may be told of completions while others are drawn, by their place and tokens, each once. Beside the completions
        the log-probability of each token under the sampler, or None where the engine has none.
        """


class _Seam:
    """Mixed into one of TRL's trainers, before it."""

    def __init__(self, *arguments: Any, generation: Generation | None = None, portion: int | None = None, **options: Any) -> None:
        """`portion`: so many completions TRL's own generation makes at a time, all of a call by default."""
        self.generation, self._portion = generation, portion
        self._published_step = -1
        super().__init__(*arguments, **options)

    def _generate_single_turn(self, prompt_ids: list[TokenIds], *rest: Any, **options: Any) -> Any:
        trainer: Any = self
        if self.generation is None:
            return self._in_portions(prompt_ids, *rest, **options)
        if self._published_step != trainer.state.global_step:
            self.generation.publish(trainer.model, trainer.state.global_step)
            self._published_step = trainer.state.global_step
        of = len(prompt_ids)
        return self.generation.generate(prompt_ids, trainer.num_generations or 1, lambda place, tokens: trainer.drawn(place, [tokens], of))

    def _in_portions(self, prompt_ids: list[TokenIds], *rest: Any, **options: Any) -> Any:
        """What TRL generates. Of several portions each is handed to `drawn` before the next is begun."""
        trainer: Any = self
        trl: Any = super()
        if self._portion is None or self._portion >= len(prompt_ids):
            return trl._generate_single_turn(prompt_ids, *rest, **options)
        drawn: list[TokenIds] = []
        for start in range(0, len(prompt_ids), self._portion):
            some = trl._generate_single_turn(prompt_ids[start : start + self._portion], *rest, **options)
            alone = isinstance(some, list)  # RLOO gives the tokens, GRPO also log-probabilities, which this generation does not have
            tokens = some if alone else some[0]
            trainer.drawn(start, tokens, len(prompt_ids))
            drawn += tokens
        return drawn if alone else (drawn, None)


class PolicyTrainer(ChosenPrompts, Refill, Ratios, EarlyMarking, ExactResume, _Seam, GRPOTrainer):
    """TRL's trainer with the seam, with checkpoints that resume exactly, and prompts chosen and groups refilled where that is asked for."""


class LeaveOneOutTrainer(ChosenPrompts, Refill, Ratios, EarlyMarking, ExactResume, _Seam, RLOOTrainer):
    """The same around TRL's RLOO, whose generation gives no log-probabilities."""

    def _generate_single_turn(self, prompt_ids: list[TokenIds], *rest: Any, **options: Any) -> Any:
        made = super()._generate_single_turn(prompt_ids, *rest, **options)
        return made if self.generation is None else made[0]
