"""Published shapes of real models, and random weights in them made directly on the GPU in 4 bits: no weights are downloaded, none stored.

Memory and speed depend on shapes alone, so that is what these serve. Whatever is measured on them says "random weights".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_QWEN2 = {
    "model_type": "qwen2",
    "architectures": ["Qwen2ForCausalLM"],
    "rms_norm_eps": 1e-6,
    "rope_theta": 1e6,
    "use_sliding_window": False,
}
_LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "rms_norm_eps": 1e-5, "rope_theta": 5e5, "head_dim": 128}
_QWEN3 = {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "rms_norm_eps": 1e-6, "rope_theta": 1e6, "head_dim": 128}


def _sizes(vocabulary: int, hidden: int, intermediate: int, layers: int, heads: int, kv_heads: int, tied: bool) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "tie_word_embeddings": tied,
        "max_position_embeddings": 32768,
        "torch_dtype": "bfloat16",
        "hidden_act": "silu",
        "initializer_range": 0.02,
    }


SHAPES: dict[str, dict[str, Any]] = {
    "qwen2.5-0.5b": _QWEN2 | _sizes(151936, 896, 4864, 24, 14, 2, tied=True),
    "qwen2.5-1.5b": _QWEN2 | _sizes(151936, 1536, 8960, 28, 12, 2, tied=True),
    "qwen2.5-14b": _QWEN2 | _sizes(152064, 5120, 13824, 48, 40, 8, tied=False),
    "qwen3-1.7b": _QWEN3 | _sizes(151936, 2048, 6144, 28, 16, 8, tied=True),
    "llama3.1-8b": _LLAMA | _sizes(128256, 4096, 14336, 32, 32, 8, tied=False),
    "llama3.3-70b": _LLAMA | _sizes(128256, 8192, 28672, 80, 64, 8, tied=False),
}


def write_config(name: str, folder: Path) -> Path:
    """A folder with the `config.json` of this shape and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(SHAPES[name], indent=1))
    return folder


def write_checkpoint(name: str, folder: Path) -> Path:
    """A whole checkpoint of this shape in bf16, drawn on the GPU where there is one, with a tokenizer of characters.

    A folder that holds one already is left as it is.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForCausalLM

    from rewardlang.trainer import small_policy

    if (folder / "tokenizer.json").is_file():
        return folder
    write_config(name, folder)
    config = AutoConfig.from_pretrained(folder)
    with torch.device("meta"):
        meta = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator = torch.Generator(device=device).manual_seed(0)
    tensors = {parameter: _drawn(parameter, value.shape, device, generator) for parameter, value in meta.named_parameters()}
    save_file({parameter: value.cpu() for parameter, value in tensors.items()}, folder / "model.safetensors", {"format": "pt"})
    small_policy.make_tokenizer().save_pretrained(folder)
    return folder


def _drawn(name: str, size: Any, device: str, generator: Any) -> Any:
    """One parameter in bf16: normal with σ = 0.02; norms 1, biases 0."""
    import torch

    tensor = torch.empty(size, dtype=torch.bfloat16, device=device)
    if name.endswith("norm.weight"):
        return tensor.fill_(1.0)
    return tensor.zero_() if name.endswith(".bias") else tensor.normal_(0.0, 0.02, generator=generator)


def register_random_weights() -> None:
    """Makes vLLM's bitsandbytes loader draw its weights (normal, σ = 0.02; norms 1, biases 0) instead of reading files.

    Each matrix is drawn in bf16 on the GPU and quantised in flight by vLLM's own code, so codes, scales and their layout are the
    real ones. The draw depends on the order of the names alone.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from vllm.model_executor.model_loader import register_model_loader
    from vllm.model_executor.model_loader.bitsandbytes_loader import BitsAndBytesModelLoader

    @register_model_loader("bitsandbytes")
    class RandomBitsAndBytesLoader(BitsAndBytesModelLoader):
        def _prepare_weights(self, model_name_or_path: str, revision: str | None) -> tuple[list[str], bool]:
            return [model_name_or_path], True

        def _hf_weight_iter(self, hf_weights_files: list[str], use_safetensors: bool) -> Iterator[tuple[str, str, Any]]:
            config = AutoConfig.from_pretrained(hf_weights_files[0])
            with torch.device("meta"):
                meta = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
            generator = torch.Generator(device="cuda").manual_seed(0)
            for name, parameter in meta.named_parameters():
                yield name, self.weight_mapper(name), _drawn(name, parameter.shape, "cuda", generator)
