"""Shares of answers in a batch: open where a verdict is, refused where there are too many."""

from __future__ import annotations

import rewardlang
from rewardlang.marking.row_values import MAX_PAIRS, TOO_MANY
from tests.engine.agreement import agree

REWARD = rewardlang.loads("""rewardlang 1
reward shares
column golds: list of math
column found: list of math
let part = share of golds found in found else 0
rule covered: award up to 1 point scaled by part
rule missed: deduct up to 1 point scaled by part
score between -1 and 1
""")


def test_too_many_pairs_are_not_compared() -> None:
    """The row is not judged, and says so; the others of the batch are, and a batch marks as each row alone."""
    many = [str(number) for number in range(40)]
    columns = {"golds": [many, ["1/2", "x"], [], ["1"], many], "found": [many, ["0.5"], ["1"], [], many[:25]]}
    completions = ["a", "b", "c", "d", "e"]
    scores = REWARD.score(completions, columns=columns)
    assert len(many) ** 2 > MAX_PAIRS
    assert list(scores.rules["covered"]) == [0.0, 0.5, 0.0, 0.0, 0.625]
    assert list(scores.rules["missed"]) == [-1.0, -0.5, 0.0, 0.0, -0.625]
    assert [failure.reason for failure in scores.rows[0].failures] == [TOO_MANY]
    agree(REWARD, completions, columns)
