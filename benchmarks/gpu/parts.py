"""The parts of `run.py`: what is started, what is measured. Imports the engine, so it runs where vLLM and a GPU are."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import bitsandbytes.optim  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.gpu import rounding, shapes  # noqa: E402
from benchmarks.gpu.cases import Case, case_of  # noqa: E402
from rewardlang.trainer.gpu_cards import GIB  # noqa: E402
from rewardlang.trainer.gpu_effect import share_of_effect  # noqa: E402
from rewardlang.trainer.gpu_engine import Engine, start_engine  # noqa: E402
from rewardlang.trainer.gpu_memory import MemoryWatch  # noqa: E402
from rewardlang.trainer.gpu_shared_base import adapters  # noqa: E402
from rewardlang.trainer.gpu_swap import SlotMismatch  # noqa: E402
from rewardlang.trainer.gpu_update import accumulate, prepare_training  # noqa: E402
from rewardlang.trainer.gpu_vllm import Completion, SamplerSettings  # noqa: E402
from rewardlang.trainer.memory_plan import Workload, plan  # noqa: E402

DEVICE = "cuda"
SHARE_ROWS, SHARE_TOKENS, CANARY_TOKENS = 200, 512, 256
LIBRARIES = ("torch", "vllm", "bitsandbytes", "peft", "transformers", "triton")


def say(name: str, value: object) -> None:
    """One figure, on a line that `run.py` shows."""
    print("RESULT", name, json.dumps(value), flush=True)


def machine() -> dict[str, Any]:
    """What a figure was measured on."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "gpu": torch.cuda.get_device_name(0),
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES if importlib.util.find_spec(name)},
        "weights": "random, in the published shape",
    }


def torch_memory() -> dict[str, float]:
    """What torch's allocator holds, in GiB."""
    return {"allocated": round(torch.cuda.memory_allocated() / GIB, 3), "reserved": round(torch.cuda.memory_reserved() / GIB, 3)}


def prompts_of(count: int, length: int, seed: int, *, distinct: bool = True) -> list[list[int]]:
    """Random token ids below 900; the same prompt `count` times unless `distinct`."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(5, 900, (count if distinct else 1, length), generator=generator).tolist()
    return rows if distinct else rows * count


def set_adapter(engine: Engine, size: float, seed: int) -> None:
    """Draws every B so that ‖(α/r) B A‖ is `size` times ‖W‖ (W has σ = 0.02)."""
    generator = torch.Generator(device=engine.device).manual_seed(seed)
    with torch.no_grad():
        for lora_a, lora_b, scaling in adapters(engine.model).values():
            lora_b.normal_(0.0, 1.0, generator=generator)
            delta = scaling * lora_b @ lora_a
            lora_b.mul_(size * 0.02 * delta.numel() ** 0.5 / delta.norm())


def started(model: str, load: Workload, *, sequences: int) -> Engine:
    """An engine over random weights, sized by the plan."""
    folder = shapes.write_config(model, Path(tempfile.mkdtemp()))
    shapes.register_random_weights()
    planned = plan(json.loads((folder / "config.json").read_text()), load)
    settings = SamplerSettings(
        model=str(folder),
        rank=load.rank,
        length=load.length,
        sequences=sequences,
        cache_bytes=planned.cache_bytes,
        prefill=load.prefill,
        unmap_cache=load.unmap_cache,
        nested_scales=bool(load.nested_scales),
    )
    return start_engine(settings)


def timed(action: Any) -> tuple[Any, float]:
    """What the action returned, and its seconds."""
    torch.cuda.synchronize()
    begun = time.perf_counter()
    value = action()
    torch.cuda.synchronize()
    return value, time.perf_counter() - begun


def part_memory(model: str, case: Case) -> dict[str, Any]:
    """NVML peak by phase of GRPO rounds against the plan, and the speed of their parts."""
    load = case.workload()
    planned = plan(shapes.SHAPES[model], load)
    result: dict[str, Any] = {
        "workload": f"8 × ({case.prompt} + {case.completion})",
        "concurrent": case.concurrent,
        "micro_batch": case.passes[0][0],
        "shared_prompts": case.passes[0][1],
        "unmap_cache": case.unmap,
        "nested_scales": case.nested,
        "decoded": case.decoded or case.completion,
        "plan_gib": {phase: round(planned.phase(phase) / GIB, 3) for phase in ("rollout", "training")},
        "plan_table": planned.table().splitlines(),
        "rounds": [],
    }
    say("plan_gib", result["plan_gib"])
    with MemoryWatch() as watch:
        result["before_gib"] = round(watch.before / GIB, 3)
        with watch.phase("context"):
            torch.zeros(1, device=DEVICE)
        with watch.phase("start"):
            engine, result["start_s"] = timed(lambda: started(model, load, sequences=case.concurrent))
        engine.unmap_cache = case.unmap
        result |= {"after_start_gib": round(watch.now() / GIB, 3), "torch_after_start": torch_memory()}
        engine.share_prompts = any(shared for _, shared in case.passes)
        with watch.phase("diagnostics"):
            gate = engine.gate(prompts_of(8, 48, 1))
        result["gate"] = gate.__dict__
        say("gate", gate.__dict__)
        gate.check()
        torch.cuda.empty_cache()
        result["idle_gib"] = round(watch.now() / GIB, 3)
        prepare_training(engine)
        adam: Any = vars(bitsandbytes.optim)["AdamW8bit"]
        optimizer = adam([p for p in engine.model.parameters() if p.requires_grad], lr=1e-5)
        for number in range(len(case.passes)):
            row = one_round(engine, optimizer, watch, number, case)
            result["rounds"].append(row)
            say("round", row)
        result |= {"peaks_gib": watch.table(), "torch_end": torch_memory(), "swap_ms": swap_times(engine)}
        print(torch.cuda.memory_summary(abbreviated=True))
    for key in ("before_gib", "start_s", "after_start_gib", "torch_after_start", "idle_gib", "peaks_gib", "torch_end", "swap_ms"):
        say(key, result[key])
    return result


def one_round(engine: Engine, optimizer: Any, watch: MemoryWatch, number: int, case: Case) -> dict[str, float]:
    """One group of 8 generated, trained on and published; phases with other passes than the plan's are counted apart."""
    micro_batch, engine.share_prompts = case.passes[number]
    seeds, advantages = list(range(number * 8, number * 8 + 8)), np.random.default_rng(number).normal(size=8).tolist()
    rows = prompts_of(8, case.prompt, 2, distinct=False)
    decoded = case.decoded or case.completion
    drawn = prompts_of(8, case.completion - decoded, 3 + number)
    begun = [prompt + more for prompt, more in zip(rows, drawn, strict=True)]
    with watch.phase("rollout"), engine.cache_mapped():
        sampled, generation = timed(partial(engine.generate, begun, decoded, seeds=seeds))
    # Tokens that were not decoded count as sampled with even odds: of no consequence for memory or time.
    even = np.full(case.completion - decoded, -np.log(engine.shape.vocabulary))
    completions = [
        Completion(prompt, more + one.tokens, np.concatenate([even, one.logprobs]), one.finished)
        for prompt, more, one in zip(rows, drawn, sampled, strict=True)
    ]
    torch.cuda.empty_cache()
    apart = f"training, {micro_batch} in a pass{' over shared prompts' * engine.share_prompts}"
    with watch.phase("training" if case.passes[number] == case.passes[0] else apart):
        torch.cuda.reset_peak_memory_stats()
        report, update = timed(partial(accumulate, engine, completions, advantages, micro_batch=micro_batch))
        _, step = timed(lambda: (optimizer.step(), optimizer.zero_grad()))
        peak = torch.cuda.max_memory_allocated()
    torch.cuda.empty_cache()
    _, publish = timed(engine.publish)
    figures = {
        "micro_batch": micro_batch,
        "shared_prompts": engine.share_prompts,
        "generation_s": generation,
        "update_s": update,
        "optimizer_s": step,
        "publish_s": publish,
        "torch_peak_gib": peak / GIB,
        "mean_difference": report.mean_difference,
        "decoded_tokens_s": 8 * decoded / generation,
        "trained_tokens_s": 8 * case.completion / (generation + update + step + publish),
    }
    return {key: round(value, 4) for key, value in figures.items()}


def swap_times(engine: Engine, repeats: int = 50) -> dict[str, float]:
    """Milliseconds of one swap and of one check, medians."""
    writes = [timed(engine.swap.write)[1] for _ in range(repeats)]
    checks = [timed(engine.swap.mismatches)[1] for _ in range(5)]
    return {
        "write": round(float(np.median(writes)) * 1e3, 4),
        "check": round(float(np.median(checks)) * 1e3, 3),
        "matrices": len(adapters(engine.model)),
    }


def part_share(model: str) -> dict[str, Any]:
    """The share of the adapter's effect, decoded and teacher-forced; the canary broken on purpose; stale prefixes; the base's bits."""
    load = Workload(prompt=64, completion=SHARE_TOKENS, completions=128, prefill=2048)
    engine, start = timed(lambda: started(model, load, sequences=128))
    gate = engine.gate(prompts_of(16, 48, 1))
    say("gate", gate.__dict__)
    result: dict[str, Any] = {"start_s": start, "gate": gate.__dict__, "shares": []}
    gate.check()
    names = list(engine.shape.linear_names())
    before = [engine.sampler.weights.linear(name).codes.cpu().clone() for name in names]
    for size in (1e-3, 1e-2, 3e-2):
        set_adapter(engine, size, seed=int(1e4 * size))
        engine.publish()
        rows = prompts_of(SHARE_ROWS, 64, int(1e5 * size))
        completions, seconds = timed(lambda rows=rows: engine.generate(rows, SHARE_TOKENS, seeds=range(SHARE_ROWS)))
        row = {"size": size, "generated_tokens_s": round(SHARE_ROWS * SHARE_TOKENS / seconds)} | shares(engine, completions)
        say("share", row)
        result["shares"].append(row)
    result["canary"] = broken_canaries(engine)
    say("canary", result["canary"])
    result["stale_prefix"] = stale_prefix(engine)
    say("stale_prefix", result["stale_prefix"])
    for _ in range(200):
        engine.swap.write()
    torch.cuda.synchronize()
    result["swap_ms"] = swap_times(engine)
    result["base_unchanged_after_200_swaps"] = all(
        torch.equal(old, engine.sampler.weights.linear(name).codes.cpu()) for old, name in zip(before, names, strict=True)
    )
    say("swap", result["swap_ms"])
    say("base_unchanged_after_200_swaps", result["base_unchanged_after_200_swaps"])
    return result


def shares(engine: Engine, completions: list[Completion]) -> dict[str, Any]:
    """Both estimates of the share, with standard errors, and the distance of sampler and trainer."""
    sequences, starts = [one.prompt + one.tokens for one in completions], [len(one.prompt) for one in completions]
    on = engine.logprobs(sequences, starts, exact=True, batch=8)
    off = engine.logprobs(sequences, starts, exact=True, adapter=False, batch=8)
    effects = [a - b for a, b in zip(on, off, strict=True)]
    decoded = share_of_effect(effects, [one.logprobs - b for one, b in zip(completions, off, strict=True)])
    few = 48
    forced_on = [
        row[start - 1 :] for row, start in zip(engine.sampler.teacher_forced(sequences[:few], adapter=engine.adapter), starts, strict=False)
    ]
    forced_off = [
        row[start - 1 :] for row, start in zip(engine.sampler.teacher_forced(sequences[:few], adapter=None), starts, strict=False)
    ]
    forced = share_of_effect(effects[:few], [a - b for a, b in zip(forced_on, forced_off, strict=True)])
    few_starts = starts[:few]
    rounded = [
        a - b
        for a, b in zip(
            engine.logprobs(sequences[:few], few_starts, batch=8),
            engine.logprobs(sequences[:few], few_starts, adapter=False, batch=8),
            strict=True,
        )
    ]
    trainer = share_of_effect(effects[:few], rounded)
    return {
        "trainer_bf16": round(trainer.value, 4),
        "trainer_bf16_se": round(trainer.standard_error, 4),
        "decoded": round(decoded.value, 4),
        "decoded_se": round(decoded.standard_error, 4),
        "tokens": decoded.tokens,
        "forced": round(forced.value, 4),
        "forced_se": round(forced.standard_error, 4),
        "mean_effect": round(decoded.mean_effect, 5),
        "agreement": {key: round(value, 5) for key, value in engine.compare(completions[:32]).__dict__.items()},
    }


def broken_canaries(engine: Engine) -> dict[str, Any]:
    """The canary on the right policy, on a lost adapter, on one layer lost and on a stale adapter."""
    rows = prompts_of(16, 64, 77)
    good = engine.canary(engine.generate(rows, CANARY_TOKENS, seeds=range(16)))
    found: dict[str, Any] = {"good": [good.verdict, good.agreement.mean_difference, good.limit, str(good.share)]}
    swap: Any = engine.swap
    slots = swap.pairs
    broken: dict[str, Callable[[], object]] = {
        "all of the slot lost": engine.swap.clear,
        "one matrix lost": slots[5].slot_b.zero_,
        "stale": lambda: set_adapter(engine, 3e-2, seed=4242),
    }
    for name, breaking in broken.items():
        engine.publish()
        breaking()
        engine.version += 1
        completions = engine.generate(rows, CANARY_TOKENS, seeds=range(16))
        try:
            engine.swap.check()
            found[name] = ["not caught by the bits"]
        except SlotMismatch as error:
            found[name] = ["caught by the bits", str(error)[:60]]
        check, engine.swap.check = engine.swap.check, lambda: None  # type: ignore[method-assign]
        report = engine.canary(completions)
        engine.swap.check = check  # type: ignore[method-assign]
        found[name] += [report.verdict, round(report.agreement.mean_difference, 4), str(report.share)]
    engine.publish()
    return found


def stale_prefix(engine: Engine) -> dict[str, float]:
    """The same prompts decoded under two adapters in a row: the distance of each from fp32 stays at the noise if no stale KV is served."""
    rows = prompts_of(16, 64, 99)
    found = {}
    for seed in (1, 2, 1):
        set_adapter(engine, 3e-2, seed=seed)
        engine.publish()
        engine.generate(rows, 1)
        completions = engine.generate(rows, 64, seeds=range(16))
        sequences, starts = [one.prompt + one.tokens for one in completions], [64] * 16
        exact = engine.logprobs(sequences, starts, exact=True)
        gap = np.abs(np.concatenate([one.logprobs for one in completions]) - np.concatenate(exact)).mean()
        found[f"version {engine.version}, adapter {seed}"] = round(float(gap), 5)
    return found


def part_merge(model: str) -> dict[str, Any]:
    """Merged bf16 weights of a whole policy by the kernel: seconds, bytes moved a second, and plain PyTorch beside it."""
    from bitsandbytes.functional import quantize_4bit

    from rewardlang.trainer.gpu_merge import merge_into
    from rewardlang.trainer.gpu_rollout import merged_reference
    from rewardlang.trainer.gpu_shape import shape_from_config

    shape, rank = shape_from_config(shapes.SHAPES[model]), 16
    layers: list[tuple[Any, ...]] = []
    for linear in shape.linears():
        weight = torch.empty(linear.outputs, linear.inputs, dtype=torch.bfloat16, device="cuda").normal_(0.0, 0.02)
        codes, state = quantize_4bit(weight, blocksize=64, compress_statistics=False, quant_type="nf4")
        adapter = torch.randn(rank, linear.inputs, device="cuda"), torch.randn(linear.outputs, rank, device="cuda") * 1e-4
        layers.append((weight, codes, state.absmax, state.code, *adapter, 1.0))

    def kernel() -> None:
        for _ in range(shape.layers):
            for merged, *parts in layers:
                merge_into(merged, *parts)

    def plain() -> None:
        for merged, *parts in layers:
            merged.copy_(merged_reference(*parts))

    kernel()
    plain()
    seconds = float(np.median([timed(kernel)[1] for _ in range(9)]))
    reference = float(np.median([timed(plain)[1] for _ in range(3)])) * shape.layers
    elements = shape.layers * sum(linear.elements for linear in shape.linears())
    moved = elements * (0.5 + 4 / 64 + 2)
    result = {"seconds": seconds, "plain_seconds": reference, "elements": elements, "bytes_a_second": moved / seconds}
    for name, value in result.items():
        say(name, value)
    return result


def part_of_a_kernel(part: str, model: str) -> dict[str, Any]:
    """Every way of the head's product by rows; or of a decoding step's by matrix and batch, and summed over the policy."""
    from benchmarks.gpu import head, product
    from rewardlang.trainer.gpu_shape import shape_from_config

    shape = shape_from_config(shapes.SHAPES[model])
    if part == "head":
        return {"rows": head.table(shape, say)}
    rows = product.table(shape, say)
    say("milliseconds of a step", whole := product.step(rows, shape.layers))
    return {"rows": rows, "milliseconds_of_a_step": whole}


def measured(part: str, model: str) -> dict[str, Any]:
    """One of the parts that count memory."""
    return part_memory(model, case_of(part, model))


def main() -> None:
    """Runs one part and writes its JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-1.5b")
    arguments = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        **{name: partial(measured, name, arguments.model) for name in ("memory", "sleep", "nested", "fit", "long")},
        "share": lambda: part_share(arguments.model),
        "merge": lambda: part_merge(arguments.model),
        **{name: partial(part_of_a_kernel, name, arguments.model) for name in ("head", "product")},
        "rounding": lambda: {"ways": rounding.ways()},
    }
    result = parts[arguments.part]()
    document = {"part": arguments.part, "model": arguments.model} | machine() | result
    arguments.out.write_text(json.dumps(document, indent=1, default=str) + "\n")
    os._exit(0)  # vLLM and torch tear down in an order that can abort; everything is written


if __name__ == "__main__":
    main()
