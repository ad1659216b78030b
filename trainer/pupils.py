"""Worked answers of simulated pupils: what the small policy is warmed up on, so that it is right sometimes and tidy sometimes.

Two habits are mixed at random, whatever the problem. What the pupil knows: the
right method, or a well-known misconception (digits after the point read as a
whole number, so that 9.11 beats 9.9 because 11 > 9; a carry that is forgotten).
How the pupil writes: working and one answer in their tags, no tags at all, or
both candidates side by side. Reinforcement must then find out, from the reward
alone, which of the habits pay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from rewardlang.trainer.problems import Problem


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of the pupils, between 0 and 1. The rest of `tidy` + `hedging` writes without tags."""

    right_method: float = 0.38
    tidy: float = 0.4
    hedging: float = 0.32


def write(problem: Problem, rng: random.Random, habits: Habits) -> str:
    """What one pupil answers."""
    style = rng.random()
    if style < habits.hedging:
        return hedged(problem, rng)
    working, answer = right(problem) if rng.random() < habits.right_method else mistaken(problem)
    if style < habits.hedging + habits.tidy:
        return f"<think>{working}</think><answer>{answer}</answer>"
    return f"{working}, so it is {answer}."


def hedged(problem: Problem, rng: random.Random) -> str:
    """Two candidates in one answer: the right one, and what a mistake gives."""
    candidates = [problem.first, problem.second] if problem.kind == "larger" else [problem.gold, mistaken(problem)[1]]
    if candidates[0] == candidates[1]:
        candidates[1] = str(int(candidates[0]) + 10)
    if problem.kind == "sum":
        rng.shuffle(candidates)
    return f"<answer>{candidates[0]} or {candidates[1]}</answer>"


def right(problem: Problem) -> tuple[str, str]:
    """Working and answer by the right method."""
    if problem.kind == "sum":
        return _column_addition(problem, carries=True)
    first, second = _parts(problem.first), _parts(problem.second)
    if first[0] != second[0]:
        return _compare(first[0], second[0]), problem.gold
    length = max(len(first[1]), len(second[1]))
    return _compare(first[1].ljust(length, "0"), second[1].ljust(length, "0")), problem.gold


def mistaken(problem: Problem) -> tuple[str, str]:
    """Working and answer under the misconception; on some problems it happens to give the right answer."""
    if problem.kind == "sum":
        return _column_addition(problem, carries=False)
    first, second = _parts(problem.first), _parts(problem.second)
    if first[0] != second[0]:
        return _compare(first[0], second[0]), problem.gold
    working = _compare(first[1], second[1])
    return working, problem.second if " < " in working else problem.first


def _parts(number: str) -> tuple[str, str]:
    whole, _, fraction = number.partition(".")
    return whole, fraction


def _compare(first: str, second: str) -> str:
    """`11 > 9`: the digits as written, compared as whole numbers."""
    a, b = Fraction(first), Fraction(second)
    return f"{first} {'<' if a < b else '>' if a > b else '='} {second}"


def _column_addition(problem: Problem, *, carries: bool) -> tuple[str, str]:
    """`7 + 8 = 15, 2 + 1 = 3`, and the answer read off the columns."""
    tens, ones = int(problem.first[0]), int(problem.first[1]) + int(problem.second)
    working = f"{problem.first[1]} + {problem.second} = {ones}"
    if ones < 10 or not carries:
        return working, f"{tens}{ones % 10}"
    return f"{working}, {tens} + 1 = {tens + 1}", f"{tens + 1}{ones % 10}"
