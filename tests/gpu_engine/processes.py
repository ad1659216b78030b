"""One process of a run over a fake sampler: `processes.py FOLDER BREAK [KEY=VALUE …]`, alone or under `torchrun`'s variables.

The completions are those of `test_gpu_run.run_config`. Advantages of some are set to zero so that in one step the second of two processes
has nothing to train on, and in another no process has.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from rewardlang.trainer import gpu_run
from rewardlang.trainer.gpu_cards import Card
from rewardlang.trainer.gpu_engine import Engine
from rewardlang.trainer.gpu_trainer import EngineTrainer
from rewardlang.trainer.gpu_vllm import SamplerSettings
from rewardlang.trainer.gpu_world import join
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.gpu_engine.fake_sampler import FakeSampler
from tests.gpu_engine.fake_vllm import fake_vllm
from tests.gpu_engine.test_gpu_run import run_config

_SECOND_HALF, _ALL = 1, 2  # steps


def main() -> None:
    """Trains; with BREAK 'lost' the second process's sampler loses the adapter from its third version on, with 'resume' the run goes on."""
    folder, broken, changes = Path(sys.argv[1]), sys.argv[2], dict(one.split("=") for one in sys.argv[3:])
    torch.set_num_threads(1)

    def start(settings: SamplerSettings, **options: Any) -> Engine:
        fake = fake_vllm("qwen2")
        engine = Engine(FakeSampler(fake), fake.config, rank=settings.rank, **options)
        if broken == "lost" and join().rank == 1:
            publish, swap = engine.publish, engine.swap

            def lost() -> None:
                publish()
                if engine.version >= 3:
                    swap.clear()

            engine.publish = lost  # type: ignore[method-assign]
        return engine

    sys.modules["rewardlang.trainer.gpu_engine"].start_engine = start  # type: ignore[attr-defined]
    seen: Any = gpu_run
    seen.card_at_hand, seen.need = lambda: Card("a card", 8 * 10**9), lambda *_, **__: None
    drawn: Any = EngineTrainer
    drawn._generate_and_score_completions = some_without_advantage(drawn._generate_and_score_completions)
    config = run_config(folder, **{key: int(value) if value.isdigit() else value for key, value in changes.items()})
    result = train(replace(config, evaluation=replace(config.evaluation, every=1)), Silent(), resume=broken == "resume")
    print("ENDED", result.steps, result.stopped, flush=True)


def some_without_advantage(method: Any) -> Any:
    """Zeroes advantages by the place of a completion in the whole round."""

    def changed(trainer: Any, inputs: Any) -> Any:
        batch = method(trainer, inputs)
        world, step = join(), trainer.state.global_step
        count = len(batch["advantages"])
        places = torch.arange(world.rank * count, (world.rank + 1) * count)
        if step in (_SECOND_HALF, _ALL):
            batch["advantages"][(places >= count * world.size // 2) | (step == _ALL)] = 0.0
        return batch

    return changed


if __name__ == "__main__":
    main()
