"""Answers in one word, without a number: `Yes, because …` at the beginning; `… the function is even.` at the end."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.sentences import Final
from rewardlang.answers.spans import maths_spans, plain_numbers

MAX_SENTENCE = 300
_JUDGEMENTS = (
    "even|odd|prime|composite|increasing|decreasing|convergent|divergent|rational|irrational|possible|impossible|positive|negative|"
    "parallel|perpendicular|dependent|independent|linear|symmetric|finite|infinite|continuous|acute|obtuse|isosceles|equilateral|scalene|"
    "true|false|neither"
)


@cache
def _beginning() -> re.Pattern[str]:
    return re.compile(r"[\s*_]{0,6}(Yes|No|True|False)[*_]{0,3}[.,;:!—–](?!\s*(?i:wait|that|this|it's not|let))")


@cache
def _end() -> re.Pattern[str]:
    """A conclusion of one word; the word is capitalised, or one that judges. What "this" and "it" are is no answer."""
    lead = r"(?:(?:is|are|was|be|becomes)\s(?:an?\s|on\s(?:an?\s)?)?|,\s(?:the\sanswer\sis\s)?)"
    return re.compile(
        rf"(?:^|[.!?]\s|\n)(?![\s*_]*(?:This|That|It|Here|There|Which)\b)[^.!?\n]{{2,200}}?{lead}[*_]{{0,3}}"
        rf"([A-Z][a-z]{{2,20}}|(?i:{_JUDGEMENTS})|(?<=,\s)(?:yes|no))[*_]{{0,3}}[.!]?[*_]{{0,3}}\s*$"
    )


@cache
def _reason() -> re.Pattern[str]:
    """The reason at the end of the last sentence."""
    return re.compile(r"\s(?:because|since)\s[^.!?]{1,200}[.!]?\s{0,5}$")


@cache
def _phrase() -> re.Pattern[str]:
    """A conclusion of a few words at the end."""
    unbounded = "(?:positive |negative |minus |plus )?infinity"
    said = rf"{unbounded}|does not exist|diverges|converges|infinitely many(?:\s[a-z]{{2,20}})?|no (?:real )?(?:solutions?|roots?)"
    said += r"|no such [a-z]{2,20}(?: [a-z]{2,20})? exists?"
    return re.compile(rf"\b({said})[*_]{{0,3}}[.!]?[*_]{{0,3}}\s{{0,5}}$")


@cache
def _concluded() -> re.Pattern[str]:
    """`So yes, 97 is prime.`"""
    lead = r"(?:^|[.!?]\s|\n)[\s*_]{0,4}(?:So|Thus|Hence|Therefore),?\s"
    return re.compile(lead + r"[*_]{0,2}(yes|no)[*_]{0,2}[,.!](?=[^.!?\n]{0,200}[.!]?\s*$)")


def judged(text: str) -> Final | None:
    """The word that a text begins or ends with and that is its answer; None where a number follows at the end."""
    first = _beginning().match(text)
    if first is not None:
        return Final(*first.span(1), first[1], "the first word")
    cut = max(0, len(text) - MAX_SENTENCE)
    if (concluded := _concluded().search(text, cut)) is not None:
        return Final(*concluded.span(1), concluded[1], "the last words")
    tail = text[cut:]
    reason = _reason().search(tail)
    tail = tail[: reason.start()] if reason else tail
    if not tail.rstrip(" *_.!\n")[-1:].isalpha():
        return None
    phrase = _phrase().search(tail)
    if phrase is not None:
        return Final(cut + phrase.start(1), cut + phrase.end(1), phrase[1], "the last words")
    last = _end().search(tail)
    if last is None:
        return None
    sentence = text[cut + last.start() : cut + last.start(1)]
    if last[1].islower() and last[1] not in ("yes", "no") and plain_numbers(sentence, maths_spans(sentence)):
        return None
    return Final(cut + last.start(1), cut + last.end(1), last[1], "the last word")
