"""Completions are marked while the trainer goes on: while others are drawn, and beside the forward passes before TRL rewards.

TRL draws a round, computes log-probabilities of the old policy and of the
reference, and only then calls the reward functions. A reward whose verdicts
take long (programs run against tests, exact algebra, a function of the author)
begins as soon as the texts are there: those of a round, or of a portion of it
where a round is drawn in several (`engine.concurrent`). What it gives is what it would have
given later; where TRL asks for other rows than were begun, these are marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rewardlang.trainer.data import Row

_GIVEN_APART = ("prompt", "completion", "completion_ids")


class Begins(Protocol):
    """A reward that can begin with rows before it is asked for their scores."""

    def begin(self, prompts: Sequence[Any], completions: Sequence[Any], passed: Mapping[str, Any], *, further: bool = False) -> None:
        """Begins to mark rows, given as TRL gives them to a reward function; `further` ones come behind those that were begun."""


class EarlyMarking:
    """Mixed into one of TRL's trainers, before it. Without a reward that can begin it does nothing."""

    def __init__(self, *arguments: Any, begins: Begins | None = None, **options: Any) -> None:
        self._begins = begins
        self._drawn_for: list[Row] = []
        self._handed_over = 0  # rows of the round that are with the reward already
        super().__init__(*arguments, **options)

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        self._drawn_for, self._handed_over = inputs, 0
        trl: Any = super()
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        return batch

    def drawn_so_far(self, completion_ids: list[list[int]], of: int) -> None:
        """Tokens of the first completions of a round of so many; those that are new are marked from now on."""
        trainer: Any = self
        if self._begins is None or of != len(self._drawn_for):
            return
        texts = trainer.processing_class.batch_decode(completion_ids[self._handed_over :], skip_special_tokens=True)
        chat = not isinstance(self._drawn_for[0]["prompt"], str)
        self._begin([[{"role": "assistant", "content": text}] for text in texts] if chat else texts, completion_ids)

    def _generate(self, prompts: list[Any]) -> Any:
        trl: Any = super()
        made = trl._generate(prompts)
        if self._begins is not None and len(prompts) == len(self._drawn_for) > self._handed_over:
            # GRPO gives (prompt ids, completion ids, tool mask, completions, …), RLOO (prompt ids, completion ids, completions).
            self._begin(made[3] if len(made) > 3 else made[2], made[1])
        return made

    def _begin(self, completions: list[Any], completion_ids: list[list[int]]) -> None:
        """Hands the next rows over. `completion_ids` has those before them, too."""
        trainer: Any = self
        assert self._begins is not None
        first, self._handed_over = self._handed_over, len(completion_ids)
        rows = self._drawn_for[first : self._handed_over]
        passed: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0] if name not in _GIVEN_APART}
        passed |= {"completion_ids": completion_ids[first:], "trainer_state": trainer.state}
        self._begins.begin([row["prompt"] for row in rows], completions, passed, further=first > 0)
