"""Words and sentences: what counts as one, for everything that counts them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u0711\u0730-\u074a\u07a6-\u07b0\u0816-\u082d\u08d3-\u08ff\u0900-\u0963\u0971-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u0eb1-\u0ecd\u0f18-\u0fbc\u102b-\u103e\u17b4-\u17d3\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
)
"""Combining marks and vowel signs, which `\\w` leaves out and which do not end a word."""

_WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Kana and Han, written without spaces: each character counts as a word."""

_TAG = r"</?[A-Za-z][\w.-]{0,40}/?>"

_ABBREVIATIONS = (
    " mr mrs ms dr prof st sr jr vs v etc e.g i.e cf al fig figs eq eqs no nos vol pp p ch sec art para approx ca inc ltd co corp dept"
    " id ibid est gen col sgt capt lt rev hon u.s u.k u.s.c f.3d f.2d a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec "
)


@cache
def _words() -> re.Pattern[str]:
    letters = rf"(?:[^\W_{_WITHOUT_SPACES}]|[{_MARKS}])++"
    inside = r"['’ʼ\-\u2010\u2011]|(?<=[0-9])[.,](?=[0-9])"
    return re.compile(rf"{_TAG}|([{_WITHOUT_SPACES}]|{letters}(?:(?:{inside}){letters})*+)")


@cache
def _ascii_words() -> re.Pattern[str]:
    """The same for texts of ASCII: compiled in a tenth of the time, which counts where a command has a blink to live."""
    return re.compile(rf"{_TAG}|([^\W_]++(?:(?:['\-]|(?<=[0-9])[.,](?=[0-9]))[^\W_]++)*+)", re.ASCII)


def word_matches(text: str) -> Iterator[re.Match[str]]:
    """The words of a text, each as group 1; matches without it are tags."""
    return (_ascii_words() if text.isascii() else _words()).finditer(text)


def count_of_words(text: str, most: int | None = None) -> int:
    """How many words a text has; with `most`, of a text with at least so many, some number that is no smaller.

    Of ASCII the runs of letters and digits are counted, less the places where
    two of them are joined to one word: thirty times as fast.
    """
    if most is not None and len(text) > 2 * _LETTERS_A_WORD * most and (count := _words_at_least(text, _LETTERS_A_WORD * most)) >= most:
        return count
    if not text.isascii():
        return sum(match.lastindex is not None for match in word_matches(text))
    if "<" in text:
        text = _tags().sub(" ", text)
    letters = text.encode()
    runs = (b" " + letters).translate(_RUNS).count(b" a")
    marks = [mark for mark in "'-" if mark in text]
    if b"0.0" in letters.translate(_DECIMALS):
        marks += [".", ","]
    return runs - sum(_joints(text, mark) for mark in marks) if marks else runs


def _words_at_least(text: str, length: int) -> int:
    """How many words a text surely has in about its first letters: those that begin behind what joins no words and stands in no tag."""
    head = text[: text.find(" ", length, 2 * length) + 1]  # no word goes on behind a space, and no tag
    return (b" " + head.encode()).translate(_STARTS).count(b" a") if head.isascii() else 0


_LETTERS_A_WORD = 7
"""With the space behind it: in so many letters there is a word, in most texts."""
_STARTS = "".join("a" if chr(code).isalnum() else "." if chr(code) in "'-.,_</" else " " for code in range(128)).ljust(256).encode()
_RUNS = "".join("a" if chr(code).isalnum() else " " for code in range(128)).ljust(256).encode()
_DECIMALS = "".join("0" if chr(code).isdigit() else "." if chr(code) in ".," else " " for code in range(128)).ljust(256).encode()


@cache
def _tags() -> re.Pattern[str]:
    return re.compile(_TAG, re.ASCII)


def _joints(text: str, mark: str) -> int:
    """How often a mark joins two runs of letters and digits to one word, in ASCII: two digits, if it is a point or comma."""
    joins = str.isdigit if mark in ".," else str.isalnum
    joints, at = 0, text.find(mark, 1)
    while at > 0:
        joints += joins(text[at - 1]) and joins(text[at + 1 : at + 2])
        at = text.find(mark, at + 1)
    return joints


def folded_words(text: str) -> list[str]:
    """The words of a text without regard to case."""
    return [match[1].casefold() for match in word_matches(text) if match.lastindex]


@cache
def _ends() -> re.Pattern[str]:
    """Where a sentence can end: marks and closing quotes before white space, a full-width mark, a blank line."""
    return re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]*]*+(?=\s|\Z)|[。！？]++[”’）]*+|\n[ \t]*+\n\s*+")


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence, white space left out; a part without a letter or digit is none."""
    start = 0
    for match in _ends().finditer(text):
        if match[0][0] == "." and _is_abbreviation(text, match.start()):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _is_abbreviation(text: str, point: int) -> bool:
    before = text[max(0, point - 12) : point]
    word = re.split(r"[\s(\[\"'“‘]", before)[-1]
    if word.isdigit() and len(word) <= 3:
        return text[max(0, point - 20) : point].rpartition("\n")[2].strip(" \t*>") == word
    return (len(word) == 1 and word.isupper() and word != "I") or f" {word.lower()} " in _ABBREVIATIONS


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    inner = part.strip()
    if inner and any(character.isalnum() for character in inner[:1000]):
        start += len(part) - len(part.lstrip())
        yield start, start + len(inner)
