"""Completions are marked while the trainer goes on: while others are drawn, and beside the forward passes before TRL rewards.

TRL draws a round, computes log-probabilities of the old policy and of the
reference, and only then calls the reward functions. A reward whose verdicts
take long (programs run against tests, exact algebra, a function of the author)
begins as soon as the texts are there: those of a round, of a portion of it where a round is drawn in several
(`engine.concurrent`), or, on an engine, each completion when it ends. What it gives is what it would have given later; where TRL asks
for other rows than were begun, these are marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rewardlang.trainer.data import Row

_GIVEN_APART = ("prompt", "completion", "completion_ids")


class Begins(Protocol):
    """A reward that can begin with rows before it is asked for their scores."""

    def begin(self, place: int, prompts: Sequence[Any], completions: Sequence[Any], passed: Mapping[str, Any], *, anew: bool) -> None:
        """Begins to mark rows, given as TRL gives them to a reward function, of which the first has this place in the round."""


class EarlyMarking:
    """Mixed into one of TRL's trainers, before it. Without a reward that can begin it does nothing."""

    def __init__(self, *arguments: Any, begins: Begins | None = None, **options: Any) -> None:
        self._begins = begins
        self._drawn_for: list[Row] = []
        self._handed_over: set[int] = set()  # places of the round that are with the reward already
        super().__init__(*arguments, **options)

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        self._drawn_for, self._handed_over = inputs, set()
        trl: Any = super()
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        return batch

    def drawn(self, place: int, completion_ids: list[list[int]], of: int) -> None:
        """Tokens of completions that are there while others of a round of so many are drawn; they are marked from now on."""
        trainer: Any = self
        if self._begins is None or of != len(self._drawn_for):
            return
        texts = trainer.processing_class.batch_decode(completion_ids, skip_special_tokens=True)
        chat = not isinstance(self._drawn_for[0]["prompt"], str)
        self._begin(place, [[{"role": "assistant", "content": text}] for text in texts] if chat else texts, completion_ids)

    def _generate(self, prompts: list[Any]) -> Any:
        trl: Any = super()
        made = trl._generate(prompts)
        if self._begins is not None and len(prompts) == len(self._drawn_for) and not self._handed_over:
            # GRPO gives (prompt ids, completion ids, tool mask, completions, …), RLOO (prompt ids, completion ids, completions).
            self._begin(0, made[3] if len(made) > 3 else made[2], made[1])
        return made

    def _begin(self, place: int, completions: list[Any], completion_ids: list[list[int]]) -> None:
        trainer: Any = self
        assert self._begins is not None
        anew, places = not self._handed_over, range(place, place + len(completions))
        self._handed_over.update(places)
        rows = [self._drawn_for[index] for index in places]
        passed: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0] if name not in _GIVEN_APART}
        passed |= {"completion_ids": completion_ids, "trainer_state": trainer.state}
        self._begins.begin(place, [row["prompt"] for row in rows], completions, passed, anew=anew)
