"""Completions as policies write them, from a seed: about 150 words of reasoning and an answer, in tags or with a fault in the tags.

20 % have a fault in their tags, 30 % a wrong answer, 5 % of the words of four letters or more are misspelt. The answers are those of
`math_answers`: integers, decimals, fractions, LaTeX.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from math_answers import pairs

_SENTENCES = (
    "First we write down what is given and what is asked.",
    "The total cost is the sum of the single costs, so we add {a} and {b}.",
    "Let x be the number of {thing} that {name} has at the start of the week.",
    "Putting this into the second equation gives {a}x + {b} = {c}.",
    "Since the triangle is isosceles, the two angles at its base are equal.",
    "Multiplying both sides by {a} removes the denominator.",
    "Therefore {c} minus {a} is what remains.",
    "{name} sold {a} {thing} in April and half as many in May.",
    "The terms grow by the same factor, so the sequence is geometric.",
    "The chance of drawing a red marble is {a} out of {c}.",
    "Each box holds {a} {thing}, so {b} boxes hold {c} altogether.",
    "We must not forget to turn hours into minutes before dividing.",
    "Checking this against the question: {a} times {b} agrees with the step before.",
    "The area of the shaded part is the difference between the two circles.",
    "It follows that the mean of the three numbers is {b}.",
    "Wait, does the discount apply before the tax or after it?",
    "Nothing has to be rounded here, because the value is already exact.",
    "Because the speed does not change, the distance is speed times time.",
)
_NAMES = ("Natalia", "Weng", "Betty", "James", "Albert", "Tina", "Samantha", "Carla", "Eliza", "Mike")
_THINGS = ("clips", "apples", "books", "stickers", "marbles", "pages", "cookies", "tickets", "pencils", "bottles")
_FAULTS = (
    "{reasoning}\n\nThe answer is {answer}.",
    "<reasoning>\n{reasoning}\n<answer>\n{answer}\n</answer>",
    "<reasoning>\n{reasoning}\n</reasoning>\n<answer>\n{answer}",
    "<reasoning>\n{reasoning} So we get {answer}.\n</reasoning>\n",
    "<answer>\n{answer}\n</answer>\n<reasoning>\n{reasoning}\n</reasoning>",
    "<reasoning>\n{reasoning}\n</reasoning>\n<answer>\n{answer}\n</answer>\n<answer>\n{answer}\n</answer>",
    "<reasoning>\n{reasoning}\n</reasoning>\n<answer>\n{answer}\n</answer>\nI hope this helps! Ask if anything is unclear.",
)


class Completion(NamedTuple):
    """A completion, and the gold answer of its row."""

    text: str
    gold: str


def completions(count: int, seed: int) -> list[Completion]:
    """So many completions, no two alike."""
    rng = random.Random(seed)
    return [Completion(_tagged(rng, _reasoning(rng), pair.answer), pair.gold) for pair in pairs(count, seed)]


def _reasoning(rng: random.Random) -> str:
    words: list[str] = []
    length = rng.randrange(95, 195)
    while len(words) < length:
        a, b = rng.randrange(2, 99), rng.randrange(2, 99)
        told = rng.choice(_SENTENCES).format(a=a, b=b, c=a * b, name=rng.choice(_NAMES), thing=rng.choice(_THINGS))
        words += (_misspelt(rng, word) if len(word) > 3 and word.isalpha() and rng.random() < 0.05 else word for word in told.split())
    breaks = rng.choice((" ", " ", "\n", "\n\n"))
    return " ".join(words).replace(". ", f".{breaks}")


def _misspelt(rng: random.Random, word: str) -> str:
    at = rng.randrange(1, len(word))
    return rng.choice(
        (word[:at] + word[at + 1 :], word[:at] + rng.choice("aeiourstn") + word[at:], word[: at - 1] + word[at] + word[at - 1 :])
    )


def _tagged(rng: random.Random, reasoning: str, answer: str) -> str:
    if rng.random() < 0.2:
        return rng.choice(_FAULTS).replace("{reasoning}", reasoning).replace("{answer}", answer)
    line = rng.choice(("\n", "\n", ""))
    return f"<reasoning>{line}{reasoning}{line}</reasoning>\n<answer>{line}{answer}{line}</answer>{rng.choice(('', chr(10)))}"
