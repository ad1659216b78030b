"""Log-probabilities of given tokens from hidden states, without ever holding the logits of a whole sequence.

Logits are fp32 on both sides of the engine, so this multiplies bf16 hidden states by the bf16 head into fp32, a chunk of
tokens at a time, and makes the same logits again in the backward pass. The head itself is frozen: it gets no gradient.
On a GPU a chunk of logits is read once each time (`gpu_head_kernels`); plain PyTorch is the way on a CPU, and the reference.
"""

from __future__ import annotations

import os
from typing import Any

import torch


def token_logprobs(
    hidden_TH: torch.Tensor, head_VH: torch.Tensor, tokens_T: torch.Tensor, *, temperature: float = 1.0, chunk: int = 128
) -> torch.Tensor:
    """log p(token) of each row, (T,) in fp32, at this temperature; differentiable with respect to the hidden states alone."""
    return token_logprobs_and_entropies(hidden_TH, head_VH, tokens_T, temperature=temperature, chunk=chunk)[0]


def token_logprobs_and_entropies(
    hidden_TH: torch.Tensor,
    head_VH: torch.Tensor,
    tokens_T: torch.Tensor,
    *,
    temperature: float = 1.0,
    chunk: int = 128,
    entropies: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The log-probs, and beside them the entropy of each distribution in nats, without gradient; zeros unless asked for."""
    found: tuple[torch.Tensor, torch.Tensor] = _TokenLogprobs.apply(  # type: ignore[no-untyped-call]
        hidden_TH, head_VH, tokens_T, temperature, chunk, entropies
    )
    return found


def logits_fp32(hidden_TH: torch.Tensor, head_VH: torch.Tensor) -> torch.Tensor:
    """hidden · headᵀ accumulated and kept in fp32, without an fp32 copy of the head where the device can do so."""
    if not hidden_TH.is_cuda:
        return hidden_TH.float() @ head_VH.float().t()
    if hidden_TH.dtype != torch.float32:
        return torch.mm(hidden_TH, head_VH.t(), out_dtype=torch.float32)
    # fp32 states are the sum of three bf16 ones, up to the last bit: three products instead of an fp32 head.
    logits = torch.mm(hidden_TH.bfloat16(), head_VH.t(), out_dtype=torch.float32)
    rest = hidden_TH - hidden_TH.bfloat16().float()
    for _ in range(2):
        logits += torch.mm(rest.bfloat16(), head_VH.t(), out_dtype=torch.float32)
        rest = rest - rest.bfloat16().float()
    return logits


def _divided(logits: torch.Tensor, temperature: float) -> torch.Tensor:
    return logits if temperature == 1.0 else logits.div_(temperature)


def read_reference(
    logits_TV: torch.Tensor, tokens_T: torch.Tensor, temperature: float, *, entropies: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """`gpu_head_kernels.read` in plain PyTorch: chosen tokens' logits, normalisers, entropies. Writes over the logits."""
    logits = _divided(logits_TV, temperature)
    chosen, normaliser = logits.gather(1, tokens_T[:, None])[:, 0], logits.logsumexp(1)
    if not entropies:
        return chosen, normaliser, None
    # H = log Σ exp(l) − Σ p·l, with one tensor beside the logits.
    chances = (logits - normaliser[:, None]).exp_()
    return chosen, normaliser, normaliser - chances.mul_(logits).sum(1)


def slopes_reference(
    logits_TV: torch.Tensor,
    tokens_T: torch.Tensor,
    normaliser_T: torch.Tensor,
    slope_T: torch.Tensor,
    temperature: float,
    dtype: torch.dtype,
) -> torch.Tensor:
    """`gpu_head_kernels.slopes` in plain PyTorch: slope · (onehot(token) − p). Writes over the logits."""
    logits = _divided(logits_TV, temperature).sub_(normaliser_T[:, None]).exp_().mul_(-slope_T[:, None])
    return logits.scatter_add_(1, tokens_T[:, None], slope_T[:, None]).to(dtype)


def _in_kernels(tensor: torch.Tensor) -> bool:
    """Whether logits are read by Triton's kernels: on a GPU, or where Triton's interpreter is asked for."""
    return tensor.is_cuda or os.environ.get("TRITON_INTERPRET") == "1"


class _TokenLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden_TH: torch.Tensor, head_VH: torch.Tensor, tokens_T: torch.Tensor, temperature: float, chunk: int, entropies: bool
    ) -> tuple[torch.Tensor, torch.Tensor]:
        read = read_reference
        if _in_kernels(hidden_TH):
            from rewardlang.trainer.gpu_head_kernels import read
        normalisers, chosen, entropy = [], [], []
        with torch.autocast(hidden_TH.device.type, enabled=False):
            for start in range(0, len(tokens_T), chunk):
                rows = slice(start, start + chunk)
                found = read(logits_fp32(hidden_TH[rows], head_VH), tokens_T[rows], temperature, entropies=entropies)
                chosen.append(found[0])
                normalisers.append(found[1])
                if found[2] is not None:
                    entropy.append(found[2])
        normaliser_T = torch.cat(normalisers)
        ctx.save_for_backward(hidden_TH, head_VH, tokens_T, normaliser_T)
        ctx.temperature, ctx.chunk = temperature, chunk
        entropy_T = torch.cat(entropy) if entropies else torch.zeros_like(normaliser_T)
        ctx.mark_non_differentiable(entropy_T)
        return torch.cat(chosen) - normaliser_T, entropy_T

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        slopes = slopes_reference
        hidden_TH, head_VH, tokens_T, normaliser_T = ctx.saved_tensors
        if _in_kernels(hidden_TH):
            from rewardlang.trainer.gpu_head_kernels import slopes
        slope_T = grads[0] / ctx.temperature
        grad_hidden_TH = torch.empty_like(hidden_TH)
        with torch.autocast(hidden_TH.device.type, enabled=False):
            for start in range(0, len(tokens_T), ctx.chunk):
                rows = slice(start, start + ctx.chunk)
                # d log p(token) / d logits = (onehot(token) − p) / temperature, times the slope from above.
                logits = logits_fp32(hidden_TH[rows], head_VH)
                gradient = slopes(logits, tokens_T[rows], normaliser_T[rows], slope_T[rows], ctx.temperature, head_VH.dtype)
                del logits
                grad_hidden_TH[rows] = gradient @ head_VH
                del gradient
        return grad_hidden_TH, None, None, None, None, None
