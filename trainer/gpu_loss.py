"""The policy-gradient loss of one update on tokens that the sampler drew, with truncated importance sampling by token.

One update is made on each batch, so the ratio of the clipped objective is 1 everywhere and only its gradient remains:
    loss = − Σ_i Σ_t min(exp(log p_trainer − log p_sampler), cap) · A_i · log p_trainer(token) / tokens
with the weight detached. The sampler's log-probs are the old ones: no second scoring pass. The cap bounds each token by itself;
the product over a sequence would punish long completions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

CAP = 2.0


@dataclass(frozen=True)
class LossReport:
    """What the importance weights looked like, before truncation."""

    mean_difference: float  # mean |log p_trainer − log p_sampler|
    max_weight: float
    truncated: float  # share of tokens whose weight was cut to the cap


def truncated_loss(
    logprobs_T: torch.Tensor, sampled_T: torch.Tensor, advantages_T: torch.Tensor, *, tokens: int, cap: float = CAP
) -> tuple[torch.Tensor, LossReport]:
    """The loss of some of a batch's tokens; `tokens` counts all tokens of the batch, so that the parts of a batch add up."""
    with torch.no_grad():
        log_ratio = logprobs_T - sampled_T
        weights = log_ratio.exp()
        report = LossReport(float(log_ratio.abs().mean()), float(weights.max()), float((weights > cap).float().mean()))
        coefficients = weights.clamp(max=cap) * advantages_T
    return -(coefficients * logprobs_T).sum() / tokens, report
