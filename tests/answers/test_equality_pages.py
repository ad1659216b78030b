r"""The pages of answers: what is the same, what differs, and what is not decided, rule by rule.

A page holds fenced blocks named `same`, `different`, `undecided` (never a yes) and `missing`, one pair or text a line, `a :: b`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rewardlang.answers.compare import compare_answers
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

PAGES = sorted((Path(__file__).parent / "pages").glob("*.md"))
_BLOCK = re.compile(r"^```(same|different|undecided|missing)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _lines(kind: str) -> list[object]:
    return [
        pytest.param(line, id=f"{page.stem}: {line}")
        for page in PAGES
        for name, block in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if name == kind
        for line in block.strip().splitlines()
    ]


def _answer(text: str) -> Answer:
    read = read_answer(text)
    assert isinstance(read, Answer), f"{text}: {read}"
    return read


def _verdicts(line: str) -> list[bool | None]:
    one, other = (part.strip() for part in line.split(" :: "))
    return [compare_answers(_answer(one), _answer(other)).holds, compare_answers(_answer(other), _answer(one)).holds]


@pytest.mark.parametrize("line", _lines("same"))
def test_the_same(line: str) -> None:
    """Equal, in both orders."""
    assert _verdicts(line) == [True, True]


@pytest.mark.parametrize("line", _lines("different"))
def test_different(line: str) -> None:
    """Shown to differ, in both orders."""
    assert _verdicts(line) == [False, False]


@pytest.mark.parametrize("line", _lines("undecided"))
def test_undecided_is_never_a_yes(line: str) -> None:
    """Neither is claimed: cannot judge."""
    assert _verdicts(line) == [None, None]


@pytest.mark.parametrize("line", _lines("missing"))
def test_what_has_no_value_is_missing(line: str) -> None:
    """A false chain, an improper mixed number, nothing at all."""
    assert isinstance(read_answer(line), Missing)
