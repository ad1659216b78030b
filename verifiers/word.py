"""`word`: the words of a text."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.prose import count_of_words, word_matches
from rewardlang.verdict import Finding
from rewardlang.verifier import finder


def _count(texts: Sequence[str], most: int | None) -> list[int]:
    return [count_of_words(text, most) for text in texts]


@finder("word", cost="linear", version="1", count=_count)
def word(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The words of a text, as a word processor counts them.

    What it checks
    --------------
    Finds runs of letters and digits; an apostrophe or hyphen inside joins (`don't`, `well-known` are one word each), and so
    does the point or comma inside a number. A tag (`<answer>`) is no word. Of Chinese and Japanese each character is a word.

    Why it earns reward
    -------------------
    Length is the first thing that a policy drifts in: limits on words keep answers short, or make reasoning happen at all.

    Example
    -------
    `rule brief: deduct 0.25 points when count of word in final is more than 12`

    Known gaps
    ----------
    Any run of letters is a word: a model can fill a minimum with nonsense (`misspelling` sees that) or with one word repeated
    (`count of distinct word`), and can join words by hyphens to stay under a maximum. Thai, Lao and Khmer, written without
    spaces, are counted as one word a run. Zero-width characters split words.
    """
    return [[Finding(*match.span(1), match[1]) for match in word_matches(text) if match.lastindex] for text in texts]
