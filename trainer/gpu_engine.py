"""The engine: a sampler and a trainer of one policy in one process, and the adapter brought from one to the other.

*memory*: both work over one NF4 base, and the adapter is copied into the sampler's slot. *speed*: the sampler has 16-bit weights of
its own, written from the trainer's NF4 base and adapter at each version.

Order of a round: `generate` (sampler) → the trainer's update of `model` → `publish`. `start` measures both sides against an fp32
reference before anything is trained and refuses to go on if they disagree; `canary` repeats that while the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from rewardlang.trainer.gpu_canary import Agreement, CanaryReport, PolicyMismatch, agreement, examine
from rewardlang.trainer.gpu_checkpoint import CheckpointWeights
from rewardlang.trainer.gpu_effect import Array
from rewardlang.trainer.gpu_head import token_logprobs
from rewardlang.trainer.gpu_prefix import pack
from rewardlang.trainer.gpu_rollout import MergedMatrix, RolloutWeights
from rewardlang.trainer.gpu_shape import shape_from_config
from rewardlang.trainer.gpu_shared_base import BaseWeights, adapters, base_tensors, model_over, state_tensors, storage_bytes, with_adapter
from rewardlang.trainer.gpu_swap import AdapterSwap, SlotPair
from rewardlang.trainer.gpu_vllm import Completion, MergedSampler, Sampler, SamplerSettings
from rewardlang.trainer.gpu_vllm_weights import Slot, VllmWeights

COPIES = 1.05  # bytes of the base in both engines together, over one copy
NOISE = 2.0  # the sampler may be this much further from fp32 than the trainer's own bf16 is,
NOISE_FLOOR = 2e-3  # plus this many nats a token


@dataclass(frozen=True)
class GateReport:
    """What the start of the engine measured: mean |Δ log-prob| a token, and bytes of the base."""

    trainer_noise: float  # trainer in bf16 against fp32
    decoded_noise: float  # sampler against fp32, tokens that it decoded
    forced_noise: float  # sampler against fp32, the same tokens as a prompt
    limit: float
    base_bytes: int  # one copy
    extra_bytes: int  # what the trainer's side added to it
    shared_noise: float | None = None  # trainer over shared prompts, against fp32; None where they are not shared

    def check(self) -> None:
        """Raises `PolicyMismatch` unless both sides hold the same base, once."""
        worst = max(self.decoded_noise, self.forced_noise)
        if not worst <= self.limit:
            raise PolicyMismatch(
                f"before any training the sampler is {worst:.4f} nats a token from the fp32 policy (limit {self.limit:.4f}; the trainer "
                f"itself is {self.trainer_noise:.4f} away): the two do not hold the same weights"
            )
        if self.shared_noise is not None and not self.shared_noise <= self.limit:
            raise PolicyMismatch(
                f"over shared prompts the trainer is {self.shared_noise:.4f} nats a token from the fp32 policy (limit {self.limit:.4f}; "
                f"without sharing {self.trainer_noise:.4f}): attention of this torch is not causal from the lower right corner; "
                "set engine.share_prompts = false"
            )
        if self.base_bytes + self.extra_bytes > COPIES * self.base_bytes:
            raise PolicyMismatch(
                f"the trainer added {self.extra_bytes} bytes to a base of {self.base_bytes}: the weights are copied, not shared"
            )


class SamplerSide(Protocol):
    """What the engine needs of a sampler: `gpu_vllm.Sampler`, with a slot, or `gpu_vllm.MergedSampler`, without."""

    weights: VllmWeights
    slots: dict[str, Slot] | None

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
        """One completion a prompt with the log-probs of its tokens; `ended` is told of each when it ends, by its place and tokens."""
        ...

    def teacher_forced(self, sequences: Sequence[Sequence[int]], *, adapter: str | None) -> list[Array]:
        """Log-probs of tokens 1, 2, … of each sequence."""
        ...

    def unmap_cache(self) -> None:
        """Gives the KV cache's pages back to the card, and those of weights that are written by version."""
        ...

    def map_cache(self) -> None:
        """Takes them again, empty."""
        ...

    def forget_prefixes(self) -> None:
        """Drops cached prefixes; a slot needs it not, its adapters have names."""
        ...


def start_engine(settings: SamplerSettings, *, alpha: int | None = None, seed: int = 0, temperature: float = 1.0) -> Engine:
    """vLLM and the trainer's model. Raises `gpu_shape.UnsupportedPolicy` before anything is loaded."""
    from transformers import AutoConfig

    read: Any = AutoConfig.from_pretrained
    config = read(settings.model, revision=settings.revision)
    shape = shape_from_config(config.to_dict())
    sampler: SamplerSide = MergedSampler(settings, shape) if settings.merged else Sampler(settings, shape)
    options: dict[str, Any] = {"revision": settings.revision, "nested": settings.nested_scales}
    base = CheckpointWeights(settings.model, shape, "cuda", **options) if settings.merged else None
    return Engine(sampler, config, base=base, rank=settings.rank, alpha=alpha, seed=seed, temperature=temperature)


class Engine:
    """Sampler and trainer of one policy. `model` is the peft model to train; `version` counts the policies published.

    The trainer's `base` is the sampler's unless one is given; a sampler without a slot is given the whole policy at each version.

    The temperature is the one of sampling, and what every log-prob on both sides is divided by. Nothing else reshapes the
    distribution: nucleus, top-k and penalties are not offered, because the trainer would not know of them.
    """

    def __init__(
        self,
        sampler: SamplerSide,
        config: Any,
        *,
        base: BaseWeights | None = None,
        rank: int,
        alpha: int | None = None,
        seed: int = 0,
        temperature: float = 1.0,
    ) -> None:
        if not temperature > 0.0:
            raise ValueError(f"the sampling temperature is {temperature}; a policy is trained on what it draws, at a temperature above 0")
        self.temperature = temperature
        self.sampler = sampler
        weights: BaseWeights = base or sampler.weights
        self.shape = weights.shape
        self.device = sampler.weights.dense("model.norm.weight").device
        # Base and adapter are one sum (`gpu_rounding`): it may not be cut to bf16 in parts that are then added.
        torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
        own = storage_bytes([tensor for name in self.shape.linear_names() for tensor in _tensors(weights, name)])
        model = model_over(weights, config, self.device)
        torch.manual_seed(seed)  # vLLM seeded the same state at its start
        self.model = with_adapter(model, rank, alpha or rank)
        for lora_a, lora_b, _ in adapters(self.model).values():
            lora_a.data, lora_b.data = lora_a.data.to(self.device), lora_b.data.to(self.device)
        decoder: Any = model.get_submodule("model")
        self.decoder = decoder
        self.head: torch.Tensor = model.get_submodule("lm_head")._parameters["weight"]  # type: ignore[assignment]
        self.swap = _swap(sampler, weights, self.model)
        self.swap.clear()
        self.version = 0
        self.unmap_cache = False  # while nothing is sampled
        self._mapped = True
        self.share_prompts = False  # completions of one prompt are computed over one pass of it (`gpu_prefix`)
        self.noise_limit: float | None = None
        everything = storage_bytes(base_tensors(self.model))
        embedding: torch.Tensor = decoder.embed_tokens.weight
        dense = storage_bytes([self.head.data, embedding.data])
        self.base_bytes = sum((own | dense).values())
        known = own | dense | storage_bytes([parameter.data for parameter in weights.parameters()])
        self.extra_bytes = sum(size for address, size in everything.items() if address not in known)
        self._empty_cache()

    @property
    def adapter(self) -> str:
        """The name of the current policy in the sampler: new with every version, because cached prefixes are keyed by it."""
        return f"policy-{self.version}"

    def publish(self) -> None:
        """Makes the trainer's adapter the sampler's, proves it to the bit, and gives the policy a new version.

        Weights whose pages are not on the card are written when they are back (`cache_mapped`).
        """
        self.version += 1
        if self._mapped or not self.swap.in_pages:
            if self.swap.in_pages:
                self._empty_cache()  # writing merged weights takes memory that the trainer's allocator may keep for itself
            self._deliver()

    def _deliver(self) -> None:
        self.swap.write()
        self.swap.check()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        if self.swap.in_pages:
            self.sampler.forget_prefixes()

    def check_sampler(self) -> None:
        """Raises `SlotMismatch` unless the sampler holds the trainer's adapter to the bit; nothing where its pages are away."""
        if self._mapped or not self.swap.in_pages:
            self.swap.check()

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        max_tokens: int,
        *,
        seeds: Sequence[int] | None = None,
        stop: Sequence[int] = (),
        ended: Callable[[int, list[int]], None] | None = None,
    ) -> list[Completion]:
        """One completion a prompt, of the current policy; without `stop` tokens all have `max_tokens`."""
        adapter = self.adapter if self.version else None
        options: dict[str, Any] = {"seeds": seeds, "temperature": self.temperature, "stop": stop, "ended": ended}
        return self.sampler.generate(prompts, adapter=adapter, max_tokens=max_tokens, **options)

    def logprobs(
        self,
        sequences: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        adapter: bool = True,
        exact: bool = False,
        batch: int = 1,
        temperature: float | None = None,
    ) -> list[Array]:
        """The trainer's log-probs of each sequence's tokens from its start on, without gradients.

        In bf16 as it trains, or `exact`: everything but the stored weights in fp32. At the engine's temperature unless told.
        """
        divisor = self.temperature if temperature is None else temperature
        results: list[Array] = []
        with torch.no_grad(), self._without_adapter() if not adapter else nullcontext(), _exact_products() if exact else nullcontext():
            for first in range(0, len(sequences), batch):
                rows, begins = sequences[first : first + batch], starts[first : first + batch]
                hidden = self.hidden(rows, exact=exact)
                for row, tokens, start in zip(hidden, rows, begins, strict=True):
                    wanted = torch.tensor(tokens[start:], device=self.device)
                    results.append(
                        token_logprobs(row[start - 1 : len(tokens) - 1], self.head, wanted, temperature=divisor).double().cpu().numpy()
                    )
        return results

    def hidden(self, sequences: Sequence[Sequence[int]], *, exact: bool = False) -> torch.Tensor:
        """Last hidden states (B, T, H). Right-padded: under causal attention no real token sees the padding, so no mask is needed."""
        longest = max(len(tokens) for tokens in sequences)
        ids_BT = torch.tensor([list(tokens) + [0] * (longest - len(tokens)) for tokens in sequences], device=self.device)
        with self._autocast(exact):
            embedded = self.decoder.embed_tokens(ids_BT)
            states: torch.Tensor = self.decoder(inputs_embeds=embedded.float() if exact else embedded, use_cache=False).last_hidden_state
        return states

    def _autocast(self, exact: bool) -> torch.autocast:
        # Each LoRA matrix is used once in a pass: a cache of their bf16 forms would only keep them all.
        return torch.autocast(self.device.type, torch.bfloat16, enabled=not exact, cache_enabled=False)

    def states_before(self, prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[int]], *, exact: bool = False) -> torch.Tensor:
        """The last hidden states (N, H) before each of the N completion tokens, row by row: what predicts them."""
        if self.share_prompts and any(completions):
            packed = pack(prompts, completions, self.device)
            with self._autocast(exact):
                embedded = self.decoder.embed_tokens(packed.ids_T[None])
                embedded = embedded.float() if exact else embedded
                found = self.decoder(inputs_embeds=embedded, position_ids=packed.positions_T[None], packed=packed, use_cache=False)
            states: torch.Tensor = found.last_hidden_state[0, packed.before]
            return states
        hidden = self.hidden([[*prompt, *completion] for prompt, completion in zip(prompts, completions, strict=True)], exact=exact)
        rows = zip(prompts, completions, strict=True)
        return torch.cat([hidden[index, len(row) - 1 : len(row) - 1 + len(after)] for index, (row, after) in enumerate(rows)])

    def gate(self, prompts: Sequence[Sequence[int]], max_tokens: int = 32) -> GateReport:
        """Compares both sides with fp32 on tokens decoded by the base at temperature 1; sets the canary's limit. The caller checks."""
        decoded = self.sampler.generate(prompts, adapter=None, max_tokens=max_tokens, seeds=range(len(prompts)))
        sequences, starts = [one.prompt + one.tokens for one in decoded], [len(one.prompt) for one in decoded]
        exact = self.logprobs(sequences, starts, adapter=False, exact=True, temperature=1.0)
        trained = self.logprobs(sequences, starts, adapter=False, temperature=1.0)
        forced = [row[start - 1 :] for row, start in zip(self.sampler.teacher_forced(sequences, adapter=None), starts, strict=True)]
        noise = _distance(trained, exact)
        limit = NOISE * noise + NOISE_FLOOR
        self.noise_limit = NOISE * limit  # sampler against trainer: both are noisy
        sampled = [one.logprobs for one in decoded]
        shared = self._shared_noise(decoded, exact) if self.share_prompts else None
        return GateReport(noise, _distance(sampled, exact), _distance(forced, exact), limit, self.base_bytes, self.extra_bytes, shared)

    def _shared_noise(self, decoded: Sequence[Completion], exact: Sequence[Array]) -> float:
        """Mean |Δ log-prob| from fp32 over shared prompts: each completion stands there whole, and once more cut in half."""
        prompts = [one.prompt for one in decoded for _ in range(2)]
        halves = [tokens for one in decoded for tokens in (one.tokens, one.tokens[: max(1, len(one.tokens) // 2)])]
        wanted = torch.tensor([token for tokens in halves for token in tokens], device=self.device)
        with torch.no_grad(), self._without_adapter():
            found = token_logprobs(self.states_before(prompts, halves), self.head, wanted).double().cpu().numpy()
        reference = [exact[index // 2][: len(tokens)] for index, tokens in enumerate(halves)]
        return _distance([found], reference)

    def compare(self, completions: Sequence[Completion]) -> Agreement:
        """Sampler against trainer, bf16 both, on what the sampler decoded."""
        sequences, starts = [one.prompt + one.tokens for one in completions], [len(one.prompt) for one in completions]
        return agreement([one.logprobs for one in completions], self.logprobs(sequences, starts))

    def canary(self, completions: Sequence[Completion]) -> CanaryReport:
        """The sampler to the bit (raises `SlotMismatch`), then the statistics of what was just decoded. The caller calls `check`."""
        self.check_sampler()
        if self.noise_limit is None:
            raise RuntimeError("the gate comes before the canary: it sets the limit")
        sequences, starts = [one.prompt + one.tokens for one in completions], [len(one.prompt) for one in completions]
        trained = self.logprobs(sequences, starts)
        on = self.logprobs(sequences, starts, exact=True)
        off = self.logprobs(sequences, starts, exact=True, adapter=False)
        return examine([one.logprobs for one in completions], trained, on, off, limit=self.noise_limit)

    @contextmanager
    def cache_mapped(self) -> Iterator[None]:
        """The sampler's pages are there inside, with the policy in them; outside they are not, where `unmap_cache` says so."""
        # What one side's allocator keeps for itself is the other side's memory: given back at every change of sides.
        self._empty_cache()
        if not self._mapped:
            self.sampler.map_cache()
            self._mapped = True
            if self.swap.in_pages:
                self._deliver()
        try:
            yield
        finally:
            if self.unmap_cache:
                self.release()
            self._empty_cache()

    def _empty_cache(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def release(self) -> None:
        """Gives the sampler's pages back to the card until something is sampled again."""
        if self._mapped:
            self.sampler.unmap_cache()
            self._mapped = False

    @contextmanager
    def _without_adapter(self) -> Iterator[None]:
        with self.model.disable_adapter():
            yield


@contextmanager
def _exact_products() -> Iterator[None]:
    """fp32 products without TF32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _distance(first: Sequence[Array], second: Sequence[Array]) -> float:
    return float(np.abs(np.concatenate(first) - np.concatenate(second)).mean())


def _tensors(weights: BaseWeights, name: str) -> list[torch.Tensor]:
    packed = weights.linear(name)
    return [packed.codes, *state_tensors(packed.state)]


def _swap(sampler: SamplerSide, base: BaseWeights, model: torch.nn.Module) -> AdapterSwap | RolloutWeights:
    """How the adapter comes to the sampler: into its slot, or into all of its weights."""
    slots, adapted = sampler.slots, adapters(model)
    if slots is not None:
        return AdapterSwap([SlotPair(name, slots[name].a, slots[name].b, *adapter) for name, adapter in adapted.items()])
    plain = {name: sampler.weights.merged(name) for name in adapted}
    matrices = [MergedMatrix(name, plain[name].weight, base.linear(name), *adapter) for name, adapter in adapted.items()]
    copies = [(sampler.weights.dense(name), base.dense(name)) for name in base.shape.dense_names()]
    for name, one in plain.items():
        bias = base.linear(name).bias
        if (bias is None) != (one.bias is None):
            raise ValueError(f"{name} has a bias on one side only")
        copies += [] if one.bias is None or bias is None else [(one.bias, bias)]
    return RolloutWeights(matrices, copies)
