"""Does a policy learn through the whole stack? Warm-up, then GRPO with a `.reward` file, accuracy on held-out problems before and after.

    python benchmarks/gpu/learning.py --seed 0 --backend memory --out results/learn-memory-0.json

The policy is a Qwen2 of about 30 million parameters, made here and warmed up on simulated pupils (the demonstration's recipe, larger),
saved in 16 bits; the run is `rewardlang train` with `engine.backend` as told. `--backend transformers` is TRL's own generation over
bitsandbytes' NF4, `--backend trl` TRL's own trainer in its 4-bit path with vLLM (`peer_trl`): the same data, seed and reward. `--hidden`,
`--layers` and the step counts make it small enough for a CPU.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

from benchmarks.gpu.peer_trl import learned  # noqa: E402
from rewardlang.trainer import small_policy  # noqa: E402
from rewardlang.trainer.config import (  # noqa: E402
    DataConfig,
    EngineConfig,
    EvaluationConfig,
    LoraConfig,
    ModelConfig,
    RunConfig,
    TrainingConfig,
)
from rewardlang.trainer.gpu_world import join  # noqa: E402
from rewardlang.trainer.metrics import read_metrics  # noqa: E402
from rewardlang.trainer.progress import Silent  # noqa: E402
from rewardlang.trainer.pupils import Habits  # noqa: E402
from rewardlang.trainer.training import RunResult, train  # noqa: E402
from rewardlang.trainer.warm_up import WarmUp, warm_up  # noqa: E402

REWARD = HERE.parents[1] / "examples" / "decimals" / "decimals.reward"
LIBRARIES = ("torch", "vllm", "bitsandbytes", "peft", "transformers", "trl")


def main() -> int:
    """One run; its figures on lines that begin with RESULT, and in the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", choices=("memory", "speed", "transformers", "trl"), default="memory")
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--warm-up-steps", type=int, default=400)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--completions", type=int, default=128)
    parser.add_argument("--held-out", type=int, default=400)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    world = join()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(world.gathered(scratch)[0])  # all processes train what the first one made
        began = time.monotonic()
        parameters = make_policy(folder / "policy", arguments) if world.rank == 0 else 0
        world.gathered(None)
        warm = time.monotonic() - began
        config = run_config(folder, arguments)
        found = learned(config) if arguments.backend == "trl" else figures_of(train(config, Silent()))
        world.gathered(None)
    if world.rank:
        return 0
    record = {
        "what": "GRPO on held-out decimals through the whole stack",
        **origin(),
        "backend": arguments.backend,
        "seed": arguments.seed,
        "parameters": parameters,
        "warm_up_seconds": round(warm, 1),
        "processes": world.size,
        **found,
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(record, indent=1), encoding="utf-8")
    for name in ("accuracy_before", "accuracy_after", "reward_before", "reward_after", "warm_up_seconds", "seconds"):
        print("RESULT", name, record[name], flush=True)
    return 0


def make_policy(folder: Path, arguments: argparse.Namespace) -> int:
    """The policy, warmed up on the GPU where there is one and saved in 16 bits; its number of parameters."""
    import torch

    tokenizer = small_policy.make_tokenizer()
    model = small_policy.make_model(tokenizer, seed=arguments.seed, hidden=arguments.hidden, layers=arguments.layers)
    if torch.cuda.is_available():
        model = model.cuda()
    recipe = WarmUp(steps=arguments.warm_up_steps, batch=64, learning_rate=1e-3, habits=Habits())
    warm_up(model, tokenizer, recipe, seed=arguments.seed, report=lambda step, loss: None)
    small_policy.save(model.bfloat16(), tokenizer, folder)
    return sum(parameter.numel() for parameter in model.parameters())


def run_config(folder: Path, arguments: argparse.Namespace) -> RunConfig:
    """The demonstration's run, larger; in 4 bits on both backends."""
    return RunConfig(
        reward=str(REWARD),
        output=str(folder / "run"),
        seed=arguments.seed,
        model=ModelConfig(path=str(folder / "policy"), dtype="bfloat16", nf4=arguments.backend == "transformers"),
        lora=LoraConfig(rank=32, alpha=64),
        data=DataConfig(recipe="decimals", size=20_000, seed=arguments.seed),
        held_out=DataConfig(recipe="decimals", size=arguments.held_out),
        training=TrainingConfig(
            steps=arguments.steps,
            completions=arguments.completions,
            group=8,
            learning_rate=5e-4,
            max_completion_tokens=96,
            log_every=5,
            save_every=0,
        ),
        engine=EngineConfig(backend="transformers" if arguments.backend == "trl" else arguments.backend, canary_every=50),
        evaluation=EvaluationConfig(every=max(1, arguments.steps // 6)),
    )


def figures_of(result: RunResult) -> dict[str, Any]:
    """The figures, the curve, a few completions before and after."""
    assert result.before is not None
    assert result.after is not None
    return {
        "fingerprint": result.fingerprint,
        "steps": result.steps,
        "held_out": len(result.before.completions),
        "accuracy_before": result.before.accuracy,
        "accuracy_after": result.after.accuracy,
        "reward_before": result.before.score,
        "reward_after": result.after.score,
        "seconds": round(result.seconds, 1),
        "curve": list(read_metrics(Path(result.config.output) / "metrics.jsonl")),
        "completions": [list(pair) for pair in zip(result.before.completions[:8], result.after.completions[:8], strict=True)],
    }


def origin() -> dict[str, Any]:
    """When, where and with which libraries."""
    import torch

    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": torch.cuda.get_device_name(0) if torch.cuda.is_available() else "CPU",
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES if _there(name)},
    }


def _there(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
