"""Completions for school mathematics as policies write them, from a seed: 150 words, 20 % badly tagged, 30 % wrong, 5 % misspelt."""

from __future__ import annotations

import random
from typing import NamedTuple

from math_answers import pairs

_SENTENCES = (
    "First we write down what the problem gives us and what it asks for.",
    "The total cost is the sum of the individual costs, so we add {a} and {b} to get {c}.",
    "Natalia sold {a} clips in April and half as many in May.",
    "Each box holds {a} tickets, so {b} boxes hold {c} tickets altogether.",
    "Let x be the number of apples that James has at the start of the week.",
    "Therefore the remaining amount is {c} minus {a}, which is {b}.",
    "Because the rate is constant, the distance equals the speed multiplied by the time.",
    "We must remember to convert hours into minutes before dividing.",
    "Multiplying both sides by {a} removes the denominator.",
    "It follows that the average of the three numbers is {b}.",
    "Checking the result: {a} times {b} is {c}, which agrees with the previous step.",
    "Wait, I should double check whether the discount applies before or after the tax.",
    "This matches the condition stated in the question, so the solution is consistent.",
    "Finally we round nothing, because the answer is already exact.",
)
_SLIPS = (
    ("the", "teh"),
    ("because", "becuase"),
    ("number", "numbr"),
    ("which", "wich"),
    ("before", "befor"),
    ("result", "reslut"),
    ("answer", "anser"),
    ("total", "totel"),
    ("remember", "remeber"),
)
_FAULTS = ("no tags", "open answer", "two answers", "no reasoning", "tail")


class Row(NamedTuple):
    """A completion, the gold answer as the data have it, and whether the final answer is meant to be right."""

    completion: str
    gold: str
    right: bool


def rows(count: int, seed: int) -> list[Row]:
    """Distinct rows; answers are those of `math_answers`."""
    rng = random.Random(seed)
    return [_row(rng, pair.gold, pair.answer, pair.equal) for pair in pairs(count, seed)]


def prose(rng: random.Random, words: int) -> str:
    """Reasoning of about so many words; one text in twenty has a slip of the pen in it."""
    told: list[str] = []
    length = 0
    while length < words:
        a, b = rng.randrange(2, 99), rng.randrange(2, 99)
        told.append(rng.choice(_SENTENCES).format(a=a, b=b, c=a * b))
        length += len(told[-1].split())
    text = " ".join(told)
    if rng.random() < 0.05:
        right, wrong = rng.choice(_SLIPS)
        text = text.replace(f" {right} ", f" {wrong} ")
    return text


def _row(rng: random.Random, gold: str, answer: str, right: bool) -> Row:
    text = prose(rng, rng.randrange(110, 190))
    fault = rng.choice(_FAULTS) if rng.random() < 0.2 else ""
    if fault == "no tags":
        completion = f"{text} The answer is {answer}."
    elif fault == "no reasoning":
        completion = f"{text}\n<answer>{answer}</answer>"
    else:
        closing = "" if fault == "open answer" else "</answer>"
        again = f"\n<answer>{answer}</answer>" if fault == "two answers" else " I hope this helps!" if fault == "tail" else ""
        completion = f"<think>{text}</think>\n<answer>{answer}{closing}{again}"
    return Row(completion, gold, right and fault in ("", "tail", "no reasoning"))
