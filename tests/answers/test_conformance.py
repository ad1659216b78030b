"""Other projects' cases for answers of mathematics: how many are judged right, and that no wrong answer is ever accepted.

The cases are read where they stand, in the folder that REWARDLANG_CONFORMANCE names.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.scoring.math_wirings import Wiring, judged, rows

FOLDER = os.environ.get("REWARDLANG_CONFORMANCE")
FLOORS = {"math_equiv.jsonl": 0.99, "issue_reports.jsonl": 0.94}
"""The share of right verdicts on unflagged English cases; it may rise and must not fall."""

pytestmark = pytest.mark.skipif(FOLDER is None, reason="REWARDLANG_CONFORMANCE does not name the folder of the cases")


@pytest.mark.parametrize("wiring", ["cut out", "found"])
@pytest.mark.parametrize("file", FLOORS)
def test_no_wrong_answer_is_accepted_and_most_are_judged_right(file: str, wiring: Wiring, capsys: pytest.CaptureFixture[str]) -> None:
    """Unflagged cases in English: no false positive, and at least the share that was reached before."""
    assert FOLDER is not None
    counts: Counter[str] = Counter()
    tiers: Counter[str] = Counter()
    wrong: list[str] = []
    for row in rows(Path(FOLDER) / file):
        verdict, tier, compared = judged(row, wiring)
        expected = bool(row["expected"])
        kind = "right" if verdict is expected else "cannot judge" if verdict is None else "wrong yes" if verdict else "wrong no"
        counts[kind] += 1
        tiers[tier] += 1
        if kind != "right":
            wrong.append(f"{row['id']} {kind}: {compared}")
    total = counts.total()
    with capsys.disabled():
        shares = ", ".join(f"{name} {counts[name]} ({counts[name] / total:.1%})" for name in sorted(counts))
        print(f"\n{file}, answers {wiring}, {total} cases: {shares}; decided by " + ", ".join(f"{n} {c}" for n, c in tiers.most_common()))
    assert counts["wrong yes"] == 0, wrong
    assert counts["right"] / total >= FLOORS[file], wrong
