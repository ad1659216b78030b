"""Completions in the layout of the public notebooks, from a seed: 150 words, 20 % with a fault in their tags, 30 % wrong, 5 % misspelt."""

from __future__ import annotations

import random
from typing import NamedTuple

from gsm8k_completions import prose
from math_answers import pairs

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
    """So many completions, no two alike; the answers are those of `math_answers`."""
    rng = random.Random(seed)
    return [Completion(_tagged(rng, prose(rng, rng.randrange(110, 190)), pair.answer), pair.gold) for pair in pairs(count, seed)]


def _tagged(rng: random.Random, reasoning: str, answer: str) -> str:
    reasoning = reasoning.replace(". ", rng.choice((". ", ". ", ".\n", ".\n\n")))
    if rng.random() < 0.2:
        return rng.choice(_FAULTS).replace("{reasoning}", reasoning).replace("{answer}", answer)
    line = rng.choice(("\n", "\n", ""))
    return f"<reasoning>{line}{reasoning}{line}</reasoning>\n<answer>{line}{answer}{line}</answer>{rng.choice(('', chr(10)))}"
