"""The policy canary: is the policy that is sampled the policy that is trained?

The first half is exact: the sampler's slot equals the adapter to the bit (`gpu_swap`). This is the second half, on the log-probs
of tokens that the sampler has just decoded: how far it stands from the trainer, and whether the adapter's effect is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rewardlang.trainer.gpu_effect import Array, Share, share_of_effect
from rewardlang.trainer.problem import TwoPolicies

Verdict = Literal["the same policy", "not yet detectable", "another policy"]

SHARE_TOLERANCE = 0.05  # a share further from 1 than this, and than four standard errors, is another policy
DETECTABLE = 0.05  # standard error of the share above which nothing is said about it


class PolicyMismatch(TwoPolicies):
    """The policy that is sampled is not the policy that is trained; the run stops."""


@dataclass(frozen=True)
class Agreement:
    """Sampler against trainer on the same tokens, before any masking or clipping."""

    mean_difference: float  # mean |log p_sampler − log p_trainer|
    max_difference: float
    kl: float  # of the sampler from the trainer, by the estimator that is never negative
    effective_sample: float  # of the token-level importance weights, as a share of the tokens
    tokens: int


@dataclass(frozen=True)
class CanaryReport:
    """What one canary saw, and its verdict."""

    agreement: Agreement
    share: Share | None
    limit: float  # on the mean difference
    verdict: Verdict

    def check(self) -> None:
        """Raises `PolicyMismatch` unless the two may be the same policy."""
        if self.verdict != "another policy":
            return
        share = "" if self.share is None else f"; share of the adapter's effect in the sampler {self.share}"
        raise PolicyMismatch(
            f"the sampler's log-probs differ from the trainer's by {self.agreement.mean_difference:.4f} on average "
            f"(limit {self.limit:.4f}, {self.agreement.tokens} tokens){share}: the policy that is sampled is not the policy that is trained"
        )

    def figures(self) -> dict[str, float]:
        """For the metrics; the share of the effect only where it is known to be one."""
        seen = self.agreement
        found = {"canary/difference": seen.mean_difference, "canary/limit": self.limit, "canary/effective_sample": seen.effective_sample}
        known = self.share is not None and self.share.standard_error <= DETECTABLE
        return found | ({"canary/share": self.share.value} if known and self.share is not None else {})


def agreement(sampler: Sequence[Array], trainer: Sequence[Array]) -> Agreement:
    """Statistics of two sets of log-probs of the same tokens, one array a sequence."""
    ratio_log = np.concatenate(trainer) - np.concatenate(sampler)
    ratio = np.exp(np.clip(ratio_log, -50.0, 50.0))
    return Agreement(
        mean_difference=float(np.abs(ratio_log).mean()),
        max_difference=float(np.abs(ratio_log).max()),
        kl=float((ratio - 1.0 - ratio_log).mean()),
        effective_sample=float(ratio.sum() ** 2 / (len(ratio) * (ratio * ratio).sum())),
        tokens=len(ratio),
    )


def examine(
    sampler: Sequence[Array], trainer: Sequence[Array], exact_on: Sequence[Array], exact_off: Sequence[Array], *, limit: float
) -> CanaryReport:
    """The canary's verdict on tokens that the sampler decoded.

    `sampler` and `trainer` are the log-probs on both sides; `exact_on` and `exact_off` are the trainer's in fp32, with the adapter and
    without. `limit` bounds the mean difference: a multiple of what the gate measured at the start of the run.
    """
    seen = agreement(sampler, trainer)
    effects = [on - off for on, off in zip(exact_on, exact_off, strict=True)]
    changes = [value - off for value, off in zip(sampler, exact_off, strict=True)]
    share = share_of_effect(effects, changes) if any(effect.any() for effect in effects) else None
    verdict: Verdict = "the same policy"
    if seen.mean_difference > limit or not np.isfinite(seen.mean_difference):
        verdict = "another policy"
    elif share is None or share.standard_error > DETECTABLE:
        verdict = "not yet detectable"
    elif abs(share.value - 1.0) > max(SHARE_TOLERANCE, 4.0 * share.standard_error):
        verdict = "another policy"
    return CanaryReport(seen, share, limit, verdict)
