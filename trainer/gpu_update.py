"""One update of the adapter on a batch of completions: micro-batches of whole sequences, of one length or one prompt, heads fused.

Activations are checkpointed by layer; what a micro-batch holds is what `memory_plan` counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_head import token_logprobs
from rewardlang.trainer.gpu_loss import CAP, LossReport, truncated_loss
from rewardlang.trainer.gpu_vllm import Completion
from rewardlang.trainer.memory_plan import head_chunk


@dataclass(frozen=True)
class UpdateReport:
    """Statistics of one update, over all its tokens."""

    loss: float
    tokens: int
    mean_difference: float  # mean |log p_trainer − log p_sampler| before the update
    max_weight: float
    truncated: float
    micro_batches: int


def prepare_training(engine: Engine) -> None:
    """Training mode with activations recomputed layer by layer; done once."""
    base = engine.model.get_base_model()
    # transformers renamed it in 5.2x; without an argument both recompute without re-entering autograd.
    getattr(base, "activation_checkpointing_enable", base.gradient_checkpointing_enable)({"use_reentrant": False})
    engine.model.train()


def accumulate(
    engine: Engine,
    completions: Sequence[Completion],
    advantages: Sequence[float],
    *,
    micro_batch: int,
    cap: float = CAP,
    chunk: int | None = None,
) -> UpdateReport:
    """Adds the gradient of one batch to the adapter's parameters; the optimizer's step is the caller's.

    Sequences whose advantage is zero have no gradient and are skipped, but counted in the normaliser, so the step is unchanged.
    """
    tokens = sum(len(one.tokens) for one in completions)
    parts: list[tuple[int, float, LossReport]] = []
    for chosen in _passes(completions, advantages, micro_batch, shared=engine.share_prompts):
        rows, amounts = [completions[index] for index in chosen], [advantages[index] for index in chosen]
        loss, report = _loss(engine, rows, amounts, tokens, cap, chunk)
        loss.backward()
        parts.append((sum(len(row.tokens) for row in rows), float(loss.detach()), report))
    trained = max(1, sum(count for count, _, _ in parts))
    return UpdateReport(
        loss=sum(value for _, value, _ in parts),
        tokens=tokens,
        mean_difference=sum(count * report.mean_difference for count, _, report in parts) / trained,
        max_weight=max((report.max_weight for _, _, report in parts), default=1.0),
        truncated=sum(count * report.truncated for count, _, report in parts) / trained,
        micro_batches=len(parts),
    )


def _passes(completions: Sequence[Completion], advantages: Sequence[float], micro_batch: int, *, shared: bool) -> list[list[int]]:
    """Which completions go through the model together: those of a prompt where it is shared, else those of like lengths."""
    trained = [advantages[index] != 0.0 and bool(one.tokens) for index, one in enumerate(completions)]
    order = list(range(len(completions)))
    if shared:
        # Cut before the others are left out: a pass never has more prompts than the memory plan counts.
        seen: dict[tuple[int, ...], int] = {}
        order.sort(key=lambda index: seen.setdefault(tuple(completions[index].prompt), len(seen)))
    else:
        order = [index for index in order if trained[index]]
        order.sort(key=lambda index: len(completions[index].prompt) + len(completions[index].tokens), reverse=True)
    cut = [order[first : first + micro_batch] for first in range(0, len(order), micro_batch)]
    passes = [[index for index in one if trained[index]] for one in cut]
    return [one for one in passes if one]


def _loss(
    engine: Engine, rows: Sequence[Completion], amounts: Sequence[float], tokens: int, cap: float, chunk: int | None
) -> tuple[torch.Tensor, LossReport]:
    states = engine.states_before([row.prompt for row in rows], [row.tokens for row in rows])
    targets = torch.tensor([token for row in rows for token in row.tokens], device=engine.device)
    sampled = torch.tensor([value for row in rows for value in row.logprobs.tolist()], device=engine.device, dtype=torch.float32)
    lengths = torch.tensor([len(row.tokens) for row in rows], device=engine.device)
    spread = torch.tensor(list(amounts), device=engine.device, dtype=torch.float32).repeat_interleave(lengths)
    logprobs = token_logprobs(states, engine.head, targets, temperature=engine.temperature, chunk=chunk or head_chunk(len(targets)))
    return truncated_loss(logprobs, sampled, spread, tokens=tokens, cap=cap)
