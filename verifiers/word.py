"""`word`: the words of a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0711\u0730-\u074a\u07a6-\u07b0\u0816-\u082d\u08d3-\u08ff\u0900-\u0963\u0971-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1-\u0ecd\u0f18-\u0fbc\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
"""Combining marks and vowel signs, which `\\w` leaves out and which do not end a word."""

_WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana and Han, written without spaces: each character counts as a word."""

_TAG = r"</?[A-Za-z][\w.-]{0,40}/?>"


@cache
def _words() -> re.Pattern[str]:
    letters = rf"(?:[^\W_{_WITHOUT_SPACES}]|[{_MARKS}])++"
    inside = r"['’ʼ\-\u2010\u2011]|(?<=[0-9])[.,](?=[0-9])"
    return re.compile(rf"{_TAG}|([{_WITHOUT_SPACES}]|{letters}(?:(?:{inside}){letters})*+)")


@cache
def _ascii_words() -> re.Pattern[str]:
    """The same for texts of ASCII: compiled in a tenth of the time, which counts where a command has a blink to live."""
    return re.compile(rf"{_TAG}|([^\W_]++(?:(?:['\-]|(?<=[0-9])[.,](?=[0-9]))[^\W_]++)*+)", re.ASCII)


@finder("word", cost="linear", version="1")
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
    return [_found(_ascii_words() if text.isascii() else _words(), text) for text in texts]


def _found(words: re.Pattern[str], text: str) -> list[Finding[str]]:
    return [Finding(match.start(1), match.end(1), match[1]) for match in words.finditer(text) if match.lastindex]
