"""The decoding step's product in one kernel, interpreted on the CPU, against plain PyTorch; and its weights against bitsandbytes'."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from benchmarks.gpu import product, shapes
from rewardlang.trainer.gpu_product import LARGEST_BATCH, Tuning, joined_scales, parts_of, product_reference, takes
from rewardlang.trainer.gpu_rounding import add_products_
from rewardlang.trainer.gpu_shape import shape_from_config
from rewardlang.trainer.gpu_vllm import SamplerSettings
from tests.gpu_engine.test_rounding import matrix

# The interpreter cuts fp32 to bf16 where a GPU rounds: here table and scales are such that nothing is cut.
SCRIPT = """
import torch
from rewardlang.trainer.gpu_product import Tuning, add_product_, product_reference

def case(batch, outputs, inputs, tuning, kind=torch.float32):
    torch.manual_seed(batch + outputs + inputs)
    codes = torch.randint(0, 256, (outputs * inputs // 2, 1), dtype=torch.uint8)
    scales, table = 2.0 ** torch.randint(-3, 3, (outputs * inputs // 64,)), torch.linspace(-1, 1, 16).bfloat16().float()
    x, wide = torch.randn(batch, inputs).bfloat16(), torch.randn(batch, outputs + 32).to(kind)
    delta, around = wide[:, 16 : 16 + outputs], wide.clone()
    wanted = product_reference(delta, x, codes, scales, table)
    add_product_(delta, x, codes, scales, table, tuning=tuning)
    assert torch.allclose(delta.float(), wanted, rtol=1e-5 if kind == torch.float32 else 0.01, atol=1e-4), (batch, outputs, inputs, tuning)
    assert torch.equal(wide[:, :16], around[:, :16]) and torch.equal(wide[:, -16:], around[:, -16:])
    return delta.clone()

whole, cut = Tuning(programs=1), Tuning(outputs=32, programs=6)
case(1, 64, 128, whole)
case(3, 70, 512, cut)
case(17, 33, 576, cut)
case(130, 40, 64, whole)
assert torch.equal(case(2, 64, 512, cut, torch.bfloat16), case(2, 64, 512, cut, torch.bfloat16))
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="interpreted where there is no GPU; `test_on_gpu.py` compiles it")
def test_the_kernel_is_the_formula() -> None:
    """Odd sizes, one to many rows, one part and several with a short last one; only its columns are written, and the same each time."""
    environment = {**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_its_weights_are_those_that_the_trainer_multiplies_with() -> None:
    """The reference over joined shards, rounded once, is the engine's own sum to the bit but for ties of another order of summation."""
    shards = [matrix(outputs, 128, seed) for seed, outputs in enumerate((96, 32, 32))]
    x, delta = torch.randn(10, 128).bfloat16(), torch.randn(10, 160).bfloat16()
    expected = add_products_(delta.clone(), x, shards)
    joined = joined_scales({index: state for index, (_, state) in enumerate(shards)})
    found = product_reference(delta, x, torch.cat([codes for codes, _ in shards]), joined, shards[0][1].code).bfloat16()
    assert float((found != expected).float().mean()) < 0.01
    assert torch.equal(add_products_(delta.clone(), x, shards), expected), "the shards' scales are what they were"
    assert {state.absmax.untyped_storage().data_ptr() for _, state in shards} == {joined.untyped_storage().data_ptr()}


@pytest.mark.parametrize(("outputs", "blocks", "parts"), [(8960 * 2, 24, 1), (2048, 24, 6), (1536, 140, 11), (64, 3, 1), (64, 2000, 16)])
def test_few_outputs_are_made_up_for_by_parts_of_the_inputs(outputs: int, blocks: int, parts: int) -> None:
    """So that a card has work everywhere, but no part has fewer than four blocks."""
    assert parts_of(outputs, blocks, Tuning()) == parts


def test_what_the_kernel_is_not_made_for() -> None:
    """Many rows, fp32 rows, rows that end inside a block: left to the expanded product. Nested scales: refused before anything starts."""
    assert takes(torch.zeros(LARGEST_BATCH, 128).bfloat16(), 64)
    for x in (
        torch.zeros(LARGEST_BATCH + 1, 128).bfloat16(),
        torch.zeros(1, 128),
        torch.zeros(1, 96).bfloat16(),
        torch.zeros(0, 64).bfloat16(),
    ):
        assert not takes(x, 64)
    nested: Any = SimpleNamespace(nested=True, blocksize=64)
    with pytest.raises(ValueError, match="one fp32 scale a block"):
        joined_scales({0: nested})
    with pytest.raises(ValueError, match="multiplied out"):
        SamplerSettings("policy", 16, 64, 8, 1, fused_product=True, nested_scales=True).arguments()
    assert str(SamplerSettings("policy", 16, 64, 8, 1, fused_product=True).arguments()["worker_cls"]).endswith("FusedWorker")


def test_what_the_benchmark_adds_up() -> None:
    """All weights of a layer in vLLM's four matrices, and the milliseconds of a step over all layers."""
    shape = shape_from_config(shapes.SHAPES["llama3.1-8b"])
    sizes = product.matrices(shape)
    assert sizes["qkv"] == ((4096, 1024, 1024), 4096)
    assert sum(sum(outputs) * inputs for outputs, inputs in sizes.values()) == sum(linear.elements for linear in shape.linears())
    rows = [{"rows": batch, "us": {"fused": 2.0 * batch}} for batch in product.BATCHES for _ in sizes]
    assert product.step(rows, layers=32)["8"] == {"fused": round(32 * 4 * 16 / 1e3, 3)}
