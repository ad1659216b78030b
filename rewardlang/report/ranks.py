"""Rank correlation, with its interval, and shares of a variance: plain Python, since a table of ten rows should not wait for numpy."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rewardlang.record import NamedTuple

FEWEST = 4
_QUANTILE = 1.959963984540054  # of the normal distribution, for 95 %
_EPSILON = 1e-12


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


def median(values: Iterable[float]) -> float:
    """The middle of the values. `statistics` has one too, and takes 4 ms to load. Raises IndexError where there are none."""
    ordered = sorted(values)
    upper = len(ordered) // 2
    return ordered[upper] if len(ordered) % 2 else (ordered[upper - 1] + ordered[upper]) / 2


def spearman(one: Sequence[float], other: Sequence[float]) -> Correlation | None:
    """None for fewer than four pairs, or where one side is the same everywhere. Pairs with a NaN are left out."""
    pairs = [(left, right) for left, right in zip(one, other, strict=True) if not (math.isnan(left) or math.isnan(right))]
    n = len(pairs)
    if n < FEWEST:
        return None
    left, right = ranks([pair[0] for pair in pairs]), ranks([pair[1] for pair in pairs])
    middle = (n + 1) / 2
    both = math.fsum((a - middle) * (b - middle) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(math.fsum((a - middle) ** 2 for a in left) * math.fsum((b - middle) ** 2 for b in right))
    if spread < _EPSILON:
        return None
    value = max(-1.0, min(1.0, both / spread))
    if abs(value) > 1 - _EPSILON:
        return Correlation(round(value), round(value), round(value), n)
    half = _QUANTILE * math.sqrt((1 + value * value / 2) / (n - 3))
    return Correlation(value, math.tanh(math.atanh(value) - half), math.tanh(math.atanh(value) + half), n)


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            found[place] = (start + 1 + end) / 2
        start = end
    return found


def shares_of_variance(parts: Sequence[Sequence[float]], total: Sequence[float]) -> list[float] | None:
    """cov(part, total) / var(total) of each part: they sum to 1 where the parts sum to the total. None where the total never varies."""
    if len(total) < 2 or max(total) - min(total) < _EPSILON:
        return None
    mean = math.fsum(total) / len(total)
    centred = [value - mean for value in total]
    variance = math.fsum(value * value for value in centred)
    return [math.fsum(value * away for value, away in zip(part, centred, strict=True)) / variance for part in parts]
