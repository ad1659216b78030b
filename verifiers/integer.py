"""`integer`: whether a text is a whole number."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.answers.numerals import Notation, read_number
from rewardlang.verdict import Refused, Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate


@predicate("integer", cost="linear", version="2")
def integer(texts: Sequence[str], *, written: Notation = "1,234.5") -> list[Verdict]:
    """Whether the whole text is one whole number.

    What it checks
    --------------
    Holds for `72`, `-3` and `1,234`, also `72.0` (the same number); not for `7.5`, `72 clips`, `1e3` or an empty text.

    Why it earns reward
    -------------------
    A first step towards right answers is an answer of the right kind; the public GSM8K rewards pay 0.5 for it.

    Example
    -------
    `rule whole: award 0.5 points when only <answer> in completion is "integer"`

    Known gaps
    ----------
    Any whole number holds: pay little for it, and more for the right one.
    """
    return [_verdict(text, written) for text in texts]


def _verdict(text: str, notation: Notation) -> Verdict:
    value = read_number(text, notation)
    if isinstance(value, Fraction):
        return yes() if value.denominator == 1 else no("a number, and not a whole one")
    return cannot_judge(value.reason) if isinstance(value, Refused) else no(value.reason)
