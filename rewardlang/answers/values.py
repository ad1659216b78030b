"""An answer of mathematics, as the language holds it: the text that it was read from, and what it means (`kinds`).

This module stands on the path of every command, so it loads nothing of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rewardlang.answers.kinds import Value


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of mathematics. `written` is the text that it was read from; `value` is what it means."""

    written: str = field(compare=False)
    value: Value


def answer_of_number(value: Fraction) -> Answer:
    """The answer that a number is."""
    from rewardlang.answers.algebra import number
    from rewardlang.answers.kinds import Expression

    return Answer(str(value), Expression(number(value)))
