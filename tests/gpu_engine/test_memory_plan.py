"""The planner: exact parts against models built on `meta`, and published shapes against what is known of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.gpu.cases import case_of
from benchmarks.gpu.shapes import SHAPES
from rewardlang.trainer.gpu_cards import GIB, card_at_hand, card_named
from rewardlang.trainer.gpu_layer import exchange
from rewardlang.trainer.gpu_prefix import Packed, register
from rewardlang.trainer.gpu_shape import LINEARS, UnsupportedPolicy, shape_from_config
from rewardlang.trainer.memory_plan import (
    ROLLOUT,
    TRAINING,
    Plan,
    Workload,
    adam8_bytes,
    cache_bytes,
    cache_token_bytes,
    code_bytes,
    head_bytes,
    head_chunk,
    layer_bytes,
    pass_tokens,
    plan,
    saved_bytes_a_token,
    scale_bytes,
    slot_rank,
)

# peft asks transformers for an attribute that it has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")


def _meta(config: dict[str, Any]) -> Any:
    from transformers import AutoConfig, AutoModelForCausalLM

    make: Any = AutoModelForCausalLM.from_config
    known = {key: value for key, value in config.items() if key not in ("architectures", "model_type", "torch_dtype", "rope_theta")}
    with torch.device("meta"):
        return make(AutoConfig.for_model(config["model_type"], **known), dtype=torch.bfloat16)


@pytest.mark.parametrize("name", ["qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-14b", "qwen3-1.7b", "llama3.1-8b", "llama3.3-70b"])
def test_parameters_are_those_of_transformers(name: str) -> None:
    """The count of every published shape equals that of the model that transformers builds from the same configuration."""
    model = _meta(SHAPES[name])
    shape = shape_from_config(SHAPES[name])
    assert sum(parameter.numel() for parameter in model.parameters()) == shape.parameters
    modules = dict(model.named_modules())
    for linear in shape.linears():
        real = next(
            module for key, module in modules.items() if key.endswith((f"layers.0.self_attn.{linear.name}", f"layers.0.mlp.{linear.name}"))
        )
        assert (real.out_features, real.in_features, real.bias is not None) == (linear.outputs, linear.inputs, linear.bias)
    assert set(shape.linear_names()) == {key for key in modules if key.rsplit(".", 1)[-1] in LINEARS}


def test_published_sizes() -> None:
    """1.54, 8.03, 14.77 and 70.55 billion parameters, as published, and caches of 28, 128, 192 and 320 KiB a token."""
    sizes = {"qwen2.5-1.5b": (1.54, 28), "llama3.1-8b": (8.03, 128), "qwen2.5-14b": (14.77, 192), "llama3.3-70b": (70.55, 320)}
    for name, (billions, cache_kib) in sizes.items():
        shape = shape_from_config(SHAPES[name])
        assert round(shape.parameters / 1e9, 2) == billions
        assert cache_token_bytes(shape) == cache_kib * 1024


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("outputs", "inputs"), [(96, 64), (32, 64), (192, 64), (64, 192)])
def test_code_and_scale_bytes_are_those_of_bitsandbytes(outputs: int, inputs: int, nested: bool) -> None:
    """One matrix quantised by bitsandbytes takes the bytes that the plan counts for it, tables included."""
    from bitsandbytes.functional import quantize_4bit

    codes, state = quantize_4bit(
        torch.randn(outputs, inputs, dtype=torch.bfloat16), blocksize=64, compress_statistics=nested, quant_type="nf4"
    )
    held = [state.absmax, state.code] + ([state.state2.absmax, state.state2.code] if nested else [])
    scales = sum(tensor.nbytes for tensor in held) + (4 if nested else 0)
    blocks = outputs * inputs // 64
    counted = 64 + (blocks + 4 * -(-blocks // 256) + 1024 + 4 if nested else 4 * blocks)
    assert codes.nbytes == outputs * inputs // 2
    assert scales == counted


def test_parts_of_the_small_model_by_hand() -> None:
    """Qwen2.5-1.5B: 0.69 GiB of codes and scales, 0.43 of embeddings, as the arithmetic of a page has it."""
    shape = shape_from_config(SHAPES["qwen2.5-1.5b"])
    assert round((code_bytes(shape) + scale_bytes(shape, nested=False)) / GIB, 2) == 0.69
    assert round(2 * shape.embedding_elements / GIB, 2) == 0.43
    assert shape.lora_parameters(16) == 18_464_768
    assert cache_bytes(shape, 8, 662) == 28 * 1024 * 16 * (8 * 42 + 1)
    assert 2.0 < adam8_bytes(shape, 16) / shape.lora_parameters(16) < 2.1
    assert scale_bytes(shape, nested=True) < scale_bytes(shape, nested=False) / 3


def saved_by_autograd(
    model_type: str, sizes: dict[str, int], batch: int, length: int, rank: int, packed: Packed | None = None, mask: tuple[int, int] = (0, 0)
) -> int:
    """Bytes that autograd keeps of one decoder layer under bf16 autocast, beyond parameters, rounded LoRA matrices and a CPU's `mask`."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    make: Any = AutoModelForCausalLM.from_config
    config = AutoConfig.for_model(model_type, vocab_size=64, num_hidden_layers=1, **sizes)
    config._attn_implementation = register()
    model = make(config, dtype=torch.bfloat16)
    exchange(model)
    adapted: Any = get_peft_model(model, LoraConfig(r=rank, target_modules=list(LINEARS)), autocast_adapter_dtype=False)
    for name, module in adapted.named_modules():
        if hasattr(module, "cast_input_dtype_enabled"):
            module.cast_input_dtype_enabled = False
        if name.endswith(("lora_A.default", "lora_B.default")):
            module.float()
    owned = {parameter.untyped_storage().data_ptr() for parameter in adapted.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        small = {rank} & set(tensor.shape) and batch * length not in tensor.shape  # a LoRA matrix in bf16
        if storage.data_ptr() not in owned and not small and tensor.dtype != torch.int64 and tuple(tensor.shape[-2:]) != mask:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    layer = model.model.layers[0]
    x = torch.randn(batch, length, config.hidden_size, dtype=torch.bfloat16, requires_grad=True)
    angles = model.model.rotary_emb(x, torch.arange(length)[None].expand(batch, -1) if packed is None else packed.positions_T[None])
    angle_bytes = {tensor.untyped_storage().data_ptr() for tensor in angles}
    with torch.autocast("cpu", torch.bfloat16), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = layer(x, position_embeddings=angles, attention_mask=None, packed=packed)
    del output
    return sum(size for address, size in kept.items() if address not in angle_bytes)


@pytest.mark.parametrize("model_type", ["qwen2", "qwen3", "llama"])
def test_saved_activations_are_what_autograd_keeps(model_type: str) -> None:
    """The plan's count of one layer's activations equals the bytes that autograd's hooks see, within 3 %."""
    for hidden, intermediate, heads, kv_heads, rank in ((64, 352, 4, 2, 5), (128, 192, 8, 8, 7)):
        sizes = {"hidden_size": hidden, "intermediate_size": intermediate, "num_attention_heads": heads, "num_key_value_heads": kv_heads}
        sizes |= {} if model_type == "qwen2" else {"head_dim": hidden // heads}
        shape = shape_from_config({"model_type": model_type, "vocab_size": 64, "num_hidden_layers": 1, **sizes})
        seen = saved_by_autograd(model_type, sizes, batch=2, length=24, rank=rank)
        assert abs(saved_bytes_a_token(shape, rank) * 48 - seen) <= 0.03 * seen, (model_type, hidden)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(SHAPES)),
    prompt=st.integers(1, 4096),
    completion=st.integers(1, 4096),
    completions=st.integers(1, 32),
    rank=st.sampled_from([1, 4, 8, 16, 64]),
)
def test_a_plan_adds_up_and_grows_with_its_workload(name: str, prompt: int, completion: int, completions: int, rank: int) -> None:
    """Phases are sums of whole bytes; more tokens, more sequences or a higher rank never take less."""
    load = Workload(prompt=prompt, completion=completion, completions=completions, rank=rank)
    small = plan(SHAPES[name], load)
    assert all(type(part.bytes) is int for part in small.parts)
    assert all(part.bytes >= 0 for part in small.parts)
    assert small.peak == max(small.phase(ROLLOUT), small.phase(TRAINING))
    for larger in (
        Workload(prompt=prompt + 64, completion=completion, completions=completions, rank=rank),
        Workload(prompt=prompt, completion=completion, completions=completions + 1, rank=rank),
        Workload(prompt=prompt, completion=completion, completions=completions, rank=2 * rank),
    ):
        bigger = plan(SHAPES[name], larger)
        assert bigger.phase(ROLLOUT) >= small.phase(ROLLOUT)
        assert bigger.phase(TRAINING) >= small.phase(TRAINING)
    unmapped = plan(SHAPES[name], replace(load, unmap_cache=True))
    assert small.phase(TRAINING) - unmapped.phase(TRAINING) == small.cache_bytes
    merged, paged = plan(SHAPES[name], replace(load, merged=True)), plan(SHAPES[name], replace(load, merged=True, unmap_cache=True))
    weights = 2 * small.shape.parameters
    assert next(part.bytes for part in merged.parts if part.name.startswith("rollout weights")) == weights
    assert merged.phase(TRAINING) - paged.phase(TRAINING) == small.cache_bytes + weights


RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
MEASURED = sorted(path for part in ("memory", "sleep", "nested", "fit", "long") for path in RESULTS.glob(f"*-h100-{part}-*.json"))


def kept_besides(made: Plan, record: dict[str, Any]) -> int:
    """What the trainer of runs before 2026-11-24 kept of a layer besides: its norms' inputs in fp32 and what SiLU gave, with slack."""
    if record["date"] >= "2026-11-24":
        return 0
    tokens = pass_tokens(made.workload, made.micro_batch, shared=made.shared)
    return (2 * 2 * made.shape.hidden + 2 * made.shape.intermediate) * tokens * (100 + made.calibration.slack_percent) // 100


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_plans_hold_against_what_was_measured(path: Path) -> None:
    """Every recorded run: the plan's peak, and each phase, lie within 5 % or 0.25 GiB of the card's own count."""
    record = json.loads(path.read_text())
    if record["part"] in ("fit", "long"):
        load = case_of(record["part"], record["model"]).workload()
    else:
        load = Workload(prompt=512, completion=512, prefill=512, micro_batch=record["micro_batch"], unmap_cache=record["unmap_cache"])
        load = replace(load, nested_scales=record.get("nested_scales", False))
    made = plan(SHAPES[record["model"]], load)
    for phase in (ROLLOUT, TRAINING):
        seen = int(record["peaks_gib"][phase] * GIB)
        planned = made.phase(phase) + (kept_besides(made, record) if phase == TRAINING else 0)
        assert abs(planned - seen) <= max(planned // 20, GIB // 4), phase
        assert seen <= max(made.peak, planned) + made.margin
    for name, seen_gib in record["peaks_gib"].items():
        if name.endswith("in a pass"):
            other = plan(SHAPES[record["model"]], replace(load, micro_batch=int(name.split()[1])))
            planned = other.phase(TRAINING) + kept_besides(other, record)
            assert abs(planned - seen_gib * GIB) <= max(planned // 20, GIB // 4), name


def test_the_micro_batch_is_the_largest_that_fits() -> None:
    """With a card and no micro-batch told, one sequence more would not fit."""
    for size in ("4.2GiB", "5GiB", "24GB"):
        chosen = plan(SHAPES["qwen2.5-1.5b"], Workload(prompt=150, completion=512), card=card_named(size))
        assert chosen.fits
        if chosen.micro_batch < 8:
            more = Workload(prompt=150, completion=512, micro_batch=chosen.micro_batch + 1)
            assert not plan(SHAPES["qwen2.5-1.5b"], more, card=card_named(size)).fits
    assert plan(SHAPES["llama3.3-70b"], card=card_named("RTX4090")).fits is False


def test_scales_stay_nested_where_the_card_needs_it() -> None:
    """Llama-3.3-70B in 48 GB: with nested scales and one sequence in a pass; an 80 GB card needs none, a 24 GB one is not helped."""
    load = Workload(unmap_cache=True, concurrent=4, prefill=512)
    small, large = (plan(SHAPES["llama3.3-70b"], load, card=card_named(size)) for size in ("48GB", "80GB"))
    assert small.fits
    assert small.workload.nested_scales
    assert "the base's scales stay nested: 2.97 GiB less" in small.table()
    assert small.to_json()["nested_scales"] is True
    assert not plan(SHAPES["llama3.3-70b"], replace(load, nested_scales=False), card=card_named("48GB")).fits
    assert large.workload.nested_scales is False
    assert large.micro_batch > small.micro_batch
    assert plan(SHAPES["llama3.3-70b"], load, card=card_named("24GB")).fits is False
    quantised = SHAPES["llama3.3-70b"] | {"quantization_config": {"quant_method": "bitsandbytes", "bnb_4bit_use_double_quant": False}}
    assert not plan(quantised, load, card=card_named("48GB")).fits, "scales that were saved plain cannot be nested"


def test_with_nested_scales_every_matrix_is_expanded_into_one_buffer() -> None:
    """A byte a block in place of four, one buffer in place of a matrix in the graphs, in prefill and in a layer; never more in all."""
    for name, config in SHAPES.items():
        for micro_batch in (1, 8):
            plain, nested = (plan(config, Workload(micro_batch=micro_batch, nested_scales=one)) for one in (False, True))
            assert nested.peak < plain.peak, name
            assert nested.loading < plain.loading < plain.peak


def test_logits_take_no_more_than_a_layer() -> None:
    """The chunk of tokens whose logits exist grows with the pass; wherever it is above the least, the peak is still a layer's."""
    assert [head_chunk(tokens) for tokens in (1, 512, 4096, 8192, 32_768, 100_000)] == [128, 128, 128, 256, 1024, 1024]
    for name, config in SHAPES.items():
        shape = shape_from_config(config)
        for tokens in (6000, 8192, 32_768):
            assert head_bytes(shape, head_chunk(tokens), tokens) <= layer_bytes(shape, tokens, 16), (name, tokens)


def test_passes_to_choose_from() -> None:
    """Of the sizes given, the largest that fits; the smallest where none does or no card is known."""
    load = Workload(prompt=150, completion=512, completions=12)
    assert plan(SHAPES["qwen2.5-1.5b"], load, card=card_named("24GB"), passes=[3, 6]).micro_batch == 6
    assert plan(SHAPES["qwen2.5-1.5b"], load, card=card_named("1GB"), passes=[3, 6]).micro_batch == 3
    assert plan(SHAPES["qwen2.5-1.5b"], load, passes=[3, 6]).micro_batch == 3


def test_the_table_names_parts_peaks_and_the_verdict() -> None:
    """The table has a line a part with both phases, the sums, the workload and whether the card will do."""
    table = plan(SHAPES["llama3.1-8b"], Workload(completion=1024), card=card_named("L4")).table()
    lines = table.splitlines()
    assert any(line.startswith("NF4 codes") and line.endswith("exact") for line in lines)
    assert any(line.startswith("LoRA gradients") and "–" in line for line in lines)
    assert lines[-1].startswith("peak")
    assert "fits in L4 (22.49 GiB)" in lines[-1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": "mixtral", "architectures": ["MixtralForCausalLM"]}, "MixtralForCausalLM is not supported"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "LlamaForSequenceClassification is not supported"),
        ({"model_type": ""}, "is not supported"),
        ({"mlp_bias": True}, "mlp_bias"),
        ({"hidden_act": "gelu"}, "gelu in place of silu"),
        ({"use_sliding_window": True}, "sliding-window"),
        ({"quantization_config": {"quant_method": "gptq"}}, "gptq"),
    ],
)
def test_what_the_engine_does_not_know_is_refused_by_name(changes: dict[str, Any], words: str) -> None:
    """An unknown architecture, or an unmapped feature of a known one, stops the plan before anything is loaded."""
    with pytest.raises(UnsupportedPolicy, match=words):
        plan(SHAPES["llama3.1-8b"] | changes)


def test_cards() -> None:
    """A card is found by name or by size; an unknown one gets the list; without a driver there is none at hand."""
    assert card_named("h100").total == 81559 * 2**20
    assert card_named("15GB").total == 15 * 10**9
    assert card_named("13.5 GiB").total == int(13.5 * GIB)
    for wrong in ("H1000", "xGB", "0GB"):
        with pytest.raises(ValueError, match="known are T4"):
            card_named(wrong)
    if not torch.cuda.is_available():
        assert card_at_hand() is None


def test_slot_ranks_are_vllms() -> None:
    """The slot is the smallest size that vLLM allows; a rank beyond its largest is refused."""
    assert [slot_rank(rank) for rank in (1, 2, 8, 9, 16, 17, 512)] == [1, 8, 8, 16, 16, 32, 512]
    with pytest.raises(ValueError, match="larger than vLLM's largest slot"):
        slot_rank(513)


def test_planning_needs_neither_torch_nor_a_gpu() -> None:
    """`rewardlang train --plan` answers on a laptop: the planner imports no heavy library."""
    code = "import sys, rewardlang.trainer.memory_plan; print([n for n in ('torch', 'vllm', 'transformers', 'numpy') if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert shown.strip() == "[]"
