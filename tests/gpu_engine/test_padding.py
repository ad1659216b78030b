"""Padding of completions over a shared prompt: to the bit what PyTorch's own indexing gives, and none where none is needed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional
from torch.nn.attention.bias import causal_lower_right

from rewardlang.trainer.gpu_prefix import PromptGroup, attend, pack

Sizes = list[tuple[int, list[int]]]  # of each prompt, and of its completions

CASES: dict[str, tuple[Sizes, bool]] = {
    "ragged, two prompts": ([(7, [3, 9, 1]), (3, [1, 2])], True),
    "a completion of one token beside longer ones": ([(7, [1, 5, 1])], True),
    "completions of one token": ([(7, [1, 1, 1])], False),
    "one length": ([(7, [4, 4, 4, 4])], False),
    "prompts that share a call": ([(7, [4, 4, 4, 4])] * 3, False),
    "prompts that share a call, ragged, and one that does not": ([(7, [4, 3, 4, 1])] * 2 + [(3, [4, 3, 4, 1])], True),
    "ragged in a prompt, one length in another": ([(4, [2, 2]), (5, [6, 3])], True),
    "groups of one": ([(2, [1]), (9, [3])], False),
    "a prompt that outweighs its completions": ([(40, [2, 2, 2])] * 2, False),
}


def row_of(sizes: Sizes) -> tuple[list[list[int]], list[list[int]]]:
    """Prompts and completions in which no token occurs twice, counted from 0."""
    prompts: list[list[int]] = []
    completions: list[list[int]] = []
    tokens = 0
    for length, counts in sizes:
        prompt, tokens = list(range(tokens, tokens + length)), tokens + length
        for count in counts:
            prompts.append(prompt)
            completions.append(list(range(tokens, tokens + count)))
            tokens += count
    return prompts, completions


def by_indexing(tensors: list[torch.Tensor], prompts: list[list[int]], completions: list[list[int]], ids: list[int]) -> torch.Tensor:
    """The same attention, prompt by prompt, with tokens taken out and put back by PyTorch's indexing."""
    dot_product: Any = functional.scaled_dot_product_attention
    places = {token: place for place, token in enumerate(ids)}
    query, key, value = (tensor[0] for tensor in tensors)
    outputs, gqa = torch.zeros_like(query), query.shape[0] != key.shape[0]
    for prompt in dict.fromkeys(map(tuple, prompts)):
        own = slice(places[prompt[0]], places[prompt[-1]] + 1)
        after = [[places[token] for token in row] for other, row in zip(prompts, completions, strict=True) if tuple(other) == prompt]
        longest = max(map(len, after))
        padded = [place for row in after for place in row + row[:1] * (longest - len(row))]
        kept = [index * longest + place for index, row in enumerate(after) for place in range(len(row))]

        def each(tensor: torch.Tensor, padded: Any = padded, count: int = len(after), longest: int = longest) -> torch.Tensor:
            return tensor[:, padded].view(tensor.shape[0], count, longest, -1).transpose(0, 1)

        first = dot_product(*[tensor[None, :, own] for tensor in (query, key, value)], is_causal=True, enable_gqa=gqa)
        keys, values = (torch.cat([one[None, :, own].expand(len(after), -1, -1, -1), each(one)], 2) for one in (key, value))
        corner: Any = causal_lower_right(longest, len(prompt) + longest)
        second = dot_product(each(query), keys, values, attn_mask=corner, enable_gqa=gqa).transpose(0, 1).flatten(1, 2)
        outputs = outputs.index_copy(1, torch.arange(own.start, own.stop), first[0])
        outputs = outputs.index_copy(1, torch.tensor([place for row in after for place in row]), second[:, kept])
    return outputs.transpose(0, 1)[None]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("heads", "keys"), [(4, 2), (2, 2)])
def test_outputs_and_gradients_are_those_of_indexing(case: str, heads: int, keys: int) -> None:
    """To the bit in fp32: so what padding would add to a gradient is zero. No index is sorted; without padding there is none."""
    sizes, ragged = CASES[case]
    prompts, completions = row_of(sizes)
    packed = pack(prompts, completions, "cpu")
    torch.manual_seed(0)
    given = [torch.randn(1, count, len(packed.ids_T), 16, requires_grad=True) for count in (heads, keys, keys)]
    query, key, value = given
    with torch.autograd.profiler.profile() as profile:
        found = attend(torch.nn.Module(), query, key, value, None, packed=packed)[0]
        weights = torch.randn_like(found)
        slopes = torch.autograd.grad((found * weights).sum(), given)
    wanted = by_indexing(given, prompts, completions, packed.ids_T.tolist())
    assert torch.equal(found, wanted)
    for slope, other in zip(slopes, torch.autograd.grad((wanted * weights).sum(), given), strict=True):
        assert torch.equal(slope, other)
    assert (packed.padding is not None) == ragged
    names = {event.name for event in profile.function_events if "aten::index" in event.name}
    assert names == ({"aten::index_select", "aten::index_copy_"} if ragged else set())


def test_prompts_of_equal_sizes_share_calls() -> None:
    """One group for all of them, in any order; not where their expanded keys would outweigh what else a pass holds."""
    prompts, completions = row_of([(7, [4, 4]), (3, [5, 1]), (7, [4, 1])])
    order = [4, 2, 0, 5, 3, 1]
    packed = pack([prompts[index] for index in order], [completions[index] for index in order], "cpu")
    assert packed.groups == (PromptGroup(1, 3, 2, 5), PromptGroup(2, 7, 2, 4))
    assert pack(*row_of([(40, [2] * 3)] * 2), "cpu").groups == (PromptGroup(1, 40, 3, 2),) * 2
