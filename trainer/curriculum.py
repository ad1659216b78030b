"""Which prompts come next by what the ledger says of them: those that are sometimes solved and sometimes not come more often.

A group in which all completions are right, or all wrong, teaches little. The
solve rate p of a prompt is kept from its completions, older ones counting less
each time it is drawn, and a prompt's weight is 4 p (1 - p), the variance of
being right, with a floor: what was too easy or too hard is looked at again, because the policy changes.

Nothing of this is in a checkpoint: a resumed run counts its ledger anew, which
holds the same completions, and the draw depends on seed, version and counts alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rewardlang.trainer.config import CurriculumConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.data_order import Share
from rewardlang.trainer.ledger import prompt_text, read_ledger


class SolveRates:
    """How often each prompt was solved, told group by group."""

    def __init__(self, config: CurriculumConfig, group: int) -> None:
        self._config, self._group = config, group
        self._counts: dict[str, tuple[float, float]] = {}  # completions and solved ones, both fading

    def add(self, prompts: Sequence[str], solved: Iterable[float | None]) -> None:
        """The completions of one call, `group` of a prompt beside one another; None or NaN where one was not marked."""
        outcomes = [None if one is None or math.isnan(one) else float(one) for one in solved]
        for first in range(0, len(prompts), self._group):
            marked = [one for one in outcomes[first : first + self._group] if one is not None]
            drawn, right = self._counts.get(prompts[first], (0.0, 0.0))
            memory = self._config.memory
            self._counts[prompts[first]] = (memory * drawn + len(marked), memory * right + sum(marked))

    def add_ledger(self, folder: Path) -> None:
        """Everything that a ledger holds, in its order."""
        table = read_ledger(folder, ["prompt", "success"])
        if table is not None:
            self.add(table["prompt"].to_pylist(), table["success"].to_pylist())

    def rate(self, prompt: str) -> float:
        """The solve rate, by Jeffreys' estimate: one half for a prompt that was never drawn."""
        drawn, right = self._counts.get(prompt, (0.0, 0.0))
        return (right + 0.5) / (drawn + 1.0)

    def weight(self, prompt: str) -> float:
        """How often it comes beside a prompt that is solved half of the time."""
        rate = self.rate(prompt)
        return max(4 * rate * (1 - rate), self._config.floor)


def choose_by_difficulty(rows: Sequence[Row], rates: SolveRates, seed: int, shares: Sequence[Share]) -> Callable[[int, int], list[Row]]:
    """A function of version and number that draws so many rows by weight, each at most once while there are enough.

    A source's weight is shared by its rows, and multiplied with the weight that each has by difficulty.
    """
    keys = [prompt_text(row["prompt"]) for row in rows]
    factors = [share.weight / share.rows for share in shares for _ in range(share.rows)]

    def choose(version: int, number: int) -> list[Row]:
        rng = random.Random(f"difficulty {seed} {version}")
        # Weighted drawing without replacement: the largest u ** (1 / weight) come first (Efraimidis and Spirakis 2006).
        places = [math.log(1 - rng.random()) / (rates.weight(key) * factor) for key, factor in zip(keys, factors, strict=True)]
        order = sorted(range(len(rows)), key=lambda index: places[index], reverse=True)
        return [rows[order[place % len(order)]] for place in range(number)]

    return choose


class ChosenPrompts:
    """Mixed into one of TRL's trainers, before it: the prompts of a round are those that `choose` gives, where there is one."""

    def __init__(self, *arguments: Any, choose: Callable[[int, int], list[Row]] | None = None, **options: Any) -> None:
        self._choose = choose
        super().__init__(*arguments, **options)

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        trainer: Any = self
        trl: Any = super()
        if self._choose is not None and trainer.model.training:
            group = trainer.num_generations
            chosen = self._choose(trainer.state.global_step, len(inputs) // group)
            inputs = [row for row in chosen for _ in range(group)]
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        return batch
