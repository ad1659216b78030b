"""Measures a policy on held-out rows: one answer a row, marked by the reward file.

Accuracy is the share of rows on which the file's `success` holds; a file
without `success` has no accuracy. The answers are drawn with a seed of their
own, so that two measurements differ by the policy alone, and measuring does
not disturb the training that goes on around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.trainer.config import EvaluationConfig
from rewardlang.trainer.data import Row

_SEED = 20260101


@dataclass(frozen=True)
class Evaluation:
    """What one measurement found. `accuracy` is None when the reward file has no `success`; skipped rows do not count."""

    completions: tuple[str, ...]
    scores: Scores
    accuracy: float | None
    score: float
    rules: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """The figures without the completions."""
        return {"accuracy": self.accuracy, "score": self.score, "points": self.rules, "answers": len(self.completions)}


def evaluate(
    model: Any, tokenizer: Any, rows: Sequence[Row], reward: Reward, config: EvaluationConfig, *, max_tokens: int, step: int = 0
) -> Evaluation:
    """Answers every row once and marks the answers; the schedules of the reward file are read at `step`."""
    completions = complete(model, tokenizer, [row["prompt"] for row in rows], config, max_tokens=max_tokens)
    return mark(completions, rows, reward, step=step)


def mark(completions: Sequence[str], rows: Sequence[Row], reward: Reward, *, step: int = 0) -> Evaluation:
    """Marks answers that are already there."""
    columns = {name: [row.get(name) for row in rows] for name in reward.columns}
    scores = reward.score(list(completions), prompts=[row["prompt"] for row in rows], columns=columns, step=step)
    accuracy = None if scores.success is None else _mean(scores.success)
    rules = {name: _mean(points) for name, points in scores.rules.items()}
    return Evaluation(tuple(completions), scores, accuracy, _mean(scores.values), rules)


def complete(model: Any, tokenizer: Any, prompts: Sequence[Any], config: EvaluationConfig, *, max_tokens: int) -> list[str]:
    """One completion a prompt, text or chat. The state of torch's random numbers is as before when it returns."""
    import torch

    was_training = model.training
    model.eval()
    completions: list[str] = []
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(_SEED)
        for start in range(0, len(prompts), config.batch):
            texts = [
                prompt if isinstance(prompt, str) else _chat_text(tokenizer, prompt) for prompt in prompts[start : start + config.batch]
            ]
            batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=isinstance(prompts[0], str))
            inputs = {name: batch[name].to(model.device) for name in ("input_ids", "attention_mask")}
            chance: dict[str, Any] = {"do_sample": True, "temperature": config.temperature, "top_k": 0, "top_p": 1.0}
            ids = model.generate(**inputs, max_new_tokens=max_tokens, **(chance if config.temperature > 0 else {"do_sample": False}))
            completions.extend(tokenizer.batch_decode(ids[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True))
    model.train(was_training)
    return completions


def _chat_text(tokenizer: Any, messages: Any) -> str:
    text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return text


def _mean(values: Any) -> float:
    """The mean of what is not NaN; 0 when nothing was marked."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else 0.0
