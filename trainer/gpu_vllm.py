"""vLLM in this process, in one of two forms: over an NF4 base with one LoRA slot, or over plain weights that are written by version.

It starts vLLM, generates, and unmaps pages. Only this module, `gpu_vllm_weights` and `gpu_vllm_worker` touch vLLM. Written for
vllm 0.26.0; another version is refused by name, because what they read is not public.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rewardlang.trainer.gpu_effect import Array
from rewardlang.trainer.gpu_shape import LINEARS, PolicyShape
from rewardlang.trainer.gpu_vllm_steps import GatheredLogprobs, shorten_allocation
from rewardlang.trainer.gpu_vllm_weights import VLLM_VERSION, EngineContract, Slot, VllmWeights
from rewardlang.trainer.memory_plan import slot_rank

ADAPTER_ID = 1  # the one adapter that vLLM knows; its name changes with every version, its number never
WORKER = "rewardlang.trainer.gpu_vllm_worker.EngineWorker"
FUSED_WORKER = "rewardlang.trainer.gpu_vllm_worker.FusedWorker"
NESTED_WORKER = "rewardlang.trainer.gpu_vllm_worker.NestedWorker"

_ENVIRONMENT = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_USE_FLASHINFER_SAMPLER": "0"}


@dataclass(frozen=True)
class Completion:
    """One sampled completion; `logprobs` are the sampler's, at the sampling temperature."""

    prompt: list[int]
    tokens: list[int]
    logprobs: Array
    finished: bool  # it ended by itself, not by the length limit


@dataclass(frozen=True)
class SamplerSettings:
    """How vLLM is started. Sizes come from the memory plan."""

    model: str
    rank: int
    length: int
    sequences: int
    cache_bytes: int
    prefill: int = 1024
    capture: Sequence[int] = ()  # batch sizes with a CUDA graph; all powers of two up to `sequences` unless told
    unmap_cache: bool = False
    merged: bool = False  # 16-bit weights that hold base and adapter, in place of an NF4 base and a slot
    nested_scales: bool = False  # the base's scales stay nested (`gpu_nested`)
    fused_product: bool = False  # one kernel for a decoding step's product (`gpu_product`), for measurements; not over nested scales
    revision: str | None = None
    eager: bool = False
    context: int | None = None  # tokens that the policy can read, where its configuration says so
    launched: bool = False  # one of several processes, each with a vLLM of its own
    extra: Mapping[str, Any] = field(default_factory=dict)  # further arguments of `vllm.LLM`, for measurements

    def arguments(self) -> dict[str, Any]:
        """The arguments of `vllm.LLM`."""
        sizes = list(self.capture) or [size for size in (1, 2, 4, 8, 16, 32, 64, 128, 256) if size < self.sequences] + [self.sequences]
        arguments: dict[str, Any] = {
            "model": self.model,
            "revision": self.revision,
            "dtype": "bfloat16",
            # Teacher forcing asks for one token more; vLLM starts with no more than the policy can read.
            "max_model_len": min(self.length + 1, self.context or self.length + 1),
            "max_num_seqs": self.sequences,
            "max_num_batched_tokens": max(self.prefill, self.sequences),
            "kv_cache_memory_bytes": self.cache_bytes,
            # With an explicit cache size this only guards the start: vLLM refuses when less than this share is free.
            "gpu_memory_utilization": 0.01,
            "enable_prefix_caching": True,
            "logprobs_mode": "processed_logprobs",
            # fp32 logits on the sampler's side, as on the trainer's (`gpu_head`).
            "hf_overrides": {"head_dtype": "float32"},
            "enforce_eager": self.eager,
            # No inductor: it doubles the start, and bitsandbytes' op splits the graph at every matrix anyway.
            "compilation_config": {
                "mode": 0,
                "cudagraph_mode": "NONE" if self.eager else "FULL_DECODE_ONLY",
                "cudagraph_capture_sizes": sizes,
            },
            "skip_tokenizer_init": True,
            "seed": 0,
            "enable_sleep_mode": self.unmap_cache,
        }
        if self.launched:
            # A group of its own would be refused beside the one of the processes; the device is that of LOCAL_RANK.
            arguments["distributed_executor_backend"] = "external_launcher"
        return arguments | (self._merged() if self.merged else self._packed()) | dict(self.extra)

    def _packed(self) -> dict[str, Any]:
        if self.fused_product and self.nested_scales:
            raise ValueError("the fused product takes scales that are multiplied out")
        return {
            "quantization": "bitsandbytes",
            "enable_lora": True,
            "max_loras": 1,
            "max_lora_rank": slot_rank(self.rank),
            "lora_target_modules": list(LINEARS),
            "worker_cls": FUSED_WORKER if self.fused_product else NESTED_WORKER if self.nested_scales else WORKER,
        }

    def _merged(self) -> dict[str, Any]:
        # Nothing is read from the checkpoint: every weight is written before the first token (`gpu_rollout`).
        return {"load_format": "dummy"}


class InProcess:
    """A vLLM in this process. Token ids in, token ids out."""

    sleep_level = 1  # of vLLM, when its pages are given back

    def __init__(self, settings: SamplerSettings, shape: PolicyShape) -> None:
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        if os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] != "0":
            raise EngineContract("VLLM_ENABLE_V1_MULTIPROCESSING must be 0: the trainer shares memory with a vLLM in its own process")
        if "expandable_segments:True" in os.environ.get("PYTORCH_CUDA_ALLOC_CONF", ""):
            raise EngineContract("PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True moves tensors that vLLM's graphs refer to; unset it")
        import vllm

        if vllm.__version__.split("+")[0] != VLLM_VERSION:
            raise EngineContract(f"vllm {vllm.__version__} is installed; the GPU engine is written for vllm=={VLLM_VERSION}")
        self.settings = settings
        self._llm: Any = vllm.LLM(**settings.arguments())
        shorten_allocation(self._llm.llm_engine)
        self.runner: Any = self._llm.collective_rpc(lambda worker: worker)[0].model_runner
        self.weights = VllmWeights(self.runner.get_model(), shape)

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
        """One completion a prompt, with the log-prob of each sampled token; `adapter` names the policy's version, `None` is the base.

        `ended` is told of each completion when it ends, by its place and tokens, while vLLM goes on with the others.
        """
        from vllm import SamplingParams

        common: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "detokenize": False}
        common |= {"logprobs": 0}  # of the sampled token alone
        common |= {"stop_token_ids": list(stop)} if stop else {"ignore_eos": True}
        parameters = [SamplingParams(seed=None if seeds is None else seeds[index], **common) for index in range(len(prompts))]
        gathered = GatheredLogprobs()
        with self._telling(ended) if ended is not None else nullcontext(), gathered.taken_from(self._llm.llm_engine):
            outputs = self._llm.generate(
                [{"prompt_token_ids": list(prompt)} for prompt in prompts], parameters, use_tqdm=False, lora_request=self._request(adapter)
            )
        of_request = gathered.by_request()
        return [_completion(output, *of_request.get(str(output.request_id), ([], []))) for output in outputs]

    @contextmanager
    def _telling(self, ended: Callable[[int, list[int]], None]) -> Iterator[None]:
        """While entered, each step of vLLM's loop tells what ended in it. Requests are numbered in the order of the prompts."""
        engine, first = self._llm.llm_engine, self._llm.request_counter.counter
        step = engine.step

        def told() -> Any:
            outputs = step()
            for output in outputs:
                if output.finished:
                    ended(int(output.request_id) - first, list(output.outputs[0].token_ids))
            return outputs

        engine.step = told
        try:
            yield
        finally:
            del engine.step  # the class's own again

    def teacher_forced(self, sequences: Sequence[Sequence[int]], *, adapter: str | None) -> list[Array]:
        """Log-probs of tokens 1, 2, … of each sequence given those before. Takes the prefill path, and fp32 logits for each token."""
        from vllm import SamplingParams

        parameters = SamplingParams(max_tokens=1, prompt_logprobs=0, detokenize=False, temperature=1.0)
        outputs = self._llm.generate(
            [{"prompt_token_ids": list(tokens)} for tokens in sequences], parameters, use_tqdm=False, lora_request=self._request(adapter)
        )
        return [
            np.array([output.prompt_logprobs[place][token].logprob for place, token in enumerate(tokens) if place > 0], dtype=np.float64)
            for output, tokens in zip(outputs, sequences, strict=True)
        ]

    def unmap_cache(self) -> None:
        """Gives the pages of the KV cache back to the card, and those of weights that are written by version."""
        self._llm.sleep(level=self.sleep_level)

    def map_cache(self) -> None:
        """Takes the pages again, empty; addresses are as before."""
        self._llm.wake_up()

    def forget_prefixes(self) -> None:
        """The cached prefixes are another policy's."""
        if not self._llm.reset_prefix_cache():
            raise EngineContract(f"vllm {VLLM_VERSION} kept its cached prefixes: a request is still running")

    def _request(self, adapter: str | None) -> Any:
        return None


class Sampler(InProcess):
    """The NF4 base and one LoRA slot, both shared with the trainer. The pool that sleeps holds the KV cache alone (`gpu_vllm_worker`)."""

    def __init__(self, settings: SamplerSettings, shape: PolicyShape) -> None:
        super().__init__(settings, shape)
        # The slot is filled with an empty adapter that lives in memory alone, so that no request ever loads one from disk.
        manager: Any = self.runner.lora_manager
        manager.add_dummy_lora(self._request("slot"), rank=slot_rank(settings.rank))
        manager._adapter_manager.activate_adapter(ADAPTER_ID)
        index = manager._adapter_manager.lora_index_to_id.index(ADAPTER_ID)
        self.slots: dict[str, Slot] | None = {name: self.weights.slot(name, index) for name in shape.linear_names()}

    def _request(self, adapter: str | None) -> Any:
        from vllm.lora.request import LoRARequest

        return None if adapter is None else LoRARequest(adapter, ADAPTER_ID, "/in-memory")


class MergedSampler(InProcess):
    """Plain 16-bit weights that the trainer writes at each version, base and adapter in one: `generate` samples whatever they hold.

    vLLM's second level of sleep drops weights and cache without a copy, and keeps its buffers (rotary tables).
    """

    slots: dict[str, Slot] | None = None
    sleep_level = 2


def _completion(output: Any, tokens_told: list[int], logprobs: list[float]) -> Completion:
    sampled = output.outputs[0]
    tokens = list(sampled.token_ids)
    if tokens_told[: len(tokens)] != tokens:
        raise EngineContract(f"vllm {VLLM_VERSION} tells the log-probs of other tokens than it sampled")
    return Completion(
        list(output.prompt_token_ids), tokens, np.array(logprobs[: len(tokens)], dtype=np.float64), sampled.finish_reason == "stop"
    )
