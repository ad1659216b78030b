"""A module tree shaped like vLLM's, on the CPU: fused NF4 matrices and stacked LoRA buffers, made from a small random policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from rewardlang.trainer.gpu_nested import packed_states, share_buffer
from rewardlang.trainer.gpu_shape import PolicyShape, shape_from_config
from rewardlang.trainer.gpu_vllm_weights import VllmWeights

SIZES: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 192,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}


def small_config(model_type: str, *, tied: bool) -> Any:
    """A `PretrainedConfig` of one of the three architectures, small enough for a test."""
    from transformers import LlamaConfig, Qwen2Config, Qwen3Config

    made: Any = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}[model_type]
    head = {} if model_type == "qwen2" else {"head_dim": 16}
    return made(**SIZES, **head, tie_word_embeddings=tied, initializer_range=0.2)


def small_model(config: Any) -> Any:
    """The policy in bf16 with weights drawn from a fixed seed; biases are not zero, so that a lost one shows."""
    from transformers import AutoModelForCausalLM

    make: Any = AutoModelForCausalLM.from_config
    torch.manual_seed(3)
    config._attn_implementation = "sdpa"
    model = make(config, dtype=torch.bfloat16)
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):
            nn.init.normal_(parameter, std=0.3)
    return model


@dataclass
class Fake:
    """What vLLM would hold, and the same policy as a plain fp32 model with the weights that NF4 leaves."""

    weights: VllmWeights
    reference: Any
    config: Any
    shape: PolicyShape


def fake_vllm(model_type: str, *, tied: bool = True, rank: int = 8, padded_rows: int = 32, nested: bool = False) -> Fake:
    """Quantises every matrix as vLLM's loader does, shard by shard, into fused storages, and pads the vocabulary.

    With `nested` scales as the engine's nested worker leaves them.
    """
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit

    config = small_config(model_type, tied=tied)
    model = small_model(config).float()
    shape = shape_from_config(config.to_dict())
    tree = nn.Module()
    for path, leaves in _fused_groups(shape):
        shards = [model.get_submodule(leaf) for leaf in leaves]
        packed = [
            quantize_4bit(linear.weight.data.bfloat16(), blocksize=64, compress_statistics=nested, quant_type="nf4") for linear in shards
        ]
        for linear, (codes, state) in zip(shards, packed, strict=True):
            linear.weight.data = dequantize_4bit(codes, state).float()
        base = nn.Module()
        weight = nn.Parameter(torch.cat([codes for codes, _ in packed]), requires_grad=False)
        offsets = torch.tensor([0, *[codes.shape[0] for codes, _ in packed]]).cumsum(0)
        setattr(weight, "bnb_quant_state", {index: state for index, (_, state) in enumerate(packed)})  # noqa: B010
        setattr(weight, "bnb_shard_offsets", offsets)  # noqa: B010
        base.register_parameter("weight", weight)
        biases = [linear.bias.data.bfloat16() for linear in shards if linear.bias is not None]
        base.register_parameter("bias", nn.Parameter(torch.cat(biases), requires_grad=False) if biases else None)
        wrapper = nn.Module()
        wrapper.add_module("base_layer", base)
        stacks_a = tuple(torch.zeros(1, 1, rank, linear.in_features, dtype=torch.bfloat16) for linear in shards)
        stacks_b = tuple(torch.zeros(1, 1, linear.out_features, rank, dtype=torch.bfloat16) for linear in shards)
        wrapper.lora_a_stacked, wrapper.lora_b_stacked = stacks_a, stacks_b  # type: ignore[assignment]
        _put(tree, path, wrapper)
    for name, parameter in model.named_parameters():
        if "proj" in name:
            continue
        owner, _, leaf = name.rpartition(".")
        rows = torch.zeros(padded_rows, parameter.shape[1]) if "embed" in name or "lm_head" in name else None
        data = parameter.data.clone() if rows is None else torch.cat([parameter.data, rows])
        holder = nn.Module()
        holder.register_parameter(leaf, nn.Parameter(data.bfloat16(), requires_grad=False))
        _put(tree, owner, holder)
    if nested:
        share_buffer(packed_states(tree))
    return Fake(VllmWeights(tree, shape), model, config, shape)


def plain_tree(shape: PolicyShape, *, padded_rows: int = 32) -> nn.Module:
    """vLLM's module tree over 16-bit weights that nobody has written yet: dummies, as its loader of that name leaves them."""
    tree, sizes = nn.Module(), {linear.name: linear for linear in shape.linears()}
    for path, leaves in _fused_groups(shape):
        shards = [sizes[leaf.rpartition(".")[2]] for leaf in leaves]
        outputs = sum(shard.outputs for shard in shards)
        module = nn.Module()
        module.register_parameter("weight", _dummy(outputs, shards[0].inputs))
        module.register_parameter("bias", _dummy(outputs) if shards[0].bias else None)
        _put(tree, path, module)
    for name in shape.dense_names():
        owner, _, leaf = name.rpartition(".")
        embedding = owner.endswith(("embed_tokens", "lm_head"))
        width = shape.head_dim if owner.endswith(("q_norm", "k_norm")) else shape.hidden
        holder = nn.Module()
        holder.register_parameter(leaf, _dummy(shape.vocabulary + padded_rows, shape.hidden) if embedding else _dummy(width))
        _put(tree, owner, holder)
    return tree


def _dummy(*size: int) -> nn.Parameter:
    return nn.Parameter(torch.full(size, 0.001, dtype=torch.bfloat16), requires_grad=False)


def _fused_groups(shape: PolicyShape) -> list[tuple[str, list[str]]]:
    groups = []
    for layer in range(shape.layers):
        attention, mlp = f"model.layers.{layer}.self_attn", f"model.layers.{layer}.mlp"
        groups += [
            (f"{attention}.qkv_proj", [f"{attention}.{leaf}" for leaf in ("q_proj", "k_proj", "v_proj")]),
            (f"{attention}.o_proj", [f"{attention}.o_proj"]),
            (f"{mlp}.gate_up_proj", [f"{mlp}.{leaf}" for leaf in ("gate_proj", "up_proj")]),
            (f"{mlp}.down_proj", [f"{mlp}.down_proj"]),
        ]
    return groups


def _put(tree: nn.Module, path: str, module: nn.Module) -> None:
    *parents, leaf = path.split(".")
    for part in parents:
        if part not in tree._modules:
            tree.add_module(part, nn.Module())
        inner = tree._modules[part]
        assert inner is not None
        tree = inner
    tree.add_module(leaf, module)
