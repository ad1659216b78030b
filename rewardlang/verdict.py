"""What a verifier says: a verdict with three values, findings with places, or a value that is missing for a reason.

"Cannot judge" is a value of its own and never a silent "no": the language
decides what it is worth (the verdict that gives the row fewer points).
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from rewardlang.record import PlainRecord

T = TypeVar("T")


class Verdict(NamedTuple):
    """`holds` is True, False, or None for "cannot judge"; the reason is a short clause for people, possibly empty."""

    holds: bool | None
    reason: str = ""


def yes(reason: str = "") -> Verdict:
    """The statement holds."""
    return Verdict(True, reason)


def no(reason: str = "") -> Verdict:
    """The statement does not hold."""
    return Verdict(False, reason)


def cannot_judge(reason: str) -> Verdict:
    """Neither: a work limit was reached or the question is undecided. The reason is obligatory."""
    return Verdict(None, reason)


class Missing(PlainRecord):
    """There is no value. A clause for people: "2 <answer> blocks found, exactly one wanted"."""

    reason: str


class Refused(PlainRecord):
    """A value that a verifier declined to compute, within its declared work limits. Not missing: unknown."""

    reason: str


class Finding(NamedTuple, Generic[T]):
    """One thing found in a text: code-point offsets into that text, end exclusive, and the value compared and counted.

    `note` is for explanations only ("did you mean 'total'?"); it takes no part in identity.
    """

    start: int
    end: int
    value: T
    note: str = ""
