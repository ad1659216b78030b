"""What vLLM holds, by the module names of transformers: packed matrices, plain ones, and the LoRA slot's buffers.

The attributes read here (`bnb_quant_state`, `bnb_shard_offsets`, `lora_a_stacked`, `lora_b_stacked`, fused modules) are not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from rewardlang.trainer.gpu_shape import PolicyShape

VLLM_VERSION = "0.26.0"

# vLLM fuses matrices that read the same input: ours → (vLLM's, which shard of it).
FUSED = {
    "q_proj": ("qkv_proj", 0),
    "k_proj": ("qkv_proj", 1),
    "v_proj": ("qkv_proj", 2),
    "gate_proj": ("gate_up_proj", 0),
    "up_proj": ("gate_up_proj", 1),
}


class EngineContract(RuntimeError):
    """vLLM does not have what this module relies on; the message names the version and the attribute."""


@dataclass(frozen=True)
class PackedLinear:
    """One matrix of the base: NF4 codes as a view of vLLM's storage, bitsandbytes' state of it, and its bias."""

    codes: torch.Tensor  # uint8, (elements / 2, 1)
    state: Any
    bias: torch.Tensor | None


@dataclass(frozen=True)
class PlainLinear:
    """One 16-bit matrix, outputs × inputs, and its bias: views of what vLLM multiplies with."""

    weight: torch.Tensor
    bias: torch.Tensor | None


@dataclass(frozen=True)
class Slot:
    """The sampler's LoRA buffers for one matrix: A (slot rank × inputs) and B (outputs × slot rank), bf16."""

    a: torch.Tensor
    b: torch.Tensor


class VllmWeights:
    """vLLM's module tree, read by the module names of transformers."""

    def __init__(self, model: torch.nn.Module, shape: PolicyShape) -> None:
        self.shape = shape
        self._modules = dict(model.named_modules())

    def linear(self, name: str) -> PackedLinear:
        """The packed weight of `model.layers.N.….q_proj` and its like. Raises `EngineContract` where it is not NF4."""
        module, shard = self._fused(name)
        base = getattr(module, "base_layer", module)
        weight = base.weight
        states, offsets = getattr(weight, "bnb_quant_state", None), getattr(weight, "bnb_shard_offsets", None)
        if states is None or offsets is None:
            raise EngineContract(
                f"vllm {VLLM_VERSION} holds no bitsandbytes weight for {name}: bnb_quant_state or bnb_shard_offsets is missing"
            )
        state = states[shard]
        if getattr(state, "quant_type", "nf4") != "nf4":
            raise EngineContract(f"{name} is quantised as {state.quant_type}; the GPU engine needs nf4")
        codes = weight.data[int(offsets[shard]) : int(offsets[shard + 1])]
        bias = getattr(base, "bias", None)
        if bias is not None:
            outputs = [states[index].shape[0] for index in range(len(states))]
            bias = bias.data[sum(outputs[:shard]) : sum(outputs[: shard + 1])]
        return PackedLinear(codes, state, bias)

    def merged(self, name: str) -> PlainLinear:
        """The rows of a fused 16-bit matrix that are this one. Raises `EngineContract` where it is packed or of another size."""
        module, shard = self._fused(name)
        source = name.rpartition(".")[2]
        sizes = {linear.name: (linear.outputs, linear.inputs) for linear in self.shape.linears()}
        siblings = [leaf for leaf, (fused, _) in FUSED.items() if fused == FUSED.get(source, (None, 0))[0]] or [source]
        first = sum(sizes[leaf][0] for leaf in siblings[:shard])
        weight, bias = module.weight.data, getattr(module, "bias", None)
        wanted = (sum(sizes[leaf][0] for leaf in siblings), sizes[source][1])
        if tuple(weight.shape) != wanted or not weight.is_floating_point():
            raise EngineContract(f"vllm {VLLM_VERSION} holds {weight.dtype} {tuple(weight.shape)} for {name}, not 16-bit weights {wanted}")
        rows = slice(first, first + sizes[source][0])
        return PlainLinear(weight[rows], None if bias is None else bias.data[rows])

    def dense(self, name: str) -> torch.Tensor:
        """A 16-bit parameter by its full name (`model.norm.weight`); rows that only pad the vocabulary are left out."""
        owner, _, leaf = name.rpartition(".")
        module = self._modules.get(owner)
        module = getattr(module, "base_layer", module)
        parameter: torch.Tensor | None = getattr(module, leaf, None)
        if parameter is None:
            raise EngineContract(f"vllm {VLLM_VERSION} has no parameter {name}")
        padded = owner.endswith(("embed_tokens", "lm_head"))
        return parameter.data[: self.shape.vocabulary] if padded else parameter.data

    def slot(self, name: str, index: int) -> Slot:
        """The LoRA buffers of a matrix in the slot with this index."""
        module, shard = self._fused(name)
        if not hasattr(module, "lora_a_stacked") or not hasattr(module, "lora_b_stacked"):
            raise EngineContract(f"vllm {VLLM_VERSION} has no LoRA slot for {name}: lora_a_stacked or lora_b_stacked is missing")
        return Slot(module.lora_a_stacked[shard][index, 0], module.lora_b_stacked[shard][index, 0])

    def parameters(self) -> list[torch.Tensor]:
        """Every parameter that vLLM holds."""
        return [parameter for module in self._modules.values() for parameter in module._parameters.values() if parameter is not None]

    def _fused(self, name: str) -> tuple[Any, int]:
        parent, _, leaf = name.rpartition(".")
        source, shard = FUSED.get(leaf, (leaf, 0))
        module = self._modules.get(f"{parent}.{source}")
        if module is None:
            raise EngineContract(f"vllm {VLLM_VERSION} has no module {parent}.{source}")
        return module, shard
