"""How sure a measured figure is: pass@k without bias, and 95 % intervals.

The unit that is drawn at random is the prompt: answers to one prompt resemble
one another. With one answer a prompt a share gets Wilson's interval; everything else
a percentile bootstrap over prompts, in which all figures of a table share the
same resamples, so that differences between two policies on the same prompts
are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 10_000
WILSON, BOOTSTRAP = "Wilson", "bootstrap over prompts"
_Z = 1.959963984540054  # the normal distribution's 97.5 % point
_SEED = 20260101


class Interval(NamedTuple):
    """A figure with its 95 % interval and how that was found."""

    value: float
    low: float
    high: float
    method: str

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return self._asdict()


def pass_at_k(right: int, answers: int, k: int) -> float:
    """The probability that at least one of k answers, taken from these without putting back, is right.

    1 - C(n - c, k) / C(n, k), unbiased for k <= n (Chen et al. 2021, arXiv 2107.03374, section 2.1).
    """
    if not 0 <= right <= answers or not 1 <= k <= answers:
        raise ValueError(f"no pass@{k} of {right} right answers in {answers}")
    if answers - right < k:
        return 1.0
    wrong = 1.0
    for place in range(answers - right + 1, answers + 1):
        wrong *= 1.0 - k / place
    return 1.0 - wrong


def wilson(right: int, total: int) -> Interval:
    """A share with Wilson's score interval (Wilson 1927), which stays sensible at 0 and at 1."""
    share, z2 = right / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    return Interval(share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half)), WILSON)


def bootstrap(figures: Mapping[str, NDArray[np.float64]]) -> dict[str, Interval]:
    """The mean of each figure, one value a prompt (P,), with its percentile interval; resamples are the same for all, and each time."""
    names = list(figures)
    values_PF = np.stack([figures[name] for name in names], axis=1)
    prompts = len(values_PF)
    rng = np.random.default_rng(_SEED)
    means_RF = np.empty((RESAMPLES, len(names)))
    for number in range(RESAMPLES):
        times_drawn_P = np.bincount(rng.integers(0, prompts, prompts), minlength=prompts)
        means_RF[number] = times_drawn_P @ values_PF / prompts
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means_RF, [tail, 100 - tail], axis=0)
    centre = values_PF.mean(axis=0)
    # Sums in another order differ in the last bit: the interval holds the mean.
    return {
        name: Interval(float(centre[place]), float(min(low[place], centre[place])), float(max(high[place], centre[place])), BOOTSTRAP)
        for place, name in enumerate(names)
    }


def share_intervals(figures: Mapping[str, NDArray[np.float64]]) -> dict[str, Interval]:
    """Means of figures from 0 to 1 (P,): Wilson's interval where every prompt counts 0 or 1, or where all are equal at an end.

    A bootstrap of equal values has no width, as if thirty right answers proved that none is ever wrong. A share between 0
    and 1 varies less than a prompt that is right or wrong, so Wilson's interval at 0 or 1 is not too narrow.
    """
    found = bootstrap(figures)
    for name, values in figures.items():
        if np.all((values == 0.0) | (values == 1.0)):
            found[name] = wilson(int(values.sum()), len(values))
    return found


def counts_of_k(answers: int, wanted: Sequence[int] = ()) -> tuple[int, ...]:
    """Each k to tell: those wanted, or 1, 2, 4, … up to the number of answers, and that number."""
    if wanted:
        return tuple(sorted(set(wanted)))
    doubled = [2**power for power in range(answers.bit_length()) if 2**power < answers]
    return (*doubled, answers)
