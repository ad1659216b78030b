"""The worker class that vLLM loads by name: what the engine changes inside vLLM, and all of it.

1. Every LoRA layer over an NF4 matrix rounds base and adapter once (`gpu_rounding`), where vLLM adds the adapter to a rounded product.
2. With nested scales (`NestedWorker`) vLLM's loader leaves them nested, and every matrix is expanded into one buffer (`gpu_nested`).
3. With the fused product (`FusedWorker`) a decoding step multiplies in one kernel a matrix (`gpu_product`).
4. Only the KV cache lives in the pool whose pages `sleep` unmaps: the weights, and the trainer's views of them, stay where they are.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from vllm.v1.worker.gpu_worker import Worker

from rewardlang.trainer.gpu_nested import kept_nested, packed_states, share_buffer
from rewardlang.trainer.gpu_rounding import add_products_, fused


class EngineWorker(Worker):  # type: ignore[misc, unused-ignore]
    """vLLM's GPU worker with the first and the last of the changes above."""

    def load_model(self, *, load_dummy_weights: bool = False) -> None:
        """Loads as vLLM does, then exchanges the LoRA layers' product: before profiling and before graphs are captured."""
        super().load_model(load_dummy_weights=load_dummy_weights)
        for layer in adapted_layers(self.model_runner.get_model()):
            layer._apply_sync = partial(rounded_once, layer)

    def _maybe_get_memory_pool_context(self, tag: str) -> AbstractContextManager[Any]:
        if tag == "weights":
            return nullcontext()
        context: AbstractContextManager[Any] = super()._maybe_get_memory_pool_context(tag)
        return context


class NestedWorker(EngineWorker):
    """The same over a base whose scales stay nested."""

    def load_model(self, *, load_dummy_weights: bool = False) -> None:
        """Loads without multiplying out; the buffer is there before profiling and before graphs are captured."""
        from vllm.model_executor.model_loader.bitsandbytes_loader import BitsAndBytesModelLoader

        with kept_nested(BitsAndBytesModelLoader):
            super().load_model(load_dummy_weights=load_dummy_weights)
        share_buffer(packed_states(self.model_runner.get_model()))


class FusedWorker(EngineWorker):
    """The same with one kernel for the product of a decoding step (`gpu_product`)."""

    def load_model(self, *, load_dummy_weights: bool = False) -> None:
        """Joins the scales of fused matrices and compiles the kernel for each size of matrix."""
        from rewardlang.trainer.gpu_product import joined_scales, warm_up

        super().load_model(load_dummy_weights=load_dummy_weights)
        seen = set()
        for layer in adapted_layers(self.model_runner.get_model()):
            weight = layer.base_layer.weight
            state = weight.bnb_quant_state[0]
            scales = joined_scales(weight.bnb_quant_state)
            layer._apply_sync = partial(rounded_once, layer, scales=scales)
            size = (weight.numel(), state.shape[1])
            if size not in seen:
                seen.add(size)
                warm_up(weight.data, scales, state.code, state.shape[1], state.blocksize)


def adapted_layers(model: torch.nn.Module) -> list[Any]:
    """vLLM's LoRA layers over NF4 matrices."""
    layers: list[Any] = [layer for layer in model.modules() if hasattr(layer, "lora_a_stacked")]
    return [layer for layer in layers if hasattr(getattr(getattr(layer, "base_layer", None), "weight", None), "bnb_quant_state")]


def rounded_once(layer: Any, x: torch.Tensor, bias: torch.Tensor | None = None, *, scales: torch.Tensor | None = None) -> torch.Tensor:
    """A LoRA layer's output: the adapter's product first, then the base's accumulated onto it, then the bias.

    `scales` are those of all shards, for the fused kernel where it takes such a batch.
    """
    weight = layer.base_layer.weight
    states, offsets = weight.bnb_quant_state, weight.bnb_shard_offsets
    shards = [(weight.data[int(offsets[index]) : int(offsets[index + 1])], states[index]) for index in range(len(states))]
    output = torch.zeros(x.shape[0], sum(state.shape[0] for _, state in shards), dtype=x.dtype, device=x.device)
    layer.punica_wrapper.add_lora_linear(output, x, layer.lora_a_stacked, layer.lora_b_stacked, 1.0, layer.output_slices)
    if scales is None or not fused(output, x, weight.data, scales, states[0]):
        add_products_(output, x, shards)
    return output if bias is None else output.add_(bias)
