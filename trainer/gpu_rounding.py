"""Base plus adapter, rounded once: why a small adapter is not lost, on both sides of the engine.

In bf16 a matrix's output has 8 significant bits. Rounding W x first and adding B A x afterwards drops every change smaller than
half a step: of an adapter of relative size 1e-3 (a policy early in training) half the effect is lost, of 3e-4 five sixths. Both vLLM's
LoRA and peft's add that way. Here both are summed in fp32
and the sum is rounded once: the expected effect is then the whole one at any size.
"""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from bitsandbytes.functional import QuantState, dequantize_4bit, dequantize_blockwise


def scales(state: Any) -> torch.Tensor:
    """One fp32 scale a block. Nested ones are multiplied out as bitsandbytes does, into the buffer of `gpu_nested` where there is one."""
    if not state.nested:
        absmax: torch.Tensor = state.absmax
        return absmax
    buffer = getattr(state, "buffer", None)
    if buffer is None:
        expanded = dequantize_blockwise(state.absmax, state.state2)
    elif state.absmax.is_cuda:
        expanded = dequantize_blockwise(state.absmax, state.state2, out=buffer.scales[: state.absmax.numel()])
    else:
        expanded = buffer.scales[: state.absmax.numel()].copy_(dequantize_blockwise(state.absmax, state.state2))
    return expanded.add_(state.offset).float()


def dequantized(codes: torch.Tensor, state: Any, dtype: torch.dtype) -> torch.Tensor:
    """The matrix that both sides multiply with: bf16, as bitsandbytes expands it, in the wanted type.

    With nested scales it lies in the one buffer of the base, until the next matrix is expanded.
    """
    plain: Any = state
    if state.nested:
        make: Any = QuantState
        plain = make(scales(state), state.shape, state.code, state.blocksize, state.quant_type, state.dtype)
    weight: torch.Tensor
    buffer = getattr(state, "buffer", None)
    if buffer is None or state.dtype.itemsize != buffer.matrix.itemsize:
        weight = dequantize_4bit(codes, plain)
    else:
        weight = buffer.matrix[: prod(state.shape)].view(state.dtype).view(state.shape)
        if codes.is_cuda:
            dequantize_4bit(codes, plain, out=weight)
        else:
            weight.copy_(dequantize_4bit(codes, plain))
    return weight.to(dtype)


def product_fp32(x_NK: torch.Tensor, weight_MK: torch.Tensor) -> torch.Tensor:
    """x · Wᵀ, accumulated and kept in fp32."""
    if x_NK.is_cuda and x_NK.dtype != torch.float32:
        return torch.mm(x_NK, weight_MK.t(), out_dtype=torch.float32)
    return x_NK.float() @ weight_MK.float().t()


@torch.no_grad()
def add_products_(delta_NM: torch.Tensor, x_NK: torch.Tensor, shards: list[tuple[torch.Tensor, Any]]) -> torch.Tensor:
    """Adds x · Wᵀ to the columns of each shard in place, rounded once. `shards` are codes and state, in order.

    `addmm` will not do: on an H100 cuBLAS rounds its product to bf16 before it adds (measured by `benchmarks/gpu/rounding.py`).
    A bf16 tensor's `add_` of an fp32 one is computed in fp32 and rounded when it is stored.
    """
    first = 0
    for codes, state in shards:
        delta_NM[:, first : first + state.shape[0]].add_(product_fp32(x_NK, dequantized(codes, state, x_NK.dtype)))
        first += state.shape[0]
    return delta_NM


@torch.no_grad()
def fused(delta_NM: torch.Tensor, x_NK: torch.Tensor, codes: torch.Tensor, absmax: torch.Tensor, state: Any) -> bool:
    """The same sum over a whole fused matrix in one kernel; False, and nothing done, for a batch that it is not made for."""
    from rewardlang.trainer.gpu_product import add_product_, takes

    if not takes(x_NK, state.blocksize):
        return False
    add_product_(delta_NM, x_NK, codes, absmax, state.code, block=state.blocksize)
    return True


def adapted_product(
    x: torch.Tensor,
    lora_a_RK: torch.Tensor | None,
    lora_b_MR: torch.Tensor | None,
    codes: torch.Tensor,
    state: Any,
    bias: torch.Tensor | None = None,
) -> torch.Tensor:
    """x · Wᵀ + x · Aᵀ · Bᵀ + bias in x's type, rounded once; differentiable in x, A and B.

    A's output stands beside x and B beside W, and one product sums all of it in fp32: neither an fp32 form of the output nor the adapter's
    own output is written. The matrix is expanded again in the backward pass.
    """
    made: torch.Tensor = _AdaptedProduct.apply(  # type: ignore[no-untyped-call]
        x.reshape(-1, x.shape[-1]), lora_a_RK, lora_b_MR, codes, state, bias
    )
    return made.reshape(*x.shape[:-1], -1)


class _AdaptedProduct(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x_NK: torch.Tensor,
        lora_a_RK: torch.Tensor | None,
        lora_b_MR: torch.Tensor | None,
        codes: torch.Tensor,
        state: Any,
        bias_M: torch.Tensor | None,
    ) -> torch.Tensor:
        ctx.codes, ctx.state = codes, state
        rows, weight = x_NK, dequantized(codes, state, x_NK.dtype)
        if lora_a_RK is not None and lora_b_MR is not None:
            narrow_NR = x_NK @ lora_a_RK.to(x_NK.dtype).t()
            ctx.save_for_backward(x_NK, narrow_NR, lora_a_RK, lora_b_MR)
            rows, weight = torch.cat([x_NK, narrow_NR], 1), torch.cat([weight, lora_b_MR.to(x_NK.dtype)], 1)
        return rows @ weight.t() if bias_M is None else torch.addmm(bias_M.to(x_NK.dtype), rows, weight.t())

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        grad_NM, grad_NK = grads[0], None
        if ctx.needs_input_grad[0]:
            grad_NK = grad_NM @ dequantized(ctx.codes, ctx.state, grad_NM.dtype)
        saved = ctx.saved_tensors  # once: under checkpointing each look computes the layer again
        if not saved:
            return grad_NK, None, None, None, None, None
        x_NK, narrow_NR, lora_a_RK, lora_b_MR = saved
        grad_NR = grad_NM @ lora_b_MR.to(grad_NM.dtype)
        if grad_NK is not None:
            grad_NK.addmm_(grad_NR, lora_a_RK.to(grad_NM.dtype))
        grad_a_RK = product_fp32(grad_NR.t(), x_NK.t()) if ctx.needs_input_grad[1] else None
        grad_b_MR = product_fp32(grad_NM.t(), narrow_NR.t()) if ctx.needs_input_grad[2] else None
        return grad_NK, grad_a_RK, grad_b_MR, None, None, None
