"""`token_f1`: how many words two texts share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

_ARTICLES = frozenset({"a", "an", "the"})


@measure("token_f1", cost="linear", version="1")
def token_f1(ones: Sequence[str], others: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """How many words two texts share, from 0 to 1.

    What it checks
    --------------
    The F1 of SQuAD: words in lower case without punctuation and articles, each counted as often as it occurs in both; twice the
    shared words over the words of both texts. Symmetric. If only one text has words it is 0; if neither has, there is no value.

    Why it earns reward
    -------------------
    It gives part of the points for an answer in words that is partly right, where equality would give none.

    Example
    -------
    `rule close: award up to 1 point scaled by token_f1(only <answer> in completion, answer)`

    Known gaps
    ----------
    Order does not count, and "not" is one word among others: "not guilty" and "guilty" share much. A model can list likely words;
    each wrong one costs a little. Text without spaces (Chinese) is one word.
    """
    return [_f1(_words(one), _words(other)) for one, other in zip(ones, others, strict=True)]


def _words(text: str) -> Counter[str]:
    bare = re.sub(r"[^\w\s]|_", "", text.lower())
    return Counter(word for word in bare.split() if word not in _ARTICLES)


def _f1(one: Counter[str], other: Counter[str]) -> Fraction | Missing:
    total = one.total() + other.total()
    if total == 0:
        return Missing("neither text has words")
    return Fraction(2 * (one & other).total(), total)
