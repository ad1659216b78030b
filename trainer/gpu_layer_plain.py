"""The parts of `gpu_layer` in plain PyTorch: on a CPU, and what the kernels are held to. Values are transformers' own to the bit."""

from __future__ import annotations

import torch
from torch.nn import functional


def norm(x: torch.Tensor, weight_H: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The norm, rounded to x's type before the weight, and one over each row's root in fp32."""
    wide = x.float()
    roots = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)
    return weight_H * (wide * roots).to(x.dtype), roots


def norm_backward(grad: torch.Tensor, x: torch.Tensor, weight_H: torch.Tensor, roots: torch.Tensor) -> torch.Tensor:
    """The gradient of x: r · (g − n · mean(g · n)) with n = x · r and g = grad · weight."""
    scaled, slope = x.float() * roots, grad.float() * weight_H.float()
    return (roots * (slope - scaled * (slope * scaled).mean(-1, keepdim=True))).to(x.dtype)


def gate(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """silu(gate) · up, SiLU rounded first."""
    return functional.silu(gate) * up


def gate_backward(grad: torch.Tensor, gate: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of both."""
    slope, wide = grad.float(), gate.float()
    share = wide.sigmoid()
    return (slope * up.float() * share * (1.0 + wide * (1.0 - share))).to(gate.dtype), (slope * wide * share).to(up.dtype)


def rotate(x_BTHD: torch.Tensor, cos_BTD: torch.Tensor, sin_BTD: torch.Tensor, *, backward: bool) -> torch.Tensor:
    """Each head's halves turned; backward the other way round."""
    cos, sin = cos_BTD.unsqueeze(2), sin_BTD.unsqueeze(2)
    if backward:
        first, second = (x_BTHD * sin).chunk(2, -1)
        return x_BTHD * cos + torch.cat([second, -first], -1)
    first, second = x_BTHD.chunk(2, -1)
    return x_BTHD * cos + torch.cat([-second, first], -1) * sin
