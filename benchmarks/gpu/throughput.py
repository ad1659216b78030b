"""Completion tokens trained a second: our two backends, TRL's 4-bit path, Unsloth, and plain vLLM for the generation alone.

    python benchmarks/gpu/throughput.py --system speed --out results/throughput-speed.json

The same random weights for all, in a published shape, saved once as a 16-bit checkpoint under --scratch. A round is 8 or 64 completions of
512 tokens in groups of 8, prompts of 150 tokens, LoRA rank 16 on all linear layers, 8-bit Adam. The first round of each size warms up, and
the memory is counted in it; the rest count, and nothing looks at the card while they run.
`--system trl` is TRL's colocated mode, whose sampler does not get the adapter (`trainer/GPU.md`): its figure is a speed alone.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", VLLM_NO_USAGE_STATS="1", VLLM_ENABLE_V1_MULTIPROCESSING="0")
os.environ.update(VLLM_USE_FLASHINFER_SAMPLER="0", WANDB_DISABLED="true")

import torch  # noqa: E402

from benchmarks.gpu import shapes  # noqa: E402
from benchmarks.gpu.parts import SHARE_ROWS, machine, prompts_of, say, set_adapter, shares, timed  # noqa: E402
from benchmarks.gpu.profile_of import profile_of  # noqa: E402

PROMPT, COMPLETION, GROUP, RANK = 150, 512, 8, 16
SIZES = (8, 64)
ROUNDS = 5


def main() -> None:
    """One system; its figures on lines that begin with RESULT, and in the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--system", choices=("memory", "speed", "trl", "unsloth", "plain"), default="speed")
    parser.add_argument("--model", choices=sorted(shapes.SHAPES), default="qwen2.5-1.5b")
    parser.add_argument("--card", default="24GiB", help="the size that the passes of an engine are chosen for")
    parser.add_argument("--micro-batch", type=int, help="sequences in a pass; for TRL and Unsloth 8 unless told")
    parser.add_argument("--unmap", action="store_true", help="the sampler's pages leave the card while training")
    parser.add_argument("--share", action="store_true", help="the completions of a prompt are computed over one pass of it")
    parser.add_argument("--compiled", action="store_true", help="speed: vLLM's own compilation in place of graphs alone")
    parser.add_argument("--effect", action="store_true", help="also the share of the adapter's effect in the sampler")
    parser.add_argument("--profile", action="store_true", help="also where the time of a generation and of an update goes")
    parser.add_argument("--fused", action="store_true", help="memory: one kernel for the product of a decoding step")
    parser.add_argument("--completions", type=int, choices=SIZES, default=64, help="trl, unsloth: completions in a round")
    parser.add_argument("--site", type=Path, default=Path("/tmp/unsloth/site"), help="unsloth: the folder with its packages")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/checkpoints"))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    folder = shapes.write_checkpoint(arguments.model, arguments.scratch / arguments.model)
    torch.cuda.empty_cache()
    if arguments.system == "unsloth":
        unsloth(folder, arguments)
    run = {"trl": trl, "plain": plain}.get(arguments.system, engine)
    options = {key: value for key, value in vars(arguments).items() if key not in ("out", "scratch", "site")}
    document = {"part": "throughput", "options": options} | machine() | run(folder, arguments)
    arguments.out.write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")
    os._exit(0)  # vLLM and torch tear down in an order that can abort; everything is written


def engine(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Rounds of ours on one of the two backends, then the share of the adapter's effect in the sampler."""
    import bitsandbytes.optim

    from rewardlang.trainer.gpu_cards import card_named
    from rewardlang.trainer.gpu_engine import start_engine
    from rewardlang.trainer.gpu_memory import MemoryWatch
    from rewardlang.trainer.gpu_update import prepare_training
    from rewardlang.trainer.gpu_vllm import SamplerSettings
    from rewardlang.trainer.heap import settled_heap
    from rewardlang.trainer.memory_plan import PREFILL_OF_SPEED, Workload, plan

    merged = arguments.system == "speed"
    load = Workload(
        PROMPT,
        COMPLETION,
        max(SIZES),
        GROUP,
        arguments.share,
        None,
        arguments.micro_batch,
        RANK,
        prefill=PREFILL_OF_SPEED if merged else 1024,
        unmap_cache=arguments.unmap,
        merged=merged,
    )
    config = json.loads((folder / "config.json").read_text())
    planned = plan(config, load, card=card_named(arguments.card), passes=[GROUP << doubled for doubled in range(4)])
    load = replace(planned.workload, micro_batch=planned.micro_batch)
    settings = SamplerSettings(
        model=str(folder),
        rank=RANK,
        length=load.length,
        sequences=max(SIZES),
        cache_bytes=planned.cache_bytes,
        prefill=load.prefill,
        unmap_cache=arguments.unmap,
        merged=merged,
        fused_product=arguments.fused,
        extra={"compilation_config": {}} if arguments.compiled else {},
    )
    result: dict[str, Any] = {"plan_gib": planned.peak / 2**30, "micro_batch": load.micro_batch, "rounds": []}
    adam: Any = vars(bitsandbytes.optim)["AdamW8bit"]
    with MemoryWatch() as watch:
        with watch.phase("start"):
            made, result["start_s"] = timed(lambda: start_engine(settings))
        made.share_prompts = arguments.share
        with watch.phase("diagnostics"):
            gate = made.gate(prompts_of(16, 48, 1))
        say("gate", gate.__dict__)
        gate.check()
        prepare_training(made)
        set_adapter(made, 1e-3, seed=5)
        made.unmap_cache = arguments.unmap
        optimizer = adam([p for p in made.model.parameters() if p.requires_grad], lr=1e-6)
        for size in SIZES:
            result["rounds"].append(one_round(made, optimizer, size, 0, planned.micro_batch, watch.phase))
        result["peaks_gib"] = watch.table()
        say("peaks_gib", result["peaks_gib"])
    with settled_heap():  # as a run has it
        for size in SIZES:
            rows = [one_round(made, optimizer, size, number, planned.micro_batch) for number in range(1, ROUNDS)]
            result["rounds"] += rows
            say(f"{size} × {COMPLETION}", median_round(rows))
        if arguments.profile:
            result["profiles"] = profiles(made, planned.micro_batch)
            say("profiles", told_of(result["profiles"]))
    if arguments.effect:
        result["shares"] = list(effects(made))
    return result


def profiles(made: Any, micro_batch: int) -> dict[str, dict[str, Any]]:
    """Where the time of a generation and of an update goes, at each size."""
    from rewardlang.trainer.gpu_update import accumulate

    found = {}
    for size in SIZES:
        found[f"generation {size}"] = profile_of(partial(sample, made, size, 0))
        completions, advantages = sample(made, size, 0), torch.linspace(-1, 1, size).tolist()
        update = partial(accumulate, made, completions, advantages, micro_batch=min(micro_batch, size))
        found[f"update {size}"] = profile_of(update)
    return found


def effects(made: Any) -> Iterator[dict[str, Any]]:
    """The share of the adapter's effect in the sampler, at three sizes of it."""
    for relative in (1e-3, 1e-2, 3e-2):
        with made.cache_mapped():
            set_adapter(made, relative, seed=int(1e4 * relative))
            made.publish()
            completions = made.generate(prompts_of(SHARE_ROWS, 64, int(1e5 * relative)), COMPLETION, seeds=range(SHARE_ROWS))
            found = {"size": relative} | shares(made, completions)
        say("share", found)
        yield found


def one_round(
    made: Any, optimizer: Any, size: int, number: int, micro_batch: int, phase: Callable[[str], AbstractContextManager[None]] | None = None
) -> dict[str, float]:
    """Publish, generate, update, step: seconds of each, and tokens trained a second of all. `phase` counts the memory."""
    from rewardlang.trainer.gpu_update import accumulate

    counted = phase or (lambda _: nullcontext())
    advantages = torch.randn(size, generator=torch.Generator().manual_seed(number)).tolist()
    with counted(f"rollout {size}"):
        _, publish = timed(made.publish)
        completions, generation = timed(partial(sample, made, size, number))
    with counted(f"training {size}"):
        report, update = timed(lambda: accumulate(made, completions, advantages, micro_batch=min(micro_batch, size)))
        _, step = timed(lambda: (optimizer.step(), optimizer.zero_grad()))
    whole = publish + generation + update + step
    return {
        "publish_s": publish,
        "generation_s": generation,
        "update_s": update,
        "step_s": step,
        "mean_difference": report.mean_difference,
        "generated_tokens_s": size * COMPLETION / generation,
        "trained_tokens_s": size * COMPLETION / whole,
    }


def sample(made: Any, size: int, number: int) -> Any:
    """The completions of a round."""
    with made.cache_mapped():
        return made.generate(round_prompts(size, number), COMPLETION, seeds=[1000 * number + index for index in range(size)])


def round_prompts(size: int, number: int) -> list[list[int]]:
    """Groups of 8 times the same prompt."""
    return [prompt for index in range(size // GROUP) for prompt in prompts_of(GROUP, PROMPT, 97 * number + index, distinct=False)]


def told_of(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What profiles come down to, for a line on the terminal."""
    return {
        name: {key: value[:6] if isinstance(value, list) and key != "collections" else value for key, value in one.items()}
        for name, one in found.items()
    }


def median_round(rows: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {key: round(sorted(row[key] for row in rows)[len(rows) // 2], 4) for key in rows[0]}


def plain(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """vLLM as it comes, on the same 16-bit weights: generated tokens a second; then with fp32 logits, as an engine's sampler has them."""
    from vllm import LLM, SamplingParams

    sampling = SamplingParams(max_tokens=COMPLETION, ignore_eos=True, temperature=1.0, logprobs=0, detokenize=False)
    llm = LLM(model=str(folder), dtype="bfloat16", max_model_len=PROMPT + COMPLETION + 1, max_num_seqs=max(SIZES), skip_tokenizer_init=True,
              kv_cache_memory_bytes=4 << 30, enable_prefix_caching=True, logprobs_mode="processed_logprobs")  # fmt: skip
    head: Any = llm.collective_rpc(lambda worker: worker)[0].model_runner.get_model().logits_processor
    found: dict[str, Any] = {}
    for kind, dtype in (("", head.head_dtype), (" fp32 logits", torch.float32)):
        head.head_dtype = dtype  # read at each step, outside of the captured graphs
        for size in SIZES:
            seconds = []
            for number in range(ROUNDS):
                tokens: Any = [{"prompt_token_ids": prompt} for prompt in round_prompts(size, number)]
                drawn = partial(llm.generate, tokens, sampling, use_tqdm=False)
                seconds.append(timed(drawn)[1])
            name = f"generated_tokens_s {size}{kind}"
            found[name] = round(size * COMPLETION / sorted(seconds[1:])[(ROUNDS - 1) // 2], 1)
            say(name, found[name])
            if arguments.profile:
                profile = found[f"profile {size}{kind}"] = profile_of(drawn)
                say("profiles", told_of({f"{size}{kind}": profile}))
    return found


def unsloth(folder: Path, arguments: argparse.Namespace) -> NoReturn:
    """Unsloth's GRPO in place of this process, which gives its memory on the card back (`peer_unsloth.py`)."""
    if not (arguments.site / "unsloth").is_dir():
        raise SystemExit(f"{arguments.site} holds no package unsloth")
    path = [str(arguments.site.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    sizes = {
        "completions": arguments.completions,
        "micro-batch": arguments.micro_batch or GROUP,
        "prompt": PROMPT,
        "completion": COMPLETION,
        "group": GROUP,
        "rank": RANK,
    }
    command = [sys.executable, str(HERE / "peer_unsloth.py"), str(folder), *(f"--{name}={value}" for name, value in sizes.items())]
    command += ["--out", str(arguments.out.resolve()), *["--unmap"] * arguments.unmap]
    os.chdir(arguments.scratch)  # it writes the trainers that it makes into the working folder
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": os.pathsep.join(path)})


def trl(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """TRL's GRPO with a 4-bit base and vLLM in the same process."""
    import pynvml
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import BitsAndBytesConfig, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    pynvml.nvmlInit()
    handle, peak = pynvml.nvmlDeviceGetHandleByIndex(0), [0]
    marks: list[float] = []

    def watch() -> None:
        while len(marks) < 2:
            peak[0] = max(peak[0], int(pynvml.nvmlDeviceGetMemoryInfo(handle).used))
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()
    size, micro_batch = arguments.completions, arguments.micro_batch or GROUP
    data = Dataset.from_list([{"prompt": f"{index:04d}" + "7" * (PROMPT - 4)} for index in range(1024)])
    make: Any = BitsAndBytesConfig
    quantisation = make(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16, bnb_4bit_use_double_quant=True)
    steps = 6
    config = GRPOConfig(
        output_dir=str(arguments.scratch / "trl"), per_device_train_batch_size=min(size, micro_batch), max_steps=steps,
        gradient_accumulation_steps=max(1, size // micro_batch), num_generations=GROUP, max_completion_length=COMPLETION,
        logging_steps=1, learning_rate=1e-5, use_vllm=True, vllm_mode="colocate", vllm_gpu_memory_utilization=0.12, bf16=True,
        vllm_max_model_length=PROMPT + COMPLETION + 64, gradient_checkpointing=True, report_to=[], save_strategy="no",
        optim="paged_adamw_8bit", temperature=1.0, beta=0.0, model_init_kwargs={"dtype": "bfloat16", "quantization_config": quantisation},
    )  # fmt: skip

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            torch.cuda.synchronize()
            marks.append(time.perf_counter())

    def reward(completions: list[str], **_: Any) -> list[float | None]:
        return [sum(text.encode()) % 97 / 97 for text in completions]

    trainer = GRPOTrainer(
        str(folder), reward_funcs=reward, args=config, train_dataset=data, callbacks=[Clock()],
        peft_config=LoraConfig(r=RANK, lora_alpha=RANK, target_modules="all-linear", task_type="CAUSAL_LM"),
    )  # fmt: skip
    trainer.train()
    step = (marks[-1] - marks[1]) / (steps - 2)
    found = {"step_s": round(step, 3), "trained_tokens_s": round(size * COMPLETION / step, 1), "peak_gib": round(peak[0] / 2**30, 2)}
    lengths = [row["completions/mean_length"] for row in trainer.state.log_history if "completions/mean_length" in row]
    found["mean_length"] = round(sum(lengths) / max(1, len(lengths)), 1)
    for name, value in found.items():
        say(f"trl {size} {name}", value)
    return found


if __name__ == "__main__":
    main()
