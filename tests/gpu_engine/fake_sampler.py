"""Samplers on the CPU with the faces of the real ones: they decode from their own weights, token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from rewardlang.trainer.gpu_effect import Array
from rewardlang.trainer.gpu_vllm import Completion
from rewardlang.trainer.gpu_vllm_weights import Slot, VllmWeights
from tests.gpu_engine.fake_vllm import Fake, plain_tree


class Decoder:
    """Computes in fp32; `noise` is added to every log-prob it reports."""

    def __init__(self, weights: VllmWeights, model: Any, noise: float = 0.0) -> None:
        self.weights = weights
        self._model, self._noise, self._active = model, noise, False
        self.mapped = True
        self.forgotten = 0  # how often the cached prefixes were dropped
        self._random = np.random.default_rng(5)

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        adapter: str | None,
        max_tokens: int,
        seeds: Sequence[int] | None = None,
        temperature: float = 1.0,
        stop: Sequence[int] = (),
        ended: Callable[[int, list[int]], None] | None = None,
    ) -> list[Completion]:
        """Samples each completion from its own seed; a stop token is the last one. `ended` is told in the turn in which one ends."""
        assert self.mapped
        self._active = adapter is not None
        generators = [torch.Generator().manual_seed(index if seeds is None else seeds[index]) for index in range(len(prompts))]
        rows = [list(prompt) for prompt in prompts]
        logprobs: list[list[float]] = [[] for _ in rows]
        done = [False for _ in rows]
        for turn in range(1, max_tokens + 1):
            for index, row in enumerate(self._logprobs(rows, temperature or 1e-4)):
                last = row[len(rows[index]) - 1]
                drawn = int(torch.multinomial(last.exp(), 1, generator=generators[index]))
                if not done[index]:
                    rows[index].append(drawn)
                    logprobs[index].append(float(last[drawn]))
                    done[index] = drawn in stop
                    if ended is not None and (done[index] or turn == max_tokens):
                        ended(index, rows[index][len(prompts[index]) :])
        return [
            Completion(list(prompt), row[len(prompt) :], self._noisy(np.array(values)), finished=by_itself)
            for prompt, row, values, by_itself in zip(prompts, rows, logprobs, done, strict=True)
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

    def forget_prefixes(self) -> None:
        """There are none."""
        self.forgotten += 1

    def _noisy(self, values: Array) -> Array:
        return values + self._random.normal(0.0, self._noise, values.shape) if self._noise else values

    @torch.no_grad()
    def _logprobs(self, rows: list[list[int]], temperature: float) -> torch.Tensor:
        longest = max(len(row) for row in rows)
        logits: torch.Tensor = self._model(torch.tensor([row + [0] * (longest - len(row)) for row in rows]), use_cache=False).logits
        return (logits.float() / temperature).log_softmax(-1)


class FakeSampler(Decoder):
    """With bf16 adapters, as the slot holds them."""

    def __init__(self, fake: Fake, noise: float = 0.0) -> None:
        super().__init__(fake.weights, fake.reference, noise)
        slots = {name: fake.weights.slot(name, 0) for name in fake.shape.linear_names()}
        for name, slot in slots.items():
            self._model.get_submodule(name).register_forward_hook(self._hook(slot))
        self.slots: dict[str, Slot] | None = slots

    def _hook(self, slot: Slot) -> Any:
        def add(_: Any, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
            return output + inputs[0] @ slot.a.float().t() @ slot.b.float().t() if self._active else output

        return add


class FakeMergedSampler(Decoder):
    """With 16-bit weights that somebody else writes; while they are unmapped they hold nothing."""

    slots: dict[str, Slot] | None = None

    def __init__(self, fake: Fake, noise: float = 0.0) -> None:
        self._tree = plain_tree(fake.shape)
        super().__init__(VllmWeights(self._tree, fake.shape), fake.reference, noise)
        for name in fake.shape.linear_names():
            module, plain = self._model.get_submodule(name), self.weights.merged(name)
            module.forward = lambda x, plain=plain: torch.nn.functional.linear(
                x, plain.weight.float(), None if plain.bias is None else plain.bias.float()
            )
        for name in fake.shape.dense_names():
            self._copied(name)

    def _copied(self, name: str) -> None:
        """The reference's parameter is read anew from the tree before every pass."""
        own, source = self._model.get_parameter(name), self.weights.dense(name)

        def read(*_: Any) -> None:
            own.data.copy_(source)

        self._model.register_forward_pre_hook(read)

    def unmap_cache(self) -> None:
        """Drops the weights without a copy, as the second level of sleep does."""
        super().unmap_cache()
        for parameter in self._tree.parameters():
            parameter.data.fill_(float("nan"))
