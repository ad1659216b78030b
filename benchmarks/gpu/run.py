"""Measures the GPU engine on one card, in parts, each in a process of its own with its own time limit.

    python benchmarks/gpu/run.py memory share memory:llama3.1-8b --out results

A part is `NAME` or `NAME:SHAPE` (a shape of `shapes.py`; qwen2.5-1.5b unless told); `learn:BACKEND:SEED` is a run of
`learning.py`, `learn2:BACKEND:SEED` the same in two processes, `whole:BACKEND` a run of `whole_run.py`, `throughput:SYSTEM` (with
`+unmap`, `+compiled`, `+share`) one of `throughput.py`. `fit` and `long` are held to the size in `cases.py` by a process that takes the
rest of the card. Each prints its figures and writes `NAME-SHAPE.json` with machine, date and versions. Weights are random, in the
published shape. A part that fails leaves its log and the others run on. `--list` names the parts with their limits in seconds.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.gpu.cases import FITS, LONG  # noqa: E402

LIMITS = {
    "memory": 200, "sleep": 110, "nested": 110, "share": 250, "rounding": 60, "merge": 60, "learn": 400, "learn2": 500, "throughput": 280,
    "long": 400, "fit": 420, "whole": 300, "product": 240, "head": 60,
}  # fmt: skip
SHAPE, LARGEST = "qwen2.5-1.5b", 540  # seconds of a part on the largest shape


def main() -> int:
    """Runs the parts named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(sorted(LIMITS))}; with a shape as in memory:llama3.1-8b")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--within", type=float, metavar="GIB", help="hold the rest of the card in another process while the parts run")
    parser.add_argument("--list", action="store_true", help="print the parts with their limits in seconds, and run none")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{part} {limit}" for part, limit in sorted(LIMITS.items())))
        return 0
    for wanted in arguments.parts:
        mistake = mistake_in(wanted)
        if mistake:
            parser.error(mistake)
    arguments.out.mkdir(parents=True, exist_ok=True)
    summary: list[tuple[str, int | str, float]] = []
    for wanted in arguments.parts:
        with ballast(arguments.within or size_of(wanted)):
            summary.append(run(wanted, arguments.out))
    print(json.dumps({part: {"exit": code, "seconds": round(seconds, 1)} for part, code, seconds in summary}))
    return 0 if all(code == 0 for _, code, _ in summary) else 1


def mistake_in(wanted: str) -> str | None:
    """What is wrong with a part's name; found before the first part has cost anything."""
    part, _, shape = wanted.partition(":")
    if part not in LIMITS:
        return f"there is no part {part!r}; known are {', '.join(sorted(LIMITS))}"
    if part == "fit" and (shape or SHAPE) not in FITS:
        return f"no size is known for {shape!r}; known are {', '.join(FITS)}"
    if part in ("memory", "sleep", "nested", "share", "merge", "product", "head") and shape:
        from benchmarks.gpu.shapes import SHAPES

        return None if shape in SHAPES else f"there is no shape {shape!r}; known are {', '.join(SHAPES)}"
    return None


def size_of(wanted: str) -> float | None:
    """GiB of the card that a part is held to."""
    part, _, shape = wanted.partition(":")
    return LONG[0] if part == "long" else FITS[shape or SHAPE][0] if part == "fit" else None


@contextmanager
def ballast(gib: float | None) -> Iterator[None]:
    """Leaves so much of the card inside."""
    if gib is None:
        yield
        return
    with subprocess.Popen([sys.executable, str(HERE / "ballast.py"), str(gib)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        print(process.stdout.readline().strip() or "the ballast could not be taken", flush=True)
        try:
            yield
        finally:
            process.kill()


def run(wanted: str, out: Path) -> tuple[str, int | str, float]:
    """One part in a process of its own: its name, exit code and seconds."""
    part, _, shape = wanted.partition(":")
    name = f"{part}-{re.sub('[^A-Za-z0-9.]+', '-', shape) or SHAPE}"
    began = time.monotonic()
    log = out / f"{name}.log"
    command = [*command_of(part, shape), "--out", str(out / f"{name}.json")]
    code: int | str
    limit = LARGEST if shape == "llama3.3-70b" or shape.startswith("unsloth") else LIMITS[part]
    with log.open("w") as sink:
        try:
            code = subprocess.run(command, stdout=sink, stderr=subprocess.STDOUT, timeout=limit, check=False).returncode
        except subprocess.TimeoutExpired:
            code = "timeout"
    seconds = time.monotonic() - began
    text = log.read_text(errors="replace")
    print(f"=== {name}: exit {code} after {seconds:.0f} s", flush=True)
    print("\n".join(line for line in text.splitlines() if line.startswith("RESULT")), flush=True)
    if code != 0:
        print("\n".join(text.splitlines()[-30:]), flush=True)
    return name, code, seconds


def command_of(part: str, shape: str) -> list[str]:
    """What runs a part."""
    if part == "throughput":
        system, *flags = shape.split("+")
        return [sys.executable, str(HERE / "throughput.py"), "--system", system or "speed", *(f"--{flag}" for flag in flags)]
    if part in ("learn", "learn2"):
        backend, _, seed = shape.partition(":")
        start = (
            [sys.executable] if part == "learn" else [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
        )
        return [*start, str(HERE / "learning.py"), "--backend", backend or "memory", "--seed", seed or "0"]
    if part == "whole":
        return [sys.executable, str(HERE / "whole_run.py"), "--backend", shape or "memory"]
    return [sys.executable, str(HERE / "parts.py"), part, "--model", shape or SHAPE]


if __name__ == "__main__":
    sys.exit(main())
