"""What share of the adapter's effect the sampler shows: an unbiased slope, with its standard error.

The regressor is the adapter's effect on each token's log-probability computed in fp32, which has no rounding noise to speak of;
noise in the regressor would pull the slope towards zero. The response is the change seen in the sampler, whose bf16 noise only
widens the error. Errors within one sequence hang together, so the standard error counts sequences, not tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """The slope of the seen effect on the true one: 1 where the sampler has the adapter, 0 where it samples the base."""

    value: float
    standard_error: float
    tokens: int
    sequences: int
    mean_effect: float  # mean |effect| of a token, in nats

    def __str__(self) -> str:
        return f"{self.value:.4f} ± {self.standard_error:.4f} ({self.tokens} tokens, mean effect {self.mean_effect:.4f})"


def share_of_effect(effects: Sequence[Array], seen: Sequence[Array]) -> Share:
    """Least squares with an intercept, errors clustered by sequence.

    `effects` and `seen` hold one array of tokens for each sequence. The intercept takes what sampling itself adds: a token is likelier
    to be drawn where the sampler's noise favours it. Raises `ValueError` for fewer than three sequences or an effect without spread.
    """
    lengths = [len(sequence) for sequence in effects]
    if lengths != [len(sequence) for sequence in seen]:
        raise ValueError("both sides need the same tokens in the same sequences")
    clusters = sum(length > 0 for length in lengths)
    if clusters < 3:
        raise ValueError("at least three sequences are needed for a standard error")
    x, y = np.concatenate(effects), np.concatenate(seen)
    centred = x - x.mean()
    spread = float(centred @ centred)
    if spread == 0.0:
        raise ValueError("the effect is the same for every token: nothing to estimate")
    slope = float(centred @ y) / spread
    residuals = y - y.mean() - slope * centred
    scores = [float((centred[a:b] * residuals[a:b]).sum()) for a, b in _bounds(lengths)]
    variance = sum(score * score for score in scores) / spread**2 * clusters / (clusters - 1)
    return Share(slope, math.sqrt(variance), len(x), clusters, float(np.abs(x).mean()))


def _bounds(lengths: Sequence[int]) -> list[tuple[int, int]]:
    ends = np.cumsum(lengths)
    return [(int(end) - length, int(end)) for end, length in zip(ends, lengths, strict=True)]
