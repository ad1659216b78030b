"""What `rewardlang check` costs from the keystroke to its last line: processor and clock time, an empty Python beside it.

    python benchmarks/commands/start_up.py --out benchmarks/results/DATE-start-up.json

Commands take turns, so that what disturbs one disturbs all. Bytecode is cached, as after any first run of an installed package. The goal is
150 ms of processor time for a file without samples.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GOAL_MS = 150


def commands() -> dict[str, list[str]]:
    """By name: an empty Python, then `check` on files from small to large, and on one with its samples."""
    program = str(Path(sys.executable).with_name("rewardlang"))
    files = {folder: next(iter(sorted((EXAMPLES / folder).glob("*.reward")))) for folder in ("decimals", "gsm8k", "law", "medicine")}
    found = {"python -c pass": [sys.executable, "-c", "pass"]}
    found |= {f"check {folder}": [program, "check", str(file)] for folder, file in files.items()}
    samples = next(iter(sorted((EXAMPLES / "gsm8k").glob("*.jsonl"))), None)
    if samples is not None:
        found["check gsm8k --samples"] = [program, "check", str(files["gsm8k"]), "--samples", str(samples)]
    return found


def timed(command: list[str]) -> tuple[float, float]:
    """Milliseconds of processor, user's and system's, and by the clock. Raises `CalledProcessError` where the command fails."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "COVERAGE_PROCESS_START")}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    clock, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime), 1000 * clock


def main() -> None:
    """Medians of all commands, printed and written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    wanted = commands()
    for command in wanted.values():
        timed(command)  # bytecode
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in wanted}
    for _ in range(arguments.rounds):
        for name, command in wanted.items():
            taken[name].append(timed(command))
    processor = {name: round(statistics.median(one for one, _ in rows), 1) for name, rows in taken.items()}
    clock = {name: round(statistics.median(one for _, one in rows), 1) for name, rows in taken.items()}
    for name in wanted:
        print(f"{name:24} {processor[name]:6} ms of processor, {clock[name]:6} by the clock")
    if arguments.out is not None:
        document = {
            "goal_ms": GOAL_MS,
            "rounds": arguments.rounds,
            "load": round(os.getloadavg()[0], 1),
            "machine": {"system": platform.platform(), "python": platform.python_version(), "processors": os.cpu_count()},
            "versions": {name: version(name) for name in ("lark", "regex")},
            "processor_ms": processor,
            "clock_ms": clock,
        }
        arguments.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
