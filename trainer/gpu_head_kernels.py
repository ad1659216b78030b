"""A chunk of fp32 logits read once a pass: the sums of a softmax forward, the logits' gradient, already rounded, backward.

    forward:   chosen = l[token],   normaliser = log Σ exp(l),   entropy = −Σ p · log p         with l = logits / temperature
    backward:  gradient = slope · (onehot(token) − p),  p = exp(l − normaliser),  rounded once to the head's type

Plain PyTorch (`gpu_head`) reads and writes a chunk of logits six times for the same. Forward, one program takes a row: each lane keeps a
running largest logit and the sum of exponentials relative to it, and lanes meet once, at the end of the row. A NaN in a row makes its
sums NaN, and through the normaliser its whole gradient. A token outside the vocabulary has the log-probability NaN.
Names of tensors end in their axes: T tokens, V the vocabulary.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_BLOCK, _WARPS = 4096, 16  # logits that a program holds at a time, and the warps that share them
_LARGEST = tl.constexpr(3.4028234663852886e38)  # of fp32: running maxima stay finite, so that no difference of two infinities arises


@triton.jit(do_not_specialize_on_alignment=["tokens"])  # type: ignore[untyped-decorator]
def _read_logits(  # type: ignore[no-untyped-def]
    logits, tokens, chosen, normaliser, entropy, stride, inverse, VOCABULARY: tl.constexpr, ENTROPY: tl.constexpr, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    lane = tl.arange(0, BLOCK)
    # 64 bits: a chunk of 16,384 rows of 151,936 logits has more than 31 bits count.
    first = logits + row.to(tl.int64) * stride
    largest = tl.full((BLOCK,), -_LARGEST, tl.float32)
    total = tl.zeros((BLOCK,), tl.float32)  # Σ exp(l − largest) of a lane
    moment = tl.zeros((BLOCK,), tl.float32)  # Σ exp(l − largest) · (l − largest)
    for start in range(0, VOCABULARY, BLOCK):
        logit = tl.load(first + start + lane, mask=start + lane < VOCABULARY, other=-float("inf")) * inverse
        risen = tl.minimum(tl.maximum(largest, logit), _LARGEST)
        part, kept = tl.exp(logit - risen), tl.exp(largest - risen)
        if ENTROPY:
            # A logit of −∞ adds 0, not 0 · −∞.
            moment = kept * (moment + total * (largest - risen)) + part * tl.maximum(logit - risen, -_LARGEST)
        total = kept * total + part
        largest = risen
    top = tl.max(largest, 0)
    kept = tl.exp(largest - top)
    if ENTROPY:
        moment = kept * (moment + total * (largest - top))
    whole = tl.sum(kept * total, 0)
    tl.store(normaliser + row, top + tl.log(whole))
    if ENTROPY:
        tl.store(entropy + row, tl.log(whole) - tl.sum(moment, 0) / whole)
    token = tl.load(tokens + row)
    tl.store(chosen + row, tl.load(first + token, mask=(token >= 0) & (token < VOCABULARY), other=float("nan")) * inverse)


# Slices of chunks begin anywhere: no kernel of its own for those that begin at a multiple of 16 bytes.
@triton.jit(do_not_specialize_on_alignment=["tokens", "normaliser", "slope"])  # type: ignore[untyped-decorator]
def _write_slopes(  # type: ignore[no-untyped-def]
    logits, tokens, normaliser, slope, gradient, stride, vocabulary, inverse, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    place = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = place < vocabulary
    logit = tl.load(logits + row.to(tl.int64) * stride + place, mask=inside, other=0.0) * inverse
    chance = tl.exp(logit - tl.load(normaliser + row))
    hit = tl.where(place == tl.load(tokens + row), 1.0, 0.0)
    found = tl.load(slope + row) * (hit - chance)
    tl.store(gradient + row.to(tl.int64) * vocabulary + place, found.to(gradient.dtype.element_ty), mask=inside)


def read(
    logits_TV: torch.Tensor, tokens_T: torch.Tensor, temperature: float, *, entropies: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The chosen tokens' logits, the normalisers and, where asked for, the entropies in nats; each (T,) in fp32."""
    _check(logits_TV, tokens_T)
    chosen, normaliser = (torch.empty(len(tokens_T), dtype=torch.float32, device=logits_TV.device) for _ in range(2))
    entropy = torch.empty_like(chosen) if entropies else None
    _read_logits[(len(tokens_T),)](
        logits_TV,
        tokens_T.contiguous(),
        chosen,
        normaliser,
        chosen if entropy is None else entropy,
        logits_TV.stride(0),
        1.0 / temperature,
        VOCABULARY=logits_TV.shape[1],
        ENTROPY=entropies,
        BLOCK=_BLOCK,
        num_warps=_WARPS,
    )
    return chosen, normaliser, entropy


def slopes(
    logits_TV: torch.Tensor,
    tokens_T: torch.Tensor,
    normaliser_T: torch.Tensor,
    slope_T: torch.Tensor,
    temperature: float,
    dtype: torch.dtype,
) -> torch.Tensor:
    """slope · (onehot(token) − p), (T, V) and contiguous in `dtype`; the logits stay as they are."""
    _check(logits_TV, tokens_T)
    gradient = torch.empty(logits_TV.shape, dtype=dtype, device=logits_TV.device)
    _write_slopes[(len(tokens_T), triton.cdiv(logits_TV.shape[1], _BLOCK))](
        logits_TV,
        tokens_T.contiguous(),
        normaliser_T.contiguous(),
        slope_T.contiguous(),
        gradient,
        logits_TV.stride(0),
        logits_TV.shape[1],
        1.0 / temperature,
        BLOCK=_BLOCK,
        num_warps=_WARPS // 2,
    )
    return gradient


def _check(logits_TV: torch.Tensor, tokens_T: torch.Tensor) -> None:
    """Raises ValueError for what the kernels would read wrongly."""
    if logits_TV.dtype != torch.float32 or logits_TV.stride(1) != 1 or logits_TV.shape[:1] != tokens_T.shape:
        raise ValueError(f"logits are rows of fp32 with one token each, not {tuple(logits_TV.shape)} of {logits_TV.dtype}")
