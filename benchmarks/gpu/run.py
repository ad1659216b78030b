"""Measures the GPU engine on one card, in parts, each in a process of its own with its own time limit.

    python benchmarks/gpu/run.py memory share --out results [--model qwen2.5-1.5b]

Each part prints its figures and writes `PART.json` with machine, date and versions; a table comes last. Weights are random, in the
published shape. A part that fails leaves its log and the others run on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LIMITS = {"memory": 200, "sleep": 200, "share": 330, "peer": 280}


def main() -> int:
    """Runs the parts named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="+", choices=sorted(LIMITS))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--model", default="qwen2.5-1.5b")
    arguments, rest = parser.parse_known_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    summary = []
    for part in arguments.parts:
        started = time.monotonic()
        log = arguments.out / f"{part}.log"
        command = [sys.executable, str(HERE / "parts.py"), part, "--out", str(arguments.out), "--model", arguments.model, *rest]
        with log.open("w") as sink:
            try:
                code: int | str = subprocess.run(
                    command, stdout=sink, stderr=subprocess.STDOUT, timeout=LIMITS[part], check=False
                ).returncode
            except subprocess.TimeoutExpired:
                code = "timeout"
        text = log.read_text(errors="replace")
        result = arguments.out / f"{part}.json"
        summary.append((part, code, time.monotonic() - started))
        print(f"=== {part}: exit {code} after {summary[-1][2]:.0f} s", flush=True)
        shown = [line for line in text.splitlines() if line.startswith("RESULT")]
        print("\n".join(shown), flush=True)
        if code != 0 or not result.exists():
            print("\n".join(text.splitlines()[-40:]), flush=True)
    print(json.dumps({part: {"exit": code, "seconds": round(seconds, 1)} for part, code, seconds in summary}))
    return 0 if all(code == 0 for _, code, _ in summary) else 1


if __name__ == "__main__":
    sys.exit(main())
