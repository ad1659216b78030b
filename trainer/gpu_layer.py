"""What a decoder layer does between its matrices: RMS norms, the gated activation and rotary positions, each one pass over memory.

transformers composes them of PyTorch's elementwise operations: a norm passes over its input nine times and keeps it in fp32 for the
backward pass, the activation twice, and keeps what SiLU gave; a rotation is ten kernels. On a GPU they are the kernels of
`gpu_layer_kernels`, elsewhere the formulas below; both round where transformers rounds, but the kernels' rotation, which rounds once.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional


class RmsNorm(nn.Module):
    """transformers' norm of the same weight, which is frozen."""

    def __init__(self, weight: nn.Parameter, epsilon: float) -> None:
        super().__init__()
        self.weight = weight
        self.variance_epsilon = epsilon

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x over the root of the mean of its squares along the last axis, times the weight."""
        if not x.is_cuda:
            return norm_reference(x, self.weight, self.variance_epsilon)
        from rewardlang.trainer.gpu_layer_kernels import norm

        return norm(x, self.weight, self.variance_epsilon)


class GatedMlp(nn.Module):
    """transformers' MLP with SiLU over the same three matrices, which keep their names."""

    def __init__(self, mlp: Any) -> None:
        super().__init__()
        self.gate_proj, self.up_proj, self.down_proj = mlp.gate_proj, mlp.up_proj, mlp.down_proj

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """down(silu(gate(x)) · up(x))."""
        gate, up = self.gate_proj(x), self.up_proj(x)
        if not gate.is_cuda:
            return cast(torch.Tensor, self.down_proj(gated_reference(gate, up)))
        from rewardlang.trainer.gpu_layer_kernels import gated

        return cast(torch.Tensor, self.down_proj(gated(gate, up)))


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
        rotate = rotated_reference
        if query.is_cuda:
            from rewardlang.trainer.gpu_layer_kernels import rotated as rotate
        query, key = rotate(query, *position_embeddings), rotate(key, *position_embeddings)
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


def norm_reference(x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
    """transformers' formula: in fp32, rounded to x's type before the weight."""
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)).to(x.dtype)


def gated_reference(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up, SiLU rounded first."""
    return functional.silu(gate) * up


def rotated_reference(x_BTHD: torch.Tensor, cos_BTD: torch.Tensor, sin_BTD: torch.Tensor) -> torch.Tensor:
    """transformers' rotary positions: the halves of each head are turned against each other, rounded after each step."""
    first, second = x_BTHD.chunk(2, -1)
    return x_BTHD * cos_BTD.unsqueeze(2) + torch.cat([-second, first], -1) * sin_BTD.unsqueeze(2)
