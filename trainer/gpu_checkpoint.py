"""The base of the *speed* backend: a checkpoint's matrices as NF4 on the device, read one at a time.

16-bit checkpoints are quantised as vLLM quantises them for the *memory* backend (bitsandbytes, nested statistics, expanded at once
unless they are to stay nested), so both backends train over the same base; bitsandbytes checkpoints keep their codes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from rewardlang.trainer.gpu_nested import ExpansionBuffer
from rewardlang.trainer.gpu_rounding import scales
from rewardlang.trainer.gpu_shape import PolicyShape
from rewardlang.trainer.gpu_vllm_weights import PackedLinear
from rewardlang.trainer.problem import TrainingProblem

BLOCK = 64  # weights that share a scale


class CheckpointWeights:
    """The tensors of a checkpoint by the names of transformers, kept once they were asked for."""

    def __init__(
        self, model: str, shape: PolicyShape, device: torch.device | str, *, revision: str | None = None, nested: bool = False
    ) -> None:
        """Opens no weights yet. Raises `TrainingProblem` for a folder without safetensors."""
        self.shape, self.device = shape, torch.device(device)
        self._model = model
        self._buffer = ExpansionBuffer(max(one.elements for one in shape.linears()), BLOCK, self.device) if nested else None
        self._files = _files(model, revision)
        self._linears: dict[str, PackedLinear] = {}
        self._dense: dict[str, torch.Tensor] = {}

    def linear(self, name: str) -> PackedLinear:
        """One matrix in NF4, with its bias."""
        if name not in self._linears:
            self._linears[name] = self._read_linear(name)
        return self._linears[name]

    def dense(self, name: str) -> torch.Tensor:
        """A parameter in bf16; rows that only pad the vocabulary are left out."""
        if name not in self._dense:
            tensor = self._read(name).to(torch.bfloat16)
            padded = name.startswith(("model.embed_tokens", "lm_head"))
            self._dense[name] = tensor[: self.shape.vocabulary].contiguous() if padded else tensor
        return self._dense[name]

    def parameters(self) -> list[torch.Tensor]:
        """Every tensor read so far but the scales."""
        packed = list(self._linears.values())
        return [*self._dense.values(), *[one.codes for one in packed], *[one.bias for one in packed if one.bias is not None]]

    def _read_linear(self, name: str) -> PackedLinear:
        from bitsandbytes.functional import QuantState, quantize_4bit

        weight = self._read(f"{name}.weight")
        if weight.dtype == torch.uint8:
            parts = {key.removeprefix(f"{name}."): self._read(key) for key in self._files if key.startswith(f"{name}.weight.")}
            state = QuantState.from_dict(parts, device=self.device)
            if state.quant_type != "nf4":
                raise TrainingProblem(f"{self._model} is quantised as {state.quant_type}", "use NF4 or 16-bit weights")
            codes = weight
        else:
            codes, state = quantize_4bit(weight.contiguous(), blocksize=BLOCK, compress_statistics=True, quant_type="nf4")
        bias = self._read(f"{name}.bias").to(torch.bfloat16) if f"{name}.bias" in self._files else None
        return PackedLinear(codes, self._settled(state), bias)

    def _settled(self, state: Any) -> Any:
        """The state with bf16 its type; one fp32 scale a block, unless scales are to stay nested."""
        if self._buffer is None:
            state.absmax = scales(state)
            state.nested, state.offset, state.state2 = False, None, None
        elif state.nested:
            state.buffer = self._buffer
        state.dtype = torch.bfloat16
        return state

    def _read(self, name: str) -> torch.Tensor:
        if name not in self._files:
            raise TrainingProblem(f"{self._model} holds no tensor {name}", "use a checkpoint written by save_pretrained")
        with _opened(self._files[name], str(self.device)) as file:
            tensor: torch.Tensor = file.get_tensor(name)
        return tensor


@contextmanager
def _opened(path: Path, device: str) -> Iterator[Any]:
    from safetensors import safe_open

    opening: Any = safe_open
    with opening(str(path), framework="pt", device=device) as file:
        yield file


def _files(model: str, revision: str | None) -> dict[str, Path]:
    """The file of every tensor of a checkpoint, which a name on the hub brings to this machine first."""
    folder = Path(model)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(model, revision=revision, allow_patterns=["*.safetensors", "*.safetensors.index.json"]))
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        table: dict[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {name: folder / file for name, file in table.items()}
    single = folder / "model.safetensors"
    if not single.is_file():
        raise TrainingProblem(f"{model} holds no model.safetensors", "save the model with save_pretrained, in safetensors")
    with _opened(single, "cpu") as file:
        return dict.fromkeys(file.keys(), single)
