"""The figures: rank correlation, shares of a variance, the forecast of flat groups, the expert's marks."""

from __future__ import annotations

import statistics
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.report.agreement import agreement_of
from rewardlang.report.collect import Collected, as_number
from rewardlang.report.figures import figures_of
from rewardlang.report.forecast import forecast
from rewardlang.report.ranks import median, ranks, shares_of_variance, spearman
from rewardlang.reward import Reward, loads
from rewardlang.samples.read import Row

FILE = """rewardlang 1
reward sums
column answer: text
column level: number
let final = only <answer> in completion
require final is present else score -1
rule correct: award 2 points when final equals answer
section form weight 0.5
rule polite: award 1 point when completion contains "please"
success when final equals answer
score between -1 and 2.5
"""
few = st.lists(st.integers(-3, 3), min_size=4, max_size=12)


def collected(rows: list[dict[str, Any]], keep: int = 100, marks: str | None = None, file: str = FILE) -> Collected:
    """Rows marked and gathered; each has a completion, or `completions`."""
    reward: Reward = loads(file)
    gathered = Collected(reward, 0, keep, marks)
    for line, values in enumerate(rows, 1):
        texts = values.get("completions") or [values["completion"]]
        columns = {name: [values.get(name)] * len(texts) for name in reward.columns}
        scored = reward.score(texts, prompts=[values.get("prompt")] * len(texts), columns=columns).rows
        row = Row(str(values.get("id", line)), line, values, values, tuple(texts), "completions" in values)
        gathered.add("samples.jsonl", row, scored)
    return gathered


def row(answer: str, right: bool, words: str = "", level: float = 1, **more: Any) -> dict[str, Any]:
    """A row with an answer in a block, right or not."""
    return {"completion": f"{words}<answer>{answer if right else 'x'}</answer>", "answer": answer, "level": level, **more}


ROWS = [row("1", True, level=1), row("2", False, "please ", level=2), row("3", True, "please ", level=3), row("4", False, level=4)]


def test_spearman_of_a_known_case() -> None:
    """Ties share the mean of their ranks; the interval is that of Bonett and Wright, worked out by hand."""
    found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    assert found is not None
    assert found.value == pytest.approx(0.8)
    half = 1.959963984540054 * ((1 + 0.64 / 2) / 2) ** 0.5
    assert (found.low, found.high) == pytest.approx((np.tanh(np.arctanh(0.8) - half), np.tanh(np.arctanh(0.8) + half)))
    assert ranks([3.0, 1.0, 3.0]) == [2.5, 1, 2.5]


@given(few, st.randoms(use_true_random=False))
def test_spearman_lies_between_its_ends_and_does_not_see_scale(values: list[int], random: Any) -> None:
    """A monotone change of one side changes nothing; changing both sides around gives the same."""
    other = [random.randint(-3, 3) for _ in values]
    found = spearman(values, other)
    if found is not None:
        assert -1 <= found.low <= found.value <= found.high <= 1
        again = spearman([value**3 for value in values], other)
        assert again is not None
        assert again.value == pytest.approx(found.value)
        turned = spearman(other, values)
        assert turned is not None
        assert turned.value == pytest.approx(found.value)


def test_too_little_to_correlate() -> None:
    """Three pairs, a constant side, and pairs without a number."""
    assert spearman([1, 2, 3], [1, 2, 3]) is None
    assert spearman([1, 1, 1, 1], [1, 2, 3, 4]) is None
    assert spearman([1, 2, 3, float("nan")], [1, 2, 3, 4]) is None


@given(st.lists(few.map(lambda values: values[:4]), min_size=1, max_size=4))
def test_shares_sum_to_one(parts: list[list[int]]) -> None:
    """Where the parts sum to the total, their shares of its variance sum to 1."""
    arrays = [np.array(part, dtype=float) for part in parts]
    total = np.sum(arrays, axis=0)
    shares = shares_of_variance([array.tolist() for array in arrays], total.tolist())
    assert (shares is None) == (total.max() == total.min())
    if shares is not None:
        assert sum(shares) == pytest.approx(1)


def test_the_shares_of_a_file_have_the_rest_beside_them() -> None:
    """Weights count, and what a gate, a cap or clamping does is one part."""
    rows = [*ROWS, {"completion": "none", "answer": "1", "level": 1}]
    figures = figures_of(collected(rows), 8)
    assert figures is not None
    assert figures.rest is not None
    assert figures.rest > 0
    assert sum(rule.share or 0 for rule in figures.rules) + figures.rest == pytest.approx(1)
    assert (figures.low, figures.high, figures.marked) == (-1, 2.5, 5)
    assert (figures.always, figures.never) == ([], [])


def test_rules_that_always_or_never_fire() -> None:
    """Over every completion that was marked."""
    figures = figures_of(collected([row("1", True), row("2", True)]), 8)
    assert figures is not None
    assert (figures.always, figures.never) == (["correct"], ["polite"])


def test_correlations_with_length_success_and_columns() -> None:
    """Numbers, and texts that are numbers nearly everywhere; a column that never differs has none."""
    figures = figures_of(collected(ROWS), 8)
    assert figures is not None
    assert figures.success is not None
    assert figures.success.value > 0.5
    assert set(figures.columns) == {"answer", "level"}


@pytest.mark.parametrize(("value", "number"), [("7", 7), (2.5, 2.5), (True, None), ("x", None), (None, None), ("1e999", None), ([], None)])
def test_what_counts_as_a_number(value: Any, number: float | None) -> None:
    """Anything else, infinity too, is left out."""
    found = as_number(value)
    assert found == number if number is not None else np.isnan(found)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=2, max_size=7), st.integers(2, 5))
def test_the_forecast_is_the_share_over_all_draws(scores: list[float], size: int) -> None:
    """Where a prompt has enough completions, each group of that size is counted."""
    found = forecast([scores, scores], size)
    assert found is not None
    assert found.leans == (len(scores) < size)
    if not found.leans:
        draws = list(combinations(scores, size))
        assert found.share == pytest.approx(sum(len(set(draw)) == 1 for draw in draws) / len(draws))
    assert found.low == pytest.approx(found.share)
    assert found.high == pytest.approx(found.share)


def test_the_forecast_needs_groups_and_is_the_same_again() -> None:
    """Two prompts of several completions; the bootstrap has a fixed seed."""
    assert forecast([[1.0], [2.0]], 8) is None
    assert forecast([[1.0, 2.0]], 8) is None
    groups = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]
    found = forecast(groups, 2)
    assert found == forecast(groups, 2)
    assert found is not None
    assert (found.share, found.prompts, found.completions) == (0.5, 4, 2)
    assert found.low <= 0.5 <= found.high


def test_whole_rows_are_kept_up_to_a_number_and_notable_ones_always() -> None:
    """A sample with a fixed seed; best, worst, best wrong and worst right are among what is shown."""
    rows = [row(str(number), number % 2 == 0) for number in range(50)]
    gathered = collected([*rows, row("9", False, "please ")], keep=5)
    assert len(gathered.sample) == 5
    assert len(gathered.shown()) <= 9
    assert gathered.best_wrong is not None
    assert gathered.best_wrong.number == 51
    assert gathered.best_wrong in gathered.shown()
    again = collected([*rows, row("9", False, "please ")], keep=5)
    assert [kept.number for kept in gathered.sample] == [kept.number for kept in again.sample]


def test_fewer_rows_are_kept_where_they_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page has so many characters at most; those that are kept are of all parts of the data, and the notable ones are there."""
    monkeypatch.setattr("rewardlang.report.collect._MOST_CHARACTERS", 100_000)
    rows = [row(str(number), number != 50, "word " * 1_000) for number in range(200)]
    gathered = collected(rows, keep=100)
    kept = [one.number for one in gathered.sample]
    assert 15 <= len(kept) <= 19
    assert min(kept) < 100 < max(kept)
    assert 51 in [one.number for one in gathered.shown()]
    assert len(gathered.scores) == 200


def test_pairs_that_the_expert_orders_the_other_way() -> None:
    """Each is counted for the rule that speaks most against the expert; equal scores are counted apart."""
    rows = [
        row("1", True, grade=1),
        row("2", False, "please ", grade=3),
        row("3", False, grade=2),
        row("4", False, grade=0),
        row("5", True, grade=None),
    ]
    agreement = agreement_of(collected(rows, marks="grade"))
    assert agreement is not None
    assert (agreement.of, agreement.used) == (4, 4)
    assert (agreement.pairs, agreement.reversed, agreement.tied) == (6, 2, 1)
    assert agreement.by_rule == {"correct": 2}
    assert agreement.worst[0].title in {"row '1'", "row '2'"}
    assert agreement.worst[0].rule == "correct" if agreement.worst[0].title == "row '1'" else agreement.worst[0].rule


def test_the_worst_disagreement_is_found_among_all() -> None:
    """Also where the pairs are counted of a sample."""
    rows = [row(str(number), bool(number % 2), grade=number % 2) for number in range(2_400)]
    rows[1_777]["grade"] = -5
    found = agreement_of(collected(rows, keep=0, marks="grade"))
    assert found is not None
    assert (found.used, found.of, found.worst[0].number, found.worst[0].rule) == (2_000, 2_400, 1_778, "correct")


def test_an_expert_of_the_same_opinion() -> None:
    """Nothing is reversed, the correlation is 1, no disagreement is listed."""
    rows = [row(str(level), level > 2, level=level, grade=grade) for level, grade in ((1, False), (2, False), (3, True), (4, True))]
    agreement = agreement_of(collected(rows, marks="grade"))
    assert agreement is not None
    assert agreement.correlation is not None
    assert (agreement.correlation.value, agreement.reversed, agreement.tied, agreement.worst) == (1, 0, 0, ())


def test_no_marks_at_all() -> None:
    """None, which the command tells."""
    assert agreement_of(collected(ROWS, marks="grade")) is None


@given(few)
def test_the_middle_is_that_of_the_standard_library(values: list[int]) -> None:
    """`median` is `statistics.median`."""
    assert median(values) == statistics.median(values)
