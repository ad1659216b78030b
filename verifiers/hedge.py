"""`hedge`: words by which a text avoids an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_PHRASES = (
    "it depends", "depending on the circumstances", "that depends", "hard to say", "difficult to say", "impossible to say",
    "cannot be said", "unclear", "uncertain", "not certain", "arguably", "perhaps", "possibly", "conceivably", "presumably",
    "maybe", "probably", "might", "may or may not", "may well", "could go either way", "either way", "could be argued", "one could argue",
    "some would argue", "it would seem", "it seems", "seems to", "appears to", "it appears", "more or less", "to some extent",
    "to a certain extent", "in some sense", "i think", "i believe", "i guess", "i suppose", "my guess is", "something like",
    "if i remember", "i am not sure", "i'm not sure", "not sure",
    "no clear answer", "no definite answer", "reasonable minds", "open question",
)  # fmt: skip


@finder("hedge", cost="linear", version="3")
def hedge(texts: Sequence[str], *, also: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """The words in a text that avoid an answer: `it depends`, `arguably`, `might`.

    What it checks
    --------------
    Finds words and phrases of a fixed English list, in any case, as whole words; `also` adds phrases of your own, in any language.
    The value is the phrase in lower case. `may` and `could` alone are none: in law they give permission and set conditions.

    Why it earns reward
    -------------------
    A holding that says yes and no is never wrong. Where an answer is asked for, what avoids it should cost something.

    Example
    -------
    `rule hedged: deduct 0.5 points for each distinct hedge in holding, up to 1`

    Known gaps
    ----------
    Honest doubt uses the same words: look for them where the answer stands, not in the whole text. A model can hedge in other words,
    or state two answers plainly: use `only`. Quoted words count like the author's own.
    """
    phrases = _phrases(also)
    return [_hedges(text, phrases) for text in texts]


def _hedges(text: str, phrases: dict[str, str]) -> list[Finding[str]]:
    lower = text.lower()
    pattern = _pattern(tuple(phrase for phrase, word in phrases.items() if word in lower))
    if pattern is None:
        return []
    return [
        Finding(m.start(), m.end(), " ".join(m[0].replace("’", "'").split()).lower())
        for m in pattern.finditer(text)
        if m[0].lower() != "might" or not _BEFORE_A_NOUN.search(text[max(0, m.start() - 8) : m.start()])
    ]


_BEFORE_A_NOUN = re.compile(r"(?i)\b(?:the|his|her|its|their|our|your|my|with|all)\s$")


@lru_cache(maxsize=50)
def _phrases(also: tuple[str, ...]) -> dict[str, str]:
    """The phrases, longest first, each with its longest word without apostrophes: where that is missing, so is the phrase."""
    known = {*_PHRASES, *(" ".join(phrase.split()).lower() for phrase in also if phrase.strip())}
    return {phrase: max(re.split(r"[ '’]", phrase), key=len) for phrase in sorted(known, key=lambda phrase: (-len(phrase), phrase))}


@lru_cache(maxsize=1000)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str] | None:
    if not phrases:
        return None
    written = (re.escape(phrase).replace(r"\ ", r"\s{1,5}").replace("'", "['’]") for phrase in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)", re.IGNORECASE)
