"""Who draws the answers of a saved policy: transformers, or the sampler of the engine that the run was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rewardlang.trainer.config import EvaluationConfig
from rewardlang.trainer.data import Row
from rewardlang.trainer.eval_draws import Answer, Answers, Drawing
from rewardlang.trainer.evaluate import Drawn, complete
from rewardlang.trainer.extras import is_installed
from rewardlang.trainer.gpu_cards import card_at_hand
from rewardlang.trainer.past_run import PastRun, SavedPolicy, load_policy
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Progress

TRANSFORMERS, ENGINE = "transformers", "engine"
BY = (TRANSFORMERS, ENGINE)


def answers_by(run: PastRun, tokenizer: Any, rows: Sequence[Row], progress: Progress, by: str | None) -> Answers:
    """By the run's own sampler where it had an engine and there is a GPU, else by transformers; `by` chooses. Says which and why."""
    backend = run.config.engine.backend
    if by == ENGINE and backend == TRANSFORMERS:
        raise TrainingProblem(f"{run.folder} was trained without an engine", "leave out --by, or take --by transformers")
    if backend == TRANSFORMERS:
        return _ByTransformers(run, tokenizer)
    if by is None and card_at_hand() is not None and is_installed("vllm"):
        by = ENGINE
    if by == ENGINE:
        return _ByEngine(run, tokenizer, rows, progress)
    progress.say("answers are generated with transformers over the same 4-bit base; vLLM, which the run drew with, rounds otherwise")
    return _ByTransformers(run, tokenizer)


class _ByTransformers:
    sampler: str | None = None

    def __init__(self, run: PastRun, tokenizer: Any) -> None:
        self._run, self._tokenizer = run, tokenizer

    def of(self, policy: SavedPolicy) -> Answer:
        import torch

        model = load_policy(self._run, policy)
        if torch.cuda.is_available() and not getattr(model, "is_quantized", False):  # those are on the card already
            model = model.to("cuda")

        def answer(prompts: Sequence[Any], drawing: Drawing, seed: int, tick: Callable[[int], None]) -> list[Drawn]:
            config = EvaluationConfig(temperature=drawing.temperature, batch=drawing.batch)
            return complete(model, self._tokenizer, prompts, config, max_tokens=drawing.max_tokens, seed=seed, tick=tick)

        return answer


class _ByEngine:
    """Started once, at the first policy; each policy is published as that of a training step is, and proven to the bit."""

    def __init__(self, run: PastRun, tokenizer: Any, rows: Sequence[Row], progress: Progress) -> None:
        self._run, self._tokenizer, self._rows, self._progress = run, tokenizer, rows, progress
        self._started: Any = None
        self.sampler: str | None = run.config.engine.backend

    def of(self, policy: SavedPolicy) -> Answer:
        from rewardlang.trainer import gpu_run

        if self._started is None:
            self._started = gpu_run.start_run(self._run.config, self._tokenizer, self._rows, self._progress.say)
        _take_adapter(self._started.engine.model, policy)  # `complete` publishes it

        def answer(prompts: Sequence[Any], drawing: Drawing, seed: int, tick: Callable[[int], None]) -> list[Drawn]:
            config = EvaluationConfig(temperature=drawing.temperature)
            drawn: list[Drawn] = self._started.complete(self._tokenizer, prompts, config, max_tokens=drawing.max_tokens, seed=seed)
            tick(len(drawn))
            return drawn

        return answer


def _take_adapter(model: Any, policy: SavedPolicy) -> None:
    """A saved adapter in the place of the model's, tensor by tensor; before training it adds nothing."""
    import peft

    from rewardlang.trainer.gpu_shared_base import adapters

    if policy.folder is None:
        for _, lora_b, _ in adapters(model).values():
            lora_b.data.zero_()
        return
    weights = peft.utils.load_peft_weights(str(policy.folder), device=str(model.device))
    found: Any = peft.set_peft_model_state_dict(model, weights)
    if found.unexpected_keys or len(weights) != 2 * len(adapters(model)):
        raise TrainingProblem(
            f"{policy.folder} does not hold the adapter of this run: {len(weights)} tensors", "measure another checkpoint"
        )
