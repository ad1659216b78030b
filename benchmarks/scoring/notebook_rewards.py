"""The port of the notebooks' GSM8K rewards beside the five Python functions, on the same completions, in one run.

    python benchmarks/scoring/notebook_rewards.py --out benchmarks/results/DATE-notebook-rewards.json

What is timed is what TRL calls: chats in, floats out, the five functions one after the other against the one. Each batch is timed in turn
with its peer, on completions that neither has seen (those of 10,000 are seen again); who goes first, and so reads texts that are no longer
near the processor, goes round. Ratios are of the medians of the thread's own time,
which other work on the machine disturbs least. The functions are those of
the notebooks as they are now, whose patterns match over line breaks; `first_form` has them as they were first published, when the patterns
gave up at the first line break of a reply. The time that a batch of 512 takes of a trainer's thread is also given for a whole reward with
symbolic answers and spelling.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import io
import itertools
import json
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from notebook_completions import Completion, completions  # noqa: E402 - beside this script

import rewardlang  # noqa: E402 - the tree that this script stands in

COUNT = 10_000
BATCHES = ((10_000, 9), (512, 61), (64, 401))
Chats = list[list[dict[str, str]]]
Peer = Callable[..., Any]


def _answer_in(text: str) -> str:
    return text.split("<answer>")[-1].split("</answer>")[0].strip()  # noqa: PLC0207 - as the notebooks have it


def _xmlcount(completions: Chats, **_: Any) -> list[float]:
    """An eighth of a point for each tag that occurs once, less a thousandth for each character behind the last."""

    def counted(text: str) -> float:
        points = 0.125 * (text.count("<reasoning>\n") == 1) + 0.125 * (text.count("\n</reasoning>\n") == 1)
        if text.count("\n<answer>\n") == 1:
            points += 0.125 - len(text.split("\n</answer>\n")[-1]) * 0.001  # noqa: PLC0207
        if text.count("\n</answer>") == 1:
            points += 0.125 - (len(text.split("\n</answer>")[-1]) - 1) * 0.001  # noqa: PLC0207
        return points

    return [counted(messages[0]["content"]) for messages in completions]


def _soft_format(completions: Chats, **_: Any) -> list[float]:
    layout = r"<reasoning>.*?</reasoning>\s*<answer>.*?</answer>"
    return [0.5 if re.match(layout, messages[0]["content"], re.DOTALL) else 0.0 for messages in completions]


def _strict_format(completions: Chats, **_: Any) -> list[float]:
    layout = r"^<reasoning>\n.*?\n</reasoning>\n<answer>\n.*?\n</answer>\n$"
    return [0.5 if re.match(layout, messages[0]["content"], re.DOTALL) else 0.0 for messages in completions]


def _integer(completions: Chats, **_: Any) -> list[float]:
    return [0.5 if _answer_in(messages[0]["content"]).isdigit() else 0.0 for messages in completions]


def _correct(prompts: Any, completions: Chats, answer: list[str], **_: Any) -> list[float]:
    found = [_answer_in(messages[0]["content"]) for messages in completions]
    print("-" * 20, f"Question:\n{prompts[0][-1]['content']}", f"\nAnswer:\n{answer[0]}", f"\nExtracted:\n{found[0]}")
    return [2.0 if mine == gold else 0.0 for mine, gold in zip(found, answer, strict=True)]


def _first_form() -> list[Peer]:
    """The five functions as they were first published."""
    spec = importlib.util.spec_from_file_location("notebook_rewards", ROOT / "tests" / "commands" / "notebook_rewards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = ("xmlcount_reward", "soft_format_reward", "strict_format_reward", "int_reward", "correctness_reward")
    return [getattr(module, name) for name in names]


class Batch:
    """What TRL passes for some completions, with objects of its own for every row."""

    def __init__(self, rows: list[Completion]) -> None:
        self.passed: dict[str, Any] = {
            "prompts": [[{"role": "user", "content": f"How many are left of {number}?"}] for number in range(len(rows))],
            "completions": [[{"role": "assistant", "content": row.text}] for row in rows],
            "answer": [row.gold for row in rows],
        }


def seconds(functions: list[Peer], batch: Batch) -> float:
    """Of the thread's own time for one call of each. What they print goes nowhere."""
    with redirect_stdout(io.StringIO()):
        begin = time.thread_time()
        for function in functions:
            function(**batch.passed)
        return time.thread_time() - begin


def in_turn(sides: list[list[Peer]], rows: list[Completion], size: int, rounds: int) -> list[float]:
    """The median seconds of each side for a batch, after a first one that is not counted. Each side goes first as often as the others."""
    times: list[list[float]] = [[] for _ in sides]
    for number, batch in zip(range(rounds + 1), batches(rows, size), strict=False):
        for place in range(len(sides)):
            side = (number + place) % len(sides)
            times[side].append(seconds(sides[side], batch))
    return [statistics.median(of_side[1:]) for of_side in times]


def batches(rows: list[Completion], size: int) -> Iterator[Batch]:
    """Batches of other completions each time, without end."""
    return itertools.cycle(Batch(rows[start : start + size]) for start in range(0, len(rows) - size + 1, size))


def notebook_functions() -> list[Peer]:
    """The five functions as the notebooks have them now."""
    return [_xmlcount, _soft_format, _strict_format, _integer, _correct]


def compared(ours: Peer, rows: list[Completion], size: int, rounds: int) -> dict[str, float]:
    """The medians of both, in microseconds a row, and how many times as fast ours is."""
    theirs, before, own = in_turn([notebook_functions(), _first_form(), [ours]], rows, size, rounds)
    return {
        "ratio": round(theirs / own, 2),
        "ratio_first_form": round(before / own, 2),
        "python_us_a_row": round(theirs / size * 1e6, 2),
        "first_form_us_a_row": round(before / size * 1e6, 2),
        "ours_us_a_row": round(own / size * 1e6, 2),
        "ours_ms_a_batch": round(own * 1e3, 2),
    }


def whole_reward(rows: list[Completion]) -> float:
    """Milliseconds that a batch of 512 takes in `math_gsm8k.reward`: equality of answers, words, spelling; nothing in the background."""
    reward = rewardlang.load(ROOT / "examples" / "gsm8k" / "math_gsm8k.reward").trl_reward()
    thinking = [Completion(row.text.replace("reasoning>", "think>"), f"… #### {row.gold}") for row in rows]
    return statistics.median(seconds([reward], batch) for _, batch in zip(range(15), batches(thinking, 512), strict=False)) * 1e3


def machine() -> dict[str, Any]:
    """Where and when it was measured."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "numpy": importlib.import_module("numpy").__version__,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def main() -> None:
    """Prints the ratios and writes them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = completions(COUNT, 1)
    ours = rewardlang.load(ROOT / "examples" / "gsm8k_xml_port" / "gsm8k_xml.reward").trl_reward()
    result: dict[str, Any] = {"what": "five Python functions over our one, as TRL calls them; medians", "batches": {}}
    for size, rounds in BATCHES:
        result["batches"][str(size)] = compared(ours, rows, size, rounds)
        print(size, result["batches"][str(size)], flush=True)
    result["math_gsm8k_ms_a_batch_of_512"] = round(whole_reward(rows), 1)
    result |= machine()
    print({name: value for name, value in result.items() if name != "batches"})
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
