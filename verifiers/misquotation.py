"""`quotation` and `misquotation`: what a text quotes, and what of it does not stand in the source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder

_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:\.\s?){3}\]|\[\s*…\s*\]|(?:\.\s?){3,4}|…)\s*")
_BRACKETS = re.compile(r"\[([^\[\]]{0,100})\]")
_TRIMMED = " \t\n.,;:!?"


@cache
def _quoted() -> re.Pattern[str]:
    """Text between curly, angled or straight double quotation marks, and lines quoted with `>`."""
    return re.compile(
        r"“([^“”]{1,2000})”|«([^«»]{1,2000})»|„([^„“”]{1,2000})[“”]|\"([^\"\n]{1,2000})\"|^>[ \t]?([^\n]{1,2000})$", re.MULTILINE
    )


@finder("misquotation", cost="linear", version="1")
def misquotation(
    texts: Sequence[str], *, source: str = "", also: str = "", least_words: Fraction = Fraction(3)
) -> list[list[Finding[str]]]:
    """The quotations that do not stand word for word in the source.

    What it checks
    --------------
    Looks up every `quotation` of at least three words (`least_words`) in `source`, a text of the row, and in `also`. White space, the
    kind of quotation marks and dashes, and a mark at either end do not count; every letter does. An ellipsis (`…`, `. . .`, `[...]`) may
    leave words out, in the order of the source. Square brackets may change a letter or add a word: `[T]he`, `the [city]`, `[sic]`;
    what stands in them is not looked up, and at most a third of the words may.

    Why it earns reward
    -------------------
    Words in quotation marks are a promise that somebody wrote them. Models make quotations up.

    Example
    -------
    `rule misquoted: deduct 1 point for each distinct misquotation(source = facts) in memo, up to 2`

    Known gaps
    ----------
    Quotations of one or two words pass, since they are mostly words in a special sense. Single quotation marks are none. Ellipses
    and brackets can turn a sentence around (`shall [not] apply`, or a "not" left out), which is not seen.
    A model can quote nothing. Without `source` every quotation is found. A quotation without its closing mark is not found.
    """
    result = []
    for text in texts:
        found = _quotations(text, least_words)
        faithful = {quoted for quoted in {finding.value for finding in found} if _stands_in(quoted, (source, also))}
        result.append([finding for finding in found if finding.value not in faithful])
    return result


@finder("quotation", cost="linear", version="1")
def quotation(texts: Sequence[str], *, least_words: Fraction = Fraction(3)) -> list[list[Finding[str]]]:
    """What a text quotes, between double quotation marks or on lines with `>`; see `misquotation`."""
    return [_quotations(text, least_words) for text in texts]


def _quotations(text: str, least_words: Fraction) -> list[Finding[str]]:
    found = []
    for match in _quoted().finditer(text):
        group = match.lastindex or 0
        if len(match[group].split()) >= least_words:
            found.append(Finding(match.start(group), match.end(group), match[group].strip()))
    return found


@lru_cache(maxsize=100)
def _source(text: str) -> str:
    return _plain(text)


def _plain(text: str) -> str:
    """One spelling for white space, quotation marks and dashes."""
    text = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-", 0x2011: "-"})
    return " ".join(text.split())


def _stands_in(quoted: str, sources: tuple[str, ...]) -> bool:
    """Whether the parts between the ellipses and brackets stand in one of the sources, in order."""
    inside = sum(len(words.split()) or 1 for words in _BRACKETS.findall(quoted))
    if 3 * inside > len(quoted.split()):
        return False
    pieces = [piece for part in _ELLIPSIS.split(quoted) for piece in _pieces(part)]
    return bool(pieces) and any(_in_order(pieces, _source(source)) for source in sources if source)


def _pieces(part: str) -> list[tuple[str, bool, bool]]:
    """What is looked up of one part: plain text, and whether it begins and ends with a whole word. A bracket takes the place of words."""
    pieces, at = [], 0
    for bracket in _BRACKETS.finditer(part):
        pieces.append((part[at : bracket.start()], at == 0, not part[bracket.start() - 1 : bracket.start()].isalnum()))
        at = bracket.end()
    pieces.append((part[at:], not (at and part[at : at + 1].isalpha()), True))
    plain = [(_plain(text).strip(_TRIMMED), begins, ends) for text, begins, ends in pieces]
    return [piece for piece in plain if piece[0]]


def _in_order(pieces: list[tuple[str, bool, bool]], source: str) -> bool:
    at = 0
    for piece, begins, ends in pieces:
        at = _place(piece, begins, ends, source, at)
        if at < 0:
            return False
    return True


def _place(piece: str, begins: bool, ends: bool, source: str, at: int) -> int:
    """Where the piece ends at its first place behind `at`, or -1. At most 1,000 places are tried."""
    for _ in range(1000):
        at = source.find(piece, at)
        if at < 0:
            return -1
        end = at + len(piece)
        cut_before = begins and at > 0 and piece[0].isalnum() and source[at - 1].isalnum()
        cut_after = ends and piece[-1].isalnum() and source[end : end + 1].isalnum()
        if not cut_before and not cut_after:
            return end
        at += 1
    return -1
