"""The one module that knows vLLM's insides: an in-process engine over an NF4 base with one LoRA slot.

It starts vLLM, hands out the base's packed weights and the slot's buffers by the module names of transformers, generates, and
unmaps the KV cache. Nothing else in the package touches vLLM. Written for vllm 0.26.0; another version is refused by name,
because the attributes read here (`bnb_quant_state`, `bnb_shard_offsets`, `lora_a_stacked`, `lora_b_stacked`) are not public.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from rewardlang.trainer.gpu_effect import Array
from rewardlang.trainer.gpu_shape import LINEARS, PolicyShape
from rewardlang.trainer.memory_plan import slot_rank

VLLM_VERSION = "0.26.0"
ADAPTER_ID = 1  # the one adapter that vLLM knows; its name changes with every version, its number never
WORKER = "rewardlang.trainer.gpu_vllm_worker.EngineWorker"

# vLLM fuses matrices that read the same input: ours → (vLLM's, which shard of it).
FUSED = {
    "q_proj": ("qkv_proj", 0),
    "k_proj": ("qkv_proj", 1),
    "v_proj": ("qkv_proj", 2),
    "gate_proj": ("gate_up_proj", 0),
    "up_proj": ("gate_up_proj", 1),
}
_ENVIRONMENT = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_USE_FLASHINFER_SAMPLER": "0"}


class EngineContract(RuntimeError):
    """vLLM does not have what this module relies on; the message names the version and the attribute."""


@dataclass(frozen=True)
class PackedLinear:
    """One matrix of the base: NF4 codes as a view of vLLM's storage, bitsandbytes' state of it, and its bias."""

    codes: torch.Tensor  # uint8, (elements / 2, 1)
    state: Any
    bias: torch.Tensor | None


@dataclass(frozen=True)
class Slot:
    """The sampler's LoRA buffers for one matrix: A (slot rank × inputs) and B (outputs × slot rank), bf16."""

    a: torch.Tensor
    b: torch.Tensor


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
    eager: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)  # further arguments of `vllm.LLM`, for measurements

    def arguments(self) -> dict[str, Any]:
        """The arguments of `vllm.LLM`."""
        sizes = list(self.capture) or [size for size in (1, 2, 4, 8, 16, 32, 64, 128, 256) if size < self.sequences] + [self.sequences]
        arguments: dict[str, Any] = {
            "model": self.model,
            "quantization": "bitsandbytes",
            "dtype": "bfloat16",
            "enable_lora": True,
            "max_loras": 1,
            "max_lora_rank": slot_rank(self.rank),
            "lora_target_modules": list(LINEARS),
            "max_model_len": self.length + 1,  # teacher forcing asks for one token more
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
            # No inductor: bitsandbytes' op splits the graph at every matrix anyway, and it doubles the start.
            "compilation_config": {
                "mode": 0,
                "cudagraph_mode": "NONE" if self.eager else "FULL_DECODE_ONLY",
                "cudagraph_capture_sizes": sizes,
            },
            "skip_tokenizer_init": True,
            "seed": 0,
            "worker_cls": WORKER,
            "enable_sleep_mode": self.unmap_cache,
        }
        return arguments | dict(self.extra)


class Sampler:
    """An in-process vLLM whose base and LoRA slot the trainer shares. Token ids in, token ids out."""

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
        runner = self._llm.collective_rpc(lambda worker: worker)[0].model_runner
        self.weights = VllmWeights(runner.get_model(), shape)
        self._adapters: Any = runner.lora_manager
        self._activate()

    def _activate(self) -> None:
        """Fills the slot with an empty adapter that lives in memory alone, so that no request ever loads one from disk."""
        from vllm.lora.request import LoRARequest

        request = LoRARequest("slot", ADAPTER_ID, "/in-memory")
        self._adapters.add_dummy_lora(request, rank=slot_rank(self.settings.rank))
        self._adapters._adapter_manager.activate_adapter(ADAPTER_ID)
        index = self._adapters._adapter_manager.lora_index_to_id.index(ADAPTER_ID)
        self.slots = {name: self.weights.slot(name, index) for name in self.weights.shape.linear_names()}

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
        """One completion a prompt, with the log-prob of each sampled token; `adapter` names the policy's version, `None` is the base."""
        from vllm import SamplingParams

        common: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "logprobs": 0, "detokenize": False}
        common |= {"stop_token_ids": list(stop)} if stop else {"ignore_eos": True}
        parameters = [SamplingParams(seed=None if seeds is None else seeds[index], **common) for index in range(len(prompts))]
        outputs = self._llm.generate(
            [{"prompt_token_ids": list(prompt)} for prompt in prompts], parameters, use_tqdm=False, lora_request=_request(adapter)
        )
        return [_completion(output) for output in outputs]

    def teacher_forced(self, sequences: Sequence[Sequence[int]], *, adapter: str | None) -> list[Array]:
        """Log-probs of tokens 1, 2, … of each sequence given those before. Takes the prefill path, and fp32 logits for each token."""
        from vllm import SamplingParams

        parameters = SamplingParams(max_tokens=1, prompt_logprobs=0, detokenize=False, temperature=1.0)
        outputs = self._llm.generate(
            [{"prompt_token_ids": list(tokens)} for tokens in sequences], parameters, use_tqdm=False, lora_request=_request(adapter)
        )
        return [
            np.array([output.prompt_logprobs[place][token].logprob for place, token in enumerate(tokens) if place > 0], dtype=np.float64)
            for output, tokens in zip(outputs, sequences, strict=True)
        ]

    def unmap_cache(self) -> None:
        """Gives the KV cache's pages back to the card; weights and adapter stay where they are."""
        self._llm.sleep(level=1)

    def map_cache(self) -> None:
        """Takes the pages again; the cache is empty, addresses are as before."""
        self._llm.wake_up()

    def reset_prefix_cache(self) -> None:
        """Forgets all cached prefixes."""
        self._llm.reset_prefix_cache()


class VllmWeights:
    """vLLM's module tree, read by the module names of transformers."""

    def __init__(self, model: torch.nn.Module, shape: PolicyShape) -> None:
        self.shape = shape
        self._modules = dict(model.named_modules())

    def linear(self, name: str) -> PackedLinear:
        """The packed weight of `model.layers.N.….q_proj` and its like. Raises `EngineContract` where it is not NF4."""
        module, shard = self._fused(name)
        base = getattr(module, "base_layer", module)
        weight = base.weight
        states, offsets = getattr(weight, "bnb_quant_state", None), getattr(weight, "bnb_shard_offsets", None)
        if states is None or offsets is None:
            raise EngineContract(
                f"vllm {VLLM_VERSION} holds no bitsandbytes weight for {name}: bnb_quant_state or bnb_shard_offsets is missing"
            )
        state = states[shard]
        if getattr(state, "quant_type", "nf4") != "nf4":
            raise EngineContract(f"{name} is quantised as {state.quant_type}; the GPU engine needs nf4")
        codes = weight.data[int(offsets[shard]) : int(offsets[shard + 1])]
        bias = getattr(base, "bias", None)
        if bias is not None:
            outputs = [states[index].shape[0] for index in range(len(states))]
            bias = bias.data[sum(outputs[:shard]) : sum(outputs[: shard + 1])]
        return PackedLinear(codes, state, bias)

    def dense(self, name: str) -> torch.Tensor:
        """A 16-bit parameter by its full name (`model.norm.weight`); rows that only pad the vocabulary are left out."""
        owner, _, leaf = name.rpartition(".")
        module = self._modules.get(owner)
        module = getattr(module, "base_layer", module)
        parameter: torch.Tensor | None = getattr(module, leaf, None)
        if parameter is None:
            raise EngineContract(f"vllm {VLLM_VERSION} has no parameter {name}")
        padded = owner.endswith(("embed_tokens", "lm_head"))
        return parameter.data[: self.shape.vocabulary] if padded else parameter.data

    def slot(self, name: str, index: int) -> Slot:
        """The LoRA buffers of a matrix in the slot with this index."""
        module, shard = self._fused(name)
        if not hasattr(module, "lora_a_stacked") or not hasattr(module, "lora_b_stacked"):
            raise EngineContract(f"vllm {VLLM_VERSION} has no LoRA slot for {name}: lora_a_stacked or lora_b_stacked is missing")
        return Slot(module.lora_a_stacked[shard][index, 0], module.lora_b_stacked[shard][index, 0])

    def parameters(self) -> list[torch.Tensor]:
        """Every parameter that vLLM holds."""
        return [parameter for module in self._modules.values() for parameter in module._parameters.values() if parameter is not None]

    def _fused(self, name: str) -> tuple[Any, int]:
        parent, _, leaf = name.rpartition(".")
        source, shard = FUSED.get(leaf, (leaf, 0))
        module = self._modules.get(f"{parent}.{source}")
        if module is None:
            raise EngineContract(f"vllm {VLLM_VERSION} has no module {parent}.{source}")
        return module, shard


def _request(adapter: str | None) -> Any:
    from vllm.lora.request import LoRARequest

    return None if adapter is None else LoRARequest(adapter, ADAPTER_ID, "/in-memory")


def _completion(output: Any) -> Completion:
    sampled = output.outputs[0]
    logprobs = [entry[token].logprob for token, entry in zip(sampled.token_ids, sampled.logprobs, strict=True)]
    return Completion(
        list(output.prompt_token_ids), list(sampled.token_ids), np.array(logprobs, dtype=np.float64), sampled.finish_reason == "stop"
    )
