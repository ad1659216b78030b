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
        self.mapped = True
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
        """Samples each completion from its own seed; a stop token is the last one."""
        assert self.mapped
        self._active = adapter is not None
        generators = [torch.Generator().manual_seed(index if seeds is None else seeds[index]) for index in range(len(prompts))]
        rows = [list(prompt) for prompt in prompts]
        logprobs: list[list[float]] = [[] for _ in rows]
        ended = [False for _ in rows]
        for _ in range(max_tokens):
            for index, row in enumerate(self._logprobs(rows, temperature or 1e-4)):
                last = row[len(rows[index]) - 1]
                drawn = int(torch.multinomial(last.exp(), 1, generator=generators[index]))
                if not ended[index]:
                    rows[index].append(drawn)
                    logprobs[index].append(float(last[drawn]))
                    ended[index] = drawn in stop
        return [
            Completion(list(prompt), row[len(prompt) :], self._noisy(np.array(values)), finished=done)
            for prompt, row, values, done in zip(prompts, rows, logprobs, ended, strict=True)
        ]

    def teacher_forced(self, sequences: Sequence[Sequence[int]], *, adapter: str | None) -> list[Array]:
        """Log-probs of all tokens but the first."""
        self._active = adapter is not None
        found = self._logprobs([list(tokens) for tokens in sequences], 1.0)
        picked = [
            row[: len(tokens) - 1].gather(1, torch.tensor(tokens[1:])[:, None])[:, 0] for row, tokens in zip(found, sequences, strict=True)
        ]
        return [self._noisy(row.double().numpy()) for row in picked]

    def unmap_cache(self) -> None:
        """Nothing can be decoded until it is mapped again."""
        assert self.mapped
        self.mapped = False

    def map_cache(self) -> None:
        """As at the start."""
        assert not self.mapped
        self.mapped = True

    def _noisy(self, values: Array) -> Array:
        return values + self._random.normal(0.0, self._noise, values.shape) if self._noise else values

    @torch.no_grad()
    def _logprobs(self, rows: list[list[int]], temperature: float) -> torch.Tensor:
        longest = max(len(row) for row in rows)
        logits: torch.Tensor = self._model(torch.tensor([row + [0] * (longest - len(row)) for row in rows]), use_cache=False).logits
        return (logits.float() / temperature).log_softmax(-1)
