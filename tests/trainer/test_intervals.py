"""pass@k and intervals, against their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.trainer.intervals import BOOTSTRAP, WILSON, bootstrap, counts_of_k, pass_at_k, share_intervals, wilson


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_draws_that_hold_a_right_answer(answers: int, data: st.DataObject) -> None:
    """Against all ways to take k of n answers, counted one by one."""
    right = data.draw(st.integers(0, answers))
    k = data.draw(st.integers(1, answers))
    ways = list(itertools.combinations([True] * right + [False] * (answers - right), k))
    assert pass_at_k(right, answers, k) == pytest.approx(sum(map(any, ways)) / len(ways))


def test_pass_at_k_is_the_formula_of_chen_et_al() -> None:
    """1 - C(n - c, k) / C(n, k), for numbers whose binomials are large, too."""
    assert pass_at_k(17, 200, 100) == pytest.approx(1 - math.comb(183, 100) / math.comb(200, 100))
    assert pass_at_k(1, 4, 1) == 0.25
    with pytest.raises(ValueError, match="no pass@5 of 1 right answers in 4"):
        pass_at_k(1, 4, 5)


def test_wilson_s_interval_is_the_published_one() -> None:
    """Newcombe 1998 (Statistics in Medicine 17, table I): 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for right, total, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):
        found = wilson(right, total)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)
        assert found.value == right / total


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share(total: int, data: st.DataObject) -> None:
    """And stays from 0 to 1; it is the same mirrored for wrong answers."""
    right = data.draw(st.integers(0, total))
    found, mirrored = wilson(right, total), wilson(total - right, total)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(1 - mirrored.high)


def test_the_bootstrap_agrees_with_the_normal_approximation_where_that_holds() -> None:
    """400 prompts: half a width of 1.96 standard errors, within a twentieth; and the same each time."""
    values = np.random.default_rng(7).normal(2.0, 3.0, 400)
    found = bootstrap({"x": values})["x"]
    assert found == bootstrap({"x": values})["x"]
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.05)


def test_differences_on_the_same_prompts_are_paired() -> None:
    """Prompts differ much, policies by 0.1 at each prompt: the difference is sure although the means are not."""
    before = np.random.default_rng(1).normal(0.0, 5.0, 60)
    found = bootstrap({"before": before, "after": before + 0.1, "difference": np.full(60, 0.1)})
    assert found["difference"].low == pytest.approx(0.1)
    assert found["before"].high > found["after"].low


def test_shares_get_the_interval_that_suits_them() -> None:
    """Wilson where each prompt is right or wrong, also where all are right: a bootstrap would claim certainty; else the bootstrap."""
    one, four = np.array([1.0, 0.0, 1.0]), np.array([0.25, 0.5, 1.0])
    found = share_intervals({"one answer": one, "all right": np.ones(3), "four answers": four})
    assert {name: interval.method for name, interval in found.items()} == {
        "one answer": WILSON,
        "all right": WILSON,
        "four answers": BOOTSTRAP,
    }
    assert found["all right"].low < 0.5


def test_the_k_that_are_told() -> None:
    """Powers of two and the number of answers, or what is asked for."""
    assert counts_of_k(1) == (1,)
    assert counts_of_k(8) == (1, 2, 4, 8)
    assert counts_of_k(10) == (1, 2, 4, 8, 10)
    assert counts_of_k(10, (5, 1)) == (1, 5)
