"""`similarity`: how alike two texts are, letter by letter or word by word."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang.prose import folded_words
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

Unit: TypeAlias = Literal["characters", "words"]
MAX_WORK = 400_000_000
MAX_LENGTH = 500_000


@measure("similarity", cost="linear", version="1", limits={"product of lengths": MAX_WORK, "length": MAX_LENGTH})
def similarity(ones: Sequence[str], others: Sequence[str], *, unit: Unit = "characters") -> list[Fraction | Missing | Refused]:
    """How much two texts have in common in the same order, from 0 to 1.

    What it checks
    --------------
    Twice the length of the longest common subsequence over the length of both texts: 1 for equal texts, 0 for texts without a
    common character. That is the ratio of insertions and deletions that rapidfuzz calls `ratio`. `unit = "words"` compares words
    without regard to case: the F-measure of ROUGE-L (Lin, 2004; with equal weights). Symmetric. Two empty texts have no value.

    Why it earns reward
    -------------------
    It gives part of the points for a transcription, a quotation or a correction that is nearly right.

    Example
    -------
    `rule close: award up to 1 point scaled by similarity(only <answer> in completion, answer, unit = "words")`

    Known gaps
    ----------
    Small words decide meaning: "is liable" and "is not liable" are alike. Two texts of one language share much in any case, often
    more than half of the letters: pay from a threshold on. What is moved counts as missing. Beyond a product of lengths of
    400 million (two texts of 20,000 characters) it is not computed.
    """
    return [_ratio(*((one, other) if unit == "characters" else _words(one, other))) for one, other in zip(ones, others, strict=True)]


def _words(one: str, other: str) -> tuple[list[str], list[str]]:
    return folded_words(one), folded_words(other)


def _ratio(one: Sequence[Hashable], other: Sequence[Hashable]) -> Fraction | Missing | Refused:
    total = len(one) + len(other)
    if not total:
        return Missing("both texts are empty")
    if one == other:
        return Fraction(1)
    if len(one) * len(other) > MAX_WORK or max(len(one), len(other)) > MAX_LENGTH:
        return Refused("the texts are too long to be compared")
    return Fraction(2 * _common(one, other), total)


def _common(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """The length of the longest common subsequence, a row of the table in one whole number (Hyyrö, 2004)."""
    if len(one) > len(other):
        one, other = other, one
    places: dict[Hashable, int] = {}
    for index, item in enumerate(one):
        places[item] = places.get(item, 0) | 1 << index
    every = (1 << len(one)) - 1
    row = every
    for item in other:
        there = row & places.get(item, 0)
        row = ((row + there) | (row - there)) & every
    return len(one) - row.bit_count()
