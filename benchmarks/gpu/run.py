"""Measures the GPU engine on one card, in parts, each in a process of its own with its own time limit.

    python benchmarks/gpu/run.py memory share memory:llama3.1-8b --out results

A part is `NAME` or `NAME:SHAPE` (a shape of `shapes.py`; qwen2.5-1.5b unless told); `learn:BACKEND:SEED` is a run of
`learning.py`, `throughput:SYSTEM` (with `+unmap`, `+compiled`) one of `throughput.py`. Each prints its figures and writes
`NAME-SHAPE.json` with machine, date and versions. Weights are random, in the published shape. A part that fails leaves its log
and the others run on.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LIMITS = {"memory": 170, "sleep": 110, "share": 250, "rounding": 60, "merge": 60, "learn": 400, "throughput": 280, "long": 500}
SHAPE = "qwen2.5-1.5b"


def main() -> int:
    """Runs the parts named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="+", metavar="PART", help=f"{', '.join(sorted(LIMITS))}; with a shape as in memory:llama3.1-8b")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--within", type=float, metavar="GIB", help="hold the rest of the card in another process while the parts run")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.within is not None:
        with subprocess.Popen(
            [sys.executable, str(HERE / "ballast.py"), str(arguments.within)], stdout=subprocess.PIPE, text=True
        ) as ballast:
            assert ballast.stdout is not None
            print(ballast.stdout.readline().strip() or "the ballast could not be taken", flush=True)
            try:
                return parts(parser, arguments)
            finally:
                ballast.kill()
    return parts(parser, arguments)


def parts(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    """Runs them in turn; exit code 1 when one failed."""
    summary: list[tuple[str, int | str, float]] = []
    for wanted in arguments.parts:
        part, _, shape = wanted.partition(":")
        if part not in LIMITS:
            parser.error(f"there is no part {part!r}; known are {', '.join(sorted(LIMITS))}")
        name = f"{part}-{re.sub('[:+]', '-', shape) or SHAPE}"
        started = time.monotonic()
        log = arguments.out / f"{name}.log"
        command = [*command_of(part, shape), "--out", str(arguments.out / f"{name}.json")]
        code: int | str
        with log.open("w") as sink:
            try:
                code = subprocess.run(command, stdout=sink, stderr=subprocess.STDOUT, timeout=LIMITS[part], check=False).returncode
            except subprocess.TimeoutExpired:
                code = "timeout"
        text = log.read_text(errors="replace")
        summary.append((name, code, time.monotonic() - started))
        print(f"=== {name}: exit {code} after {summary[-1][2]:.0f} s", flush=True)
        print("\n".join(line for line in text.splitlines() if line.startswith("RESULT")), flush=True)
        if code != 0:
            print("\n".join(text.splitlines()[-30:]), flush=True)
    print(json.dumps({part: {"exit": code, "seconds": round(seconds, 1)} for part, code, seconds in summary}))
    return 0 if all(code == 0 for _, code, _ in summary) else 1


def command_of(part: str, shape: str) -> list[str]:
    """What runs a part."""
    if part == "throughput":
        system, *flags = shape.split("+")
        return [sys.executable, str(HERE / "throughput.py"), "--system", system or "speed", *(f"--{flag}" for flag in flags)]
    if part == "learn":
        backend, _, seed = shape.partition(":")
        return [sys.executable, str(HERE / "learning.py"), "--backend", backend or "memory", "--seed", seed or "0"]
    return [sys.executable, str(HERE / "parts.py"), part, "--model", shape or SHAPE]


if __name__ == "__main__":
    sys.exit(main())
