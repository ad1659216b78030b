"""A transformers model with LoRA over weights that another engine holds: no second copy of the base.

The model is built on `meta`; every matrix becomes a `SharedLinear4bit` over a view of the packed codes, every other parameter a
view of its original. Only the LoRA parameters are new memory, in fp32.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import torch
from bitsandbytes.nn.modules import Linear4bit, Params4bit
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import nn

from rewardlang.trainer.gpu_layer import exchange
from rewardlang.trainer.gpu_prefix import register
from rewardlang.trainer.gpu_rounding import adapted_product
from rewardlang.trainer.gpu_shape import LINEARS, PolicyShape
from rewardlang.trainer.gpu_vllm_weights import PackedLinear


class BaseWeights(Protocol):
    """Where the base's tensors come from, by the names that transformers gives them."""

    shape: PolicyShape

    def linear(self, name: str) -> PackedLinear:
        """The packed weight of one matrix."""
        ...

    def dense(self, name: str) -> torch.Tensor:
        """One 16-bit parameter."""
        ...

    def parameters(self) -> list[torch.Tensor]:
        """Every tensor of the base but the scales."""
        ...


class SharedLinear4bit(Linear4bit):
    """A `Linear4bit` that never writes to what it shares.

    bitsandbytes' own forward casts the bias in place and, on a CPU, repacks the codes in place: both would cut or corrupt the
    sharing. It computes in the input's type: bf16 in training, fp32 where the exact effect of an adapter is wanted.
    """

    def forward(self, x: torch.Tensor, lora_a: torch.Tensor | None = None, lora_b: torch.Tensor | None = None) -> torch.Tensor:
        """x · Wᵀ + bias, with an adapter's product summed in before anything is rounded (`gpu_rounding`)."""
        kind = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else x.dtype
        weight: Any = self._parameters["weight"]
        bias: Any = self._parameters["bias"]
        with torch.autocast(x.device.type, enabled=False):
            return adapted_product(x.to(kind), lora_a, lora_b, weight.data, weight.quant_state, bias)


class SharedLoraLinear(LoraLinear):
    """peft's LoRA layer over a `SharedLinear4bit`, with base and adapter rounded once as the sampler rounds them."""

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """The base's product plus the active adapter's."""
        base: Any = self.base_layer
        active = [] if self.disable_adapters or self.merged else [name for name in self.active_adapters if name in self.lora_A]
        if not active:
            return cast(torch.Tensor, base(x))
        (name,) = active  # `with_adapter` makes one, without dropout
        lora_b: Any = self.lora_B[name].weight
        scaling = self.scaling[name]  # of B, in fp32, as the sampler's slot has it
        return cast(torch.Tensor, base(x, self.lora_A[name].weight, lora_b if scaling == 1.0 else lora_b * scaling))


def shared_linear(packed: PackedLinear) -> SharedLinear4bit:
    """A frozen module over a packed weight and its bias, without a copy."""
    outputs, inputs = packed.state.shape
    make: Any = SharedLinear4bit
    linear: SharedLinear4bit = make(
        inputs, outputs, bias=packed.bias is not None, compute_dtype=torch.bfloat16, quant_type="nf4", device="meta"
    )
    linear.weight = Params4bit(
        packed.codes,
        requires_grad=False,
        quant_state=packed.state,
        blocksize=packed.state.blocksize,
        compress_statistics=packed.state.nested,
        quant_type="nf4",
        quant_storage=torch.uint8,
        module=linear,
        bnb_quantized=True,
    )
    linear.quant_state = packed.state
    if packed.bias is not None:
        linear.bias = nn.Parameter(packed.bias, requires_grad=False)
    return linear


def model_over(weights: BaseWeights, config: Any, device: torch.device | str) -> nn.Module:
    """The transformers model of `config` (a `PretrainedConfig`) over shared weights, frozen.

    Raises `EngineContract` where a weight is missing, `RuntimeError` if a parameter stayed without storage.
    """
    from transformers import AutoModelForCausalLM

    make: Any = AutoModelForCausalLM.from_config
    config._attn_implementation = register()
    with torch.device("meta"):
        model: nn.Module = make(config, dtype=torch.bfloat16)
    exchange(model)
    for name in weights.shape.linear_names():
        parent, _, leaf = name.rpartition(".")
        model.get_submodule(parent)._modules[leaf] = shared_linear(weights.linear(name))
    for name, parameter in list(model.named_parameters()):
        if parameter.is_meta and not (name == "lm_head.weight" and weights.shape.tied):
            owner, _, leaf = name.rpartition(".")
            model.get_submodule(owner)._parameters[leaf] = nn.Parameter(weights.dense(name), requires_grad=False)
    decoder: Any = model.get_submodule("model")
    if weights.shape.tied:
        model.get_submodule("lm_head")._parameters["weight"] = decoder.embed_tokens.weight
    # Rotary frequencies are a buffer, not a weight: made anew, on the device.
    decoder.rotary_emb = type(decoder.rotary_emb)(config).to(device)
    missing = [name for name, tensor in [*model.named_parameters(), *model.named_buffers()] if tensor.is_meta]
    if missing:
        raise RuntimeError(f"no weights were found for {', '.join(missing[:5])}")
    return model


def with_adapter(model: nn.Module, rank: int, alpha: int) -> Any:
    """The model as a peft model with fp32 LoRA parameters on the seven matrices of every layer."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(LINEARS), task_type="CAUSAL_LM")
    config._register_custom_module({SharedLinear4bit: SharedLoraLinear})
    adapted: Any = get_peft_model(model, config, autocast_adapter_dtype=False)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()
    return adapted


def adapters(adapted: nn.Module) -> dict[str, tuple[nn.Parameter, nn.Parameter, float]]:
    """A, B and α/r of every adapted matrix, by its name in the model without adapters."""
    found = {}
    for name, module in adapted.named_modules():
        lora_a: Any = getattr(module, "lora_A", None)
        if lora_a is not None and "default" in lora_a:
            lora_b: Any = module.lora_B
            scaling: Any = module.scaling
            found[name.removeprefix("base_model.model.")] = (lora_a["default"].weight, lora_b["default"].weight, float(scaling["default"]))
    return found


def storage_bytes(tensors: list[torch.Tensor]) -> dict[int, int]:
    """Bytes of each distinct storage behind these tensors, by its address: what is shared counts once."""
    storages = [tensor.untyped_storage() for tensor in tensors]
    return {storage.data_ptr(): storage.nbytes() for storage in storages if storage.nbytes()}


def base_tensors(model: nn.Module) -> list[torch.Tensor]:
    """Every tensor of the frozen base: parameters other than LoRA's, with the scales and tables of the packed ones."""
    tensors: list[torch.Tensor] = []
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            continue
        tensors.append(parameter.data)
        state = getattr(parameter, "quant_state", None)
        if state is not None:
            tensors += state_tensors(state)
    return tensors


def state_tensors(state: Any) -> list[torch.Tensor]:
    """The scales and tables of one packed matrix."""
    return [state.absmax, state.code] + ([state.offset, state.state2.absmax, state.state2.code] if state.nested else [])
