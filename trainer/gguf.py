"""Merged weights as one GGUF file, by llama.cpp's converter, where that is installed. Nothing of it is part of this package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rewardlang.trainer.problem import TrainingProblem

TYPES = ("auto", "f32", "f16", "bf16", "q8_0")
_NAMES = ("convert_hf_to_gguf.py", "convert-hf-to-gguf", "convert_hf_to_gguf")
_MAGIC = b"GGUF"
_TOLD = 12  # lines of a converter that failed
_HOW = (
    "git clone --depth 1 https://github.com/ggml-org/llama.cpp, pip install -r llama.cpp/requirements/requirements-convert_hf_to_gguf.txt, "
    "then --converter llama.cpp/convert_hf_to_gguf.py"
)


def find_converter(given: str | None) -> Path:
    """The converter that was named, or the one on the PATH. Raises `TrainingProblem` with how to get it."""
    if given is not None:
        path = Path(given).expanduser()
        path = path / _NAMES[0] if path.is_dir() else path
        if not path.is_file():
            raise TrainingProblem(f"there is no converter {path}", _HOW)
        if path.suffix != ".py" and not os.access(path, os.X_OK):
            raise TrainingProblem(f"the converter {path} is no program: it is neither Python nor executable", f"name {_NAMES[0]}")
        return path
    found = next((place for name in _NAMES if (place := shutil.which(name))), None)
    if found is None:
        raise TrainingProblem(f"GGUF is written by llama.cpp's {_NAMES[0]}, which is not on the PATH", _HOW)
    return Path(found)


def convert(converter: Path, merged: Path, out: Path, kind: str) -> None:
    """Runs the converter without network. Raises `TrainingProblem` with what it said when no GGUF file comes of it."""
    command = [sys.executable] if converter.suffix == ".py" else []
    command += [str(converter.absolute()), str(merged), "--outfile", str(out), "--outtype", kind]
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=os.environ | offline, check=False)
    except OSError as error:
        raise TrainingProblem(f"{converter} cannot be run: {error.strerror}", _HOW) from None
    if done.returncode != 0 or not _is_gguf(out):
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_TOLD:]
        listed = "".join(f"\n  {line}" for line in said)
        raise TrainingProblem(
            f"{converter.name} ended with {done.returncode} and wrote no GGUF file; nothing was written. It said:{listed}",
            "llama.cpp may not know this model or its tokenizer; --to merged gives what it reads",
        )


def _is_gguf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC
