"""Mathematical equality beside math-verify 0.9.0: the same distinct pairs, slice by slice in turn, in one run.

    python benchmarks/scoring/math_equality.py --peer-python PEER/bin/python --out benchmarks/results/NAME.json

PEER is a virtual environment with `math-verify==0.9.0`; it runs as a child
process, so that the two sets of packages stay apart. Each slice is timed in both
(reading gold and answer and comparing them, nothing remembered between slices,
math-verify with the answer already in a box, and as `--wiring` says: without its
time limits, which is fastest, or as TRL's accuracy_reward configures it); the
figures are medians over slices of the ratios of processor time, which a busy
machine disturbs least, and of time by the clock. Outside of the clock every pair is
asked again, to tell which tier decides it: what is read without tokens, exact
forms, sympy in a worker process, or nobody.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from math_answers import Pair, pairs

_CHILD = """
import json, logging, sys, time
from latex2sympy2_extended import NormalizationConfig
from math_verify import LatexExtractionConfig, parse, verify
logging.disable(logging.CRITICAL)
limits = sys.argv[1] == "trl"
options = {"parsing_timeout": 10 if limits else None}
found = dict(options)
if limits:
    normal = NormalizationConfig(units=True)
    one = LatexExtractionConfig(normalization_config=normal, boxed_match_priority=0, try_extract_without_anchor=False)
    found |= {"extraction_config": [one], "extraction_mode": "first_match"}
def box(text):
    text = text.strip("$")
    return text if "\\\\boxed" in text else "\\\\boxed{" + text + "}"
for line in sys.stdin:
    began, busy = time.perf_counter(), time.process_time()
    verdicts = [
        verify(parse(f"${gold}$", **options), parse(box(answer), **found), timeout_seconds=5 if limits else None)
        for gold, answer in json.loads(line)
    ]
    print(json.dumps([time.perf_counter() - began, time.process_time() - busy, verdicts]), flush=True)
"""
WIRINGS = {
    "fastest": "math-verify 0.9.0, no time limits, answer in a box",
    "trl": "math-verify 0.9.0 as TRL's accuracy_reward configures it (time limits, LaTeX only, units), answer in a box",
}


def ours(batch: list[Pair]) -> tuple[float, float, list[bool | None]]:
    """Seconds by the clock and of the processor, and verdicts, through the verifiers that `as math` and `equals` call."""
    from rewardlang.answers import parse
    from rewardlang.registry import default_registry

    registry = default_registry()
    reader, equals = registry.get("reader", "math"), registry.get("equivalence", "math")
    assert reader is not None
    assert equals is not None
    parse._read_short.cache_clear()
    began, busy = time.perf_counter(), time.process_time()
    gold, answer = reader([pair.gold for pair in batch]), reader([pair.answer for pair in batch])
    verdicts = equals(gold, answer)
    return time.perf_counter() - began, time.process_time() - busy, [verdict.holds for verdict in verdicts]


def tier(pair: Pair) -> str:
    """What decides a pair."""
    from rewardlang.answers.compare import compare_answers
    from rewardlang.answers.parse import read_answer, read_tokens
    from rewardlang.answers.plain import quick_number, unwrapped
    from rewardlang.answers.quick_forms import quick_form
    from rewardlang.answers.symbolic import decide
    from rewardlang.answers.values import Answer

    one, other = read_answer(pair.gold), read_answer(pair.answer)
    if not isinstance(one, Answer) or not isinstance(other, Answer):
        return "not read"
    if compare_answers(one, other).holds is not None:
        texts = [unwrapped(text.strip()) for text in (pair.gold, pair.answer)]
        quick = all(quick_number(text) is not None or quick_form(text, read_tokens) is not None for text in texts)
        return "without tokens" if quick else "exact forms"
    return "not judged" if decide(one, other).holds is None else "sympy"


def measure(peer_python: str, wiring: str, slices: int, size: int, seed: int) -> dict[str, Any]:
    """The figures of one run."""
    drawn = pairs(size * (slices + 1), seed)
    peer = subprocess.Popen([peer_python, "-c", _CHILD, wiring], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdin is not None
    assert peer.stdout is not None
    ratios, by_clock, rates, agreed = [], [], [], {"ours": 0, "peer": 0}
    wrong_yes = {"ours": 0, "peer": 0}
    not_judged = worse = 0
    by_kind: dict[str, list[int]] = {}
    for index in range(slices + 1):
        batch = drawn[index * size : (index + 1) * size]
        peer.stdin.write(json.dumps([[pair.gold, pair.answer] for pair in batch]) + "\n")
        peer.stdin.flush()
        theirs, their_busy, their_verdicts = json.loads(peer.stdout.readline())
        seconds, busy, verdicts = ours(batch)
        if index == 0:  # warm-up
            continue
        ratios.append(their_busy / busy)
        by_clock.append(theirs / seconds)
        rates.append((size / busy, size / their_busy))
        not_judged += verdicts.count(None)
        worse += sum(
            their is pair.equal and verdict is not pair.equal for their, verdict, pair in zip(their_verdicts, verdicts, batch, strict=True)
        )
        for pair, verdict, their in zip(batch, verdicts, their_verdicts, strict=True):
            counts = by_kind.setdefault(pair.kind, [0, 0, 0])
            for place, hit in enumerate((True, verdict is pair.equal, their is pair.equal)):
                counts[place] += hit
        for name, said in (("ours", verdicts), ("peer", their_verdicts)):
            agreed[name] += sum(verdict is pair.equal for verdict, pair in zip(said, batch, strict=True))
            wrong_yes[name] += sum(verdict is True and not pair.equal for verdict, pair in zip(said, batch, strict=True))
    peer.stdin.close()
    peer.wait()
    total = slices * size
    tiers = Counter(map(tier, drawn[size:]))
    return {
        "what": "equality of distinct answers, reading included",
        "pairs": total,
        "ratio_median": round(statistics.median(ratios), 1),
        "ratio_min_max": [round(min(ratios), 1), round(max(ratios), 1)],
        "ratio_by_the_clock_median": round(statistics.median(by_clock), 1),
        "pairs_a_processor_second_median": {
            "ours": round(statistics.median(r[0] for r in rates)),
            "math-verify": round(statistics.median(r[1] for r in rates)),
        },
        "right": {"ours": agreed["ours"] / total, "math-verify": agreed["peer"] / total},
        "wrong_yes": {"ours": wrong_yes["ours"], "math-verify": wrong_yes["peer"]},
        "ours_not_judged": not_judged,
        "worse_than_peer": worse,
        "decided_by": {name: f"{count / total:.1%}" for name, count in tiers.most_common()},
        "right_by_kind": {
            kind: {"pairs": count, "ours": right, "math-verify": theirs} for kind, (count, right, theirs) in sorted(by_kind.items())
        },
        "peer": WIRINGS[wiring],
    }


def main() -> None:
    """Runs, prints and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", required=True, help="the interpreter of an environment with math-verify 0.9.0")
    parser.add_argument("--wiring", choices=WIRINGS, default="fastest")
    parser.add_argument("--slices", type=int, default=9)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    figures = measure(given.peer_python, given.wiring, given.slices, given.size, given.seed)
    figures["machine"] = f"{platform.machine()}, {os.cpu_count()} cores"
    figures["python"] = platform.python_version()
    figures["date"] = date.today().isoformat()
    text = json.dumps(figures, indent=2)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
