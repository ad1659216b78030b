"""Completions are marked while the trainer goes on: beside the forward passes that TRL makes between drawing and rewarding.

TRL draws a round, computes log-probabilities of the old policy and of the
reference, and only then calls the reward functions. A reward whose verdicts
take long (programs run against tests, exact algebra, a function of the author)
begins as soon as the texts are there. What it gives is what it would have
given later; where TRL asks for other rows than were begun, these are marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rewardlang.trainer.data import Row

_GIVEN_APART = ("prompt", "completion", "completion_ids")


class Begins(Protocol):
    """A reward that can begin with rows before it is asked for their scores."""

    def begin(self, prompts: Sequence[Any], completions: Sequence[Any], passed: Mapping[str, Any]) -> None:
        """Begins to mark rows, given as TRL gives them to a reward function."""


class EarlyMarking:
    """Mixed into one of TRL's trainers, before it. Without a reward that can begin it does nothing."""

    def __init__(self, *arguments: Any, begins: Begins | None = None, **options: Any) -> None:
        self._begins = begins
        self._drawn_for: list[Row] = []
        super().__init__(*arguments, **options)

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        self._drawn_for = inputs
        trl: Any = super()
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        return batch

    def _generate(self, prompts: list[Any]) -> Any:
        trainer: Any = self
        trl: Any = super()
        made = trl._generate(prompts)
        if self._begins is not None and len(prompts) == len(self._drawn_for):
            # GRPO gives (prompt ids, completion ids, tool mask, completions, …), RLOO (prompt ids, completion ids, completions).
            completion_ids, completions = made[1], made[3] if len(made) > 3 else made[2]
            columns = {name: [row[name] for row in self._drawn_for] for name in self._drawn_for[0] if name not in _GIVEN_APART}
            self._begins.begin(prompts, completions, {**columns, "completion_ids": completion_ids, "trainer_state": trainer.state})
        return made
