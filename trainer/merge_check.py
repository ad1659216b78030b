"""Whether merged weights are the policy: next-token probabilities of the merged model against base and adapter, on prompts of the run.

Both are computed in float32, one model in memory at a time. What is compared is
the total variation distance of the next token's distribution, half the sum of
|p - q|: 0 for the same, 1 for nothing in common. The adapter's own effect,
with it against without, is the yardstick beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from rewardlang.trainer.config import EngineConfig, ModelConfig
from rewardlang.trainer.evaluate import prompt_text
from rewardlang.trainer.past_run import PastRun, SavedPolicy, load_policy
from rewardlang.trainer.policy import load_model
from rewardlang.trainer.problem import TrainingProblem

# Mean distance that is let pass: float32 sums in another order; 16 bits round each weight by up to 2^-9 of itself.
TOLERANCE = {"float32": 1e-4, "bfloat16": 0.02, "float16": 0.005}
_PLACES = 16  # of each prompt, from its end


class Agreement(NamedTuple):
    """Over `places` of `prompts`: mean distance of the merged weights from the policy, largest difference of a logit, mean effect."""

    prompts: int
    places: int
    distance: float
    largest_logit: float
    effect: float
    tolerance: float


def check_merged(run: PastRun, policy: SavedPolicy, merged: Path, dtype: str, tokenizer: Any, prompts: Sequence[Any]) -> Agreement:
    """Raises `TrainingProblem` when the two are further apart than the tolerance for this dtype."""
    texts = [prompt_text(tokenizer, prompt) for prompt in prompts]
    # The weights that were merged into: those of the base as they are stored, also where training held them in 4 bits.
    plain = dataclasses.replace(run, config=dataclasses.replace(run.config, model=_in_float32(run.config.model), engine=EngineConfig()))
    model = _computing_in_float32(load_policy(plain, policy))
    wanted = list(_logits(model, tokenizer, texts))
    del model
    model = _computing_in_float32(load_model(plain.config.model))
    without = list(_logits(model, tokenizer, texts))
    del model
    model = load_model(ModelConfig(path=str(merged), dtype="float32"))
    got = list(_logits(model, tokenizer, texts))
    found = Agreement(
        prompts=len(texts),
        places=sum(map(len, wanted)),
        distance=_distance(got, wanted),
        largest_logit=max(float((one - other).abs().max()) for one, other in zip(got, wanted, strict=True)),
        effect=_distance(without, wanted),
        tolerance=TOLERANCE[dtype],
    )
    if not found.distance <= found.tolerance:
        raise TrainingProblem(
            f"the merged weights are not the policy: next-token probabilities differ by {found.distance:.2g}, "
            f"more than {found.tolerance:g}; nothing was written",
            "export with --dtype float32, or with --to adapter",
        )
    return found


def _in_float32(model: ModelConfig) -> ModelConfig:
    return dataclasses.replace(model, nf4=False, dtype="float32")


def _computing_in_float32(model: Any) -> Any:
    """A base that is stored in 4 bits computes in what it was saved with, unless told otherwise."""
    for module in model.modules():
        if hasattr(module, "compute_type_is_set"):
            module.compute_dtype, module.compute_type_is_set = torch.float32, True
    return model


def _logits(model: Any, tokenizer: Any, texts: Sequence[str]) -> Iterator[torch.Tensor]:
    """(T, V) of each text, at its last places."""
    model.eval()
    with torch.no_grad():
        for text in texts:
            ids = tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"].to(model.device)
            yield model(input_ids=ids).logits[0, -_PLACES:].float().cpu()


def _distance(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> float:
    """Mean total variation distance over all places."""
    each = [(one.softmax(-1) - other.softmax(-1)).abs().sum(-1) / 2 for one, other in zip(some, others, strict=True)]
    return float(torch.cat(each).mean())
