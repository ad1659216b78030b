"""Every place where the engine reaches into vLLM, held against vLLM's source: another version fails here first, by name.

Runs where vllm is installed, or where REWARDLANG_VLLM_SOURCE names a folder with an unpacked wheel
(`pip download vllm==0.26.0 --no-deps` and `unzip`); needs no GPU and imports nothing of it.
"""

from __future__ import annotations

import re

import pytest

from rewardlang.trainer.gpu_vllm import SamplerSettings
from rewardlang.trainer.gpu_vllm_weights import FUSED, VLLM_VERSION
from rewardlang.trainer.memory_plan import KV_BLOCK, SLOT_RANKS
from tests.gpu_engine.vllm_source import constant, fields, folder, literal, named, parameters, text

pytestmark = pytest.mark.skipif(folder() is None, reason="vllm is not installed, and REWARDLANG_VLLM_SOURCE is not set")

SETTINGS = [
    SamplerSettings("policy", 16, 1024, 8, 1 << 28, merged=merged, unmap_cache=True, launched=True, revision="main")
    for merged in (False, True)
]


def installed() -> str:
    """vLLM's version, as its package tells it."""
    found = re.search(r"__version__ = version = '([^']+)'", text("_version.py"))
    assert found is not None
    return found[1]


def test_it_is_the_vllm_that_the_engine_is_written_for() -> None:
    """The version that all other tests here speak of."""
    assert installed().split("+")[0] == VLLM_VERSION


@pytest.mark.parametrize("settings", SETTINGS, ids=["memory", "speed"])
def test_every_argument_of_the_start_is_known(settings: SamplerSettings) -> None:
    """Each is a parameter of `LLM` or a field of `EngineArgs`; the values that are words are among those allowed."""
    arguments = settings.arguments()
    known = set(parameters("entrypoints/llm.py", "LLM.__init__")) | fields("engine/arg_utils.py", "EngineArgs")
    assert not arguments.keys() - known, f"vllm {installed()}"
    assert arguments["logprobs_mode"] in literal("config/model.py", "LogprobsMode")
    assert arguments["distributed_executor_backend"] in literal("config/parallel.py", "DistributedExecutorBackend")
    assert arguments["compilation_config"].keys() <= fields("config/compilation.py", "CompilationConfig")
    assert re.search(r"^    FULL_DECODE_ONLY = ", text("config/compilation.py"), re.MULTILINE)
    assert re.search(r"^    NONE = 0", text("config/compilation.py"), re.MULTILINE)
    assert '"head_dtype"' in text("config/model.py")
    if settings.merged:
        assert '"dummy"' in text("model_executor/model_loader/__init__.py")
    else:
        assert "bitsandbytes" in literal("model_executor/layers/quantization/__init__.py", "QuantizationMethods")


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("LLM.generate", ["prompts", "sampling_params", "use_tqdm", "lora_request"]),
        ("LLM.collective_rpc", ["method"]),
        ("LLM.sleep", ["level"]),
        ("LLM.wake_up", ["tags"]),
        ("LLM.reset_prefix_cache", []),
    ],
)
def test_methods_of_llm(path: str, wanted: list[str]) -> None:
    """Called with these names."""
    assert set(wanted) <= set(parameters("entrypoints/llm.py", path))


def test_what_is_asked_and_what_comes_back() -> None:
    """Fields of sampling parameters, of outputs, of log-probs and of LoRA requests."""
    asked = {"max_tokens", "temperature", "logprobs", "detokenize", "stop_token_ids", "ignore_eos", "seed"}
    assert asked | {"prompt_logprobs"} <= fields("sampling_params.py", "SamplingParams")
    assert {"prompt_token_ids", "prompt_logprobs", "outputs"} <= fields("outputs.py", "RequestOutput")
    assert {"token_ids", "logprobs", "finish_reason"} <= fields("outputs.py", "CompletionOutput")
    assert "logprob" in fields("logprobs.py", "Logprob")
    request = named("lora/request.py", "LoRARequest")
    names = [one.target.id for one in request.body if hasattr(one, "target")]  # type: ignore[attr-defined]
    assert names[:3] == ["lora_name", "lora_int_id", "lora_path"]


def test_the_loop_that_tells_what_ended() -> None:
    """`generate` steps the engine until nothing is unfinished; requests are numbered from a counter, in the order of the prompts."""
    loop = text("entrypoints/offline_utils.py")
    assert "step_outputs = self.llm_engine.step()" in loop
    assert "request_id = str(next(self.request_counter))" in loop
    assert {"llm_engine", "request_counter"} <= fields("entrypoints/llm.py", "LLM")
    assert "counter" in fields("utils/counter.py", "Counter")
    assert {"finished", "request_id"} <= fields("outputs.py", "RequestOutput")


def test_the_worker_that_the_engine_extends() -> None:
    """`EngineWorker` overrides two methods of the GPU worker; pages are tagged `weights` and `kv_cache`, and sleep has two levels."""
    file = "v1/worker/gpu_worker.py"
    assert parameters(file, "Worker.load_model") == ["load_dummy_weights"]
    assert parameters(file, "Worker._maybe_get_memory_pool_context") == ["tag"]
    for tag in ("weights", "kv_cache"):
        assert f'self._maybe_get_memory_pool_context(tag="{tag}")' in text(file)
    assert "model_runner" in fields(file, "Worker")
    assert parameters(file, "Worker.sleep") == ["level"]
    assert "level == 2" in text(file), "the second level keeps buffers and drops weights"


@pytest.mark.parametrize("file", ["v1/worker/gpu_model_runner.py", "v1/worker/gpu/model_runner.py"])
def test_both_model_runners(file: str) -> None:
    """The first and the second generation hold the model and the LoRA manager under the same names."""
    assert parameters(file, "GPUModelRunner.get_model") == []
    assert "LoRAModelRunnerMixin" in text(file)
    assert "lora_manager" in fields("v1/worker/lora_model_runner_mixin.py", "LoRAModelRunnerMixin")


def test_the_slot_of_the_one_adapter() -> None:
    """It is filled with a dummy, activated, and found by its place."""
    assert parameters("lora/worker_manager.py", "WorkerLoRAManager.add_dummy_lora") == ["lora_request", "rank"]
    assert "_adapter_manager" in fields("lora/worker_manager.py", "WorkerLoRAManager")
    assert "lora_index_to_id" in fields("lora/model_manager.py", "LoRAModelManager")
    assert parameters("lora/model_manager.py", "LoRAModelManager.activate_adapter") == ["lora_id"]
    assert literal("config/lora.py", "MaxLoRARanks") == SLOT_RANKS


def test_the_lora_layers() -> None:
    """Stacked buffers of the slot (slots, 1, rank or outputs, inputs or rank), and the product that the engine exchanges."""
    file = "lora/layers/base_linear.py"
    layer = fields(file, "BaseLinearLayerWithLoRA")
    assert {"lora_a_stacked", "lora_b_stacked", "output_slices", "base_layer"} <= layer
    assert parameters(file, "BaseLinearLayerWithLoRA._apply_sync") == ["x", "bias"]
    assert "self._apply_sync(x, bias)" in text(file)
    punica = parameters("lora/punica_wrapper/punica_gpu.py", "PunicaWrapperGPU.add_lora_linear")
    assert punica[:6] == ["y", "x", "lora_a_stacked", "lora_b_stacked", "scale", "output_slices"]


def test_the_packed_weights() -> None:
    """States and offsets of the shards of a fused matrix are attributes of its weight."""
    file = "model_executor/model_loader/bitsandbytes_loader.py"
    for name in ("bnb_quant_state", "bnb_shard_offsets"):
        assert f'set_weight_attrs(param, {{"{name}"' in text(file)
    loader = "BitsAndBytesModelLoader"
    assert parameters(file, f"{loader}._prepare_weights") == ["model_name_or_path", "revision"]
    assert parameters(file, f"{loader}._hf_weight_iter") == ["hf_weights_files", "use_safetensors"]
    assert "weight_mapper" in fields(file, loader)
    assert parameters("model_executor/model_loader/__init__.py", "register_model_loader") == ["load_format"]


def test_nested_scales_are_multiplied_out_in_one_place() -> None:
    """All matrices are quantised with nested scales, and one method of the loader expands them: without it they stay as they are."""
    file = "model_executor/model_loader/bitsandbytes_loader.py"
    assert parameters(file, "BitsAndBytesModelLoader._dequantize_dq") == ["quant_states"]
    assert text(file).count("dequantize_blockwise(quant_state.absmax, quant_state.state2)") == 1
    assert "self._dequantize_dq(quant_states)" in text(file)
    assert "compress_statistics=True" in text(file)


@pytest.mark.parametrize(
    ("file", "model"), [("llama.py", "LlamaForCausalLM"), ("qwen2.py", "Qwen2ForCausalLM"), ("qwen3.py", "Qwen3ForCausalLM")]
)
def test_the_fused_matrices_of_the_three_architectures(file: str, model: str) -> None:
    """Which of our matrices stand in which of vLLM's, in which order."""
    mapping = constant(f"model_executor/models/{file}", model, "packed_modules_mapping")
    for leaf, (fused, shard) in FUSED.items():
        assert mapping[fused][shard] == leaf
    assert {len(leaves) for leaves in mapping.values()} == {2, 3}


def test_a_block_of_the_cache() -> None:
    """The plan counts whole blocks of this many tokens."""
    assert re.search(rf"DEFAULT_BLOCK_SIZE\b.*= {KV_BLOCK}$", text("config/cache.py"), re.MULTILINE)


def test_settings_of_the_environment() -> None:
    """Names that the engine sets before vLLM is imported."""
    for name in ("VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_NO_USAGE_STATS", "VLLM_USE_FLASHINFER_SAMPLER"):
        assert f'    "{name}": lambda' in text("envs.py")


def test_each_step_brings_log_probs_that_the_scheduler_can_do_without() -> None:
    """They are a field of a step's output, by rows of requests; the scheduler cuts them only where there are some."""
    assert parameters("v1/core/sched/scheduler.py", "Scheduler.update_from_output") == ["scheduler_output", "model_runner_output"]
    assert {"req_ids", "sampled_token_ids", "logprobs"} <= fields("v1/outputs.py", "ModelRunnerOutput")
    assert {"logprob_token_ids", "logprobs"} <= fields("v1/outputs.py", "LogprobsLists")
    assert "num_logprobs is not None\n                and logprobs\n" in text("v1/core/sched/scheduler.py")
    assert "self.scheduler.update_from_output(" in text("v1/engine/core.py")
    assert "scheduler" in fields("v1/engine/core.py", "EngineCore")
    assert "self.engine_core = EngineCore(" in text("v1/engine/core_client.py")
    assert "engine_core" in fields("v1/engine/llm_engine.py", "LLMEngine")
    assert 'request.request_id = f"{request.external_req_id}-{' in text("v1/engine/input_processor.py")
    assert "del token_ids[num_tokens:]" in text("v1/worker/gpu/async_utils.py"), "a prompt that is not read to its end samples nothing"


def test_blocks_are_asked_for_as_the_engine_expects() -> None:
    """The scheduler asks for a running request by keyword, and what a call does for it beyond a new block is to cache full ones."""
    options = parameters("v1/core/kv_cache_manager.py", "KVCacheManager.allocate_slots")
    assert options[:2] == ["request", "num_new_tokens"]
    assert parameters("v1/core/kv_cache_manager.py", "KVCacheManager.cache_blocks") == ["request", "num_computed_tokens"]
    assert {"coordinator", "block_pool", "empty_kv_cache_blocks"} <= fields("v1/core/kv_cache_manager.py", "KVCacheManager")
    assert "KVCacheBlocks(blocks) if any(blocks) else self.empty_kv_cache_blocks" in text("v1/core/kv_cache_manager.py")
    asked = re.search(r"allocate_slots\(\s+request,\s+num_new_tokens,\s+(.*?)\)", text("v1/core/sched/scheduler.py"), re.DOTALL)
    assert asked is not None
    assert asked[1].split() == ["num_lookahead_tokens=self.num_lookahead_tokens,"]
    manager = "v1/core/single_type_kv_cache_manager.py"
    assert {"req_to_blocks", "num_cached_block", "block_size"} <= fields(manager, "SingleTypeKVCacheManager")
    assert "class FullAttentionManager(SingleTypeKVCacheManager)" in text(manager)
    assert "if request_id in self.num_cached_block:\n            # Fast-path: a running request" in text(manager)
    assert "self.num_cached_block.pop(request_id, None)" in text(manager)
    assert "single_type_managers" in fields("v1/core/kv_cache_coordinator.py", "KVCacheCoordinator")
    assert "hash_block_size" in fields("v1/core/block_pool.py", "BlockPool")
