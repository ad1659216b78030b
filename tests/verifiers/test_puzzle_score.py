"""Reasoning-gym's own scores, reached through its tasks in a worker process, where no answer is run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import reasoning_gym
from reasoning_gym.factory import DATASETS

from rewardlang.verdict import Refused
from rewardlang.work import pool
from rewardlang.work.puzzle_scores import UnsafeError, computed
from verifiers.puzzle_score import puzzle_score

LONG = os.environ.get("REWARDLANG_LONG_TESTS")
TASKS = sorted(set(DATASETS) - {"composite"}) if LONG else ["countdown", "spiral_matrix", "simple_integration"]
WRONG = ["wrong", "0\n0\n0", "[1, 2]"]


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    yield
    pool.close()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", TASKS)
def test_the_score_is_the_tasks_own(task: str) -> None:
    """The right answer and wrong ones, with the entry written as JSON; where the task fails, there is no score."""
    dataset = reasoning_gym.create_dataset(task, seed=7, size=1)
    entry = dataset[0]
    answers = [text for text in (entry["answer"], *WRONG) if text is not None]
    for text, score in zip(
        answers, puzzle_score(answers, [task] * len(answers), [json.dumps(entry, default=str)] * len(answers)), strict=True
    ):
        try:
            wanted = dataset.score_answer(text, entry)
        except (ValueError, AttributeError):
            assert isinstance(score, Refused)
            continue
        assert isinstance(score, Fraction)
        assert float(score) == pytest.approx(wanted)


@pytest.mark.parametrize("task", ["countdown", "spiral_matrix", "simple_integration"])
def test_no_answer_is_run(task: str, tmp_path: Path) -> None:
    """Tasks that give the answer to `eval` compute with numbers and run nothing; a tower of powers is not computed."""
    entry = json.dumps(reasoning_gym.create_dataset(task, seed=7, size=1)[0])
    left = tmp_path / "left"
    answers = [f"__import__('pathlib').Path({str(left)!r}).touch()", f"[open({str(left)!r}, 'w')]", "9**9**9**9", "[].__class__", "(" * 500]
    scores = puzzle_score(answers, [task] * len(answers), [entry] * len(answers))
    assert not left.exists()
    assert all(isinstance(score, Fraction) and score <= Fraction(1, 10) for score in scores)


@pytest.mark.parametrize(
    "text", ["().__class__", "(lambda: 1)()", "[x for x in (1,)]", "f'{1}'", "open('x')", "'a' * 9", "2 ** 9999", "1 << 9999", "1; 2", "x"]
)
def test_only_numbers_are_computed(text: str) -> None:
    """No attributes, calls, names or comprehensions."""
    with pytest.raises(UnsafeError):
        computed(text, {"open": open})


def test_what_is_computed_has_its_value() -> None:
    """Numbers, lists and texts of an answer."""
    assert computed("[1, -2.5, 'a', (3 + 4) * 2 ** 3, 7 // 2, 1 << 4]") == [1, -2.5, "a", 56, 3, 16]
