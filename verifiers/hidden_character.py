"""`hidden_character` and `lookalike`: what a reader does not see, and what looks like something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

from rewardlang.prose import word_matches
from rewardlang.scripts import script_of
from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_LIKE_LATIN = frozenset("аВеЕЗіІјЈКМНоОрРсСТуУхХѕЅԁԛԝһҺӏ" + "ΑΒΕΖΗΙΚΜΝΟοΡΤΥΧνρυ")
"""Cyrillic and Greek letters that are drawn like Latin ones (the closest pairs of Unicode's confusables)."""


@cache
def _hidden() -> re.Pattern[str]:
    """Zero-width and filling characters, marks of direction, controls, tags, private use, lone surrogates."""
    return re.compile(
        # The flags of England, Scotland and Wales are written with tags; a part that is no group is passed over.
        "\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f"
        "|([\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
        "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U000e01ef\U000f0000-\U0010fffd]"
        # These two join letters of some scripts and parts of emoji; between anything of ASCII they only hide.
        "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f]))"
    )


@finder("hidden_character", cost="linear", version="1")
def hidden_character(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The characters of a text that nobody sees.

    What it checks
    --------------
    Finds zero-width characters, soft hyphens, marks of writing direction, control characters (except tab and line breaks), tags,
    characters for private use and lone surrogates; the value is the code, as `U+200B`, and the note the name. Joiners inside
    emoji and beside letters beyond ASCII are none. `lookalike` finds Cyrillic and Greek letters that are drawn like Latin ones in a word
    that has Latin letters as well; its value is the word.

    Why it earns reward
    -------------------
    What a reader cannot see can still cut words apart, hide instructions, or slip past lists and patterns.

    Example
    -------
    `rule clean: deduct 0.5 points for each hidden_character in completion, up to 1 point`

    Known gaps
    ----------
    Letters of white on white, very long runs of spaces and characters beyond the table are not found; nor is a word that is written in
    look-alikes throughout (`script_share` sees it). Soft hyphens and marks of direction have honest uses in typeset and in Arabic or Hebrew
    text.
    """
    return [[Finding(match.start(), match.end(), *_named(match[0])) for match in _hidden().finditer(text) if match[1]] for text in texts]


def _named(character: str) -> tuple[str, str]:
    return f"U+{ord(character):04X}", unicodedata.name(character, "").lower()


@finder("lookalike", cost="linear", version="1")
def lookalike(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The words in which letters of another script look like Latin ones."""
    return [[] if text.isascii() else list(_mixed(text)) for text in texts]


def _mixed(text: str) -> Iterator[Finding[str]]:
    for match in word_matches(text):
        word = match[1]
        if not word or word.isascii() or _LIKE_LATIN.isdisjoint(word):
            continue
        if any(script_of(letter) == "Latin" for letter in word):
            strange = "".join(dict.fromkeys(letter for letter in word if letter in _LIKE_LATIN))
            yield Finding(match.start(1), match.end(1), word, f"{strange} is not Latin")
