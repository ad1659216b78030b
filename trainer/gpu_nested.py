"""Nested scales: a byte for each block of 64 weights in place of four, and every matrix expanded into one buffer.

bitsandbytes quantises the scales of a matrix once more (a byte each, one fp32 scale for 256 of them, one offset). vLLM multiplies that
out when it loads. Kept as it is, a base of 70 billion parameters takes 3 GiB less, and the policy is the same to the bit, because the
product expands them with the same two operations. Sampler and trainer then expand every matrix into the same addresses: that is right
because one thread issues the products of both on one stream, and each is done with its matrix before the next is expanded; CUDA graphs
captured over the buffer stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import torch

from rewardlang.trainer.gpu_vllm_weights import VLLM_VERSION, EngineContract


class ExpansionBuffer:
    """Room for one matrix in 16 bits and its scales in fp32. `gpu_rounding` finds it as the attribute `buffer` of a quantisation state."""

    def __init__(self, elements: int, block: int, device: torch.device) -> None:
        # vLLM loads under inference mode; a tensor made there could not be written by the trainer.
        with torch.inference_mode(False):
            self.matrix = torch.empty(elements, dtype=torch.bfloat16, device=device)
            self.scales = torch.empty(-(-elements // block), dtype=torch.float32, device=device)


def share_buffer(states: Sequence[Any]) -> ExpansionBuffer:
    """One buffer, as large as the largest matrix needs, for all of these states. Raises `EngineContract` where scales are not nested."""
    plain = sum(not state.nested for state in states)
    if plain or not states:
        raise EngineContract(f"the scales of {plain} of {len(states)} matrices are not nested after vllm {VLLM_VERSION} loaded them")
    largest, block = max(prod(state.shape) for state in states), min(state.blocksize for state in states)
    buffer = ExpansionBuffer(largest, block, states[0].absmax.device)
    for state in states:
        state.buffer = buffer
    return buffer


def packed_states(model: torch.nn.Module) -> list[Any]:
    """The state of every shard of every packed matrix of vLLM's module tree."""
    weights = [module._parameters.get("weight") for module in model.modules()]
    return [state for weight in weights for state in getattr(weight, "bnb_quant_state", {}).values()]


@contextmanager
def kept_nested(loader: Any) -> Iterator[None]:
    """Inside, this class of vLLM's loaders leaves nested scales as they are."""
    expand = loader._dequantize_dq
    loader._dequantize_dq = _as_they_are
    try:
        yield
    finally:
        loader._dequantize_dq = expand


def _as_they_are(_: Any, quant_states: Any) -> Any:
    return quant_states
