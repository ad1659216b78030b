"""`misspelling`: the words of a text that no English dictionary has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

Spelling: TypeAlias = Literal["either", "American", "British"]

DICTIONARY = Path(__file__).parent / "data" / "english.txt.gz"

_TOUCHING = frozenset("@/\\_#=+*^{}<>|~&0123456789")
"""A word that touches one of these is part of code, a path, an address or a formula."""

_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.\s\Z")


_MAX_SUGGESTED = 20
"""Corrections are looked for up to this many words of a text and of this length: they take a thousand times as long as a look-up."""


_PREFIXES = (
    "anti",
    "bio",
    "counter",
    "cyber",
    "hyper",
    "hypo",
    "immuno",
    "macro",
    "micro",
    "multi",
    "neuro",
    "non",
    "post",
    "pseudo",
    "psycho",
    "tele",
)
_LEAST_BEHIND_PREFIX = 6
"""English builds words with these as it needs them, and no dictionary has them all."""


_BEFORE_HYPHEN = ("bi", "intra", "peri", "poly", "pre", "tri", *_PREFIXES)
"""What is a word only before a hyphen: `pre-trial`."""


class _Dictionary(NamedTuple):
    """Words in lower case; names as they are capitalised; and the words of the other spelling, with its name."""

    words: frozenset[str]
    names: frozenset[str]
    other: frozenset[str] = frozenset()
    other_name: str = ""
    prefixes: tuple[str, ...] = ()
    letters: str = "etaoinsrhldcumfpgwybvkxjqz"


@cache
def _english(spelling: Spelling) -> _Dictionary:
    import gzip

    shared, american, british, names = gzip.decompress(DICTIONARY.read_bytes()).decode().split("\n\n")
    if spelling == "either":
        return _Dictionary(_lines(shared, american, british), _lines(names), prefixes=_PREFIXES)
    own, other, name = (american, british, "British") if spelling == "American" else (british, american, "American")
    return _Dictionary(_lines(shared, own), _lines(names), _lines(other), name, _PREFIXES)


def _lines(*texts: str) -> frozenset[str]:
    """The lines of several texts, in one go: making a set of each and joining them takes half as long again."""
    return frozenset("\n".join(texts).split("\n"))


@lru_cache(maxsize=4)
def _given(entries: tuple[str, ...]) -> _Dictionary:
    """A dictionary of the user: an entry with a capital letter is a name or a noun that is written so."""
    letters = "".join(sorted({letter for entry in entries for letter in entry.lower() if letter.isalpha()})[:60])
    return _Dictionary(frozenset(entry for entry in entries if entry == entry.lower()), frozenset(entries), letters=letters)


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


@finder("misspelling", cost="dictionary", version="4")
def misspelling(
    texts: Sequence[str], *, allow: tuple[str, ...] = (), dictionary: tuple[str, ...] = (), spelling: Spelling = "either"
) -> list[list[Finding[str]]]:
    """The words that are in no English dictionary.

    What it checks
    --------------
    Looks up each word in American and British English (SCOWL, size 70, with two thousand words of law and medicine, and those that Greek
    and Latin parts build); with `spelling = "British"` or `"American"` the words of the other spelling are findings too. A known word may
    have a prefix such as `non` or `anti` before it. The words of Latin and French phrases are known inside their phrase: `res judicata`.
    No words are: names (capitalised inside a sentence, or known as names), abbreviations in capitals, numbers, code, LaTeX, URLs, paths,
    tags, other scripts. `allow` adds words, from a list of the file or of the row. `dictionary` replaces English: a list of the file,
    read from a word list of another language with one word a line, nouns and names capitalised as they are written. Parts of a compound
    (`re-readd`) are looked up one by one. A finding's value is the word in lower case; its note suggests up to two words that are one
    slip away.

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
    chosen = _given(dictionary) if dictionary else _english(spelling)
    known = _words_known(chosen, allowed)
    if len(known) > _MOST_KNOWN:
        known.clear()
    return [_misspelt(text, chosen, allowed, known) for text in texts]


_MOST_KNOWN = 50_000


@lru_cache(maxsize=4)
def _words_known(dictionary: _Dictionary, allowed: frozenset[str]) -> set[bytes]:
    """Words of the texts so far that are known."""
    return set()


_WORDS_APART = bytes(code if chr(code).isalpha() or chr(code) in "'\\" else 32 for code in range(128)) + bytes(128)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def _has_known_words_only(text: str, dictionary: _Dictionary, allowed: frozenset[str], known: set[bytes]) -> bool:
    """Whether every word of a text is known, wherever it stands: then nothing need be said of places. False where it is not plain.

    `known` are words of the texts before; those of this one are added. They are few and so near at hand, which a dictionary is not.
    """
    if not text.isascii():
        if any(sign.isalnum() for run in set(_NOT_ASCII.findall(text)) for sign in run):
            return False
        text = _NOT_ASCII.sub(_plain_marks, text)
    apart = text.replace("\\", " \\") if "\\" in text else text
    words = apart.encode("ascii").translate(_WORDS_APART).split()
    if known.issuperset(words):
        return True
    new = set(words) - known
    unknown = {word for word in new if not _is_plainly_known(word.decode("ascii"), dictionary, allowed)}
    known |= new - unknown
    return not unknown


def _plain_marks(match: re.Match[str]) -> str:
    """Marks that are no letters, of which one joins the parts of a word."""
    return "".join("'" if sign == "’" else " " for sign in match[0])


def _is_plainly_known(word: str, dictionary: _Dictionary, allowed: frozenset[str]) -> bool:
    """Whether letters and apostrophes are a word that is known, or a backslash and letters a command of LaTeX."""
    if word in dictionary.words or word.lower() in dictionary.words:
        return True
    if word[0] == "\\":
        return "'" not in word
    bare = word.strip("'")
    return not bare or ("''" not in bare and (bare in dictionary.words or _is_known(bare, dictionary, allowed)))


def _misspelt(text: str, dictionary: _Dictionary, allowed: frozenset[str], known: set[bytes]) -> list[Finding[str]]:
    return [] if _has_known_words_only(text, dictionary, allowed, known) else _misspelt_by_place(text, dictionary, allowed)


def _misspelt_by_place(text: str, dictionary: _Dictionary, allowed: frozenset[str]) -> list[Finding[str]]:
    known: set[str] = set()
    candidates: list[tuple[int, int, str]] = []
    inside: set[str] = set()
    for match in _parts().finditer(text):
        if match.lastindex is None:
            continue
        word = match[1]
        if word in known or word in dictionary.words:
            continue
        if _is_known(word, dictionary, allowed):
            known.add(word)
            continue
        start, end = match.span()
        if _is_part_of_something(text, start, end):
            continue
        if word[0].isupper() and not _begins_sentence(text, start):
            inside.add(word)
            continue
        if dictionary.prefixes and (_stands_before_hyphen(word, text, end) or _is_of_phrase(word.lower(), text, start, end)):
            continue
        candidates.append((start, end, word))
    found = [(start, end, word.lower()) for start, end, word in candidates if word not in inside]
    return [
        Finding(start, end, word, _note(word, dictionary) if number < _MAX_SUGGESTED else "")
        for number, (start, end, word) in enumerate(found)
    ]


def _note(word: str, dictionary: _Dictionary) -> str:
    if word in dictionary.other:
        return f"{dictionary.other_name} spelling"
    near = _near(word, dictionary) if len(word) <= _MAX_SUGGESTED else ""
    return f"did you mean {near}?" if near else ""


@lru_cache(maxsize=10_000)
def _near(word: str, dictionary: _Dictionary) -> str:
    """Up to two words one slip away. People and models keep the first and the last letter, and more letters than they add."""
    if word.capitalize() in dictionary.names:
        return f"'{word.capitalize()}'"
    found = dict.fromkeys(slip for slip in _slips(word, dictionary.letters) if slip in dictionary.words)
    ranked = sorted(found, key=lambda near: (sorted(near) != sorted(word), near[0] != word[0], near[-1] != word[-1], -len(near)))
    return " or ".join(f"'{near}'" for near in ranked[:2])


def _slips(word: str, letters: str) -> Iterator[str]:
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    yield from (left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1)
    yield from (left + right[1:] for left, right in cuts if right)
    yield from (left + letter + right for left, right in cuts for letter in letters)
    yield from (left + letter + right[1:] for left, right in cuts if right for letter in letters)


def _is_known(word: str, dictionary: _Dictionary, allowed: frozenset[str]) -> bool:
    if len(word) == 1 or not _is_latin(word) or (word.isupper() and len(word) <= 8):
        return True
    if any(letter.isupper() for letter in word[1:]) and not word.isupper():
        return True
    plain = word.replace("’", "'")
    for form in (plain, plain.removesuffix("'s").removesuffix("'")):
        lower = form.lower()
        if lower in dictionary.words or form in dictionary.names or lower in allowed or form.casefold() in allowed:
            return True
        if _is_word_with_prefix(lower, dictionary):
            return True
        if not lower.isascii() and _without_accents(lower) in dictionary.words:
            return True
    return False


def _is_word_with_prefix(lower: str, dictionary: _Dictionary) -> bool:
    """Whether a known word of some length stands behind a prefix: `nonmovant`, `antithrombotic`."""
    return lower.startswith(dictionary.prefixes) and any(
        lower.startswith(prefix) and len(lower) - len(prefix) >= _LEAST_BEHIND_PREFIX and lower[len(prefix) :] in dictionary.words
        for prefix in dictionary.prefixes
    )


def _stands_before_hyphen(word: str, text: str, end: int) -> bool:
    return text[end : end + 1] == "-" and text[end + 1 : end + 2].isalpha() and word.lower() in _BEFORE_HYPHEN


@cache
def _phrases() -> dict[str, list[tuple[str, str]]]:
    """Phrases of other languages that lawyers and physicians use: what stands before and behind each of their words."""
    around: dict[str, list[tuple[str, str]]] = {}
    for phrase in DICTIONARY.with_name("phrases.txt").read_text(encoding="ascii").splitlines():
        words = phrase.split()
        for place, word in enumerate(words):
            around.setdefault(word, []).append((" ".join(words[:place]), " ".join(words[place + 1 :])))
    return around


def _is_of_phrase(lower: str, text: str, start: int, end: int) -> bool:
    """Whether a word stands in a phrase: the `judicata` of `res judicata`."""
    return any(_stands_in(text, start, end, left, right) for left, right in _phrases().get(lower, ()))


def _stands_in(text: str, start: int, end: int, left: str, right: str) -> bool:
    """Whether the words `left` and `right` stand around a word, after one space or line break each."""
    if left:
        first = start - len(left) - 1
        if first < 0 or text[first:start].lower().replace("\n", " ") != f"{left} " or (first and text[first - 1].isalnum()):
            return False
    last = end + len(right) + 1
    return not right or (text[end:last].lower().replace("\n", " ") == f" {right}" and not text[last : last + 1].isalpha())


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
