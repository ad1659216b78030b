"""The head's product with logits kept in fp32: microseconds of each way, by rows.

`bf16`: rounded to bf16, as vLLM does unless told; `fp32`: `torch.mm` with an fp32 result, as sampler and trainer do; `turned`: the
same with rows and columns exchanged; `padded`: with rows of zeros up to 128; `kernel`: a plain Triton product that reads the head once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import triton
import triton.language as tl

from rewardlang.trainer.gpu_shape import PolicyShape

ROWS = (1, 8, 16, 32, 64, 128, 512, 2048)
MOST_OF_KERNEL = 128


@triton.jit  # type: ignore[untyped-decorator]
def _product(  # type: ignore[no-untyped-def]
    x,
    head,
    out,
    rows,
    vocabulary,
    x_stride,
    head_stride,
    out_stride,
    WIDTH: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    DEPTH: tl.constexpr,
):
    columns = (tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)).to(tl.int64)
    lines = tl.arange(0, ROWS)
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for start in range(0, WIDTH, DEPTH):
        depth = start + tl.arange(0, DEPTH)
        left = tl.load(x + lines[:, None] * x_stride + depth[None, :], mask=(lines[:, None] < rows) & (depth[None, :] < WIDTH), other=0.0)
        right = tl.load(
            head + columns[None, :] * head_stride + depth[:, None],
            mask=(columns[None, :] < vocabulary) & (depth[:, None] < WIDTH),
            other=0.0,
        )
        total = tl.dot(left, right, total)
    tl.store(out + lines[:, None] * out_stride + columns[None, :], total, mask=(lines[:, None] < rows) & (columns[None, :] < vocabulary))


def kernel(x: torch.Tensor, head: torch.Tensor, columns: int, depth: int, warps: int, stages: int) -> torch.Tensor:
    """x · headᵀ in fp32, at most 128 rows."""
    out = torch.empty(x.shape[0], head.shape[0], device=x.device, dtype=torch.float32)
    rows = max(16, triton.next_power_of_2(x.shape[0]))
    strides = (x.stride(0), head.stride(0), out.stride(0))
    _product[(triton.cdiv(head.shape[0], columns),)](
        x, head, out, x.shape[0], head.shape[0], *strides,
        WIDTH=head.shape[1], ROWS=rows, COLUMNS=columns, DEPTH=depth, num_warps=warps, num_stages=stages,
    )  # fmt: skip
    return out


def padded(x: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    """With rows of zeros up to 128."""
    return torch.mm(torch.nn.functional.pad(x, (0, 0, 0, max(0, 128 - x.shape[0]))), head.t(), out_dtype=torch.float32)[: x.shape[0]]


WAYS: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "bf16": lambda x, head: torch.mm(x, head.t()),
    "fp32": lambda x, head: torch.mm(x, head.t(), out_dtype=torch.float32),
    "turned": lambda x, head: torch.mm(head, x.t(), out_dtype=torch.float32).t().contiguous(),
    "padded": padded,
}
TUNINGS = [(64, 128, 4, 4), (128, 64, 4, 4), (128, 64, 8, 4), (128, 128, 8, 3), (256, 64, 8, 3), (64, 256, 4, 2)]


def microseconds(way: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], x: torch.Tensor, head: torch.Tensor) -> float:
    """Of one product: the least of five times ten."""
    for _ in range(3):
        way(x, head)
    times = []
    for _ in range(5):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(10):
            way(x, head)
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return 1e2 * float(min(times))


def table(shape: PolicyShape, say: Callable[[str, Any], None]) -> list[dict[str, Any]]:
    """A row for each number of rows: microseconds by way, and by tuning of the kernel; how far each is from fp64."""
    head = torch.randn(shape.vocabulary, shape.hidden, device="cuda").bfloat16() * 0.02
    found = []
    for rows in ROWS:
        x = torch.randn(rows, shape.hidden, device="cuda").bfloat16()
        ways = {name: way for name, way in WAYS.items() if rows <= MOST_OF_KERNEL or name in ("bf16", "fp32", "turned")}
        row: dict[str, Any] = {"rows": rows, "us": {name: round(microseconds(way, x, head), 1) for name, way in ways.items()}}
        if rows <= MOST_OF_KERNEL:
            row["kernel_us"] = {
                str(one): round(microseconds(lambda x, head, one=one: kernel(x, head, *one), x, head), 1)  # type: ignore[misc]
                for one in TUNINGS
            }
            exact = x.double() @ head[:4096].double().t()
            row["kernel_error"] = float((kernel(x, head, *TUNINGS[0])[:, :4096].double() - exact).abs().max())
            row["fp32_error"] = float((WAYS["fp32"](x, head)[:, :4096].double() - exact).abs().max())
        say("head", row)
        found.append(row)
    return found
