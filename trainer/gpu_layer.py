"""What a decoder layer does between its matrices: RMS norms, the gated activation and rotary positions, each one pass over memory.

transformers composes them of PyTorch's elementwise operations: a norm passes over its input nine times and keeps it in fp32 for the
backward pass, the activation twice, and keeps what SiLU gave; a rotation is ten kernels. On a GPU they are the kernels of
`gpu_layer_kernels`, elsewhere the formulas of `gpu_layer_plain`; both keep the same for the backward pass.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, cast

import torch
from torch import nn


class RmsNorm(nn.Module):
    """transformers' norm of the same weight, which is frozen."""

    def __init__(self, weight: nn.Parameter, epsilon: float) -> None:
        super().__init__()
        self.weight = weight
        self.variance_epsilon = epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x over the root of the mean of its squares along the last axis, times the weight."""
        return normed(x, self.weight, self.variance_epsilon)


class GatedMlp(nn.Module):
    """transformers' MLP with SiLU over the same three matrices, which keep their names."""

    def __init__(self, mlp: Any) -> None:
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = mlp.gate_proj, mlp.up_proj, mlp.down_proj

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """down(silu(gate(x)) · up(x))."""
        return cast(torch.Tensor, self.down_proj(gated(self.gate_proj(x), self.up_proj(x))))


class Attention(nn.Module):
    """transformers' attention of Llama, Qwen2 and Qwen3 without a cache, over the same modules, which keep their names."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        for name, module in attention.named_children():
            self.add_module(name, module)
        self.normed = hasattr(attention, "q_norm")
        # What transformers' attention functions look up in a module.
        self.config, self.layer_idx, self.head_dim = attention.config, attention.layer_idx, attention.head_dim
        self.scaling, self.num_key_value_groups, self.is_causal = attention.scaling, attention.num_key_value_groups, attention.is_causal

    def forward(
        self,
        hidden_states: torch.Tensor,
        position_embeddings: tuple[torch.Tensor, torch.Tensor],
        attention_mask: Any = None,
        **options: Any,
    ) -> tuple[torch.Tensor, Any]:
        """Its output, and what the attention function gives besides."""
        if options.pop("past_key_values", None) is not None:
            raise ValueError("the trainer's model computes whole sequences: call it with use_cache=False")
        from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

        heads = (*hidden_states.shape[:-1], -1, self.head_dim)
        query, key, value = (cast(nn.Module, getattr(self, name))(hidden_states).view(heads) for name in ("q_proj", "k_proj", "v_proj"))
        if self.normed:
            query, key = cast(nn.Module, self.q_norm)(query), cast(nn.Module, self.k_norm)(key)
        query, key = rotated(query, *position_embeddings), rotated(key, *position_embeddings)
        attend: Any = ALL_ATTENTION_FUNCTIONS[self.config._attn_implementation]
        turned = [tensor.transpose(1, 2) for tensor in (query, key, value)]
        output, weights = attend(self, *turned, attention_mask, dropout=0.0, scaling=self.scaling, sliding_window=None, **options)
        return cast(nn.Module, self.o_proj)(output.reshape(*heads[:-2], -1).contiguous()), weights


def exchange(model: nn.Module) -> None:
    """Puts all three in the place of transformers' own in a dense Llama, Qwen2 or Qwen3."""
    for name, module in list(model.named_modules()):
        owner, _, leaf = name.rpartition(".")
        if type(module).__name__.endswith("RMSNorm"):
            norm: Any = module
            model.get_submodule(owner)._modules[leaf] = RmsNorm(norm.weight, norm.variance_epsilon)
        elif leaf == "mlp":
            model.get_submodule(owner)._modules[leaf] = GatedMlp(module)
        elif leaf == "self_attn":
            model.get_submodule(owner)._modules[leaf] = Attention(module)


def normed(x: torch.Tensor, weight_H: torch.Tensor, epsilon: float) -> torch.Tensor:
    """Differentiable in x alone. Raises ValueError for a weight that is trained or of another width."""
    if weight_H.requires_grad or weight_H.shape != x.shape[-1:]:
        raise ValueError(f"rows of {x.shape[-1]} take a frozen weight of as many, not one of {tuple(weight_H.shape)}")
    return cast(torch.Tensor, _Normed.apply(x, weight_H, epsilon))  # type: ignore[no-untyped-call]


def gated(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up, differentiable in both. Raises ValueError for two shapes or types."""
    if gate.shape != up.shape or gate.dtype != up.dtype:
        raise ValueError(f"a gate of {tuple(gate.shape)} in {gate.dtype} is not for {tuple(up.shape)} in {up.dtype}")
    return cast(torch.Tensor, _Gated.apply(gate, up))  # type: ignore[no-untyped-call]


def rotated(x_BTHD: torch.Tensor, cos_BTD: torch.Tensor, sin_BTD: torch.Tensor) -> torch.Tensor:
    """Rotary positions: the halves of each head turned against each other, differentiable in x. Angles of one sequence are for all.

    Raises ValueError for angles that are not for such heads.
    """
    sequences, tokens, _, width = x_BTHD.shape
    if cos_BTD.shape != sin_BTD.shape or cos_BTD.shape[0] not in (1, sequences) or cos_BTD.shape[1:] != (tokens, width) or width % 2:
        raise ValueError(f"angles of {tuple(cos_BTD.shape)} and {tuple(sin_BTD.shape)} are not for heads of {tuple(x_BTHD.shape)}")
    return cast(torch.Tensor, _Rotated.apply(x_BTHD, cos_BTD, sin_BTD))  # type: ignore[no-untyped-call]


def way_of(tensor: torch.Tensor) -> ModuleType:
    """The module that computes with such a tensor."""
    if tensor.is_cuda:
        from rewardlang.trainer import gpu_layer_kernels

        return gpu_layer_kernels
    from rewardlang.trainer import gpu_layer_plain

    return gpu_layer_plain


class _Normed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight_H: torch.Tensor, epsilon: float) -> torch.Tensor:
        out: torch.Tensor
        out, roots = way_of(x).norm(x, weight_H, epsilon)
        ctx.save_for_backward(x, weight_H, roots)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return way_of(grads[0]).norm_backward(grads[0], *ctx.saved_tensors), None, None


class _Gated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        return cast(torch.Tensor, way_of(gate).gate(gate, up))

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return cast(tuple[torch.Tensor, torch.Tensor], way_of(grads[0]).gate_backward(grads[0], *ctx.saved_tensors))


class _Rotated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_BTHD: torch.Tensor, cos_BTD: torch.Tensor, sin_BTD: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(cos_BTD, sin_BTD)
        return cast(torch.Tensor, way_of(x_BTHD).rotate(x_BTHD, cos_BTD, sin_BTD, backward=False))

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return way_of(grads[0]).rotate(grads[0], *ctx.saved_tensors, backward=True), None, None
