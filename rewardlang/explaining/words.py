"""How an explanation says things: numbers in their shortest exact form, verdicts in a word, sums in a clause."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rewardlang.explaining.places import Underline
from rewardlang.marks import Mark, RowMarks, SectionMark, Shown

if TYPE_CHECKING:
    from rewardlang.program import Program

_LONGEST_FRACTION = 24


def exact(value: Fraction) -> str:
    """A rational in its shortest exact form: `0.1`, `1/3`; with `≈` where even the fraction is too long to read."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest == 1 and places <= 17:
        digits = f"{abs(value.numerator) * 10**places // value.denominator:0{places + 1}d}"
        sign = "-" if value < 0 else ""
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
    fraction = str(value)
    return fraction if len(fraction) <= _LONGEST_FRACTION else f"≈{float(value):+}"


def number(value: float) -> str:
    """A double in its shortest form that reads back as the same double; whole numbers without `.0`."""
    return repr(value).removesuffix(".0") if value else "0"


def signed(text: str) -> str:
    """The number with a sign, so that award and deduction differ without colour."""
    return text if text.startswith(("-", "≈")) or text == "0" else f"+{text}"


def verdict(mark: Mark) -> str:
    """One word for what a rule did: `fired`, `silent`, or `not judged` where a verifier could not tell."""
    if mark.unjudged and not mark.fired:
        return "not judged"
    return "fired" if mark.fired else "silent"


def how_section_sums(section: SectionMark) -> str:
    """How a section's points came from the sum of its rules; the empty text where they are that sum."""
    steps = []
    if section.capped != section.raw:
        steps.append(f"capped to {signed(exact(section.capped))}")
    if section.weight != 1:
        steps.append(f"times weight {exact(section.weight)}")
    return ", ".join([f"{signed(exact(section.raw))} from its rules", *steps]) if steps else ""


def value_of(shown: Shown, mark: Mark) -> str:
    """A value that was compared, on one line; why it is missing is not said again where the rule's reason says it."""
    missing = shown.value.removeprefix("missing: ")
    value = "missing" if missing != shown.value and missing in mark.reason else shown.value
    return f"{' '.join(shown.words.split())} = {value}"


def outcome(row: RowMarks) -> str:
    """The score, or that there is none, in a few words."""
    return "no score: the row is skipped" if row.score is None else f"score {number(row.score)}"


def range_of(program: Program) -> str:
    """The ends of `score between`: `-1.25 to 2.5`."""
    return f"{exact(program.score.low)} to {exact(program.score.high)}"


def underlines(row: RowMarks) -> tuple[Underline, ...]:
    """The places of all rules in the completion."""
    return tuple(
        Underline(place.start, place.end, mark.rule, place.note or ("" if mark.fired else verdict(mark)))
        for mark in row.marks
        for place in mark.places
    )
