"""The reward as a run calls it: the same marks, recorded in the ledger, with each rule's part in what tells completions apart."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rewardlang.bridges import TrlReward, score_arguments, trl_section_rewards
from rewardlang.program import Program
from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.submission import Submission
from rewardlang.trainer.curriculum import SolveRates
from rewardlang.trainer.ledger import Ledger, prompt_text
from rewardlang.trainer.progress import Progress
from rewardlang.types import Type


@dataclass(frozen=True, slots=True)
class _Begun:
    """Rows of a round that are being marked: completion, prompt and columns by place."""

    step: int
    rows: dict[int, tuple[Any, Any, dict[str, Any]]]
    submission: Submission

    def given(self) -> dict[str, Any]:
        """What `score` would be called with for these rows."""
        rows = [self.rows[place] for place in sorted(self.rows)]
        columns = {name: [row[2][name] for row in rows] for name in (rows[0][2] if rows else {})}
        return {"completions": [row[0] for row in rows], "prompts": [row[1] for row in rows], "columns": columns, "step": self.step}


class RecordingReward:
    """What a bridge needs from a reward, around one: every batch that it marks goes to the ledger."""

    def __init__(self, reward: Reward, ledger: Ledger, group: int, progress: Progress, rates: SolveRates | None = None) -> None:
        self._reward, self._ledger, self._group, self._progress, self._rates = reward, ledger, group, progress, rates
        self._shares: dict[str, float] = {}
        self._begun: _Begun | None = None

    @property
    def name(self) -> str:
        """The reward's name in the file."""
        return self._reward.name

    @property
    def program(self) -> Program:
        """The checked file."""
        return self._reward.program

    @property
    def columns(self) -> dict[str, Type]:
        """The columns that the data must have."""
        return self._reward.columns

    def score(
        self,
        completions: Sequence[Any],
        prompts: Sequence[Any] | None = None,
        columns: Mapping[str, Sequence[Any]] | None = None,
        step: int = 0,
    ) -> Scores:
        """Marks a batch and records it."""
        began = time.monotonic()
        scores = self._marked({"completions": completions, "prompts": prompts, "columns": columns, "step": step})
        seconds = time.monotonic() - began
        asked = prompts if prompts is not None else [""] * len(completions)
        self._ledger.add(step, asked, scores.rows, columns or {}, seconds, scores.verifier_seconds)
        if self._rates is not None and scores.success is not None:
            self._rates.add([prompt_text(prompt) for prompt in asked], scores.success.tolist())
        self._progress.drawn(scores.rows, asked)
        self._shares = shares_of_spread(scores.values, scores.rules, self._group)
        return scores

    def begin(self, place: int, prompts: Sequence[Any], completions: Sequence[Any], passed: Mapping[str, Any], *, anew: bool) -> None:
        """Marks rows in the background for the next call of `score`, if that is for them; see `early_marking`.

        `place`: of the first of them in the round, whose rows may come in any order. `anew`: they are the first of another round.
        """
        given = score_arguments(self, prompts, completions, passed)
        if anew or self._begun is None:
            self.give_up()
            self._begun = _Begun(
                given["step"], {}, self._reward.submit([], [], {name: [] for name in given["columns"]}, step=given["step"])
            )
        self._begun.submission.add(given["completions"], given["prompts"], given["columns"], place=place)
        for row, (completion, prompt) in enumerate(zip(completions, prompts, strict=True)):
            self._begun.rows[place + row] = completion, prompt, {name: values[row] for name, values in given["columns"].items()}

    def give_up(self) -> None:
        """Drops what was begun and not asked for."""
        if self._begun is not None:
            self._begun.submission.cancel()
            self._begun = None

    def _marked(self, given: dict[str, Any]) -> Scores:
        if self._begun is not None and self._begun.given() == given:
            return self._begun.submission.collect()
        self.give_up()
        return self._reward.score(**given)

    def trl_reward(self) -> Callable[..., Any]:
        """The whole score for TRL."""
        return _WithShares(TrlReward(self), self)

    def trl_section_rewards(self) -> list[Callable[..., Any]]:
        """One function a section for TRL; the first logs for all."""
        first, *others = trl_section_rewards(self)
        return [_WithShares(first, self), *others]

    def log_shares(self, log: Callable[[str, float], None]) -> None:
        """Logs the shares of the batch that was marked last."""
        for rule, share in self._shares.items():
            log(f"{self.name}/{rule}/spread", share)


class _WithShares:
    """A reward function of the bridge that also logs the shares, where TRL takes metrics from reward functions."""

    def __init__(self, function: Any, reward: RecordingReward) -> None:
        self._function, self._reward = function, reward
        self.__name__ = function.__name__

    def __call__(self, *arguments: Any, **passed: Any) -> Any:
        """What the function gives."""
        result = self._function(*arguments, **passed)
        if passed.get("log_metric") is not None:
            self._reward.log_shares(passed["log_metric"])
        return result


def shares_of_spread(values: NDArray[np.float64], rules: Mapping[str, NDArray[np.float64]], group: int) -> dict[str, float]:
    """Each rule's share of the variance of the score (B,) within groups, as covariance with it: what GRPO's advantages are made of.

    Without sections' caps and weights, gates and clamping the shares sum to 1. Empty when no group has spread.
    """

    def within(points: NDArray[np.float64]) -> NDArray[np.float64]:
        grouped = np.where(np.isnan(values), np.nan, points).reshape(-1, group)
        counted = np.maximum((~np.isnan(grouped)).sum(axis=1, keepdims=True), 1)
        centred: NDArray[np.float64] = np.nan_to_num(grouped - np.nansum(grouped, axis=1, keepdims=True) / counted)
        return centred

    score = within(values)
    total = float((score * score).sum())
    if total < 1e-12:
        return {}
    return {name: float((within(points) * score).sum()) / total for name, points in rules.items()}
