"""What `rewardlang check` costs from the keystroke to its last line: processor and clock time, an empty Python beside it.

    python benchmarks/commands/start_up.py --out benchmarks/results/DATE-start-up.json

Commands take turns, so that what disturbs one disturbs all. Bytecode is cached, as after any first run of an installed package. The goal is
150 ms for a file that asks for a form alone, on ten samples, set on a machine where an empty Python took 11: compare with that line.
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
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
GOAL_MS = 150

FORM = """rewardlang 1
reward form version "1.0.0"
let answer = only <answer> in completion
rule one_answer: award 1 point when answer is present
score between 0 and 1
success when answer is present

example "tagged"
  model writes "<answer>4</answer>"
  expect score = 1
"""


def commands(folder: Path) -> dict[str, list[str]]:
    """By name: an empty Python, then `check` on files from small to large, and on some with samples. `folder` is written into."""
    program = str(Path(sys.executable).with_name("rewardlang"))
    form, ten = folder / "form.reward", folder / "ten.jsonl"
    form.write_text(FORM, encoding="utf-8")
    ten.write_text(
        "".join(json.dumps({"completion": f"So it is <answer>{n}</answer>." * (n % 3)}) + "\n" for n in range(10)), encoding="utf-8"
    )
    files = {name: next(iter(sorted((EXAMPLES / name).glob("*.reward")))) for name in ("decimals", "gsm8k", "law", "medicine")}
    found = {"python -c pass": [sys.executable, "-c", "pass"]}
    found["a form, ten samples"] = [program, "check", str(form), "--samples", str(ten)]
    found |= {f"check {name}": [program, "check", str(file)] for name, file in files.items()}
    found["check gsm8k --samples"] = [program, "check", str(files["gsm8k"]), "--samples", str(EXAMPLES / "gsm8k" / "samples.jsonl")]
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
    with tempfile.TemporaryDirectory() as folder:
        wanted = commands(Path(folder))
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
