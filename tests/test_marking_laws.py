"""Laws of marking, held for completions that were put together to be awkward."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewardlang

TEXT = """rewardlang 1
reward laws version "1.2.3"

column gold: text
column names: list of text
param bonus: number between 0 and 0.3 = 0.1

let reply = completion outside <think>
let final = only <answer> in reply
let value = final as number else 0

require gold is not in names else skip
require completion is not in names else score -1.5

section form  at least -1 at most 0.7  weight from 1 at step 0 to 0.3 at step 100
rule tags:    award 0.333 points when count of <answer> in completion = 1
rule bonus_:  award bonus when final is present
rule chatter: deduct 0.07 points for each word in reply, up to 1.1

section substance
rule correct: award 2 points when final equals gold else 0.1 points when value is within 10% of 70
rule named:   award up to 0.3 points scaled by share of names found in reply
rule doubled: award 0.1 points for each distinct number in reply where number is more than 3, up to 0.5

success when final equals gold
score clamped between -1.5 and 3
"""

REWARD = rewardlang.loads(TEXT, name="laws.reward")

FRAGMENTS = [
    "<answer>",
    "</answer>",
    "<think>",
    "</think>",
    "72",
    " ",
    "\n",
    "7.2e1",
    "Rome",
    "é",
    "e\u0301",
    "\ud800",
    "\U0001f600",
    "1,234.5",
    "<",
    "\x00",
    "-3",
]
completions = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=6), max_size=14).map("".join)
rows = st.fixed_dictionaries(
    {
        "completion": completions,
        "gold": st.sampled_from(["72", "Rome", ""]),
        "names": st.lists(st.sampled_from(["Rome", "é", "72"]), max_size=2),
    }
)
batches = st.lists(rows, min_size=1, max_size=6)


def _score(batch: list[dict[str, object]], step: int = 0) -> rewardlang.Scores:
    columns = {name: [row[name] for row in batch] for name in ("gold", "names")}
    return REWARD.score([row["completion"] for row in batch], columns=columns, step=step)


@given(batches, st.integers(0, 120))
def test_a_row_is_marked_as_if_it_were_alone(batch: list[dict[str, object]], step: int) -> None:
    """Company, order and repetition in the batch change nothing about a row."""
    together = _score([*batch, *reversed(batch)], step).rows
    alone = [_score([row], step).rows[0] for row in batch]
    assert list(together) == [*alone, *reversed(alone)]


@given(rows, st.integers(0, 120))
def test_the_records_sum_to_the_score(row: dict[str, object], step: int) -> None:
    """To the last bit, in the order of the file; and the score lies in its declared range."""
    marked = _score([row], step).rows[0]
    if marked.gate is None:
        total = 0.0
        for section in marked.sections:
            assert section.points == float(section.capped * section.weight)
            assert section.raw == sum((mark.points for mark in marked.marks if mark.section == section.section), Fraction(0))
            total += section.points
        assert total + marked.clamping == marked.score
    if marked.score is not None:
        assert -1.5 <= marked.score <= 3


@given(rows)
def test_every_rule_stays_in_its_range(row: dict[str, object]) -> None:
    """The range that was worked out before any row was seen holds for every row."""
    ranges = {rule.name: rule.range for rule in REWARD.program.rules}
    for mark in _score([row]).rows[0].marks:
        assert ranges[mark.rule].low <= mark.points <= ranges[mark.rule].high


@given(rows)
def test_places_lie_in_the_completion(row: dict[str, object]) -> None:
    """What an explanation underlines is there."""
    marked = _score([row]).rows[0]
    for mark in marked.marks:
        for place in mark.places:
            assert 0 <= place.start <= place.end <= len(marked.completion)


def test_a_part_of_a_finding_in_other_words_stands_where_the_finding_stands() -> None:
    """The spelling of a pattern can be longer than what was found, so places in it are none in the completion."""
    reward = rewardlang.loads("""rewardlang 1
reward spelled
pattern number_of = /no\\. ([0-9])/ as "{1} with many more words"
rule parts: award 0.1 points for each word in first number_of in completion outside <think>, up to 1 point
score between 0 and 1
""")
    (mark,) = reward.score(["<think>a</think>see no. 7"]).rows[0].marks
    assert {(place.start, place.end) for place in mark.places} == {(20, 25)}


def test_comments_and_spacing_do_not_change_the_fingerprint() -> None:
    """The fingerprint is of what is said."""
    spaced = TEXT.replace("\nsection", "\n# a heading\n\n\nsection").replace("award 2", "award   2")
    assert rewardlang.loads(spaced).fingerprint == REWARD.fingerprint


@pytest.mark.parametrize(
    "change", [("0.07", "0.08"), ("within 10%", "within 11%"), ('"1.2.3"', '"1.2.4"'), ("only <answer>", "only <answr>")]
)
def test_what_is_said_changes_the_fingerprint(change: tuple[str, str]) -> None:
    """Another number, another version, another tag: another fingerprint."""
    assert rewardlang.loads(TEXT.replace(*change)).fingerprint != REWARD.fingerprint


def test_a_param_of_the_run_changes_scores_and_fingerprint() -> None:
    """Params are part of what a score depends on."""
    other = rewardlang.loads(TEXT, params={"bonus": 0.3})
    row = {"gold": "1", "names": ["x"]}
    assert other.score_one("<answer>2</answer>", **row) == pytest.approx(REWARD.score_one("<answer>2</answer>", **row) + 0.2)
    assert other.fingerprint != REWARD.fingerprint


def test_a_param_outside_its_range_is_an_error() -> None:
    """The range of a param is part of the proof of the score's range."""
    with pytest.raises(rewardlang.DataError, match=r"between 0 and 0\.3"):
        rewardlang.loads(TEXT, params={"bonus": 0.5})


def test_a_reward_pickles_as_its_text() -> None:
    """The copy marks as the original does."""
    copy = pickle.loads(pickle.dumps(REWARD))
    assert copy.fingerprint == REWARD.fingerprint
    assert copy.score_one("<answer>72</answer>", gold="72", names=[]) == REWARD.score_one("<answer>72</answer>", gold="72", names=[])


def test_a_skipped_row_has_no_number() -> None:
    """NaN in arrays, None in records; never 0."""
    scores = _score([{"completion": "x", "gold": "72", "names": ["72"]}])
    assert math.isnan(scores.values[0])
    assert math.isnan(scores.rules["correct"][0])
    assert scores.rows[0].score is None
    assert scores.success is not None
    assert math.isnan(scores.success[0])


@pytest.mark.parametrize(
    ("completions_", "columns", "message"),
    [
        ([None], {"gold": ["1"], "names": [[]]}, "row 0, column 'completion': the completion is null"),
        (["x"], {"gold": ["1"]}, "column 'names': the data has no such column"),
        (["x", "y"], {"gold": ["1", 5], "names": [[], []]}, "row 1, column 'gold': a text is wanted, and this is the number 5"),
        (["x"], {"gold": ["1"], "names": ["a;b"]}, "column 'names': a list is wanted"),
        (["x"], {"gold": ["1", "2"], "names": [[]]}, "column 'gold': there are 2 values for 1 completions"),
        ([[{"role": "user", "content": "hi"}]], {"gold": ["1"], "names": [[]]}, "no message of the role 'assistant'"),
    ],
)
def test_data_that_do_not_fit_are_named(completions_: list[object], columns: dict[str, list[object]], message: str) -> None:
    """Column and row stand in the error, and nothing was marked."""
    with pytest.raises(rewardlang.DataError) as caught:
        REWARD.score(completions_, columns=columns)
    assert message in str(caught.value)


def test_chats_are_marked_by_their_last_assistant_message() -> None:
    """A prefill in the prompt is part of the completion; the system and the user's text are the row's."""
    chat = [{"role": "assistant", "content": "72</answer>"}]
    prompt = [{"role": "user", "content": "6 * 12?"}, {"role": "assistant", "content": "<answer>"}]
    scores = REWARD.score([chat], [prompt], {"gold": ["72"], "names": [["Rome"]]})
    assert scores.rows[0].completion == "<answer>72</answer>"
    assert scores.rows[0].success is True
