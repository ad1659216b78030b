"""Measuring a policy: what is drawn, and what the reward file is told about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer.config import EvaluationConfig, ModelConfig
from rewardlang.trainer.evaluate import Drawn, complete, mark_drawn

BY_LENGTH = """rewardlang 1
reward by_length
rule short: award 1 point when completion_tokens < 6
success when completion_tokens < 6
score between 0 and 1
"""


@pytest.fixture(scope="module")
def policy(raw_policy: Path) -> tuple[Any, Any]:
    """Model and tokenizer."""
    from rewardlang.trainer.policy import load_model, load_tokenizer

    config = ModelConfig(path=str(raw_policy), dtype="float32")
    return load_model(config), load_tokenizer(config)


def test_tokens_are_counted_up_to_the_end_and_a_cut_is_told(policy: tuple[Any, Any]) -> None:
    """What ends by itself counts its end token; what reaches the limit is cut off."""
    model, tokenizer = policy
    drawn = complete(model, tokenizer, ["What is 2 + 2?"] * 64, EvaluationConfig(batch=32), max_tokens=40)
    assert {one.cut_off for one in drawn} == {True, False}
    for one in drawn:
        assert one.tokens == 40 if one.cut_off else 1 <= one.tokens <= 40


def test_a_seed_gives_the_same_answers_and_another_seed_others(policy: tuple[Any, Any]) -> None:
    """The progress is told after every batch."""
    model, tokenizer = policy
    told: list[int] = []
    first, again, other = (
        complete(model, tokenizer, ["What is 2 + 2?"] * 5, EvaluationConfig(batch=2), max_tokens=12, seed=seed, tick=told.append)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert told == [2, 4, 5] * 3


def test_the_file_may_ask_for_the_length_of_a_held_out_answer() -> None:
    """`completion_tokens` is there in a measurement as it is in training; it was missing once, and such a file never found a success."""
    drawn = [Drawn("short", 3, cut_off=False), Drawn("long", 9, cut_off=False)]
    reward = rewardlang.loads(BY_LENGTH)
    found = mark_drawn(drawn, [{"prompt": "x"}] * 2, reward)
    assert found.accuracy == 0.5
    assert list(found.scores.values) == [1.0, 0.0]
