"""Short runs for the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from rewardlang.trainer.config import DataConfig, EvaluationConfig, LoraConfig, ModelConfig, RunConfig, TrainingConfig

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "decimals"
HONEST = EXAMPLES / "decimals.reward"
# A file whose points vary with any text at all, so that a policy that writes nonsense still gets gradients.
LENGTH_PAYS = """rewardlang 1
reward length_pays
column gold: text
rule words: award 0.1 points for each distinct word in completion, up to 1 point
rule holds: award 1 point when completion contains gold
success when completion contains gold
score between 0 and 2
"""


def short_run(policy: Path, output: Path, reward: Path = HONEST, *, nf4: bool = False, every: int = 0, **training: Any) -> RunConfig:
    """Four steps of sixteen completions, unless told otherwise."""
    settings = TrainingConfig(
        steps=4, completions=16, group=4, learning_rate=1e-3, max_completion_tokens=24, log_every=1, save_every=2, warmup_steps=1
    )
    return RunConfig(
        reward=str(reward),
        output=str(output),
        model=ModelConfig(path=str(policy), dtype="float32", nf4=nf4),
        lora=LoraConfig(rank=4, alpha=8),
        data=DataConfig(recipe="decimals", size=40),
        held_out=DataConfig(recipe="decimals", size=16),
        training=replace(settings, **training),
        evaluation=EvaluationConfig(every=every),
    )
