"""The port of the notebooks' GSM8K rewards beside the five Python functions, on the same completions, in one run.

    python benchmarks/scoring/notebook_rewards.py --out benchmarks/results/DATE-notebook-rewards.json

Completions have about 150 words, 20 % have no tags, 30 % are wrong, 5 % are misspelt; they are made here from a seed. What is timed is
what TRL calls: chats in, floats out, the five functions one after the other against the one. Each batch is timed in turn with its peer;
ratios are of the medians.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import io
import json
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import rewardlang  # noqa: E402 - the tree that this script stands in

TEXT = (
    "the total cost is sum of individual costs so we add them and get number which must be divided by days in week because "
    "Natalia sold clips to friends then half as many again after lunch each box holds twelve and there are seven boxes left over"
)
WORDS = TEXT.split()
BATCHES = ((10_000, 7), (512, 41), (64, 201))


def completion(rng: random.Random) -> tuple[list[dict[str, str]], str]:
    """A chat of one message, and the gold answer."""
    gold = str(rng.randrange(2000))
    said = gold if rng.random() > 0.3 else str(rng.randrange(2000))
    words = [rng.choice(WORDS) for _ in range(rng.randrange(110, 190))]
    if rng.random() < 0.05:
        words[rng.randrange(len(words))] = "recieve"
    text = " ".join(words)
    tagged = f"<reasoning>\n{text}\n</reasoning>\n<answer>\n{said}\n</answer>\n"
    return [{"role": "assistant", "content": tagged if rng.random() > 0.2 else f"{text} the answer is {said}"}], gold


def functions() -> list[Callable[..., list[float]]]:
    """The five functions, in the shape in which they are published."""
    path = ROOT / "tests" / "commands" / "notebook_rewards.py"
    spec = importlib.util.spec_from_file_location("notebook_rewards", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = ("xmlcount_reward", "soft_format_reward", "strict_format_reward", "int_reward", "correctness_reward")
    found: list[Callable[..., list[float]]] = [getattr(module, name) for name in names]
    return found


def seconds(call: Callable[[], Any]) -> float:
    """Of one call. What it prints (the correctness function prints an answer each time) goes nowhere."""
    with redirect_stdout(io.StringIO()):
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin


def main() -> None:
    """Prints the ratios and writes them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rng = random.Random(1)
    rows = [completion(rng) for _ in range(BATCHES[0][0])]
    chats, golds = [chat for chat, _ in rows], [gold for _, gold in rows]
    prompts = [[{"role": "user", "content": "How many?"}]] * len(rows)
    peers = functions()
    ours = rewardlang.load(ROOT / "examples" / "gsm8k_xml_port" / "gsm8k_xml.reward").trl_reward()
    result: dict[str, Any] = {"what": "five Python functions over our one, as TRL calls them", "batches": {}}
    for size, rounds in BATCHES:
        batch, gold, asked = chats[:size], golds[:size], prompts[:size]

        def theirs(batch: Any = batch, gold: Any = gold, asked: Any = asked) -> None:
            for function in peers:
                function(prompts=asked, completions=batch, answer=gold)

        def own(batch: Any = batch, gold: Any = gold, asked: Any = asked) -> None:
            ours(prompts=asked, completions=batch, answer=gold)

        seconds(theirs)
        seconds(own)
        pairs = [(seconds(theirs), seconds(own)) for _ in range(rounds)]
        one, two = (statistics.median(values) for values in zip(*pairs, strict=True))
        result["batches"][str(size)] = {
            "ratio": round(one / two, 2),
            "python_us_a_row": round(one / size * 1e6, 2),
            "ours_us_a_row": round(two / size * 1e6, 2),
        }
        print(size, result["batches"][str(size)], flush=True)
    result |= {
        "machine": f"{platform.machine()}, 2 cores" if sys.platform == "linux" else platform.machine(),
        "python": platform.python_version(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
