"""The Triton kernels of `gpu_layer`: RMS norm, gated activation and rotary positions, forward and backward.

The weight of a norm is frozen and gets no gradient. Names of tensors end in their axes: B sequences, T tokens, H heads (of a norm: its
width), D the width of a head.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_ELEMENTS = 2048  # of a program of the activation: 16 bytes a thread and tensor


@triton.jit  # type: ignore[untyped-decorator]
def _norm(x, weight, out, roots, epsilon, WIDTH: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    row, column = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    inside = column < WIDTH
    wide = tl.load(x + row * WIDTH + column, mask=inside, other=0.0).to(tl.float32)
    root = 1.0 / tl.sqrt(tl.sum(wide * wide, axis=0) / WIDTH + epsilon)
    tl.store(roots + row, root)
    scaled = (wide * root).to(x.dtype.element_ty).to(tl.float32) * tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * WIDTH + column, scaled.to(out.dtype.element_ty), mask=inside)


@triton.jit  # type: ignore[untyped-decorator]
def _norm_backward(grad, x, weight, roots, grad_x, WIDTH: tl.constexpr, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    row, column = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    inside = column < WIDTH
    root = tl.load(roots + row)
    scaled = tl.load(x + row * WIDTH + column, mask=inside, other=0.0).to(tl.float32) * root
    slope = tl.load(grad + row * WIDTH + column, mask=inside, other=0.0).to(tl.float32)
    slope *= tl.load(weight + column, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(slope * scaled, axis=0) / WIDTH
    tl.store(grad_x + row * WIDTH + column, (root * (slope - scaled * mean)).to(grad_x.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["elements"])  # type: ignore[untyped-decorator]
def _gated(gate, up, out, elements, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    # The first element counts 64 bits, the lane 32: a sum of both for each element would be most of the arithmetic.
    first, lane = tl.program_id(0).to(tl.int64) * BLOCK, tl.arange(0, BLOCK)
    inside = lane < elements - first
    wide = tl.load(gate + first + lane, mask=inside, other=0.0).to(tl.float32)
    other = tl.load(up + first + lane, mask=inside, other=0.0).to(tl.float32)
    active = (wide / (1.0 + tl.exp(-wide))).to(gate.dtype.element_ty).to(tl.float32)
    tl.store(out + first + lane, (active * other).to(out.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["elements"])  # type: ignore[untyped-decorator]
def _gated_backward(grad, gate, up, grad_gate, grad_up, elements, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    first, lane = tl.program_id(0).to(tl.int64) * BLOCK, tl.arange(0, BLOCK)
    inside = lane < elements - first
    slope = tl.load(grad + first + lane, mask=inside, other=0.0).to(tl.float32)
    wide = tl.load(gate + first + lane, mask=inside, other=0.0).to(tl.float32)
    other = tl.load(up + first + lane, mask=inside, other=0.0).to(tl.float32)
    share = 1.0 / (1.0 + tl.exp(-wide))
    tl.store(grad_up + first + lane, (slope * (wide * share)).to(grad_up.dtype.element_ty), mask=inside)
    steep = share * (1.0 + wide * (1.0 - share))
    tl.store(grad_gate + first + lane, (slope * other * steep).to(grad_gate.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["tokens"])  # type: ignore[untyped-decorator]
def _rotate(  # type: ignore[no-untyped-def]
    x,
    cos,
    sin,
    out,
    tokens,
    stride_sequence,
    stride_token,
    stride_head,
    stride_cos,
    HEADS: tl.constexpr,
    HALF: tl.constexpr,
    HEAD_BLOCK: tl.constexpr,
    HALF_BLOCK: tl.constexpr,
    BACKWARD: tl.constexpr,
):
    token, head, column = tl.program_id(0).to(tl.int64), tl.arange(0, HEAD_BLOCK), tl.arange(0, HALF_BLOCK)
    inside = (head[:, None] < HEADS) & (column[None, :] < HALF)
    source = x + token // tokens * stride_sequence + token % tokens * stride_token + head[:, None] * stride_head + column[None, :]
    first, second = tl.load(source, mask=inside, other=0.0).to(tl.float32), tl.load(source + HALF, mask=inside, other=0.0).to(tl.float32)
    angle = token // tokens * stride_cos + token % tokens * 2 * HALF + column
    cos_first, cos_second = _wide(cos + angle, column < HALF), _wide(cos + angle + HALF, column < HALF)
    sin_first, sin_second = _wide(sin + angle, column < HALF), _wide(sin + angle + HALF, column < HALF)
    if BACKWARD:
        turned_first, turned_second = first * cos_first + second * sin_second, second * cos_second - first * sin_first
    else:
        turned_first, turned_second = first * cos_first - second * sin_first, second * cos_second + first * sin_second
    target = out + (token * HEADS + head[:, None]) * 2 * HALF + column[None, :]
    tl.store(target, turned_first.to(out.dtype.element_ty), mask=inside)
    tl.store(target + HALF, turned_second.to(out.dtype.element_ty), mask=inside)


@triton.jit
def _wide(places, inside):  # type: ignore[no-untyped-def]
    return tl.load(places, mask=inside, other=0.0).to(tl.float32)[None, :]


def norm(x: torch.Tensor, weight_H: torch.Tensor, epsilon: float) -> tuple[torch.Tensor, torch.Tensor]:
    """`gpu_layer_plain.norm`."""
    x, width = x.contiguous(), x.shape[-1]
    out = torch.empty_like(x, dtype=torch.promote_types(x.dtype, weight_H.dtype))
    roots = torch.empty(*x.shape[:-1], 1, device=x.device)
    _norm[(roots.numel(),)](x, weight_H, out, roots, epsilon, WIDTH=width, **_cut(width))
    return out, roots


def norm_backward(grad: torch.Tensor, x: torch.Tensor, weight_H: torch.Tensor, roots: torch.Tensor) -> torch.Tensor:
    """`gpu_layer_plain.norm_backward`."""
    x, width = x.contiguous(), x.shape[-1]
    grad_x = torch.empty_like(x)
    _norm_backward[(roots.numel(),)](grad.contiguous(), x, weight_H, roots, grad_x, WIDTH=width, **_cut(width))
    return grad_x


def gate(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """`gpu_layer_plain.gate`."""
    gate, up = gate.contiguous(), up.contiguous()
    out = torch.empty_like(gate)
    _gated[(triton.cdiv(gate.numel(), _ELEMENTS),)](gate, up, out, gate.numel(), BLOCK=_ELEMENTS, num_warps=8)
    return out


def gate_backward(grad: torch.Tensor, gate: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`gpu_layer_plain.gate_backward`."""
    gate, up = gate.contiguous(), up.contiguous()
    grad_gate, grad_up = torch.empty_like(gate), torch.empty_like(up)
    grid = (triton.cdiv(gate.numel(), _ELEMENTS),)
    _gated_backward[grid](grad.contiguous(), gate, up, grad_gate, grad_up, gate.numel(), BLOCK=_ELEMENTS, num_warps=8)
    return grad_gate, grad_up


def rotate(x_BTHD: torch.Tensor, cos_BTD: torch.Tensor, sin_BTD: torch.Tensor, *, backward: bool) -> torch.Tensor:
    """`gpu_layer_plain.rotate`, rounded once."""
    x_BTHD, cos_BTD, sin_BTD = x_BTHD if x_BTHD.stride(3) == 1 else x_BTHD.contiguous(), cos_BTD.contiguous(), sin_BTD.contiguous()
    sequences, tokens, heads, width = x_BTHD.shape
    out = torch.empty(x_BTHD.shape, dtype=x_BTHD.dtype, device=x_BTHD.device)
    strides = (*x_BTHD.stride()[:3], cos_BTD.stride(0) if cos_BTD.shape[0] > 1 else 0)
    blocks = {"HEAD_BLOCK": triton.next_power_of_2(heads), "HALF_BLOCK": triton.next_power_of_2(width // 2)}
    _rotate[(sequences * tokens,)](
        x_BTHD, cos_BTD, sin_BTD, out, tokens, *strides, HEADS=heads, HALF=width // 2, **blocks, BACKWARD=backward
    )
    return out


def _cut(width: int) -> dict[str, int]:
    """A row a program: eight elements or so a thread."""
    block = triton.next_power_of_2(width)
    return {"BLOCK": block, "num_warps": min(16, max(1, block // 256))}
