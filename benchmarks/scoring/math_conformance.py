"""Other projects' cases beside math-verify 0.9.0: verdicts in both wirings, times, and what each tier decides.

    python benchmarks/scoring/math_conformance.py --cases FOLDER --peer-python PEER/bin/python

FOLDER holds `math_equiv.jsonl` and `issue_reports.jsonl`; PEER is a virtual
environment with `math-verify==0.9.0`. math-verify is wired as documented (gold
and completion as they are) where the answer is to be found, and with the answer
in a box where it is cut out. Hard cases are those in which neither side is a
plain number, and identities that need sympy in both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from math_wirings import Wiring, cut_out, judged, rows

from rewardlang.answers.kinds import Expression
from rewardlang.answers.parse import _read_short, read_answer
from rewardlang.answers.values import Answer

_CHILD = """
import json, logging, re, sys, time
from math_verify import parse, verify
logging.disable(logging.CRITICAL)
for line in sys.stdin:
    golds, answer = json.loads(line)
    began = time.perf_counter()
    try:
        found = parse(answer, parsing_timeout=5)
        verdict = any(verify(parse(gold, parsing_timeout=5), found, timeout_seconds=5) for gold in golds)
    except Exception:  # whatever the peer raises is an answer that it cannot judge, and counted as such
        verdict = None
    print(json.dumps([time.perf_counter() - began, verdict]), flush=True)
"""
IDENTITIES = (
    ("\\sin 2x", "2\\sin x\\cos x"),
    ("\\cos 2x", "1-2\\sin^2 x"),
    ("\\frac{\\sin x}{1+\\cos x}", "\\tan\\frac{x}{2}"),
    ("\\cosh^2 x-\\sinh^2 x", "1"),
    ("\\frac{1}{2}\\ln 3", "\\ln\\sqrt{3}"),
    ("\\sin(a+b)-\\sin(a-b)", "2\\sin b\\cos a"),
    ("\\int_0^1 x^2 dx", "\\frac{1}{3}"),
    ("x^2-5x+6\\le 0", "[2,3]"),
    ("\\sin 2x", "2\\sin x"),
    ("\\cos\\frac{\\pi}{5}", "\\frac{1+\\sqrt{5}}{4}"),
)


class Peer:
    """math-verify in its own process."""

    def __init__(self, python: str) -> None:
        self.process = subprocess.Popen([python, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def judge(self, golds: list[str], answer: str) -> tuple[float, bool | None]:
        """Seconds and verdict."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([golds, answer]) + "\n")
        self.process.stdin.flush()
        seconds, verdict = json.loads(self.process.stdout.readline())
        return seconds, verdict

    def end(self) -> None:
        """Closes it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def marked(text: str) -> str:
    """A gold as math-verify wants it: in dollars, unless it is marked already."""
    return text if any(mark in text for mark in ("$", "\\boxed", "\\(", "\\[")) else f"${text}$"


def hard(row: dict[str, Any]) -> bool:
    """Whether neither side is a plain number."""
    golds = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
    sides = [read_answer(text) for text in (*golds, cut_out(row["pred"], row.get("options", {})))]
    values = [side.value for side in sides if isinstance(side, Answer)]
    return not any(isinstance(value, Expression) and value.value.rational is not None for value in values)


def kind_of(verdict: bool | None, expected: bool) -> str:
    """The word for a verdict in the table."""
    return "right" if verdict is expected else "cannot judge" if verdict is None else "wrong yes" if verdict else "wrong no"


def compare(path: Path, wiring: Wiring, peer: Peer) -> dict[str, Any]:
    """The counts of one file in one wiring."""
    counts: dict[str, Counter[str]] = {"ours": Counter(), "math-verify": Counter()}
    tiers: Counter[str] = Counter()
    hard_tiers: Counter[str] = Counter()
    worse: list[dict[str, Any]] = []
    ratios, total = [], [0.0, 0.0]
    for row in rows(path):
        golds = row["gold"] if isinstance(row["gold"], list) else [row["gold"]]
        options, expected = row.get("options", {}), bool(row["expected"])
        answer = row["pred"] if wiring == "found" else "\\boxed{" + cut_out(row["pred"], options) + "}"
        theirs, said = peer.judge([marked(gold) for gold in golds], answer)
        _read_short.cache_clear()
        began = time.perf_counter()
        result = judged(row, wiring)
        seconds = time.perf_counter() - began
        counts["ours"][kind_of(result.verdict, expected)] += 1
        counts["math-verify"][kind_of(bool(said), expected)] += 1
        tiers[result.tier] += 1
        if bool(said) is expected and result.verdict is not expected:
            worse.append({"gold": row["gold"], "pred": row["pred"], "expected": expected, "ours": result.verdict})
        if hard(row):
            hard_tiers[result.tier] += 1
            ratios.append(theirs / seconds)
            total[0] += seconds
            total[1] += theirs
    return {
        "cases": counts["ours"].total(),
        **{name: dict(sorted(count.items())) for name, count in counts.items()},
        "worse_than_peer": worse,
        "decided_by": dict(tiers),
        "hard_cases_decided_by": dict(hard_tiers),
        "hard_cases": len(ratios),
        "hard_ratio_median": round(statistics.median(ratios), 1),
        "hard_ratio_of_totals": round(total[1] / total[0], 1),
    }


def identities(peer: Peer) -> dict[str, Any]:
    """Times on identities that need sympy on both sides, warm, each asked for the first time."""
    judged({"gold": "\\tan x", "pred": "\\boxed{\\cot x + 1 - 1}"}, "found")
    judged({"gold": "\\sin 3x", "pred": "\\boxed{3\\sin x - 4\\sin^3 x}"}, "found")
    ours, theirs, verdicts = [], [], []
    for gold, answer in IDENTITIES:
        seconds, said = peer.judge([f"${gold}$"], f"\\boxed{{{answer}}}")
        began = time.perf_counter()
        result = judged({"gold": f"${gold}$", "pred": f"\\boxed{{{answer}}}"}, "found")
        ours.append(time.perf_counter() - began)
        theirs.append(seconds)
        verdicts.append([gold, answer, result.verdict, said])
    return {
        "ours_ms_median": round(1000 * statistics.median(ours), 1),
        "math_verify_ms_median": round(1000 * statistics.median(theirs), 1),
        "ratio_of_medians": round(statistics.median(theirs) / statistics.median(ours), 2),
        "verdicts_ours_theirs": verdicts,
    }


def main() -> None:
    """Runs, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    peer = Peer(given.peer_python)
    peer.judge(["$1$"], "\\boxed{1}")
    figures: dict[str, Any] = {}
    wirings: tuple[Wiring, ...] = ("cut out", "found")
    for file in ("math_equiv.jsonl", "issue_reports.jsonl"):
        for wiring in wirings:
            figures[f"{file}, {wiring}"] = compare(given.cases / file, wiring, peer)
    figures["identities"] = identities(peer)
    peer.end()
    text = json.dumps(figures, indent=2, ensure_ascii=False)
    print(text)
    if given.out is not None:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
