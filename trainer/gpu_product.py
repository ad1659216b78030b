"""The sampler's product in one kernel, for the few rows of a decoding step: NF4 codes in, base and adapter summed in fp32, one rounding.

    out = bf16( delta + x · Wᵀ ),   W = bf16( table[code] · absmax[block] )

`gpu_rounding` expands the matrix to memory, multiplies in fp32 and adds: 4.5 bytes moved a weight and three kernels a matrix. This reads
0.56 bytes a weight and writes the result. W is the matrix that the trainer multiplies with, to the bit; only the order of the fp32 sum
differs. The inner dimension is cut into parts where a matrix has too few rows for the card; the parts are added in a fixed order, so that
the same input gives the same bits. Not used unless asked for (`SamplerSettings.fused_product`): it has not been timed on a GPU.

Names of tensors end in their axes: N rows of the batch, M outputs, K inputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl

LARGEST_BATCH = 256  # rows from which expanding once and multiplying is taken to be quicker
TILES = (16, 32, 64, 128)  # rows of a program: what `tl.dot` needs at least, and what registers hold
_PARTS, _FEWEST_BLOCKS = 16, 4  # most parts of the inner dimension, and fewest blocks of scales in one


@dataclass(frozen=True)
class Tuning:
    """How the work is cut; guesses until `benchmarks/gpu/run.py product` has compared them."""

    outputs: int = 64  # of a program
    warps: int = 4
    stages: int = 3
    programs: int = 264  # to aim at: two for each multiprocessor of an H100


@triton.jit(do_not_specialize=["batch"])  # type: ignore[untyped-decorator]
def _product(  # type: ignore[no-untyped-def]
    pairs,
    codes,
    absmax,
    table,
    out,
    partial,
    batch,
    outputs,
    blocks,
    stride,
    PART_BLOCKS: tl.constexpr,
    CUT: tl.constexpr,
    HALF: tl.constexpr,
    BATCH: tl.constexpr,
    OUTPUTS: tl.constexpr,
    INTERPRETED: tl.constexpr,
):
    output = tl.program_id(0) * OUTPUTS + tl.arange(0, OUTPUTS)
    row = tl.program_id(1) * BATCH + tl.arange(0, BATCH)
    part = tl.program_id(2)
    byte = tl.arange(0, HALF)
    real_output, real_row = output < outputs, row < batch
    # 64 bits: a fused matrix of 57,344 × 8,192 has more weights than fit in 28, and rows of a block are counted in bytes.
    first_block = output.to(tl.int64) * blocks
    first_pair = row.to(tl.int64) * blocks * HALF
    total = tl.zeros((OUTPUTS, BATCH), dtype=tl.float32)
    for step in range(PART_BLOCKS):
        block = part * PART_BLOCKS + step
        held = real_output & (block < blocks)  # beyond the last block the scale is 0, and so is the product
        scale = tl.load(absmax + first_block + block, mask=held, other=0.0)[:, None]
        packed = tl.load(codes + (first_block[:, None] + block) * HALF + byte[None, :], mask=held[:, None], other=0).to(tl.int32)
        # Two neighbours of a row in one word: the weight in the upper half of a byte meets the lower word half, which comes first.
        two = tl.load(pairs + first_pair[None, :] + block * HALF + byte[:, None], mask=real_row[None, :] & (block < blocks), other=0)
        high = (tl.load(table + (packed >> 4)) * scale).to(tl.bfloat16)
        low = (tl.load(table + (packed & 15)) * scale).to(tl.bfloat16)
        first = two.to(tl.int16).to(tl.bfloat16, bitcast=True)
        second = (two >> 16).to(tl.int16).to(tl.bfloat16, bitcast=True)
        if INTERPRETED:  # its products of bf16 are those of the bits
            high, low, first, second = high.to(tl.float32), low.to(tl.float32), first.to(tl.float32), second.to(tl.float32)
        total = tl.dot(high, first, total)
        total = tl.dot(low, second, total)
    inside = real_output[:, None] & real_row[None, :]
    if CUT:
        place = (part * batch + row[None, :]).to(tl.int64) * outputs + output[:, None]
        tl.store(partial + place, total, mask=inside)
    else:
        place = row[None, :].to(tl.int64) * stride + output[:, None]
        delta = tl.load(out + place, mask=inside, other=0.0).to(tl.float32)
        tl.store(out + place, (delta + total).to(out.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=["elements"])  # type: ignore[untyped-decorator]
def _add_parts(partial, out, elements, outputs, stride, PARTS: tl.constexpr, SIZE: tl.constexpr):  # type: ignore[no-untyped-def]
    element = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    inside = element < elements
    place = (element // outputs).to(tl.int64) * stride + element % outputs
    total = tl.load(partial + element, mask=inside, other=0.0)
    for part in range(1, PARTS):
        total += tl.load(partial + part * elements + element, mask=inside, other=0.0)
    delta = tl.load(out + place, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + place, (delta + total).to(out.dtype.element_ty), mask=inside)


def takes(x_NK: torch.Tensor, block: int) -> bool:
    """Whether the kernel is for such a batch: few rows in bf16, of whole blocks."""
    return x_NK.dtype == torch.bfloat16 and 0 < x_NK.shape[0] <= LARGEST_BATCH and x_NK.shape[1] % block == 0 and block % 32 == 0


def parts_of(outputs: int, blocks: int, tuning: Tuning) -> int:
    """Into how many parts the inner dimension is cut."""
    tiles = -(-outputs // tuning.outputs)
    return max(1, min(tuning.programs // tiles, _PARTS, blocks // _FEWEST_BLOCKS))


def add_product_(
    delta_NM: torch.Tensor,
    x_NK: torch.Tensor,
    codes: torch.Tensor,
    absmax: torch.Tensor,
    table: torch.Tensor,
    *,
    block: int = 64,
    tuning: Tuning | None = None,
) -> None:
    """Adds x · Wᵀ to `delta_NM` in place, rounded once. `codes` and `absmax` (not nested) hold M · K weights row by row.

    Raises ValueError for sizes that do not belong together, and for what `takes` refuses.
    """
    (batch, outputs), inputs = delta_NM.shape, x_NK.shape[1]
    fits = x_NK.shape[0] == batch and codes.numel() * 2 == outputs * inputs and absmax.numel() * block == outputs * inputs
    if not fits or table.numel() != 16 or delta_NM.stride(1) != 1:
        raise ValueError(
            f"a sum of {tuple(delta_NM.shape)} and rows of {tuple(x_NK.shape)} do not go with {codes.numel()} bytes of codes and "
            f"{absmax.numel()} scales of {block}"
        )
    if not takes(x_NK, block):
        raise ValueError(f"the kernel takes 1 to {LARGEST_BATCH} rows of bf16 in whole blocks of {block}, not {tuple(x_NK.shape)}")
    blocks, cut = inputs // block, tuning or Tuning()
    parts = parts_of(outputs, blocks, cut)
    tile = next((one for one in TILES if one >= batch), TILES[-1])
    partial = torch.empty(parts, batch, outputs, dtype=torch.float32, device=x_NK.device) if parts > 1 else absmax
    _product[(triton.cdiv(outputs, cut.outputs), triton.cdiv(batch, tile), parts)](
        x_NK.contiguous().view(torch.int32),
        codes,
        absmax,
        table,
        delta_NM,
        partial,
        batch,
        outputs,
        blocks,
        delta_NM.stride(0),
        PART_BLOCKS=triton.cdiv(blocks, parts),
        CUT=parts > 1,
        HALF=block // 2,
        BATCH=tile,
        OUTPUTS=cut.outputs,
        INTERPRETED=not x_NK.is_cuda,
        num_warps=cut.warps,
        num_stages=cut.stages,
    )
    if parts > 1:
        size, elements = 1024, batch * outputs
        _add_parts[(triton.cdiv(elements, size),)](partial, delta_NM, elements, outputs, delta_NM.stride(0), PARTS=parts, SIZE=size)


def product_reference(
    delta_NM: torch.Tensor, x_NK: torch.Tensor, codes: torch.Tensor, absmax: torch.Tensor, table: torch.Tensor, *, block: int = 64
) -> torch.Tensor:
    """delta + x · Wᵀ by plain PyTorch in fp32, not rounded: what the kernel is tested against."""
    packed = codes.flatten().int()
    both = torch.stack([packed >> 4, packed & 15], 1).flatten().long()
    weight_MK = (table[both].view(-1, block) * absmax.view(-1, 1)).bfloat16().float().view(delta_NM.shape[1], x_NK.shape[1])
    return delta_NM.float() + x_NK.float() @ weight_MK.t()


def joined_scales(states: Mapping[int, Any]) -> torch.Tensor:
    """The scales of a fused matrix's shards in one tensor, of which those of each shard become views: one product for all of them."""
    ordered = [states[index] for index in range(len(states))]
    if any(state.nested or state.blocksize != ordered[0].blocksize for state in ordered):
        raise ValueError("the fused product takes one fp32 scale a block, and shards with blocks of one size")
    joined = torch.cat([state.absmax for state in ordered])
    for state, part in zip(ordered, joined.split([state.absmax.numel() for state in ordered]), strict=True):
        state.absmax = part
    return joined


def warm_up(codes: torch.Tensor, absmax: torch.Tensor, table: torch.Tensor, inputs: int, block: int) -> None:
    """Compiles the kernel's forms for one matrix and any batch, before graphs are captured."""
    for batch in TILES:
        delta = torch.zeros(batch, 2 * codes.numel() // inputs, dtype=torch.bfloat16, device=codes.device)
        x = torch.zeros(batch, inputs, dtype=torch.bfloat16, device=codes.device)
        add_product_(delta, x, codes, absmax, table, block=block)
