"""Rank correlation, with its interval, and shares of a variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 4
_QUANTILE = 1.959963984540054  # of the normal distribution, for 95 %


class Correlation(NamedTuple):
    """Spearman's rank correlation of `n` pairs, with a 95 % interval.

    The interval is Fisher's, with the standard error √((1 + r²/2)/(n − 3)) of Bonett and Wright (2000). It takes rows for
    independent, and those of one prompt are not quite.
    """

    value: float
    low: float
    high: float
    n: int

    def to_json(self) -> dict[str, float]:
        """Plain data."""
        return {"spearman": self.value, "low": self.low, "high": self.high, "n": self.n}


def spearman(one: Sequence[float], other: Sequence[float]) -> Correlation | None:
    """None for fewer than four pairs, or where one side is the same everywhere. Pairs with a NaN are left out."""
    import numpy as np

    left, right = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    there = ~(np.isnan(left) | np.isnan(right))
    left, right = ranks(left[there]), ranks(right[there])
    n = len(left)
    if n < FEWEST or not left.std() or not right.std():
        return None
    value = float(np.clip(((left - left.mean()) * (right - right.mean())).mean() / (left.std() * right.std()), -1, 1))
    if abs(value) > 1 - 1e-12:
        return Correlation(round(value), round(value), round(value), n)
    half = _QUANTILE * math.sqrt((1 + value * value / 2) / (n - 3))
    return Correlation(value, math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half), n)


def ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: Floats = (last - (counts - 1) / 2).astype(np.float64)
    return means[inverse]


def shares_of_variance(parts: Sequence[Floats], total: Floats) -> list[float] | None:
    """cov(part, total) / var(total) of each part: they sum to 1 where the parts sum to the total. None where the total never varies."""
    import numpy as np

    if len(total) < 2 or float(total.max() - total.min()) < 1e-12:
        return None
    centred = total - total.mean()
    variance = float((centred * centred).mean())
    return [float(((part - np.mean(part)) * centred).mean()) / variance for part in parts]
