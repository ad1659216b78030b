"""`sentence`: the sentences of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_ABBREVIATIONS = (
    " mr mrs ms dr prof st sr jr vs v etc e.g i.e cf al fig figs eq eqs no nos vol pp p ch sec art para approx ca inc ltd co corp dept"
    " est gen col sgt capt lt rev hon u.s u.k u.s.c f.3d f.2d a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec "
)


@cache
def _ends() -> re.Pattern[str]:
    """Where a sentence can end: marks and closing quotes before white space, a full-width mark, a blank line."""
    return re.compile(r"[.!?…]++[\"'”’)\]*]*+(?=\s|\Z)|[。！？]++[”’）]*+|\n[ \t]*+\n\s*+")


@finder("sentence", cost="linear", version="1")
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
    return [_sentences(text) for text in texts]


def _sentences(text: str) -> list[Finding[str]]:
    found: list[Finding[str]] = []
    start = 0
    for match in _ends().finditer(text):
        if match[0][0] == "." and _is_abbreviation(text, match.start()):
            continue
        _add(found, text, start, match.end())
        start = match.end()
    _add(found, text, start, len(text))
    return found


def _is_abbreviation(text: str, point: int) -> bool:
    before = text[max(0, point - 12) : point]
    word = re.split(r"[\s(\[\"'“‘]", before)[-1]
    if word.isdigit() and len(word) <= 3:
        return text[max(0, point - 20) : point].rpartition("\n")[2].strip(" \t*>") == word
    return (len(word) == 1 and word.isupper() and word != "I") or f" {word.lower()} " in _ABBREVIATIONS


def _add(found: list[Finding[str]], text: str, start: int, end: int) -> None:
    part = text[start:end]
    inner = part.strip()
    if inner and any(character.isalnum() for character in inner[:1000]):
        start += len(part) - len(part.lstrip())
        found.append(Finding(start, start + len(inner), inner))
