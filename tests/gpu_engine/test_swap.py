"""The hot swap over plain tensors: what arrives in the slot, bit for bit, and what is refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.trainer.gpu_swap import AdapterSwap, SlotMismatch, SlotPair


def pair(rank: int, slot_rank: int, *, inputs: int = 24, outputs: int = 40, scaling: float = 1.0, seed: int = 0) -> SlotPair:
    """Random fp32 parameters beside an empty bf16 slot that is a slice of a larger stack, as vLLM's are."""
    generator = torch.Generator().manual_seed(seed)
    stack_a = torch.zeros(1, 1, slot_rank, inputs, dtype=torch.bfloat16)
    stack_b = torch.zeros(1, 1, outputs, slot_rank, dtype=torch.bfloat16)
    lora_a, lora_b = torch.randn(rank, inputs, generator=generator), torch.randn(outputs, rank, generator=generator)
    return SlotPair(f"m{seed}", stack_a[0, 0], stack_b[0, 0], lora_a, lora_b, scaling)


@settings(max_examples=60, deadline=None)
@given(rank=st.integers(1, 16), scaling=st.sampled_from([1.0, 2.0, 0.5, 1 / 3, 7.3]), count=st.integers(1, 4), seed=st.integers(0, 9))
def test_the_slot_holds_the_adapter_rounded_once(rank: int, scaling: float, count: int, seed: int) -> None:
    """A and B·α/r are multiplied in fp32 and rounded to bf16 once, for any rank and scaling; the rest of the slot stays zero."""
    pairs = [pair(rank, 16, scaling=scaling, seed=seed + index) for index in range(count)]
    swap = AdapterSwap(pairs)
    swap.write()
    for one in pairs:
        assert torch.equal(one.slot_a[:rank], one.lora_a.bfloat16())
        assert torch.equal(one.slot_b[:, :rank], (one.lora_b * scaling).bfloat16())
        assert one.slot_a[rank:].count_nonzero() == one.slot_b[:, rank:].count_nonzero() == 0
    assert swap.mismatches() == 0


@settings(max_examples=40, deadline=None)
@given(matrix=st.integers(0, 2), side=st.sampled_from(["a", "b"]), place=st.integers(0, 10_000), rank=st.sampled_from([5, 8]))
def test_one_flipped_bit_is_seen(matrix: int, side: str, place: int, rank: int) -> None:
    """The last bit of one entry anywhere in the slot, padding included, fails the check."""
    pairs = [pair(rank, 8, scaling=0.7, seed=index) for index in range(3)]
    swap = AdapterSwap(pairs)
    swap.write()
    buffer = (pairs[matrix].slot_a if side == "a" else pairs[matrix].slot_b).view(torch.int16).view(-1)
    buffer[place % len(buffer)] ^= 1
    assert swap.mismatches() == 1
    with pytest.raises(SlotMismatch, match="1 of "):
        swap.check()


def test_a_nan_in_the_adapter_arrives_as_it_is() -> None:
    """Bits are compared, not values: a NaN equals itself."""
    one = pair(8, 8)
    one.lora_b[3, 3] = float("nan")
    swap = AdapterSwap([one])
    swap.write()
    assert swap.mismatches() == 0


def test_addresses_stay_and_parameters_may_change_between_swaps() -> None:
    """A swap writes into the same storage each time, so captured graphs stay valid, and follows in-place optimizer steps."""
    one = pair(8, 8, scaling=2.0)
    swap = AdapterSwap([one])
    addresses = one.slot_a.data_ptr(), one.slot_b.data_ptr()
    for step in range(3):
        one.lora_a.add_(step * 1e-3)
        one.lora_b.mul_(1.01)
        assert swap.mismatches() > 0
        swap.write()
        swap.check()
    assert addresses == (one.slot_a.data_ptr(), one.slot_b.data_ptr())
    swap.clear()
    assert one.slot_a.count_nonzero() == one.slot_b.count_nonzero() == 0


def test_an_adapter_that_does_not_fit_is_refused() -> None:
    """A rank above the slot's, or another width, is an error that names the matrix."""
    good = pair(8, 8)
    with pytest.raises(ValueError, match="m0: an adapter of A"):
        AdapterSwap([SlotPair("m0", good.slot_a[:4], good.slot_b[:, :4], good.lora_a, good.lora_b, 1.0)])
    with pytest.raises(ValueError, match="does not fit"):
        AdapterSwap([SlotPair("m0", good.slot_a, good.slot_b[:10], good.lora_a, good.lora_b, 1.0)])
    with pytest.raises(ValueError, match="no adapted matrix"):
        AdapterSwap([])
