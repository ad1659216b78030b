"""One forward pass for the completions of a prompt: the prompt once, its completions after it, in one row without padding.

P + C₁ + … + C_G tokens go through every matrix, in place of G·P + C₁ + … + C_G. Attention is two calls a prompt, neither with a mask in
memory: the prompt over itself, and its completions, padded to the longest, over the prompt's keys and values and their own. The second is
causal from the lower right corner (`torch.nn.attention.bias.causal_lower_right`): token j of a completion sees P + j + 1 keys. The
prompt's keys and values are expanded, not computed again, so their gradient is the sum over the completions. Prompts whose sizes are equal
share both calls.

Prompts come first in the row, completions after them: both are slices of it. Completions of one length are so as they lie; else they are
padded by their own first token. Outputs of padding are dropped and only padding sees the keys of padding, so its gradients are zero, and
the gradient of padding is its inverse, a selection: PyTorch's own would sort the places and add up.

A dense mask of (P + ΣC)² would take 36 MB in 16 bits at 8 × (150 + 512) tokens and 1.7 GB at 2 × (512 + 20,000), and every masked pair
would be computed.
Names of tensors end in their axes: T packed tokens, N prompts, P tokens of one, G completions of one, C tokens of the longest, H heads or
keys' heads, D a head's width. Tokens come before heads, as matrices write them and flash attention reads them, so that nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right

ATTENTION = "rewardlang_shared_prefix"  # the name under which transformers finds `attend`


@dataclass(frozen=True)
class PromptGroup:
    """Prompts of one length with equally many completions, of which the longest are equally long: those of one call."""

    prompts: int
    prompt: int  # tokens of each
    completions: int  # of each
    longest: int  # tokens of the longest completion of each


@dataclass(frozen=True)
class Padding:
    """How completions one after another become completions of the longest's length, and back."""

    padded: torch.Tensor  # the place among the completions' tokens of each padded one; padding repeats the first of its completion
    kept: torch.Tensor  # the places of the real tokens in `padded`, in order
    outputs: torch.Tensor  # the places of the real tokens, prompts' and completions', where those of prompts precede the padded ones


@dataclass(frozen=True)
class Packed:
    """Prompts, then their completions, as one row of T tokens."""

    ids_T: torch.Tensor
    positions_T: torch.Tensor
    groups: tuple[PromptGroup, ...]  # in the row's order, of the prompts and of the completions
    padding: Padding | None  # of all completions; None where none is shorter than the longest of its group
    before: torch.Tensor  # the packed place before each completion token, row by row in the order given: its state predicts the token


def pack(prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]], device: torch.device | str) -> Packed:
    """Equal prompts become one. Prompts have a token at least; a completion may have none."""
    rows: dict[tuple[int, ...], list[int]] = {}
    for index, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        if completion:
            rows.setdefault(tuple(prompt), []).append(index)

    def sizes(item: tuple[tuple[int, ...], list[int]]) -> tuple[int, int, int]:
        return len(item[0]), len(item[1]), max(len(completions[index]) for index in item[1])

    ordered = sorted(rows.items(), key=sizes)
    members = [index for _, indices in ordered for index in indices]
    ids = [token for prompt, _ in ordered for token in prompt]
    first, counts = len(ids), [len(completions[index]) for index in members]
    for index in members:
        ids += completions[index]
    # Of each completion: its tokens, the longest's of its prompt, its prompt's, and the place after that.
    ends = accumulate(len(prompt) for prompt, _ in ordered)
    about = [(size[2], size[0], end) for size, end, (_, indices) in zip(map(sizes, ordered), ends, ordered, strict=True) for _ in indices]
    count, (longest, prompt_length, end) = torch.tensor(counts), torch.tensor(about).unbind(1)
    start = count.cumsum(0) - count
    places = torch.arange(len(ids) - first)  # of completions' tokens among themselves,
    within = places - start.repeat_interleave(count)  # and in each
    positions = torch.cat([*[torch.arange(len(prompt)) for prompt, _ in ordered], prompt_length.repeat_interleave(count) + within])
    before = torch.where(within == 0, end.repeat_interleave(count), first + places) - 1
    by_index = dict(zip(members, before.split(counts), strict=True))
    kept = (longest.cumsum(0) - longest).repeat_interleave(count) + within
    padded = start.repeat_interleave(longest)
    padded[kept] = places
    padding = None
    if len(kept) < len(padded):
        outputs = torch.cat([torch.arange(first), first + kept])
        padding = Padding(padded.to(device), kept.to(device), outputs.to(device))
    groups = tuple(group for key, same in groupby(map(sizes, ordered)) for group in _groups(*key, len(list(same))))
    before = torch.cat([by_index[index] for index in sorted(members)])
    return Packed(torch.tensor(ids, device=device), positions.to(device), groups, padding, before.to(device))


def _groups(prompt: int, completions: int, longest: int, count: int) -> list[PromptGroup]:
    """So many prompts of these sizes: in one group, unless keys of the prompts expanded would then outweigh all else that is held.

    The backward pass of attention makes gradients of the expanded keys as wide as the queries, for all prompts of a call at once.
    """
    together = completions * (prompt + longest) <= 2 * (prompt + completions * longest)
    return [PromptGroup(count, prompt, completions, longest)] if together else [PromptGroup(1, prompt, completions, longest)] * count


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    packed: Packed | None = None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' attention function: over packed rows where the decoder was given some, else PyTorch's as always."""
    if packed is None:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        plain: Callable[..., tuple[torch.Tensor, None]] = sdpa_attention_forward
        return plain(module, query, key, value, attention_mask, scaling=scaling, **options)
    queries, keys, values = (_pieces(tensor[0].transpose(0, 1), packed) for tensor in (query.to(value.dtype), key.to(value.dtype), value))
    found = [_group(*tensors, scaling) for tensors in zip(queries, keys, values, packed.groups, strict=True)]
    outputs_THD = torch.cat([own for own, _ in found] + [after for _, after in found])
    if packed.padding is not None:
        outputs_THD = _Kept.apply(outputs_THD, packed.padding.outputs)  # type: ignore[no-untyped-call]
    return outputs_THD[None], None


def _pieces(tensor_THD: torch.Tensor, packed: Packed) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The prompts' tokens (N, P, H, D) and their completions' (N, G, C, H, D) of each group.

    Slices of the row, split at once: the gradient is one concatenation. Where completions are padded, their part of the row is copied.
    """
    groups = packed.groups
    own = [group.prompts * group.prompt for group in groups]
    after = [group.prompts * group.completions * group.longest for group in groups]
    if packed.padding is None:
        parts = tensor_THD.split([*own, *after])
    else:
        prompts_THD, completions_THD = tensor_THD.split([sum(own), len(tensor_THD) - sum(own)])
        padded_THD = _Padded.apply(completions_THD, packed.padding.padded, packed.padding.kept)  # type: ignore[no-untyped-call]
        parts = (*prompts_THD.split(own), *padded_THD.split(after))
    return [
        (first.unflatten(0, (group.prompts, group.prompt)), second.unflatten(0, (group.prompts, group.completions, group.longest)))
        for first, second, group in zip(parts[: len(groups)], parts[len(groups) :], groups, strict=True)
    ]


_Both = tuple[torch.Tensor, torch.Tensor]


def _group(query: _Both, key: _Both, value: _Both, group: PromptGroup, scale: float | None) -> _Both:
    """Outputs (tokens, H, D) of the prompts' tokens, and of their completions', from `_pieces` of queries, keys and values."""
    options: dict[str, Any] = {"scale": scale, "enable_gqa": query[0].shape[2] != key[0].shape[2]}
    dot_product: Callable[..., torch.Tensor] = functional.scaled_dot_product_attention
    own: torch.Tensor = dot_product(*[tensor_NPHD.transpose(1, 2) for tensor_NPHD, _ in (query, key, value)], is_causal=True, **options)

    def after_prompt(prompt_NPHD: torch.Tensor, completions_NGCHD: torch.Tensor) -> torch.Tensor:
        """(N·G, H, P + C, D) of the prompt and each completion."""
        expanded = prompt_NPHD[:, None].expand(-1, group.completions, -1, -1, -1)
        return torch.cat([expanded, completions_NGCHD], 2).flatten(0, 1).transpose(1, 2)

    corner: Any = causal_lower_right(group.longest, group.prompt + group.longest)
    queries = query[1].flatten(0, 1).transpose(1, 2)
    found: torch.Tensor = dot_product(queries, after_prompt(*key), after_prompt(*value), attn_mask=corner, **options)
    return own.transpose(1, 2).flatten(0, 1), found.transpose(1, 2).flatten(0, 1)


class _Padded(torch.autograd.Function):
    """Tokens at the places `padded`. Its gradient is that at `kept`, since it is zero at all others."""

    @staticmethod
    def forward(ctx: Any, tokens_THD: torch.Tensor, padded: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(kept)
        return tokens_THD.index_select(0, padded)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (kept,) = ctx.saved_tensors
        return grads[0].index_select(0, kept), None, None


class _Kept(torch.autograd.Function):
    """Tokens at the places `kept`, each once."""

    @staticmethod
    def forward(ctx: Any, padded_THD: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(kept)
        ctx.tokens = len(padded_THD)
        return padded_THD.index_select(0, kept)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (kept,) = ctx.saved_tensors
        return grads[0].new_zeros(ctx.tokens, *grads[0].shape[1:]).index_copy_(0, kept, grads[0]), None


def register() -> str:
    """Makes `attend` known to transformers, which makes no mask for it; its name."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attend)
    return ATTENTION
