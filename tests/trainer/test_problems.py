"""The decimals recipe: problems, their split, the pupils who answer them."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.trainer import pupils
from rewardlang.trainer.problems import CLASSIC, Problem, draw, draw_distinct
from rewardlang.trainer.pupils import Habits

seeds = st.integers(0, 10**6)


@given(seeds, seeds)
def test_training_and_held_out_problems_are_disjoint(one: int, other: int) -> None:
    """No seed draws a training problem that any seed draws as held out, in either order of its numbers."""

    def pairs(seed: int, *, held_out: bool) -> set[tuple[str, ...]]:
        return {(p.kind, *sorted((p.first, p.second))) for p in draw_distinct(random.Random(seed), 40, held_out=held_out)}

    assert not pairs(one, held_out=False) & pairs(other, held_out=True)


@given(seeds)
def test_a_problem_stays_on_its_side_when_its_numbers_are_swapped(seed: int) -> None:
    """Whether a problem is held out depends on the pair alone."""
    problem = draw(random.Random(seed), held_out=bool(seed % 2))
    assert Problem(problem.kind, problem.second, problem.first).is_held_out == problem.is_held_out == bool(seed % 2)


def test_the_classic_problem_is_held_out() -> None:
    """9.11 against 9.9 can be shown before and after, because no training sees it."""
    assert CLASSIC.question == "Which is larger, 9.11 or 9.9?"
    assert CLASSIC.is_held_out
    assert CLASSIC.gold == "9.9"


def test_about_one_problem_in_five_is_held_out() -> None:
    """The hash splits evenly: 20 % within sampling error."""
    rng = random.Random(0)
    drawn = draw_distinct(rng, 1500, held_out=False) + draw_distinct(rng, 300, held_out=True)
    rng = random.Random(1)
    swapped = [Problem("sum", str(first), str(second)) for first in range(11, 90) for second in range(2, 10)]
    assert len(set(drawn)) == 1800
    assert 0.15 < sum(problem.is_held_out for problem in swapped) / len(swapped) < 0.25


@given(seeds)
def test_the_right_method_gives_the_right_answer(seed: int) -> None:
    """Working and answer agree with exact arithmetic, for every problem."""
    problem = draw(random.Random(seed), held_out=False)
    working, answer = pupils.right(problem)
    numbers = Fraction(problem.first), Fraction(problem.second)
    assert Fraction(answer) == (max(numbers) if problem.kind == "larger" else sum(numbers))
    assert any(sign in working for sign in "<>=")


@pytest.mark.parametrize(
    ("problem", "working", "answer"),
    [
        (CLASSIC, "11 > 9", "9.11"),
        (Problem("larger", "9.5", "9.75"), "5 < 75", "9.75"),
        (Problem("larger", "8.1", "9.05"), "8 < 9", "9.05"),
        (Problem("sum", "27", "8"), "7 + 8 = 15", "25"),
        (Problem("sum", "21", "8"), "1 + 8 = 9", "29"),
    ],
)
def test_the_mistake_is_the_well_known_one(problem: Problem, working: str, answer: str) -> None:
    """Digits after the point are read as a whole number, a carry is forgotten; where neither matters, the answer is right."""
    assert pupils.mistaken(problem) == (working, answer)


@given(seeds)
def test_a_hedged_answer_names_two_candidates_and_the_right_one_is_among_them(seed: int) -> None:
    """This is what a careless reward pays for."""
    rng = random.Random(seed)
    problem = draw(rng, held_out=False)
    candidates = pupils.hedged(problem, rng).removeprefix("<answer>").removesuffix("</answer>").split(" or ")
    assert len(set(candidates)) == 2
    assert problem.gold in candidates


def test_habits_are_shares() -> None:
    """Of many answers, as many are tidy, hedged and bare as the habits say."""
    rng = random.Random(3)
    answers = [pupils.write(CLASSIC, rng, Habits(right_method=0.5, tidy=0.5, hedging=0.2)) for _ in range(2000)]
    assert sum(" or " in answer for answer in answers) / 2000 == pytest.approx(0.2, abs=0.04)
    assert sum(answer.startswith("<think>") for answer in answers) / 2000 == pytest.approx(0.5, abs=0.04)
    assert sum(answer.endswith("so it is 9.9.") for answer in answers) / 2000 == pytest.approx(0.15, abs=0.04)
