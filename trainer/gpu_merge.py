"""Rollout weights for the fast sampler: NF4 base and LoRA delta, summed in fp32 and rounded to bf16 once, in one pass over memory.

    W = bf16( table[code] · absmax[block] + scaling · (B · A) )

bitsandbytes' own way rounds the base to bf16 first and adds the delta to that: of a delta of 1e-3 of the weights half is lost
(`trainer/GPU.md`). The kernel reads half a byte and a share of a scale a weight and writes two bytes; the delta is made on the way.
Names of tensors end in their axes: O outputs, I inputs, R the adapter's rank.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl

_ROWS, _COLUMNS = 64, 128
_SMALLEST_RANK = 16  # what `tl.dot` needs


@triton.jit  # type: ignore[untyped-decorator]
def _merge(  # type: ignore[no-untyped-def]
    codes,
    absmax,
    table,
    lora_a,
    lora_b,
    merged,
    rows,
    columns,
    rank,
    scaling,
    RANK: tl.constexpr,
    BLOCK: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    inside = (row[:, None] < rows) & (column[None, :] < columns)
    # 64 bits: a head of 152,064 × 8,192 has more elements than 31 bits count.
    element = row[:, None].to(tl.int64) * columns + column[None, :]
    byte = tl.load(codes + element // 2, mask=inside, other=0).to(tl.int32)
    code = tl.where(element % 2 == 0, byte >> 4, byte & 15)  # the first of two weights is in the upper half
    weight = tl.load(table + code) * tl.load(absmax + element // BLOCK, mask=inside, other=0.0)
    inner = tl.arange(0, RANK)
    b = tl.load(lora_b + row[:, None] * rank + inner[None, :], mask=(row[:, None] < rows) & (inner[None, :] < rank), other=0.0)
    a = tl.load(lora_a + inner[:, None] * columns + column[None, :], mask=(inner[:, None] < rank) & (column[None, :] < columns), other=0.0)
    delta = tl.dot(b, a, input_precision="ieee")
    tl.store(merged + element, (weight + scaling * delta).to(merged.dtype.element_ty), mask=inside)


def merge_into(
    merged_OI: torch.Tensor,
    codes: torch.Tensor,
    absmax: torch.Tensor,
    table: torch.Tensor,
    lora_a_RI: torch.Tensor,
    lora_b_OR: torch.Tensor,
    scaling: float,
    *,
    block: int = 64,
) -> None:
    """Writes the merged weight over `merged_OI`, a contiguous bf16 (or fp32) tensor, such as a shard of a fused matrix.

    `codes` are bitsandbytes' packed NF4 codes (O·I / 2 bytes), `absmax` one fp32 scale for each `block` weights, not nested, `table` the
    16 fp32 values. The adapter is fp32. Raises ValueError for sizes that do not belong together.
    """
    rows, columns = merged_OI.shape
    rank = lora_a_RI.shape[0]
    fits = codes.numel() * 2 == rows * columns and absmax.numel() * block == rows * columns and table.numel() == 16
    if not fits or lora_a_RI.shape != (rank, columns) or lora_b_OR.shape != (rows, rank):
        raise ValueError(
            f"a weight of {rows} × {columns} does not go with {codes.numel()} bytes of codes, {absmax.numel()} scales of {block}, and an "
            f"adapter of {tuple(lora_b_OR.shape)} and {tuple(lora_a_RI.shape)}"
        )
    if not merged_OI.is_contiguous():
        raise ValueError("the merged weight is written as one block: it must be contiguous")
    grid = (triton.cdiv(rows, _ROWS), triton.cdiv(columns, _COLUMNS))
    _merge[grid](
        codes,
        absmax,
        table,
        lora_a_RI.contiguous(),
        lora_b_OR.contiguous(),
        merged_OI,
        rows,
        columns,
        rank,
        scaling,
        RANK=max(_SMALLEST_RANK, triton.next_power_of_2(rank)),
        BLOCK=block,
        ROWS=_ROWS,
        COLUMNS=_COLUMNS,
    )
