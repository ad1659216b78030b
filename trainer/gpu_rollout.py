"""The rollout weights of the *speed* backend: plain 16-bit matrices in the sampler, written at each version from base and adapter.

    W = bf16( NF4 base in fp32 + α/r · B · A )

The base stays as it is; nothing is ever merged into it. Embeddings, norms and biases are copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from rewardlang.trainer.gpu_rounding import scales
from rewardlang.trainer.gpu_swap import SlotMismatch
from rewardlang.trainer.gpu_vllm_weights import PackedLinear


@dataclass(frozen=True)
class MergedMatrix:
    """One matrix on both sides: the sampler's 16-bit `weight` (outputs × inputs), and what it is made of."""

    name: str
    weight: torch.Tensor
    packed: PackedLinear
    lora_a: torch.Tensor  # rank × inputs, fp32
    lora_b: torch.Tensor  # outputs × rank, fp32
    scaling: float

    def write(self, weight: torch.Tensor, *, adapted: bool) -> None:
        """Writes base and adapter, or the base alone, over `weight`."""
        state = self.packed.state
        scaling = self.scaling if adapted else 0.0
        parts = (self.packed.codes, scales(state), state.code, self.lora_a, self.lora_b, scaling)
        if weight.is_cuda:
            from rewardlang.trainer.gpu_merge import merge_into

            merge_into(weight, *parts, block=state.blocksize)
        else:
            weight.copy_(merged_reference(*parts, block=state.blocksize, dtype=weight.dtype))


class RolloutWeights:
    """All weights of the sampler, and what each is made of. Addresses never change, so captured CUDA graphs stay valid."""

    in_pages = True  # they leave the card with the sampler's pages, and are written again when those are back

    def __init__(self, matrices: Sequence[MergedMatrix], copies: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """`copies` are (sampler's, trainer's) tensors of one size. Raises ValueError for sizes that do not belong together."""
        for name, first, second in [(one.name, one.weight.shape, tuple(one.packed.state.shape)) for one in matrices] + [
            ("a copied weight", sampled.shape, tuple(own.shape)) for sampled, own in copies
        ]:
            if tuple(first) != second:
                raise ValueError(f"{name}: the sampler has {tuple(first)} and the trainer {second}")
        self.matrices = tuple(matrices)
        self._sampled = [sampled for sampled, _ in copies]
        self._own = [own for _, own in copies]

    @torch.no_grad()
    def clear(self) -> None:
        """The base alone, everywhere."""
        self._write(adapted=False)

    @torch.no_grad()
    def write(self) -> None:
        """Base and adapter, everywhere. The caller synchronises before sampling."""
        self._write(adapted=True)

    def _write(self, *, adapted: bool) -> None:
        torch._foreach_copy_(self._sampled, self._own)
        for matrix in self.matrices:
            matrix.write(matrix.weight, adapted=adapted)

    @torch.no_grad()
    def mismatches(self) -> int:
        """How many of the sampler's weights differ in any bit from base and adapter as they are now."""
        scratch = torch.empty(max(one.weight.numel() for one in self.matrices), dtype=torch.bfloat16, device=self.matrices[0].weight.device)
        counted = []
        for matrix in self.matrices:
            wanted = scratch[: matrix.weight.numel()].view(matrix.weight.shape)
            matrix.write(wanted, adapted=True)
            counted.append((wanted.view(torch.int16) != matrix.weight.view(torch.int16)).sum())
        for sampled, own in zip(self._sampled, self._own, strict=True):
            counted.append((sampled.view(torch.int16) != own.to(sampled.dtype).view(torch.int16)).sum())
        return int(torch.stack(counted).sum())

    def check(self) -> None:
        """Raises `SlotMismatch` unless every weight of the sampler is the trained policy's to the bit."""
        wrong = self.mismatches()
        if wrong:
            raise SlotMismatch(
                f"{wrong} of the sampler's weights differ from the base with the trained adapter: the policy that is sampled is not the "
                "policy that is trained"
            )


def merged_reference(
    codes: torch.Tensor,
    absmax: torch.Tensor,
    table: torch.Tensor,
    lora_a_RI: torch.Tensor,
    lora_b_OR: torch.Tensor,
    scaling: float,
    *,
    block: int = 64,
    dtype: torch.dtype = torch.bfloat16,
) -> torch.Tensor:
    """The merged weight by plain PyTorch: what `gpu_merge`'s kernel is tested against, and what a CPU uses."""
    packed = codes.flatten().int()
    both = torch.stack([packed >> 4, packed & 15], 1).flatten().long()
    base = table[both].view(-1, block) * absmax.view(-1, 1)
    delta = lora_b_OR.float() @ lora_a_RI.float()
    return (base.view(delta.shape) + scaling * delta).to(dtype)
