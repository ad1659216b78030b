"""An adapter summed into weights: the formula, 4-bit bases, shards, and what rounding leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from rewardlang.trainer import merge as module
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.whole_folder import new_folder


def write_base(folder: Path, weights: dict[str, Any], **config: Any) -> Path:
    """A folder with the files of a model, as far as a merge reads them."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2", "dtype": "bfloat16"} | config), encoding="utf-8")
    return folder


def write_adapter(folder: Path, factors: dict[str, Any], **config: Any) -> Path:
    """An adapter of rank 2 with alpha 8, as PEFT writes it."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    save_file({f"base_model.model.{name}": value for name, value in factors.items()}, folder / "adapter_model.safetensors")
    settings = {"peft_type": "LORA", "r": 2, "lora_alpha": 8, "bias": "none"} | config
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Path, Path, dict[str, Any]]:
    """Base, adapter, and all tensors by their names in both."""
    import torch

    made = torch.Generator().manual_seed(0)
    tensors = {
        "layer.weight": torch.randn(6, 4, generator=made).bfloat16(),
        "norm.weight": torch.randn(4, generator=made).bfloat16(),
        "layer.lora_A.weight": torch.randn(2, 4, generator=made),
        "layer.lora_B.weight": torch.randn(6, 2, generator=made),
    }
    base = write_base(tmp_path / "base", {name: value for name, value in tensors.items() if "lora" not in name}, quantisation=None)
    adapter = write_adapter(tmp_path / "adapter", {name: value for name, value in tensors.items() if "lora" in name})
    return base, adapter, tensors


def read(folder: Path) -> dict[str, Any]:
    """All tensors of a folder."""
    from safetensors.torch import load_file

    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= load_file(path)
    return found


@pytest.mark.parametrize("dtype", ["auto", "float16", "float32"])
def test_the_sum_is_made_in_float32_and_rounded_once(parts: tuple[Path, Path, dict[str, Any]], tmp_path: Path, dtype: str) -> None:
    """W + alpha / r · B A, to the bit; what the adapter does not touch stays as it was."""
    import torch

    base, adapter, tensors = parts
    (tmp_path / "out").mkdir()
    found = module.merge(base, adapter, tmp_path / "out", dtype)
    wanted = torch.bfloat16 if dtype == "auto" else module.DTYPES[dtype]
    merged = read(tmp_path / "out")
    summed = tensors["layer.weight"].float() + 4.0 * (tensors["layer.lora_B.weight"] @ tensors["layer.lora_A.weight"])
    assert torch.equal(merged["layer.weight"], summed.to(wanted))
    assert torch.equal(merged["norm.weight"], tensors["norm.weight"].to(wanted))
    assert (found.layers, found.tensors, found.dtype) == (1, 2, str(wanted).removeprefix("torch."))
    assert json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))["dtype"] == found.dtype
    assert found.kept == pytest.approx(1.0, abs=0.01)


def test_a_small_change_that_the_rounding_loses_is_told(tmp_path: Path) -> None:
    """A change below half a step of bfloat16 is lost; float32 keeps it. The share that was kept says so."""
    import torch

    made = torch.Generator().manual_seed(0)
    base = write_base(tmp_path / "base", {"layer.weight": torch.randn(64, 64, generator=made).bfloat16()})
    factors = {"layer.lora_A.weight": torch.randn(2, 64, generator=made) * 1e-4, "layer.lora_B.weight": torch.ones(64, 2)}
    adapter = write_adapter(tmp_path / "adapter", factors)
    kept = {}
    for dtype in ("bfloat16", "float16", "float32"):
        (tmp_path / dtype).mkdir()
        kept[dtype] = module.merge(base, adapter, tmp_path / dtype, dtype).kept
    assert kept["bfloat16"] is not None
    assert kept["bfloat16"] < 0.5
    assert kept["float16"] is not None
    assert kept["bfloat16"] < kept["float16"]
    assert kept["float32"] == pytest.approx(1.0, abs=1e-3)


def test_large_models_are_written_in_shards(
    parts: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an index that names the shard of each tensor, and no more than a shard in memory."""
    base, adapter, _ = parts
    monkeypatch.setattr(module, "_SHARD_BYTES", 8)
    out = tmp_path / "out"
    out.mkdir()
    module.merge(base, adapter, out)
    assert sorted(path.name for path in out.glob("*.safetensors")) == [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    index = json.loads((out / "model.safetensors.index.json").read_text(encoding="utf-8"))
    assert index["weight_map"] == {"layer.weight": "model-00001-of-00002.safetensors", "norm.weight": "model-00002-of-00002.safetensors"}
    assert index["metadata"]["total_size"] == 6 * 4 * 2 + 4 * 2


def test_a_full_disk_is_told_and_leaves_nothing(
    parts: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """safetensors has an error of its own for it."""

    def full(*arguments: Any, **options: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    base, adapter, _ = parts
    monkeypatch.setattr(module, "save_file", full)
    with pytest.raises(TrainingProblem, match=r"out cannot be written: .*No space left"), new_folder(tmp_path / "out") as folder:
        module.merge(base, adapter, folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adapter", "base"]


@pytest.mark.parametrize("nested", [False, True])
def test_a_base_in_four_bits_is_taken_as_codes_times_scales(tmp_path: Path, nested: bool) -> None:
    """Against bitsandbytes' own dequantisation of the same weight, in float32."""
    functional = pytest.importorskip("bitsandbytes.functional")
    import torch

    weight = torch.randn(128, 64, generator=torch.Generator().manual_seed(0))
    packed, state = functional.quantize_4bit(weight, quant_type="nf4", compress_statistics=nested)
    saved = {"layer.weight": packed} | {f"layer.weight.{name}": value for name, value in state.as_dict(packed=True).items()}
    base = write_base(tmp_path / "base", saved, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True})
    factors = {"layer.lora_A.weight": torch.randn(2, 64) * 1e-3, "layer.lora_B.weight": torch.randn(128, 2)}
    adapter = write_adapter(tmp_path / "adapter", factors)
    (tmp_path / "out").mkdir()
    found = module.merge(base, adapter, tmp_path / "out", "float32")
    summed = functional.dequantize_4bit(packed, state) + 4.0 * factors["layer.lora_B.weight"] @ factors["layer.lora_A.weight"]
    assert torch.allclose(read(tmp_path / "out")["layer.weight"], summed, atol=1e-6)
    assert found.from_four_bits
    assert "quantization_config" not in json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))


def test_what_cannot_be_summed_is_refused(parts: tuple[Path, Path, dict[str, Any]], tmp_path: Path) -> None:
    """Other kinds of adapters, other kinds of quantised bases, a layer that the base has not, weights in another format."""
    import torch

    base, adapter, tensors = parts
    (tmp_path / "out").mkdir()
    factors = {"layer.lora_A.weight": tensors["layer.lora_A.weight"], "layer.lora_B.weight": tensors["layer.lora_B.weight"]}
    dora = write_adapter(tmp_path / "dora", factors, use_dora=True)
    other = write_adapter(tmp_path / "other", {name.replace("layer", "more"): value for name, value in factors.items()})
    gptq = write_base(tmp_path / "gptq", {"x": torch.zeros(1)}, quantization_config={"quant_method": "gptq"})
    for some, one, told in ((base, dora, "no plain LoRA"), (base, other, "changes more, which base has not"), (gptq, adapter, "gptq")):
        with pytest.raises(TrainingProblem, match=told):
            module.merge(some, one, tmp_path / "out")
    (base / "model.safetensors").unlink()
    with pytest.raises(TrainingProblem, match="no weights as safetensors"):
        module.merge(base, adapter, tmp_path / "out")
