"""Membership in a list of answers: at most so many are compared; beyond that the test is open, and counts against the row."""

from __future__ import annotations

import pytest

import rewardlang
from rewardlang.marking.row_values import MAX_PAIRS, TOO_MANY
from tests.engine.agreement import agree

REWARD = rewardlang.loads("""rewardlang 1
reward members
column golds: list of math
let value = only <a> in completion as math
require value is present else score -1
rule right: award 1 point when value is in golds
rule wrong: deduct 1 point when value is not in golds
rule among: award 1 point when some gold in golds where value equals gold
score between -1 and 2
""")


@pytest.mark.parametrize("name", ["right", "wrong", "among"])
def test_a_long_list_of_answers_is_not_compared(name: str) -> None:
    """The row is not judged, and says so; the others of the batch are, and a batch marks as each row alone."""
    many = [str(number) for number in range(MAX_PAIRS + 1)]
    columns = {"golds": [many, ["7"], many[:MAX_PAIRS], ["1"]]}
    completions = ["<a>7</a>"] * 4
    scores = REWARD.score(completions, columns=columns)
    expected = {"right": [0, 1, 1, 0], "wrong": [-1, 0, 0, -1], "among": [1, 1, 1, 0]}
    assert list(scores.rules[name]) == expected[name]
    assert [failure.reason for failure in scores.rows[0].failures] == [TOO_MANY]
    agree(REWARD, completions, columns)
