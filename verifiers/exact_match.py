"""`exact_match`: whether a text is one of the right answers, but for case, punctuation and articles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure


@measure("exact_match", cost="linear", version="1")
def exact_match(texts: Sequence[str], answers: Sequence[tuple[str, ...]]) -> list[Fraction | Missing | Refused]:
    """1 where a text is one of the right answers, 0 where it is none of them.

    What it checks
    --------------
    The exact match of SQuAD: both sides in lower case, without punctuation and English articles, white space made one space. The list
    holds the answer and its aliases. A text without words matches nothing; a list without words gives no value. `equals` and
    `is in` compare as written.

    Why it earns reward
    -------------------
    Short answers have several spellings; the data often list them.

    Example
    -------
    `rule right: award 1 point when exact_match(only <answer> in completion, aliases) = 1`

    Known gaps
    ----------
    Without punctuation `1.5` is `15`, and `-3` is `3`: compare numbers as numbers. An answer in a sentence is not the answer:
    `token_f1` gives part of the points. Two answers in one text match none. `A`, an article, is no word: use `choice` for letters.
    Numbers in words, other languages' articles, and letters with their accents written in two ways are compared as they are.
    """
    return [_match(text, of_row) for text, of_row in zip(texts, answers, strict=True)]


def _match(text: str, answers: tuple[str, ...]) -> Fraction | Missing:
    wanted = {bare for bare in map(_bare, answers) if bare}
    return Fraction(_bare(text) in wanted) if wanted else Missing("the list of answers is empty")


def _bare(text: str) -> str:
    words = re.sub(r"[^\w\s]|_", "", text.lower()).split()
    return " ".join(word for word in words if word not in ("a", "an", "the"))
