"""The final answer of a completion, found and compared: the page says which gold answers are paid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.answers.compare import compare_answers
from rewardlang.answers.final import final_answer
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer

PAGE = (Path(__file__).parent / "final_answers.md").read_text(encoding="utf-8")


def _lines(kind: str) -> list[str]:
    blocks = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.strip().splitlines()]


def _is_paid(line: str) -> bool:
    gold, completion = line.split(" :: ", 1)
    wanted, final = read_answer(gold), final_answer(completion.replace("⏎", "\n"))
    answer = read_answer(final.answer) if final is not None else None
    assert isinstance(wanted, Answer)
    return isinstance(answer, Answer) and compare_answers(wanted, answer).holds is True


@pytest.mark.parametrize("line", _lines("paid"))
def test_the_final_answer_is_found(line: str) -> None:
    """However the completion says it."""
    assert _is_paid(line)


@pytest.mark.parametrize("line", _lines("unpaid"))
def test_no_other_answer_is_paid(line: str) -> None:
    """Hedging, denial, thinking and earlier attempts earn nothing."""
    assert not _is_paid(line)


NUMBERS = st.integers(-999, 999)


@settings(max_examples=200, deadline=None)
@given(
    NUMBERS,
    NUMBERS,
    st.sampled_from([" or ", ", or maybe ", ". Or ", " or possibly ", ", perhaps "]),
    st.sampled_from(["The answer is {}{}{}.", "\\boxed{{{}}}{}\\boxed{{{}}}", "So it is ${}${}${}$."]),
)
def test_two_answers_joined_by_or_pay_neither(one: int, other: int, joining: str, frame: str) -> None:
    """Whatever the words and the marks: a hedge is no answer, unless both are the same."""
    final = final_answer(frame.format(one, joining, other))
    answer = read_answer(final.answer) if final is not None else None
    for number in (one, other):
        gold = read_answer(str(number))
        assert isinstance(gold, Answer)
        paid = isinstance(answer, Answer) and compare_answers(gold, answer).holds is True
        assert paid is (one == other) or not paid


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["\\boxed{", "}", "$", "4", " or ", "answer is ", ".", "</think>", "<answer>", "\n"]), max_size=20).map(
        "".join
    )
)
def test_any_text_has_one_or_none_within_it(text: str) -> None:
    """The place stands in the text, and the same text gives the same answer twice."""
    found = final_answer(text)
    assert found == final_answer(text)
    assert found is None or 0 <= found.start <= found.end <= len(text)
