"""Two spellings of one letter, with a combining mark and in one piece, are one letter: in the file as in the data."""

from __future__ import annotations

import pytest

import rewardlang

APART, ONE = "cafe\u0301", "caf\u00e9"


@pytest.mark.parametrize(
    "condition",
    [
        'completion contains "{}"',
        "completion contains marks",
        "completion matches /^x {0}$/",
        'kind equals "{}"',
        'only word in kind is in ["{}"]',
        'text after "x " in completion is present',
    ],
)
@pytest.mark.parametrize(("written", "given"), [(APART, ONE), (ONE, APART)])
def test_a_letter_is_found_however_it_is_spelt(condition: str, written: str, given: str) -> None:
    """Texts, patterns, lists and the values of a `one of`."""
    condition = "first " + condition if condition.startswith("text") else condition
    text = (
        f'rewardlang 1\nreward t\ncolumn kind: one of ("{written}", "tea")\nlet marks = "{written}"\n'
        f"rule r: award 1 point when {condition.format(written)}\nscore between 0 and 1\n"
        'rule u: award 0 points when kind equals "tea" or completion contains marks\n'
    )
    assert rewardlang.loads(text).score([f"x {given}"], columns={"kind": [given]}).values[0] == 1
