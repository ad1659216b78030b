"""Which numbers of a sentence its writer stands by: not what is denied, in brackets behind another one, or a circumstance of another."""

from __future__ import annotations

import re
from bisect import bisect_left
from fractions import Fraction
from functools import cache

from rewardlang.answers.spans import Span

MAX_BEFORE = 24
"""Characters before a number that tell what it is there for."""


@cache
def _place() -> re.Pattern[str]:
    """What makes the number behind it a circumstance of another one: `$240 for the 12 tickets`, `5 hours at 60 mph`."""
    return re.compile(
        r"(?i)\b(?:for|in|after|at|over|by|during|within|per|every|each|on|out of|(?<!total )of|from|with)"
        r"(?:\s(?:the|an?|his|her|their|its|all|these|those|only|about))?(?:\s(?:day|week|month|year|hour|round|page|row|grade))?\s[*_$]{0,3}$"
    )


@cache
def _took() -> re.Pattern[str]:
    """`took him 45 minutes to run `: what stands behind is what was done in that time."""
    return re.compile(
        r"\b(?:takes?|took|needs?|needed|requires?|required)\s[^.!?\d]{0,20}[0-9][^.!?]{0,30}\sto\s[a-z]{2,12}\s[^.!?\d]{0,12}$"
    )


@cache
def _given() -> re.Pattern[str]:
    """What stands before a number that was given: `the 3 friends`."""
    determined = r"\b(?:the|these|those|all|both|each|every|his|her|their|if)\s(?:(?:remaining|other|first|last|next|same|original)\s)?"
    return re.compile(rf"(?i)(?:{determined}|\b(?:for|with|at|when|where|if|in|from|let)\s[a-z]\s?=\s?)[*_$]{{0,3}}$")


def listed(text: str, numbers: list[Span]) -> list[Span]:
    """The last numbers that only commas and "and" divide: `1, 3, 5 and 7`."""
    start = len(numbers) - 1
    while start > 0 and re.fullmatch(r"[,;]\s?(?:and\s)?|\sand\s(?:x\s?=\s?)?", text[numbers[start - 1].end : numbers[start].start]):
        start -= 1
    return numbers[max(start, 0) :]


def total_before(text: str, numbers: list[Span]) -> Span | None:
    """The number before a colon that is the sum or the count of those behind it: `40 people: 24 children and 16 adults`."""
    for index in range(len(numbers) - 1):
        rest = numbers[index + 1 :]
        between = text[numbers[index].end : rest[0].start]
        before = text[max(0, numbers[index].start - MAX_BEFORE) : numbers[index].start]
        more = text[numbers[index].end : rest[-1].end]
        named = re.match(r"[^:=]*:\s?[$*_]{0,3}[a-z]\s?=", more)
        if len(rest) < 2 or ":" not in between or "=" in more[named.end() if named else 0 :] or "\n" in more or _given().search(before):
            continue
        total, *parts = [_amount(number.content) for number in (numbers[index], *rest)]
        if total is not None and None not in parts and total in (sum(part for part in parts if part is not None), len(parts)):
            return numbers[index]
    return None


def _amount(written: str) -> Fraction | None:
    figures = re.match(r"[$€£]?([0-9][0-9,]{0,12}(?:\.[0-9]{1,6})?)(?![0-9/])", written)
    return Fraction(figures[1].replace(",", "")) if figures else None


@cache
def _told_before() -> re.Pattern[str]:
    """What stands before a number that is told: `is 5`, `equals 5`, `= 5`, `Total: 5`."""
    return re.compile(r"(?:\b(?:is|are|be|was|were|equals|to|of|as)|[=:≈→])\s?[*_$]{0,3}$")


@cache
def _ways() -> re.Pattern[str]:
    """Behind a number that was counted: `in 15 ways`."""
    return re.compile(r"\s(?:different\s|distinct\s|possible\s)?ways\b(?!\s(?:to|of|for)\s[^.\n]{0,40}\b(?:is|are|give|gives)\b)")


@cache
def _purpose() -> re.Pattern[str]:
    """`to seat 12 guests`, behind a number: what that one is for; not `has to pay 12`."""
    return re.compile(r"(?<!have )(?<!has )(?<!had )(?<!needs )(?<!need )(?<!going )(?<!able )\bto\s[a-z]{2,12}\s[*_$]{0,3}$")


def _is_factor(text: str, number: Span) -> bool:
    """Whether it is a side of `4×4`."""
    after = re.match(r"\s?×\s?[0-9]", text[number.end : number.end + 4])
    return after is not None or re.search(r"[0-9]\s?×\s?$", text[max(0, number.start - 4) : number.start]) is not None


def _in_total(text: str, number: Span) -> bool:
    return re.match(r"[^.,;\d\n]{0,24}\b(?:in total|in all|altogether|total)\b", text[number.end : number.end + MAX_BEFORE * 2]) is not None


_MEASURES = (
    "total average mean sum rate speed distance maximum minimum value count profit loss probability length width height area cost "
    "price amount percentage ratio fraction"
)


def _is_place(before: str) -> bool:
    """Whether a preposition makes the number behind it a circumstance; `an average of 32` tells it."""
    place = _place().search(before)
    measured = place is not None and place[0].lower().startswith("of") and before[: place.start()].split()[-1:]
    return place is not None and not (measured and measured[0].lower() in _MEASURES.split())


def main_numbers(text: str, together: list[Span]) -> list[Span]:
    """The numbers of a sentence that are no circumstance of another one: the last where it is told, else all that are left."""
    last = together[-1]
    before = [text[max(0, number.start - MAX_BEFORE) : number.start] for number in together]
    if len(together) == 1:
        return together
    if _took().search(text[max(0, together[-2].start - MAX_BEFORE) : last.start].replace("\n", " ")):
        return together[-2:-1]
    if _told_before().search(before[-1]) and not _is_place(before[-1]) and not _given().search(before[-1]):
        return [last]
    totals = [number for number, words in zip(together, before, strict=True) if _in_total(text, number) and not _is_place(words)]
    if len(totals) == 1:
        return totals
    ways = [number for number in together if _ways().match(text, number.end) is not None]
    if len(ways) == 1:
        return ways
    told = [
        number
        for number, words in zip(together, before, strict=True)
        if not (_is_place(words) or _given().search(words) or _is_factor(text, number))
    ]
    left = [number for number in told if number == together[0] or not _purpose().search(before[together.index(number)])]
    return _computed(text, left or together)


def _computed(text: str, left: list[Span]) -> list[Span]:
    """Of several numbers the one that was just computed: behind the last sign of equality among them, or before them."""
    if len(left) < 2:
        return left
    behind = [number for number in left if re.search(r"=[\s*_$]{0,60}$", text[max(0, number.start - 64) : number.start])]
    if behind:
        row = listed(text, left)
        return row if row[0] == behind[-1] else behind[-1:]
    before = re.findall(r"=\s?[$€£]?([0-9][0-9,]{0,12}(?:\.[0-9]{1,6})?)", text[max(0, left[0].start - 400) : left[0].start])
    same = [number for number in left if before and _amount(number.content) == _amount(before[-1])]
    return same if len(same) == 1 else left


@cache
def _aside() -> re.Pattern[str]:
    doubts = "or|maybe|perhaps|possibly|possible|alternatively|also|could|might|may"
    return re.compile(rf"\s\((?![^()\n]{{0,80}}\b(?:{doubts})\b)[^()\n]{{0,80}}\)")


def without_asides(text: str, spans: list[Span], numbers: list[Span]) -> tuple[list[Span], list[Span]]:
    """Without what brackets behind a number only explain: `2.5 hours (2 hours 30 minutes)`, `$n = 9$ (since $n > 0$)`."""
    found = sorted([*spans, *numbers])
    starts, dropped = [span.start for span in found], set[int]()
    for match in _aside().finditer(text):
        first, last = bisect_left(starts, match.start()), bisect_left(starts, match.end())
        if not first or first == last:
            continue
        end = found[first - 1].end
        if end <= match.start() + 1 and not _words_between(text[end : match.start()]):
            dropped.update(starts[first:last])
    kept, left = ([span for span in of if span.start not in dropped] for of in (spans, numbers))
    return kept, left


def _words_between(text: str) -> bool:
    return len(text) > 20 or len(text.split()) > 1 or any(mark in text for mark in ".=+*/-\n")


def in_doubt(text: str, last: Span) -> bool:
    """Whether a number stands in brackets that only say what else it could be: `4 (5 is also possible)`."""
    before = text[max(0, last.start - 20) : last.start]
    inside = before.rfind("(") > before.rfind(")")
    if re.match(r"\W{0,3}(?:is|are|would be|may be|might be)\salso\s(?:possible|plausible|acceptable)\b", text[last.end : last.end + 40]):
        return True
    return (
        inside and re.search(r"\b(?:also|possible|possibly|maybe|perhaps)\b", text[last.end : last.end + 40].partition(")")[0]) is not None
    )


@cache
def _denial() -> re.Pattern[str]:
    """What stands before a number that is denied: `not n = 12`, `rejecting the negative root -3`."""
    rejecting = r"\b(?:reject|discard|exclud|ignor|rul)(?:e|es|ed|ing|s)?(?:\sout)?(?:\sthe)?(?:\s[a-z]{3,12}){0,2}"
    return re.compile(
        rf"(?i)(?:(?:\bnot|n['’]t|\bcannot|\bnever)(?:\s(?:be|equal(?:\sto)?|the\sanswer))?|\b(?:rather|other)\sthan|\binstead\sof|\banything\sbut|{rejecting})\s[*_$]{{0,3}}(?:[a-z]\s?=\s?)?$"
    )


@cache
def _rejection() -> re.Pattern[str]:
    """What stands behind a number that is rejected: `n = -3 is extraneous`, `n = 4 is too small`."""
    no_good = r"too\s[a-z]+|rejected|invalid|extraneous|discarded|excluded|inadmissible|impossible|wrong|incorrect"
    lacking = r"not\s(?:valid|possible|allowed|correct|enough|sufficient|positive|(?:an?\s)?(?:valid|integer|solution))"
    failing = r"fails?\b|do(?:es)?(?:n['’]t|\snot)\swork"
    return re.compile(rf"[$*_)\s]{{0,4}}(?:(?:is|are|was|were|would\sbe|must\sbe)\s(?:{no_good}|{lacking})|{failing})")


def is_denied(text: str, span: Span) -> bool:
    """Whether "not" stands before it, or a rejection around it."""
    return _denial().search(text[max(0, span.start - 40) : span.start]) is not None or _rejection().match(text, span.end) is not None
