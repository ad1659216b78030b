"""The products of a decoding step over NF4 matrices: microseconds of each way, as captured CUDA graphs replay them.

Enough copies of a matrix are multiplied with in turn that none is found in the card's cache. Ways:
`bitsandbytes`: its own product in bf16 and the adapter's added, rounded twice, as vLLM does; `bitsandbytes, fp32`: its product of fp32
rows, summed and rounded once; `expanded`: the engine's, `gpu_rounding.add_products_`; `fused`: `gpu_product`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import torch

from rewardlang.trainer.gpu_product import Tuning, add_product_, joined_scales, product_reference
from rewardlang.trainer.gpu_rounding import add_products_
from rewardlang.trainer.gpu_shape import PolicyShape

BATCHES = (1, 8, 64, 128)
CACHE = 160 * 2**20  # bytes of codes that are multiplied with in turn: three times an H100's cache
TUNINGS = [Tuning(outputs, warps) for outputs, warps in product((32, 64, 128), (4, 8))]
TUNINGS += [Tuning(stages=1), Tuning(stages=2), Tuning(programs=528), Tuning(stages=1, programs=528), Tuning(programs=132)]


class Matrix:
    """One of vLLM's fused matrices, random: its shards in NF4, one after the other, and their scales as one tensor."""

    def __init__(self, outputs: tuple[int, ...], inputs: int) -> None:
        from bitsandbytes.functional import quantize_4bit

        made = [
            quantize_4bit(torch.randn(rows, inputs, device="cuda").bfloat16() * 0.02, blocksize=64, quant_type="nf4") for rows in outputs
        ]
        self.codes = torch.cat([codes for codes, _ in made])
        self.states = {index: state for index, (_, state) in enumerate(made)}
        self.scales = joined_scales(self.states)
        ends = torch.tensor([0, *[codes.shape[0] for codes, _ in made]]).cumsum(0).tolist()
        self.shards = [(self.codes[ends[index] : ends[index + 1]], state) for index, state in self.states.items()]
        self.outputs, self.inputs = sum(outputs), inputs


def matrices(shape: PolicyShape) -> dict[str, tuple[tuple[int, ...], int]]:
    """Outputs of the shards and inputs of vLLM's four matrices of a layer."""
    sizes = {linear.name: linear for linear in shape.linears()}
    groups = {"qkv": ("q_proj", "k_proj", "v_proj"), "o": ("o_proj",), "gate_up": ("gate_proj", "up_proj"), "down": ("down_proj",)}
    return {name: (tuple(sizes[leaf].outputs for leaf in leaves), sizes[leaves[0]].inputs) for name, leaves in groups.items()}


def bitsandbytes_bf16(one: Matrix, x: torch.Tensor, output: torch.Tensor, *, kind: torch.dtype = torch.bfloat16) -> None:
    """Shard by shard, the product in this type added to the adapter's."""
    import bitsandbytes

    library: Any = bitsandbytes
    first = 0
    for codes, state in one.shards:
        output[:, first : first + state.shape[0]].add_(library.matmul_4bit(x.to(kind), codes.t(), state))
        first += state.shape[0]


def ways() -> dict[str, Callable[[Matrix, torch.Tensor, torch.Tensor], object]]:
    """Each adds x · Wᵀ to its last argument in place."""
    return {
        "bitsandbytes": bitsandbytes_bf16,
        "bitsandbytes, fp32": partial(bitsandbytes_bf16, kind=torch.float32),
        "expanded": lambda one, x, output: add_products_(output, x, one.shards),
        "fused": tuned(Tuning()),
    }


def tuned(tuning: Tuning) -> Callable[[Matrix, torch.Tensor, torch.Tensor], object]:
    """The fused kernel, cut in this way."""
    return lambda one, x, output: add_product_(output, x, one.codes, one.scales, one.states[0].code, tuning=tuning)


def microseconds(way: Callable[[Matrix, torch.Tensor, torch.Tensor], object], copies: list[Matrix], x: torch.Tensor) -> float:
    """Of one product: the least of five replays of a graph over all copies."""
    output = torch.zeros(x.shape[0], copies[0].outputs, device="cuda", dtype=torch.bfloat16)

    def all_of_them() -> None:
        for one in copies:
            way(one, x, output)

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # compiled and chosen before the capture
        all_of_them()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        all_of_them()
    times: list[float] = []
    for _ in range(5):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return 1e3 * float(min(times)) / len(copies)


def distance(way: Callable[[Matrix, torch.Tensor, torch.Tensor], object], one: Matrix, x: torch.Tensor) -> float:
    """Share of the sums that are not the fp32 sum rounded once."""
    delta = torch.randn(x.shape[0], one.outputs, device="cuda").bfloat16() * 1e-3
    exact = product_reference(delta, x, one.codes, one.scales, one.states[0].code).bfloat16()
    way(one, x, delta)
    return float((delta != exact).float().mean())


def table(shape: PolicyShape, say: Callable[[str, Any], None]) -> list[dict[str, Any]]:
    """A row for each matrix and batch: microseconds by way, how often each is not one rounding, bytes a second of `fused`."""
    rows, found = [], ways()
    torch.set_float32_matmul_precision("highest")
    for name, (outputs, inputs) in matrices(shape).items():
        copies = [Matrix(outputs, inputs) for _ in range(max(1, CACHE * 2 // (sum(outputs) * inputs)))]
        for batch in BATCHES:
            x = torch.randn(batch, inputs, device="cuda").bfloat16()
            row: dict[str, Any] = {"matrix": name, "outputs": sum(outputs), "inputs": inputs, "rows": batch}
            row["us"] = {way: round(microseconds(run, copies, x), 2) for way, run in found.items()}
            row["not_one_rounding"] = {way: round(distance(run, copies[0], x), 4) for way, run in found.items()}
            row["fused_gb_s"] = round(sum(outputs) * inputs * (0.5 + 4 / 64) / row["us"]["fused"] / 1e3, 1)
            if batch in (8, 128) and name in ("gate_up", "down"):
                row["tunings_us"] = {str(one): round(microseconds(tuned(one), copies, x), 2) for one in TUNINGS}
            say("product", row)
            rows.append(row)
        del copies
    return rows


def step(rows: list[dict[str, Any]], layers: int) -> dict[str, dict[str, float]]:
    """Milliseconds of all matrices of all layers in one decoding step, by rows and way."""
    return {
        str(batch): {
            way: round(layers * sum(row["us"][way] for row in rows if row["rows"] == batch) / 1e3, 3) for way in rows[0]["us"]
        }
        for batch in BATCHES
    }  # fmt: skip
