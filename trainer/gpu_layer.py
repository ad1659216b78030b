"""What a decoder layer does between its matrices: RMS norms and the gated activation, each one pass over memory.

transformers composes them of PyTorch's elementwise operations: a norm passes over its input nine times and keeps it in fp32 for the
backward pass, the activation twice, and keeps what SiLU gave. On a GPU they are the kernels of `gpu_layer_kernels`, elsewhere the formulas
below; both round where transformers rounds.
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


def exchange(model: nn.Module) -> None:
    """Puts both in the place of transformers' own in a dense Llama, Qwen2 or Qwen3."""
    for name, module in list(model.named_modules()):
        owner, _, leaf = name.rpartition(".")
        if type(module).__name__.endswith("RMSNorm"):
            norm: Any = module
            model.get_submodule(owner)._modules[leaf] = RmsNorm(norm.weight, norm.variance_epsilon)
        elif leaf == "mlp":
            model.get_submodule(owner)._modules[leaf] = GatedMlp(module)


def norm_reference(x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
    """transformers' formula: in fp32, rounded to x's type before the weight."""
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)).to(x.dtype)


def gated_reference(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up, SiLU rounded first."""
    return functional.silu(gate) * up
