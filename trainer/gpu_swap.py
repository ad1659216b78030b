"""The hot swap: the trained adapter into the sampler's slot, in GPU memory, and the proof that it arrived.

vLLM holds the adapter that it samples with in stacked bf16 buffers: A as (rank, inputs), B as (outputs, rank) with the scaling α/r
inside. Their addresses never change, so captured CUDA graphs stay valid. The trainer's parameters are fp32 and are rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rewardlang.trainer.problem import TwoPolicies


@dataclass(frozen=True)
class SlotPair:
    """One matrix's adapter on both sides.

    `slot_a` (slot rank × inputs) and `slot_b` (outputs × slot rank) are the sampler's whole buffers; `lora_a` (rank × inputs) and
    `lora_b` (outputs × rank) are the trainer's parameters, with `scaling` = α/r.
    """

    name: str
    slot_a: torch.Tensor
    slot_b: torch.Tensor
    lora_a: torch.Tensor
    lora_b: torch.Tensor
    scaling: float


class SlotMismatch(TwoPolicies):
    """The sampler's slot does not hold the trainer's adapter."""


class AdapterSwap:
    """Writes an adapter into the sampler's slot and checks it, for a fixed set of matrices."""

    in_pages = False  # the slot stays on the card when the sampler gives up its pages

    def __init__(self, pairs: Sequence[SlotPair]) -> None:
        if not pairs:
            raise ValueError("there is no adapted matrix to swap")
        for pair in pairs:
            rank, inputs = pair.lora_a.shape
            fits = pair.slot_a.shape[0] >= rank and pair.slot_a.shape[1] == inputs
            fits = fits and pair.slot_b.shape[1] >= rank and tuple(pair.lora_b.shape) == (pair.slot_b.shape[0], rank)
            if not fits:
                raise ValueError(
                    f"{pair.name}: an adapter of A {tuple(pair.lora_a.shape)} and B {tuple(pair.lora_b.shape)} does not fit a slot of "
                    f"A {tuple(pair.slot_a.shape)} and B {tuple(pair.slot_b.shape)}"
                )
        self.pairs = tuple(pairs)
        self._parameters = [pair.lora_a for pair in pairs] + [pair.lora_b for pair in pairs]
        self._views = [pair.slot_a[: pair.lora_a.shape[0]] for pair in pairs] + [pair.slot_b[:, : pair.lora_b.shape[1]] for pair in pairs]
        self._scaled = [index + len(pairs) for index, pair in enumerate(pairs) if pair.scaling != 1.0]

    @torch.no_grad()
    def clear(self) -> None:
        """Zeroes the whole slot, the part beyond the adapter's rank included."""
        torch._foreach_zero_([buffer for pair in self.pairs for buffer in (pair.slot_a, pair.slot_b)])

    @torch.no_grad()
    def write(self) -> None:
        """Copies the adapter into the slot: A and B·α/r, each rounded once from fp32. The caller synchronises before sampling."""
        torch._foreach_copy_(self._views, self._rounded_sources())

    @torch.no_grad()
    def mismatches(self) -> int:
        """How many slot entries differ from the trainer's adapter in any bit; padding beyond the rank must be zero."""
        # One buffer for all matrices: what the slot should hold, then its difference from the slot, as bits.
        flat = torch.empty(sum(view.numel() for view in self._views), dtype=self._views[0].dtype, device=self._views[0].device)
        wanted = [part.view(view.shape) for part, view in zip(flat.split([view.numel() for view in self._views]), self._views, strict=True)]
        torch._foreach_copy_(wanted, self._rounded_sources())
        torch._foreach_sub_([part.view(torch.int16) for part in wanted], [view.view(torch.int16) for view in self._views])
        counted = [flat.view(torch.int16).count_nonzero()]
        for pair in self.pairs:
            rank = pair.lora_a.shape[0]
            if rank < pair.slot_a.shape[0]:
                counted += [pair.slot_a[rank:].count_nonzero(), pair.slot_b[:, rank:].count_nonzero()]
        return int(torch.stack(counted).sum())

    def check(self) -> None:
        """Raises `SlotMismatch` unless the slot equals the adapter to the bit."""
        wrong = self.mismatches()
        if wrong:
            entries = sum(view.numel() for view in self._views)
            raise SlotMismatch(
                f"{wrong} of {entries} entries of the sampler's LoRA slot differ from the trained adapter: the policy that is sampled is "
                "not the policy that is trained"
            )

    def _rounded_sources(self) -> list[torch.Tensor]:
        """The fp32 sources of the copy, B multiplied by its scaling in fp32."""
        if not self._scaled:
            return self._parameters
        sources = list(self._parameters)
        scalings = [self.pairs[index - len(self.pairs)].scaling for index in self._scaled]
        products = torch._foreach_mul([sources[index].float() for index in self._scaled], scalings)
        for index, product in zip(self._scaled, products, strict=True):
            sources[index] = product
        return sources
