"""Answers that their writer takes back: `5, no wait, 7`, `The answer is 41. No, it is 42.`, `5. Let me recheck. It should be 7.`"""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.sentences import MAX_TAIL, Final, masked
from rewardlang.answers.statements import last_mathematics

_STEP = "the answer as corrected"
_DOUBT = "an answer and a doubt"


@cache
def _at_once() -> re.Pattern[str]:
    return re.compile(
        r"(?i)[\s.?!…,;*–—-]{0,8}\(?"
        r"(?:wait|actually|no[,:!.]|no wait|oops|correction|sorry|i mean|make that|hold on|scratch that|on second thoughts?|let me correct)"
    )


@cache
def _inside() -> re.Pattern[str]:
    return re.compile(
        r"(?i)[\s,.;:…(–—-](?:no,? wait|wait,? no|no[,:;]|no\s?[.…–—-]|wait|actually|oops|sorry|i mean|make that|scratch that"
        r"|on second thoughts?|correction)"
        r"[\s,.;:…–—-]{1,6}"
    )


@cache
def _later() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:^|[.!?…\n])[\s*(]{0,6}(?:wait|actually|no[,.]|oops|hmm|sorry|correction|scratch that|hold on|on second thoughts?"
        r"|let me (?:re|correct|fix))"
    )


@cache
def _restated() -> re.Pattern[str]:
    return re.compile(r"(?i)\b(?:it|this|that|answer|result|value|total|we)\b[^.\n]{0,30}\b(?:is|be|equals|get)\b")


@cache
def _instead() -> re.Pattern[str]:
    return re.compile(r"(?i)\b(?:should|must) be\b|\b(?:answer|result|value|total)\b[^.\n]{0,20}\bis\b")


def taken_back_at_once(sentence: str) -> int | None:
    """Where the last correction in a sentence ends that has mathematics behind it, and some before it; None without one."""
    blank = masked(sentence)
    for match in reversed(list(_inside().finditer(blank))[-4:]):
        if last_mathematics(sentence[match.end() :]) is not None and last_mathematics(sentence[: match.start()]) is not None:
            return match.end()
    return None


def corrected(text: str, end: int) -> Final | None:
    """The answer that takes back the one that ends at `end`: told at once, or in a later sentence that says what it is instead."""
    rest = text[end : end + MAX_TAIL]
    if _at_once().match(rest) is None:
        later = _later().search(rest)
        if later is None or _restated().search(rest, later.start()) is None:
            return None
        rest, end = rest[later.start() :], end + later.start()
    return _found(rest, end)


def _found(rest: str, end: int) -> Final | None:
    """What the rest says; `it could also be 5` takes nothing back and leaves both open."""
    found = last_mathematics(rest)
    if found is None:
        return None
    doubted = re.search(r"(?i)\b(?:could|might|may|maybe|perhaps|possibly)\b", rest[: found.start])
    return found._replace(start=found.start + end, end=found.end + end, step=_DOUBT if doubted else _STEP)


def after(first: str, second: Final) -> Final:
    """The second answer in place of the first; both, where the second was only considered."""
    return second._replace(answer=f"{first} or {second.answer}") if second.step == _DOUBT else second


@cache
def _wrong() -> re.Pattern[str]:
    return re.compile(r"[$\s).\]]{0,6}(?:is|was)\s(?:wrong|incorrect|not (?:right|correct)|a mistake|an error)\b")


def corrected_box(text: str, end: int) -> Final | None:
    """As `corrected`, for a box: only a sentence with another answer in it takes a box back."""
    rest = text[end : end + MAX_TAIL]
    if (wrong := _wrong().match(rest)) is not None and _restated().search(rest, wrong.end()) is not None:
        return _found(rest[wrong.end() :], end + wrong.end())
    at_once = _at_once().match(rest.lstrip("$ )]\\")) is not None
    later = _later().search(rest)
    if not (at_once and _restated().search(rest)) and not (later and _instead().search(rest, later.start())):
        return None
    return _found(rest, end)
