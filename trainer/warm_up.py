"""Supervised warm-up of the small policy on simulated pupils (`pupils.py`), on training problems only."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rewardlang.trainer.problems import draw
from rewardlang.trainer.pupils import Habits, write

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How the warm-up is run. The learning rate rises over the first tenth of the steps and then falls linearly to 0."""

    steps: int = 800
    batch: int = 64
    learning_rate: float = 3e-3
    habits: Habits = field(default_factory=Habits)


def warm_up(model: Any, tokenizer: Any, recipe: WarmUp, *, seed: int, report: Callable[[int, float], None]) -> None:
    """Trains `model` in place. `report(step, loss)` is called after every step, steps from 1."""
    import torch

    rng = random.Random(f"warm-up {seed}")
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    rise = max(1, recipe.steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rise, (recipe.steps - step) / max(1, recipe.steps - rise))
    )
    model.train()
    for step in range(1, recipe.steps + 1):
        batch = _batch(tokenizer, rng, recipe)
        loss = model(**{name: tensor.to(model.device) for name, tensor in batch.items()}).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        report(step, loss.item())
    model.eval()


def _batch(tokenizer: Any, rng: random.Random, recipe: WarmUp) -> dict[str, Any]:
    """Token ids, mask and labels, each (batch, length): only the answer is learned, padding stands on the right."""
    import torch

    rows: list[tuple[list[int], int]] = []
    for _ in range(recipe.batch):
        problem = draw(rng, held_out=False)
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": problem.question}], add_generation_prompt=True, tokenize=True, return_dict=False
        )
        answer = tokenizer(write(problem, rng, recipe.habits), add_special_tokens=False)["input_ids"]
        rows.append(([*prompt, *answer, tokenizer.eos_token_id], len(prompt)))
    length = max(len(ids) for ids, _ in rows)
    ids_BL = torch.full((len(rows), length), tokenizer.pad_token_id)
    labels_BL = torch.full((len(rows), length), _IGNORED)
    for row, (ids, prompt_length) in enumerate(rows):
        ids_BL[row, : len(ids)] = torch.tensor(ids)
        labels_BL[row, prompt_length : len(ids)] = torch.tensor(ids[prompt_length:])
    return {"input_ids": ids_BL, "attention_mask": (ids_BL != tokenizer.pad_token_id).long(), "labels": labels_BL}
