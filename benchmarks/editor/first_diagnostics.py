"""How long an editor waits for the first diagnostics after a keystroke in a file of 500 lines, over a real session.

A keystroke is a change of one letter in a rule in the middle of the file. Two
times are taken: to the first answer (the mistakes of syntax, told before
anything else), and to the answer of the whole check.

    python benchmarks/editor/first_diagnostics.py --out benchmarks/results/DATE-editor.json
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.editor.client import Client, Page  # noqa: E402 - the tests are found from the root

HEAD = """rewardlang 1
reward long version "1.0.0"
column gold: number
let value = only <answer> in completion as number
require value is present else score -1
"""
SECTION = """
section part_{n}
rule right_{n}: award 0.1 points when value equals gold and completion contains "step {n}"
  because "step {n} is named"
rule long_{n}: deduct 0.1 points when count of word in completion is more than {most}
"""
TAIL = """
score between -100 and 100
success when value equals gold

example "a short one" with gold = 1
  model writes "<answer>1</answer>"
  expect score between -10 and 10
"""


def reward(lines: int) -> str:
    """A file of that many lines."""
    text, number = HEAD, 0
    while (text + TAIL).count("\n") < lines:
        text += SECTION.format(n=number, most=100 + number)
        number += 1
    return text + TAIL


def measure(page: Page, keystrokes: int) -> tuple[list[float], list[float]]:
    """Seconds to the first and to the whole answer, for each keystroke; half of them break the file."""
    first, whole = [], []
    for number in range(keystrokes):
        old = "when count of word" if number % 2 == 0 else "whe count of word"
        new = "whe count of word" if number % 2 == 0 else "when count of word"
        middle = page.text.find(old, len(page.text) // 2)
        text = page.text[:middle] + new + page.text[middle + len(old) :]
        begin = time.perf_counter()
        page.change(text, wait=False)
        page.read()
        first.append(time.perf_counter() - begin)
        page.checked()
        whole.append(time.perf_counter() - begin)
    return first, whole


def _times(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 1),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))] * 1000, 1),
        "worst_ms": round(ordered[-1] * 1000, 1),
    }


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--keystrokes", type=int, default=40)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    text = reward(arguments.lines)
    with Client() as client:
        page = client.open(ROOT / "long.reward", text)
        first, whole = measure(page, arguments.keystrokes)
    result = {
        "lines": text.count("\n"),
        "keystrokes": arguments.keystrokes,
        "first_diagnostics": _times(first),
        "whole_check": _times(whole),
        "machine": {"cpu": platform.processor() or platform.machine(), "system": platform.system(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("rewardlang", "pygls", "lsprotocol")},
    }
    print(json.dumps(result, indent=2))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
