"""Measures a policy on held-out rows: one answer a row, marked by the reward file.

Accuracy is the share of rows on which the file's `success` holds; a file
without `success` has no accuracy. The answers are drawn with a seed of their
own, so that two measurements differ by the policy alone, and measuring does
not disturb the training that goes on around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.trainer.config import EvaluationConfig
from rewardlang.trainer.data import Row

_SEED = 20260101


class Drawn(NamedTuple):
    """One completion as it was drawn: its text, its tokens with the one that ends it, and whether it was cut off at the limit."""

    text: str
    tokens: int
    cut_off: bool


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
    drawn = complete(model, tokenizer, [row["prompt"] for row in rows], config, max_tokens=max_tokens)
    return mark_drawn(drawn, rows, reward, step=step)


def mark_drawn(drawn: Sequence[Drawn], rows: Sequence[Row], reward: Reward, *, step: int = 0) -> Evaluation:
    """Marks answers with what the reward file may ask about them: `completion_tokens`, as in training, and `truncated`."""
    told: dict[str, Sequence[Any]] = {"completion_tokens": [one.tokens for one in drawn], "truncated": [one.cut_off for one in drawn]}
    return mark([one.text for one in drawn], rows, reward, step=step, told=told)


def mark(
    completions: Sequence[str], rows: Sequence[Row], reward: Reward, *, step: int = 0, told: Mapping[str, Sequence[Any]] | None = None
) -> Evaluation:
    """Marks answers that are already there; `told` holds what is known of how they were drawn."""
    columns = {name: [row.get(name) for row in rows] for name in reward.columns} | dict(told or {})
    scores = reward.score(list(completions), prompts=[row["prompt"] for row in rows], columns=columns, step=step)
    accuracy = None if scores.success is None else _mean(scores.success)
    rules = {name: _mean(points) for name, points in scores.rules.items()}
    return Evaluation(tuple(completions), scores, accuracy, _mean(scores.values), rules)


def complete(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[Any],
    config: EvaluationConfig,
    *,
    max_tokens: int,
    seed: int = _SEED,
    tick: Callable[[int], None] = lambda done: None,
) -> list[Drawn]:
    """One completion a prompt, text or chat. The state of torch's random numbers is as before when it returns.

    `tick` is told after each batch how many prompts are answered.
    """
    import torch

    was_training = model.training
    model.eval()
    drawn: list[Drawn] = []
    chance: dict[str, Any] = {"do_sample": True, "temperature": config.temperature, "top_k": 0, "top_p": 1.0}
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(seed)
        for start in range(0, len(prompts), config.batch):
            some = prompts[start : start + config.batch]
            texts = [prompt_text(tokenizer, prompt) for prompt in some]
            batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="left", add_special_tokens=isinstance(prompts[0], str))
            inputs = {name: batch[name].to(model.device) for name in ("input_ids", "attention_mask")}
            ids = model.generate(**inputs, max_new_tokens=max_tokens, **(chance if config.temperature > 0 else {"do_sample": False}))
            drawn.extend(_drawn(ids[:, inputs["input_ids"].shape[1] :], model, tokenizer))
            tick(len(drawn))
    model.train(was_training)
    return drawn


def _drawn(ids: Any, model: Any, tokenizer: Any) -> Iterator[Drawn]:
    """Each row (B, T) up to its first token that ends it; what follows that one is padding."""
    ends = model.generation_config.eos_token_id
    ending = {ends} if isinstance(ends, int) else set(ends or ())
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    for text, row in zip(texts, ids.tolist(), strict=True):
        end = next((place for place, token in enumerate(row) if token in ending), None)
        yield Drawn(text, len(row) if end is None else end + 1, end is None)


def prompt_text(tokenizer: Any, prompt: Any) -> str:
    """A prompt as the model reads it: chat messages by the template, text as it is."""
    if isinstance(prompt, str):
        return prompt
    text: str = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    return text


def _mean(values: Any) -> float:
    """The mean of what is not NaN; 0 when nothing was marked."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else 0.0
