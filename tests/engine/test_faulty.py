"""Verifiers that raise, refuse and run out of time cost the same points, and are told in the same words, in batches of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import rewardlang
from rewardlang.compiled import compile_text
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.reward import Reward
from rewardlang.scores import Scores
from rewardlang.work import pool
from tests.engine.agreement import agree
from tests.engine.faulty import faulty_rewards, rows

EXAMPLES = int(os.environ.get("REWARDLANG_EXAMPLES", "16"))
QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
@given(faulty_rewards(), st.lists(rows, min_size=1, max_size=12))
def test_failures_in_small_batches(reward: Reward, batch: list[tuple[str, str]]) -> None:
    """Numbers, failures, and the breakdown after too many breaks are those of the rows one by one."""
    agree(reward, [completion for completion, _ in batch], {"gold": [gold for _, gold in batch]})


@settings(max_examples=max(3, EXAMPLES // 8), deadline=None, suppress_health_check=QUIET)
@given(faulty_rewards(), st.lists(rows, min_size=2, max_size=7), st.sampled_from([2047, 2048, 2049, 4097]))
def test_failures_across_the_parts_of_a_large_batch(reward: Reward, batch: list[tuple[str, str]], size: int) -> None:
    """A batch is computed in parts of 2,048 rows; rows marked alone and in any part have the same numbers and failures."""
    repeated = [batch[index % len(batch)] for index in range(size)]
    small, large = (_score(reward, some) for some in (batch, repeated))
    assert (small is None) == (large is None)
    if small is None or large is None:
        return
    places = np.arange(size) % len(batch)
    for one, many in zip(_numbers(small), _numbers(large), strict=True):
        assert np.array_equal(one[places].view(np.int64), many.view(np.int64))
    for index in range(size):
        assert sorted(large.failures.get(index, ())) == sorted(small.failures.get(index % len(batch), ()))


def _score(reward: Reward, batch: list[tuple[str, str]]) -> Scores | None:
    """None where the verifiers broke too often; a reward that has marked nothing before is asked."""
    fresh = Reward(compile_text(reward.source.text, registry=reward.registry))
    try:
        return fresh.score([completion for completion, _ in batch], columns={"gold": [gold for _, gold in batch]})
    except VerifierBreakdown:
        return None


def _numbers(scores: Scores) -> Iterator[NDArray[np.float64]]:
    """All arrays of doubles."""
    assert scores.success is not None
    yield from (scores.values, scores.success, scores.clamping, *scores.rules.values(), *scores.sections.values())
    yield from (fired.astype(np.float64) for fired in scores.fired.values())


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        ("returns number between 0 and 1 timeout 0.1 s", "award up to 1 point scaled by f(completion)"),
        ("returns number between 0 and 1 timeout 0.1 s on error 1", "deduct up to 1 point scaled by f(completion)"),
    ],
)
def test_a_function_that_is_killed_at_its_limit(tmp_path: Path, use: str, rule: str) -> None:
    """Rows whose verdict took too long are marked alike; rows behind a gate never ask."""
    (tmp_path / "checks.py").write_text("def f(text):\n    while True: pass\n", encoding="utf-8")
    text = (
        f'rewardlang 1\nreward slow\nuse python "checks:f" as f(text: text) {use}\n'
        f'require completion contains "a" else score -1\nrule r: {rule}\nscore between -2 and 2\n'
    )
    try:
        agree(rewardlang.loads(text, folder=tmp_path), ["a", "b", "a", "c"])
    finally:
        pool.close()
