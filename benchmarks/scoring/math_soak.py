"""Many mixed and hostile verdicts in one process: no row is lost, memory stays flat, no process is left behind.

    nice -n 19 python benchmarks/scoring/math_soak.py --rows 200000

Most rows are answers as policies write them; some are hostile, and some need
sympy. Prints counts, memory at the beginning, the middle and the end, the time
of the slowest verdict, and the children that are left at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections import Counter
from pathlib import Path

from math_answers import pairs
from math_hostile import ANSWERS, COMPLETIONS

from rewardlang.answers.final import final_answer
from rewardlang.registry import default_registry
from rewardlang.verdict import Verdict
from rewardlang.work import pool

IDENTITIES = (
    ("{n}\\sin 2x", "{m}\\sin x\\cos x"),
    ("{n}+\\cos^2 x", "{n}+\\frac{{1+\\cos 2x}}{{2}}"),
    ("{n}\\sinh x", "{n}\\frac{{e^x-e^{{-x}}}}{{2}}"),
    ("\\frac{{\\sin x}}{{1+\\cos x}}+{n}", "\\tan\\frac{{x}}{{2}}+{n}"),
    ("\\int_0^1 x^{{{k}}} dx", "\\frac{{1}}{{{k}}}"),
)


def drawn(count: int, seed: int, hostile: float, symbolic: float) -> list[tuple[str, str]]:
    """Pairs of gold and answer, shuffled."""
    rng = random.Random(seed)
    found = [(pair.gold, pair.answer) for pair in pairs(min(count, 20_000), seed)]
    rows = []
    for _ in range(count):
        kind = rng.random()
        if kind < hostile:
            rows.append(("1", rng.choice(ANSWERS)))
        elif kind < hostile + symbolic:
            one, other = rng.choice(IDENTITIES)
            n = rng.randrange(2, 2_000)
            values = {"n": n, "m": 2 * n, "k": n % 30 + 1}
            rows.append((one.format(**values), other.format(**values)))
        else:
            rows.append(rng.choice(found))
    return rows


def resident() -> int:
    """Megabytes of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def children() -> list[str]:
    """State and name of the processes whose parent is this one."""
    me, found = str(Path("/proc/self").resolve().name), []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text(encoding="utf-8", errors="replace").rpartition(")")
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if parent == me:
            found.append(f"{state} {name.partition('(')[2]}")
    return found


def main() -> None:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hostile", type=float, default=0.05)
    parser.add_argument("--symbolic", type=float, default=0.01)
    given = parser.parse_args()
    registry = default_registry()
    reader, equals = registry.get("reader", "math"), registry.get("equivalence", "math")
    assert reader is not None
    assert equals is not None
    rows = drawn(given.rows, given.seed, given.hostile, given.symbolic)
    counts: Counter[str] = Counter()
    memory, slowest = [resident()], 0.0
    began = time.perf_counter()
    for start in range(0, len(rows), given.batch):
        batch = rows[start : start + given.batch]
        golds, answers = reader([gold for gold, _ in batch]), reader([answer for _, answer in batch])
        for gold, answer in zip(golds, answers, strict=True):
            at = time.perf_counter()
            if type(gold).__name__ == type(answer).__name__ == "Answer":
                (verdict,) = equals([gold], [answer])
                assert isinstance(verdict, Verdict)
                counts[{True: "yes", False: "no", None: "cannot judge"}[verdict.holds]] += 1
            else:
                counts["missing or refused"] += 1
            slowest = max(slowest, time.perf_counter() - at)
        if start // given.batch == len(rows) // given.batch // 2:
            memory.append(resident())
    for text in COMPLETIONS:
        final_answer(text)
    memory.append(resident())
    seconds = time.perf_counter() - began
    left = children()
    pool.close()
    zombies = children()
    figures = {
        "rows": len(rows),
        "verdicts": sum(counts.values()),
        "lost": len(rows) - sum(counts.values()),
        "counts": dict(counts),
        "seconds": round(seconds, 1),
        "slowest_verdict_seconds": round(slowest, 3),
        "megabytes_begin_middle_end": memory,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "workers_at_the_end": left,
        "children_after_close": zombies,
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
