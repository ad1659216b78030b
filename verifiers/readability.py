"""`reading_ease` and `reading_grade`: published formulas for how hard an English text is to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from rewardlang.prose import folded_words, sentence_spans
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

if TYPE_CHECKING:
    import re

Formula: TypeAlias = Literal["Flesch-Kincaid", "Coleman-Liau", "ARI"]


class _Counts(NamedTuple):
    words: int
    sentences: int
    syllables: int
    characters: int


@measure("reading_ease", cost="linear", version="2")
def reading_ease(texts: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """Flesch's reading ease of an English text: about 100 is very easy, 60 plain, 30 hard.

    What it checks
    --------------
    206.835 - 1.015 words per sentence - 84.6 syllables per word (Flesch, Journal of Applied Psychology 32, 1948). `reading_grade` is
    the American school year that a text asks for: 0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid et al.,
    1975); with `formula = "Coleman-Liau"` 0.0588 L - 0.296 S - 15.8, letters and sentences per 100 words (Coleman and Liau, 1975);
    with `formula = "ARI"` 4.71 characters per word + 0.5 words per sentence - 21.43 (Smith and Senter, 1967). The last two
    need no syllables. Only words with a letter of the alphabet count; without one there is no value. Exact fractions.

    Why it earns reward
    -------------------
    Patients and clients must understand what they are told; a policy that is paid for sounding learned drifts the other way.

    Example
    -------
    `let hard = ramp(reading_grade(reply), 8, 14) else 1` and `rule plain: deduct up to 1 point scaled by hard`

    Known gaps
    ----------
    The formulas see lengths, not sense: chopped sentences and nonsense of short words read "easily", so keep a rule on content
    beside it and a floor under the length. Syllables are counted by spelling (groups of vowels, silent e); single words are off by
    one. Lists, headings, code and formulas distort the count. For English only.
    """
    return [_value(counts, _ease) for counts in map(_counts, texts)]


@measure("reading_grade", cost="linear", version="2")
def reading_grade(texts: Sequence[str], *, formula: Formula = "Flesch-Kincaid") -> list[Fraction | Missing | Refused]:
    """The school year that an English text asks for, by one of three published formulas."""
    return [_value(counts, _GRADES[formula]) for counts in map(_counts, texts)]


def _value(counts: _Counts, formula: _Of) -> Fraction | Missing | Refused:
    return formula(counts) if counts.words else Missing("no English words")


class _Of:
    """A formula: a weight for each mean, and a constant."""

    def __init__(self, constant: str, *, words: str = "0", sentences: str = "0", syllables: str = "0", characters: str = "0") -> None:
        self._constant = Fraction(constant)
        self._words, self._sentences = Fraction(words), Fraction(sentences)
        self._syllables, self._characters = Fraction(syllables), Fraction(characters)

    def __call__(self, counts: _Counts) -> Fraction:
        """`words` weighs words per sentence, the others weigh their count per word."""
        return (
            self._constant
            + self._words * Fraction(counts.words, counts.sentences)
            + self._sentences * Fraction(counts.sentences, counts.words)
            + self._syllables * Fraction(counts.syllables, counts.words)
            + self._characters * Fraction(counts.characters, counts.words)
        )


_ease = _Of("206.835", words="-1.015", syllables="-84.6")
_GRADES = {
    "Flesch-Kincaid": _Of("-15.59", words="0.39", syllables="11.8"),
    "Coleman-Liau": _Of("-15.8", characters="5.88", sentences="-29.6"),
    "ARI": _Of("-21.43", characters="4.71", words="0.5"),
}


def _counts(text: str) -> _Counts:
    words = Counter(word for word in folded_words(text) if word[0].isascii() and any("a" <= letter <= "z" for letter in word))
    return _Counts(
        words=words.total(),
        sentences=max(1, sum(1 for _ in sentence_spans(text))),
        syllables=sum(syllables(word) * times for word, times in words.items()),
        characters=sum(sum(map(str.isalnum, word)) * times for word, times in words.items()),
    )


@cache
def _vowels() -> re.Pattern[str]:
    """Groups of vowels that are spoken as one; some neighbours are two (`cre-ate`, `li-on`, `du-o`)."""
    import re

    return re.compile(r"[aeiouyàâäéèêëîïôöùûü]+")


@cache
def _apart() -> re.Pattern[str]:
    """Vowels inside a group that belong to two syllables."""
    import re

    two = r"(?<![tcsgx])i(?:a|ou?(?!u)|u)|(?<=[a-z]{2})ea\Z|eo(?![pu])|[aeiouy]ing\Z|uou|(?<![qg])ua"
    return re.compile(two + r"|(?<=qu)iet|(?<=sc)ie|crea(?!m)")


def syllables(word: str) -> int:
    """The syllables of an English word in lower case, estimated from its spelling; at least one."""
    count = len(_vowels().findall(word)) + len(_apart().findall(word))
    return max(1, count - _ends_silently(word))


def _ends_silently(word: str) -> bool:
    """Whether the last group of vowels is an `e` that is not spoken: `make`, `used`, `makes`, but not `table`, `wanted`, `boxes`."""
    stem = word[:-1] if word.endswith(("es", "ed")) else word
    before = stem[-2:-1]
    if not stem.endswith("e") or before in "aeiouy":
        return False
    if word.endswith("ed"):
        return before not in "td" and not (before == "l" and stem[-3:-2] in "bdfgkptz")
    if word.endswith("es"):
        return before not in "sxzhgc"
    return not stem.endswith("le") or stem[-3:-2] in "aeiouy"
