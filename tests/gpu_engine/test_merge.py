"""The merge kernel, interpreted on the CPU, against plain PyTorch and against bitsandbytes' own codes."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

# Triton reads the variable when it is imported, and other tests must not see it: so a process of its own.
SCRIPT = """
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from rewardlang.trainer.gpu_merge import merge_into
from rewardlang.trainer.gpu_rollout import merged_reference

def case(rows, columns, rank, scaling, size):
    torch.manual_seed(rows + columns + rank)
    weight = torch.randn(rows, columns) * 0.02
    codes, state = quantize_4bit(weight.bfloat16(), blocksize=64, compress_statistics=False, quant_type="nf4")
    a, b = torch.randn(rank, columns), torch.randn(rows, rank)
    b *= size * 0.02 * (rows * columns) ** 0.5 / (scaling * b @ a).norm()
    parts = (codes, state.absmax, state.code, a, b, scaling)
    merged = torch.full((rows, columns), float("nan"))
    merge_into(merged, *parts)  # in fp32: the interpreter cuts fp32 to bf16 where a GPU rounds
    assert torch.allclose(merged, merged_reference(*parts, dtype=torch.float32), rtol=1e-5, atol=1e-7)
    merged = merged.bfloat16()
    plain = dequantize_4bit(codes, state).float()
    zero = merged_reference(codes, state.absmax, state.code, a, b * 0, scaling)
    assert torch.equal(zero, plain.bfloat16()), "our reading of the codes is bitsandbytes'"
    delta = (scaling * b @ a).double()
    base = merged_reference(codes, state.absmax, state.code, a, b * 0, scaling, dtype=torch.float64)
    def share(found):
        return float(((found.double() - base) * delta).sum() / (delta * delta).sum())
    return share(merged), share((plain.bfloat16() + delta.bfloat16()))

for rows, columns, rank, scaling in ((64, 128, 16, 1.0), (96, 192, 4, 2.0), (70, 256, 24, 0.5), (33, 64, 8, 1.0)):
    case(rows, columns, rank, scaling, 1e-2)
ours, theirs = case(256, 512, 16, 1.0, 1e-3)
print(round(ours, 3), round(theirs, 3))
assert abs(ours - 1.0) < 0.05 and theirs < 0.8

# A shard of a fused matrix: only its rows are written.
fused = torch.zeros(160, 128, dtype=torch.bfloat16)
codes, state = quantize_4bit(torch.randn(64, 128).bfloat16(), blocksize=64, compress_statistics=False, quant_type="nf4")
merge_into(fused[32:96], codes, state.absmax, state.code, torch.randn(8, 128), torch.randn(64, 8), 1.0)
assert fused[32:96].any(1).all() and not fused[:32].any() and not fused[96:].any()
for bad in (fused[:, :64], fused[:96]):
    try:
        merge_into(bad, codes, state.absmax, state.code, torch.randn(8, 128), torch.randn(64, 8), 1.0)
    except ValueError:
        continue
    raise AssertionError("sizes that do not belong together were accepted")
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted where there is no GPU; `test_on_gpu.py` compiles it")
def test_the_kernel_is_the_formula() -> None:
    """Odd sizes, ranks below and above 16, one rounding: a delta of 1e-3 is kept whole, where base and delta rounded apart lose a part."""
    import os

    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
