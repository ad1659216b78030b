"""`sentence`: the sentences of a text."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.prose import sentence_spans
from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("sentence", cost="linear", version="2")
def sentence(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The sentences of a text, trimmed.

    What it checks
    --------------
    Splits a text after `.`, `!`, `?` and `…` before white space, after their full-width forms, and at blank lines. Common
    abbreviations (`Dr.`, `e.g.`, `U.S.C.`), initials, and figures with a point at the beginning of a line end no sentence.

    Why it earns reward
    -------------------
    Limits on sentences keep summaries and short answers short, and `for each sentence` lets a rule look at one at a time.

    Example
    -------
    `rule short_answer: award 0.5 points when count of sentence in only <answer> in completion is at most 2`

    Known gaps
    ----------
    A model can write one endless sentence: limit words too. A heading without a mark joins the sentence below it unless a blank
    line follows. An abbreviation that ends a sentence does not end it here.
    """
    return [[Finding(start, end, text[start:end]) for start, end in sentence_spans(text)] for text in texts]
