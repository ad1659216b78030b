"""How many groups of a training run will have no spread: every completion of a prompt the same score, and nothing to learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import comb
from typing import Any

from rewardlang.record import NamedTuple
from rewardlang.report.ranks import median

_RESAMPLES = 1_000
_FEWEST_PROMPTS = 2


class Forecast(NamedTuple):
    """The expected share of flat groups of `size`, over `prompts` prompts of two completions or more, with a 95 % bootstrap interval.

    `completions` is the median number of completions a prompt. With fewer than `size`, groups are drawn with replacement,
    which finds somewhat more of them flat than they will be.
    """

    size: int
    share: float
    low: float
    high: float
    prompts: int
    completions: float

    @property
    def leans(self) -> bool:
        """Whether there were too few completions a prompt to draw without replacement."""
        return self.completions < self.size

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self._asdict(), "drawn_with_replacement": self.leans}


def forecast(groups: Sequence[Sequence[float]], size: int) -> Forecast | None:
    """From the scores of each prompt; None where fewer than two prompts have several completions.

    The share for one prompt is exact over all draws; the interval resamples prompts, from a fixed seed.
    """
    several = [group for group in groups if len(group) > 1]
    if len(several) < _FEWEST_PROMPTS:
        return None
    flat = [_flat(group, size) for group in several]
    from random import Random

    random = Random(0)
    means = sorted(sum(random.choices(flat, k=len(flat))) / len(flat) for _ in range(_RESAMPLES))
    low, high = means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]
    return Forecast(size, sum(flat) / len(flat), low, high, len(flat), median(len(group) for group in several))


def _flat(scores: Sequence[float], size: int) -> float:
    """The probability that `size` draws all have one score: without replacement where there are enough, else with it."""
    counts, total = Counter(scores).values(), len(scores)
    if total >= size:
        return sum(comb(count, size) for count in counts) / comb(total, size)
    return sum((count / total) ** size for count in counts)
