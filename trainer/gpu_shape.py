"""The shape of a policy, read from its `config.json` alone: which matrices it has, and how large they are.

Only dense Llama, Qwen2 and Qwen3 are known. Everything else is refused by
name: the engine maps modules between two libraries, and a mapping that nobody
has checked would train another policy than the one that is sampled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ARCHITECTURES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class UnsupportedPolicy(ValueError):
    """The engine does not know this architecture, or a feature of it."""


@dataclass(frozen=True)
class Linear:
    """One adapted matrix of a decoder layer: `outputs` × `inputs`, with or without a bias."""

    name: str
    outputs: int
    inputs: int
    bias: bool

    @property
    def elements(self) -> int:
        """Entries of the matrix, the bias not counted."""
        return self.outputs * self.inputs


@dataclass(frozen=True)
class PolicyShape:
    """The sizes that memory and module names depend on."""

    model_type: str
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    tied: bool
    attention_bias: bool  # on q, k and v; Qwen2 always has it, o never
    query_key_norm: bool

    @property
    def queries(self) -> int:
        """Width of the query projection."""
        return self.heads * self.head_dim

    @property
    def keys(self) -> int:
        """Width of the key projection, and of the value projection."""
        return self.kv_heads * self.head_dim

    def linears(self) -> tuple[Linear, ...]:
        """The seven adapted matrices of one decoder layer."""
        bias, output_bias = self.attention_bias, self.attention_bias and self.model_type != "qwen2"
        return (
            Linear("q_proj", self.queries, self.hidden, bias),
            Linear("k_proj", self.keys, self.hidden, bias),
            Linear("v_proj", self.keys, self.hidden, bias),
            Linear("o_proj", self.hidden, self.queries, output_bias),
            Linear("gate_proj", self.intermediate, self.hidden, False),
            Linear("up_proj", self.intermediate, self.hidden, False),
            Linear("down_proj", self.hidden, self.intermediate, False),
        )

    def linear_names(self) -> Iterator[str]:
        """The full module names of every adapted matrix, as transformers has them."""
        for layer in range(self.layers):
            for name in LINEARS:
                part = "self_attn" if name in LINEARS[:4] else "mlp"
                yield f"model.layers.{layer}.{part}.{name}"

    def dense_names(self) -> Iterator[str]:
        """The full names of every parameter that has no adapter, biases apart."""
        yield "model.embed_tokens.weight"
        for layer in range(self.layers):
            yield f"model.layers.{layer}.input_layernorm.weight"
            yield f"model.layers.{layer}.post_attention_layernorm.weight"
            if self.query_key_norm:
                yield f"model.layers.{layer}.self_attn.q_norm.weight"
                yield f"model.layers.{layer}.self_attn.k_norm.weight"
        yield "model.norm.weight"
        if not self.tied:
            yield "lm_head.weight"

    @property
    def embedding_elements(self) -> int:
        """Entries of the embedding, and of the head where it is a matrix of its own."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def small_elements(self) -> int:
        """Entries of norms and biases."""
        norms = 2 * self.hidden + (2 * self.head_dim if self.query_key_norm else 0)
        biases = sum(linear.outputs for linear in self.linears() if linear.bias)
        return self.layers * (norms + biases) + self.hidden

    @property
    def parameters(self) -> int:
        """All parameters of the policy, a tied head counted once."""
        return self.layers * sum(linear.elements for linear in self.linears()) + self.embedding_elements + self.small_elements

    def lora_parameters(self, rank: int) -> int:
        """Parameters of a LoRA adapter of this rank on the seven matrices of every layer."""
        return self.layers * sum(rank * (linear.inputs + linear.outputs) for linear in self.linears())


def shape_from_config(config: Mapping[str, Any]) -> PolicyShape:
    """The shape that a `config.json` describes.

    Raises `UnsupportedPolicy` for an architecture other than dense Llama, Qwen2 and Qwen3, and for a feature of these that the
    engine does not map (biases in the MLP, another activation, sliding windows, weights quantised by something other than bitsandbytes).
    """
    model_type = str(config.get("model_type", ""))
    named = [str(name) for name in config.get("architectures") or ()]
    known = ARCHITECTURES.get(model_type)
    if known is None or any(name != known for name in named):
        found = named[0] if named else model_type or "a config without model_type"
        raise UnsupportedPolicy(f"{found} is not supported by the GPU engine; it knows {', '.join(ARCHITECTURES.values())}")
    if config.get("mlp_bias"):
        raise UnsupportedPolicy(f"{known} with biases in its MLP (mlp_bias) is not supported by the GPU engine")
    if config.get("use_sliding_window") or "sliding_attention" in (config.get("layer_types") or ()):
        raise UnsupportedPolicy(f"{known} with sliding-window attention is not supported by the GPU engine")
    if config.get("hidden_act", "silu") != "silu":
        raise UnsupportedPolicy(f"{known} with {config['hidden_act']} in place of silu is not supported by the GPU engine")
    method = (config.get("quantization_config") or {}).get("quant_method", "bitsandbytes")
    if method != "bitsandbytes":
        raise UnsupportedPolicy(
            f"weights quantised by {method} are not supported by the GPU engine; use 16-bit or bitsandbytes 4-bit weights"
        )
    heads = int(config["num_attention_heads"])
    return PolicyShape(
        model_type=model_type,
        vocabulary=int(config["vocab_size"]),
        hidden=int(config["hidden_size"]),
        intermediate=int(config["intermediate_size"]),
        layers=int(config["num_hidden_layers"]),
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
        head_dim=int(config.get("head_dim") or int(config["hidden_size"]) // heads),
        tied=bool(config.get("tie_word_embeddings", False)),
        attention_bias=model_type == "qwen2" or bool(config.get("attention_bias", False)),
        query_key_norm=model_type == "qwen3",
    )
