"""`misspelling`: the words of a text that no English dictionary has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

DICTIONARY = Path(__file__).parent / "data" / "english.txt.gz"

_TOUCHING = frozenset("@/\\_#=+*^{}<>|~&0123456789")
"""A word that touches one of these is part of code, a path, an address or a formula."""

_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.\s\Z")


@cache
def _dictionary() -> tuple[frozenset[str], frozenset[str]]:
    """The words, in lower case, and the names as they are capitalised."""
    import gzip

    words, _, names = gzip.decompress(DICTIONARY.read_bytes()).decode().partition("\n\n")
    return frozenset(words.split("\n")), frozenset(names.split("\n"))


@cache
def _parts() -> re.Pattern[str]:
    """Passages that are no prose, each of bounded length or closed, or a word (group 1)."""
    return re.compile(
        r"```.*?```|`[^`\n]{1,300}`"
        r"|\$\$[^$]{1,2000}\$\$|\$(?=\S)[^$\n]{1,300}(?<=\S)\$(?![0-9])"
        r"|\\\([^\n]{0,300}?\\\)|\\\[.{0,500}?\\\]"
        r"|\\[A-Za-z]+(?:\{[^{}\n]{0,100}\})?"
        r"|(?:https?://|www\.)[^\s<>]+"
        r"|</?[A-Za-z][\w.-]{0,40}/?>"
        r"|([^\W\d_]+(?:['’][^\W\d_]+)*+)",
        re.DOTALL,
    )


@finder("misspelling", cost="dictionary", version="1")
def misspelling(texts: Sequence[str], *, allow: tuple[str, ...] = ()) -> list[list[Finding[str]]]:
    """The words that are in no English dictionary.

    What it checks
    --------------
    Looks up each word in American and British English (SCOWL, size 70). No words are: names (capitalised inside a sentence, or known as
    names), abbreviations in capitals, numbers, code, LaTeX, URLs, paths, tags, other scripts. `allow` adds words, from a list of the
    file or of the row. Parts of a compound (`re-readd`) are looked up one by one. A finding's value is the word in lower case.

    Why it earns reward
    -------------------
    Careless or garbled language shows first in words that do not exist; policies under pressure to be short start to garble.

    Example
    -------
    `rule spelling: deduct 0.1 points for each distinct misspelling in reply, up to 1 point`

    Known gaps
    ----------
    A model can write less, or only short words: use it together with a rule on length. A misspelling that is another word (`form` for
    `from`) is not seen. Capital letters, backquotes, dollar signs and brackets of LaTeX hide words. Rare technical words are
    reported until they are allowed; text in other languages that use the Latin script is reported throughout.
    """
    allowed = frozenset(word.casefold() for entry in allow for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*+", entry))
    return [_misspelt(text, allowed) for text in texts]


def _misspelt(text: str, allowed: frozenset[str]) -> list[Finding[str]]:
    words, names = _dictionary()
    known: set[str] = set()
    candidates: list[tuple[int, int, str]] = []
    inside: set[str] = set()
    for match in _parts().finditer(text):
        if match.lastindex is None:
            continue
        word = match[1]
        if word in known or word in words:
            continue
        if _is_known(word, words, names, allowed):
            known.add(word)
            continue
        start, end = match.span()
        if _is_part_of_something(text, start, end):
            continue
        if word[0].isupper() and not _begins_sentence(text, start):
            inside.add(word)
            continue
        candidates.append((start, end, word))
    return [Finding(start, end, word.lower()) for start, end, word in candidates if word not in inside]


def _is_known(word: str, words: frozenset[str], names: frozenset[str], allowed: frozenset[str]) -> bool:
    if len(word) == 1 or not _is_latin(word) or (word.isupper() and len(word) <= 8):
        return True
    if any(letter.isupper() for letter in word[1:]) and not word.isupper():
        return True
    plain = word.replace("’", "'")
    for form in (plain, plain.removesuffix("'s").removesuffix("'")):
        lower = form.lower()
        if lower in words or form in names or lower in allowed or form.casefold() in allowed:
            return True
        if not lower.isascii() and _without_accents(lower) in words:
            return True
    return False


def _is_latin(word: str) -> bool:
    return word.isascii() or all(letter < "\u0250" or letter in "’'" for letter in word)


def _without_accents(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def _is_part_of_something(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in _TOUCHING or after in _TOUCHING:
        return True
    return (after in (".", ":") and text[end + 1 : end + 2].isalnum()) or (before in (".", ":") and text[start - 2 : start - 1].isalnum())


def _begins_sentence(text: str, start: int) -> bool:
    """Whether a capital letter at `start` says nothing; after a title (`Dr.`) it marks a name."""
    if _TITLE.search(text, max(0, start - 8), start):
        return False
    before = text[max(0, start - 40) : start].rstrip(" \t\"'“‘([*_>-#")
    return not before or before[-1] in ".!?:;\n…"
