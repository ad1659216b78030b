"""`overlap`: how much of a text was taken from another."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.prose import folded_words
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_WORDS = 1_000_000
MAX_N = 20


@measure("overlap", cost="linear", version="1", limits={"words": MAX_WORDS, "n": MAX_N})
def overlap(texts: Sequence[str], sources: Sequence[str], *, n: Fraction = Fraction(5)) -> list[Fraction | Missing | Refused]:
    """The share of a text's runs of `n` words that stand in a source as well, from 0 to 1.

    What it checks
    --------------
    Counts the runs of `n` words of the first text, each as often as it occurs, that the second contains. Case, punctuation and line
    breaks do not matter. A text of fewer words is one run. Without words there is no value. With `n = 1` or 2 and the
    texts the other way round it is the recall of ROUGE-N without clipping.

    Why it earns reward
    -------------------
    An answer that repeats the question or copies the source shows no work; a summary in its own words has a low overlap.

    Example
    -------
    `let copied = overlap(reply, prompt, n = 6) else 1` and `rule own_words: deduct up to 1 point scaled by copied`

    Known gaps
    ----------
    One word changed in every `n` escapes it. Necessary quotations count as copies: take them out first, or pay for them elsewhere.
    Text in Chinese and Japanese is cut into characters.
    """
    if n.denominator != 1 or not 1 <= n <= MAX_N:
        return [Missing(f"n must be a whole number from 1 to {MAX_N}") for _ in texts]
    return [_share(folded_words(text), folded_words(source), int(n)) for text, source in zip(texts, sources, strict=True)]


def _share(words: list[str], source: list[str], n: int) -> Fraction | Missing | Refused:
    if not words:
        return Missing("no words")
    if max(len(words), len(source)) > MAX_WORDS:
        return Refused(f"a text of more than {MAX_WORDS:,} words")
    n = min(n, len(words))
    there = set(_runs(source, n))
    runs = _runs(words, n)
    return Fraction(sum(run in there for run in runs), len(runs))


def _runs(words: list[str], n: int) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(n)), strict=False))
