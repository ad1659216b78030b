"""One forward pass for the completions of a prompt: the prompt once, its completions after it, in one row without padding.

P + C₁ + … + C_G tokens go through every matrix, in place of G·P + C₁ + … + C_G. Attention is two calls a prompt, neither with a mask in
memory: the prompt over itself, and its completions, padded to the longest, over the prompt's keys and values and their own. The second is
causal from the lower right corner (`torch.nn.attention.bias.causal_lower_right`): token j of a completion sees P + j + 1 keys. The
prompt's keys and values are expanded, not computed again, so their gradient is the sum over the completions.

A dense mask of (P + ΣC)² would take 36 MB in 16 bits at 8 × (150 + 512) tokens and 1.7 GB at 2 × (512 + 20,000), and every masked pair
would be computed.
Names of tensors end in their axes: T packed tokens, G completions, C tokens of the longest, D a head's width, H heads or keys' heads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right

ATTENTION = "rewardlang_shared_prefix"  # the name under which transformers finds `attend`


@dataclass(frozen=True)
class PromptGroup:
    """Where one prompt and its completions lie among the packed tokens."""

    first: int
    prompt: int  # tokens of the prompt
    completions: int
    longest: int  # tokens of the longest completion
    padded: torch.Tensor  # (completions · longest,) the packed place of each token; padding repeats the first of its completion
    kept: torch.Tensor  # the places of the real tokens in `padded`, in packed order


@dataclass(frozen=True)
class Packed:
    """Prompts with their completions as one row of T tokens."""

    ids_T: torch.Tensor
    positions_T: torch.Tensor
    groups: tuple[PromptGroup, ...]
    before: torch.Tensor  # the packed place before each completion token, row by row in the order given: its state predicts the token


def pack(prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]], device: torch.device | str) -> Packed:
    """Equal prompts become one. Prompts have a token at least; a completion may have none."""
    rows: dict[tuple[int, ...], list[int]] = {}
    for index, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        if completion:
            rows.setdefault(tuple(prompt), []).append(index)
    ids: list[int] = []
    positions: list[int] = []
    groups = []
    before: list[list[int]] = [[] for _ in prompts]
    for prompt, members in rows.items():
        first, length = len(ids), len(prompt)
        ids += prompt
        positions += range(length)
        longest = max(len(completions[index]) for index in members)
        padded: list[int] = []
        kept: list[int] = []
        for place, index in enumerate(members):
            begin, count = len(ids), len(completions[index])
            ids += completions[index]
            positions += range(length, length + count)
            before[index] = [first + length - 1, *range(begin, begin + count - 1)]
            padded += [*range(begin, begin + count), *[begin] * (longest - count)]
            kept += range(place * longest, place * longest + count)
        groups.append(PromptGroup(first, length, len(members), longest, torch.tensor(padded), torch.tensor(kept)))
    moved = tuple(PromptGroup(**(vars(group) | {"padded": group.padded.to(device), "kept": group.kept.to(device)})) for group in groups)
    flat = [place for row in before for place in row]
    return Packed(torch.tensor(ids, device=device), torch.tensor(positions, device=device), moved, torch.tensor(flat, device=device))


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
    query_HTD, key_HTD, value_HTD = query[0].to(value.dtype), key[0].to(value.dtype), value[0]
    parts: list[torch.Tensor] = []
    for group in packed.groups:
        parts += _group(query_HTD, key_HTD, value_HTD, group, scaling)
    return torch.cat(parts, 1).transpose(0, 1)[None].contiguous(), None


def _group(
    query_HTD: torch.Tensor, key_HTD: torch.Tensor, value_HTD: torch.Tensor, group: PromptGroup, scale: float | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs (H, T, D) of the prompt's tokens, and of its completions' one after another."""
    prompt = slice(group.first, group.first + group.prompt)
    options: dict[str, Any] = {"scale": scale, "enable_gqa": query_HTD.shape[0] != key_HTD.shape[0]}
    dot_product: Callable[..., torch.Tensor] = functional.scaled_dot_product_attention
    own = dot_product(*[tensor_HTD[None, :, prompt] for tensor_HTD in (query_HTD, key_HTD, value_HTD)], is_causal=True, **options)

    def each(tensor_HTD: torch.Tensor) -> torch.Tensor:
        """(G, H, C, D) of the completions."""
        heads, _, width = tensor_HTD.shape
        return tensor_HTD[:, group.padded].view(heads, group.completions, group.longest, width).transpose(0, 1)

    def after_prompt(tensor_HTD: torch.Tensor) -> torch.Tensor:
        """(G, H, P + C, D) of the prompt and each completion."""
        return torch.cat([tensor_HTD[None, :, prompt].expand(group.completions, -1, -1, -1), each(tensor_HTD)], 2)

    corner: Any = causal_lower_right(group.longest, group.prompt + group.longest)
    found: torch.Tensor = dot_product(each(query_HTD), after_prompt(key_HTD), after_prompt(value_HTD), attn_mask=corner, **options)
    outputs_HTD: torch.Tensor = found.transpose(0, 1).flatten(1, 2)
    return own[0], outputs_HTD[:, group.kept]


def register() -> str:
    """Makes `attend` known to transformers, which makes no mask for it; its name."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attend)
    return ATTENTION
