"""An adapter summed into the weights of its base, in float32, rounded once; tensor by tensor, so that memory does not grow with the model.

    W' = round(W + alpha / r * B A)

A base that is stored in 4 bits is taken as codes x scales in float32. Names of
tensors end in their axes: O outputs, I inputs, R the adapter's rank.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rewardlang.trainer.config import ModelConfig
from rewardlang.trainer.problem import TrainingProblem

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_SHARD_BYTES = 2 * 2**30
_INDEX, _SINGLE = "model.safetensors.index.json", "model.safetensors"
_CONFIGS = ("config.json", "generation_config.json")
_PREFIX = "base_model.model."
# What else PEFT can put into an adapter; none of it is trained here, and each would change the sum.
_PLAIN: dict[str, Any] = {
    "use_dora": (False, None), "fan_in_fan_out": (False, None), "bias": ("none",), "modules_to_save": (None, []),
    "rank_pattern": ({}, None), "alpha_pattern": ({}, None), "lora_bias": (False, None),
}  # fmt: skip


class Delta(NamedTuple):
    """The two factors of one layer, float32, and alpha / r."""

    a_RI: torch.Tensor
    b_OR: torch.Tensor
    scaling: float


@dataclass(frozen=True)
class Merged:
    """What came of a merge. `kept`: the share of the adapter's change that the rounding left, 1 where nothing was lost."""

    dtype: str
    tensors: int
    layers: int
    kept: float | None
    from_four_bits: bool


def base_folder(model: ModelConfig) -> Path:
    """Where the base's files are; those of a model on the hub come from the cache, or are fetched into it."""
    if Path(model.path).is_dir():
        return Path(model.path)
    import huggingface_hub

    fetch: Any = huggingface_hub.snapshot_download
    try:
        return Path(fetch(model.path, revision=model.revision, allow_patterns=["*.safetensors", "*.json"]))
    except (OSError, ValueError) as error:
        raise TrainingProblem(
            f"the base {model.path} cannot be had: {str(error).strip().splitlines()[0]}", "go online, or fetch it first"
        ) from None


def merge(base: Path, adapter: Path | None, out: Path, dtype: str = "auto") -> Merged:
    """Writes shards, index and configuration into `out`. Without an adapter the weights of `base` are written as they are.

    `dtype`: a name in `DTYPES`, or 'auto' for that of the base. Raises `TrainingProblem` for what cannot be summed so.
    """
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    four_bits = _four_bits(config)
    wanted = _dtype(config, dtype)
    deltas = {} if adapter is None else deltas_of(adapter)
    writer, layers = _Shards(out), len(deltas)
    change = kept = 0.0
    for name, weight in _tensors(base, four_bits):
        delta = deltas.pop(name.removesuffix(".weight"), None) if name.endswith(".weight") else None
        target = weight.dtype if not weight.is_floating_point() or (dtype == "auto" and not four_bits) else wanted
        if delta is None:
            writer.add(name, weight.to(target))
            continue
        full_OI = weight.float()
        added_OI = delta.scaling * (delta.b_OR @ delta.a_RI)
        merged_OI = (full_OI + added_OI).to(target)
        # <W' - W, D> / <D, D>: 1 without rounding, 0 where every change is below half a step of the format.
        change += float((added_OI * added_OI).sum())
        kept += float(((merged_OI.float() - full_OI) * added_OI).sum())
        writer.add(name, merged_OI)
    if deltas:
        raise TrainingProblem(f"the adapter changes {next(iter(deltas))}, which {base.name} has not", "export with --to adapter")
    writer.close()
    _write_configs(base, out, config, wanted)
    return Merged(str(wanted).removeprefix("torch."), writer.tensors, layers, kept / change if change > 0 else None, four_bits)


def deltas_of(adapter: Path) -> dict[str, Delta]:
    """The adapter's factors by the name of the layer. Raises `TrainingProblem` for an adapter that is no plain LoRA."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    odd = [name for name, plain in _PLAIN.items() if config.get(name, plain[0]) not in plain]
    if config.get("peft_type") != "LORA" or odd:
        raise TrainingProblem(
            f"the adapter in {adapter} is no plain LoRA ({', '.join(odd) or config.get('peft_type')})", "export with --to adapter"
        )
    scaling = config["lora_alpha"] / (math.sqrt(config["r"]) if config.get("use_rslora") else config["r"])
    with safe_open(adapter / "adapter_model.safetensors", framework="pt") as tensors:
        names = sorted(name for name in tensors.keys() if name.endswith(".lora_A.weight"))  # noqa: SIM118 - no mapping
        found = {}
        for name in names:
            layer = name.removesuffix(".lora_A.weight")
            factors = (tensors.get_tensor(name).float(), tensors.get_tensor(f"{layer}.lora_B.weight").float())
            found[layer.removeprefix(_PREFIX)] = Delta(*factors, scaling)
    return found


def _tensors(base: Path, four_bits: bool) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor of the base by name; 4-bit weights as float32."""
    index = base / _INDEX
    files = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())) if index.is_file() else [_SINGLE]
    if not all((base / name).is_file() for name in files):
        raise TrainingProblem(f"{base} holds no weights as safetensors", "load it and save it again with save_pretrained")
    for name in files:
        with safe_open(base / name, framework="pt") as tensors:
            names = list(tensors.keys())
            for key in names:
                if not four_bits:
                    yield key, tensors.get_tensor(key)
                elif ".weight." not in key:
                    states = {other.rpartition(".weight.")[2]: tensors.get_tensor(other) for other in names if other.startswith(f"{key}.")}
                    yield key, dequantised(tensors.get_tensor(key), states) if states else tensors.get_tensor(key)


def dequantised(packed: torch.Tensor, states: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """A weight (O, I) of bitsandbytes in float32, from its packed codes and what was saved beside them."""
    from bitsandbytes import functional

    make: Any = functional.QuantState.from_dict
    state = make(dict(states), device=packed.device)
    state.dtype = torch.float32
    dequantise: Any = functional.dequantize_4bit
    weight: torch.Tensor = dequantise(packed, state)
    return weight


def _four_bits(config: dict[str, Any]) -> bool:
    quantised = config.get("quantization_config")
    if quantised is None:
        return False
    if quantised.get("quant_method") != "bitsandbytes" or not quantised.get("load_in_4bit"):
        raise TrainingProblem(
            f"the base is stored quantised ({quantised.get('quant_method')}); only bitsandbytes' 4 bits can be merged into",
            "export with --to adapter, or train over the 16-bit weights",
        )
    return True


def _dtype(config: dict[str, Any], dtype: str) -> torch.dtype:
    stored = config.get("dtype") or config.get("torch_dtype") or "float32"
    return DTYPES.get(stored if dtype == "auto" else dtype, torch.bfloat16)


def _write_configs(base: Path, out: Path, config: dict[str, Any], dtype: torch.dtype) -> None:
    for name in _CONFIGS[1:]:
        if (base / name).is_file():
            shutil.copyfile(base / name, out / name)
    kept = {name: value for name, value in config.items() if name not in ("quantization_config", "torch_dtype", "_name_or_path")}
    text = json.dumps(kept | {"dtype": str(dtype).removeprefix("torch.")}, indent=2)
    (out / _CONFIGS[0]).write_text(text + "\n", encoding="utf-8")


class _Shards:
    """Safetensors files of some gibibytes each, and their index."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, torch.Tensor] = {}
        self._bytes = self._total = 0
        self._places: list[list[str]] = []

    @property
    def tensors(self) -> int:
        """How many were written."""
        return sum(map(len, self._places))

    def add(self, name: str, tensor: torch.Tensor) -> None:
        """Takes one; a shard that is full goes to the disk."""
        self._open[name] = tensor.contiguous()
        self._bytes += tensor.nbytes
        if self._bytes >= _SHARD_BYTES:
            self._flush()

    def close(self) -> None:
        """Writes what is left, gives the shards their names, and writes the index where there are several."""
        self._flush()
        count = len(self._places)
        if count == 1:
            self._path(0).rename(self._folder / _SINGLE)
            return
        places: dict[str, str] = {}
        for number, names in enumerate(self._places):
            final = f"model-{number + 1:05d}-of-{count:05d}.safetensors"
            self._path(number).rename(self._folder / final)
            places |= dict.fromkeys(names, final)
        index = {"metadata": {"total_size": self._total}, "weight_map": dict(sorted(places.items()))}
        (self._folder / _INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")

    def _flush(self) -> None:
        if self._open:
            try:
                save_file(self._open, self._path(len(self._places)), metadata={"format": "pt"})
            except SafetensorError as error:  # a full disk, as what it is
                raise OSError(str(error)) from None
            self._places.append(list(self._open))
            self._total += self._bytes
            self._open, self._bytes = {}, 0

    def _path(self, number: int) -> Path:
        return self._folder / f"shard-{number}.safetensors"
