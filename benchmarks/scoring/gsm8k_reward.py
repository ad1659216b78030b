"""A whole GSM8K reward (form, symbolic answer, spelling) beside functions with math-verify and a dictionary, in one run.

    python benchmarks/scoring/gsm8k_reward.py --peer-python PEER/bin/python --out benchmarks/results/DATE-gsm8k-reward.json

PEER is a virtual environment with `math-verify==0.9.0`; it runs `gsm8k_functions.py` as a child process. Both mark the same completions,
slice by slice in turn; completions are distinct, nothing is remembered between slices, and chats go in and floats come out, as in TRL.
The peer's dictionary is ours, as a set. The figures are ratios of medians: of processor time, which a busy machine disturbs least, and of
time by the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from gsm8k_completions import Row, rows
from math_equality import WIRINGS

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

import rewardlang  # noqa: E402 - the tree that this script stands in
from rewardlang.answers import parse  # noqa: E402
from rewardlang.verifiers import misspelling  # noqa: E402


def dictionary_file(folder: Path) -> Path:
    """Our words and names in lower case, one a line."""
    english = misspelling._english("either")
    path = folder / "words.txt"
    path.write_text("\n".join(sorted(english.words | {name.lower() for name in english.names})), encoding="utf-8")
    return path


def ours(reward: Any, batch: list[Row]) -> tuple[tuple[float, float], list[float]]:
    """Seconds by the clock and of the processor, and scores, as TRL calls the reward function."""
    chats = [[{"role": "assistant", "content": row.completion}] for row in batch]
    gold = [row.gold for row in batch]
    parse._read_short.cache_clear()
    began, busy = time.perf_counter(), time.process_time()
    scores = reward(prompts=None, completions=chats, gold=gold)
    return (time.perf_counter() - began, time.process_time() - busy), scores


def measure(peer_python: str, wiring: str, slices: int, size: int, seed: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    drawn = rows(size * (slices + 1), seed)
    command = [peer_python, str(FOLDER / "gsm8k_functions.py"), str(dictionary_file(folder)), wiring]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdin is not None
    assert peer.stdout is not None
    loaded = rewardlang.load(FOLDER / "gsm8k.reward")
    reward = loaded.trl_reward()
    times, same, right = [], 0, {"ours": 0, "functions": 0}
    for index in range(slices + 1):
        batch = drawn[index * size : (index + 1) * size]
        request = {
            "completions": [[{"role": "assistant", "content": row.completion}] for row in batch],
            "gold": [row.gold for row in batch],
        }
        peer.stdin.write(json.dumps(request) + "\n")
        peer.stdin.flush()
        theirs, their_scores, correct = json.loads(peer.stdout.readline())
        seconds, scores = ours(reward, batch)
        if index == 0:  # warm-up
            continue
        times.append((*theirs, *seconds))
        same += sum(abs(one - other) < 1e-9 for one, other in zip(scores, their_scores, strict=True))
        success = loaded.score([row.completion for row in batch], columns={"gold": [row.gold for row in batch]}).success
        assert success is not None
        right["ours"] += sum(bool(said) is row.right for said, row in zip(success, batch, strict=True))
        right["functions"] += sum((said > 0) is row.right for said, row in zip(correct, batch, strict=True))
    peer.stdin.close()
    peer.wait()
    clock, busy, our_clock, our_busy = (statistics.median(values) for values in zip(*times, strict=True))
    ratios = [theirs / seconds for _, theirs, _, seconds in times]
    total = slices * size
    return {
        "what": "form, symbolic answer and spelling: Python functions over our one, as TRL calls them",
        "completions": total,
        "batch": size,
        "words_mean": round(statistics.mean(len(row.completion.split()) for row in drawn), 1),
        "ratio_of_medians": round(busy / our_busy, 1),
        "ratio_by_the_clock": round(clock / our_clock, 1),
        "ratio_min_max": [round(min(ratios), 1), round(max(ratios), 1)],
        "functions_us_a_row": round(busy / size * 1e6, 1),
        "ours_us_a_row": round(our_busy / size * 1e6, 1),
        "right_verdicts": {name: round(count / total, 4) for name, count in right.items()},
        "same_score": round(same / total, 4),
        "peer": f"{WIRINGS[wiring]}; a set of words for spelling",
    }


def main() -> None:
    """Runs, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peer-python", required=True, help="the interpreter of an environment with math-verify 0.9.0")
    parser.add_argument("--wiring", choices=WIRINGS, default="fastest")
    parser.add_argument("--slices", type=int, default=9)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(given.peer_python, given.wiring, given.slices, given.size, given.seed, Path(folder))
    figures |= {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "python": platform.python_version()}
    figures["date"] = date.today().isoformat()
    text = json.dumps(figures, indent=2)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
