"""A sampler on the CPU with the face of the real one: it decodes from its own weights and its own LoRA slot, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rewardlang.trainer.gpu_effect import Array
from rewardlang.trainer.gpu_vllm import Completion, Slot, VllmWeights
from tests.gpu_engine.fake_vllm import Fake


class FakeSampler:
    """Computes in fp32 with bf16 adapters, as the slot holds them; `noise` is added to every log-prob it reports."""

    def __init__(self, fake: Fake, noise: float = 0.0) -> None:
        self.weights: VllmWeights = fake.weights
        self.slots: dict[str, Slot] = {name: fake.weights.slot(name, 0) for name in fake.shape.linear_names()}
        self._model, self._noise, self._active = fake.reference, noise, False
        self._random = np.random.default_rng(5)
        for name, slot in self.slots.items():
            self._model.get_submodule(name).register_forward_hook(self._hook(slot))

    def _hook(self, slot: Slot) -> Any:
        def add(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
            return output + inputs[0] @ slot.a.float().t() @ slot.b.float().t() if self._active else output

        return add

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        adapter: str | None,
        max_tokens: int,
        seeds: Sequence[int] | None = None,
        temperature: float = 1.0,
        stop: Sequence[int] = (),
    ) -> list[Completion]:
        """Samples each completion from its own seed."""
        self._active = adapter is not None
        made = []
        for index, prompt in enumerate(prompts):
            generator = torch.Generator().manual_seed(index if seeds is None else seeds[index])
            tokens: list[int] = []
            logprobs: list[float] = []
            for _ in range(max_tokens):
                row = self._logprobs([*prompt, *tokens], temperature)[-1]
                tokens.append(int(torch.multinomial(row.exp(), 1, generator=generator)))
                logprobs.append(float(row[tokens[-1]]))
            made.append(Completion(list(prompt), tokens, self._noisy(np.array(logprobs)), finished=False))
        return made

    def teacher_forced(self, sequences: Sequence[Sequence[int]], *, adapter: str | None) -> list[Array]:
        """Log-probs of all tokens but the first."""
        self._active = adapter is not None
        rows = [self._logprobs(tokens, 1.0)[:-1].gather(1, torch.tensor(tokens[1:])[:, None])[:, 0] for tokens in sequences]
        return [self._noisy(row.double().numpy()) for row in rows]

    def _noisy(self, values: Array) -> Array:
        return values + self._random.normal(0.0, self._noise, values.shape) if self._noise else values

    @torch.no_grad()
    def _logprobs(self, tokens: Sequence[int], temperature: float) -> torch.Tensor:
        logits: torch.Tensor = self._model(torch.tensor([list(tokens)]), use_cache=False).logits[0]
        return (logits.float() / temperature).log_softmax(-1)
