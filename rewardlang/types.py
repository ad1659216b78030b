"""The types of the language: what a name can hold, decided before any row is seen.

Values at run time are plain Python: `str` for text and one-of, `Fraction` for
number and for quantity (in base units), `bool`, `tuple` for lists, `answers.Answer` for math; a value that is not
there is a `verdict.Missing` with its reason.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

from rewardlang.record import PlainRecord, field


class TextType(PlainRecord):
    """Any text."""

    def __str__(self) -> str:
        return "text"


class NumberType(PlainRecord):
    """An exact rational; bounds are inclusive, None is open."""

    low: Fraction | None = None
    high: Fraction | None = None

    def __str__(self) -> str:
        return "number"

    def holds(self, value: Fraction) -> bool:
        """Whether a value lies between the bounds."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def apart(self, other: NumberType) -> bool:
        """Whether no number lies between the bounds of both."""
        return any(a.low is not None and b.high is not None and a.low > b.high for a, b in ((self, other), (other, self)))


class MathType(PlainRecord):
    """An answer of mathematics: a number, an expression, a set, an interval, …"""

    def __str__(self) -> str:
        return "math"


class BooleanType(PlainRecord):
    """True or false."""

    def __str__(self) -> str:
        return "boolean"


class QuantityType(PlainRecord):
    """A number with a unit. `dimension` is sorted pairs of base dimension and exponent, never 0.

    `unit` is that of bare numbers in the data, None where they are refused.
    """

    dimension: tuple[tuple[str, int], ...]
    unit: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        named = [("area", power // 2) if name == "length" and power % 2 == 0 else (name, power) for name, power in self.dimension]
        over = [name for name, power in named for _ in range(power)]
        under = [name for name, power in named for _ in range(-power)]
        return "quantity of " + " ".join([" ".join(over) or "number", *(f"per {name}" for name in under)])


class ListType(PlainRecord):
    """An ordered list of values of one type."""

    item: Type

    def __str__(self) -> str:
        return f"list of {self.item}"


class OptionalType(PlainRecord):
    """A value that may be missing. Never nested."""

    item: Type

    def __str__(self) -> str:
        return f"optional {self.item}"


class OneOfType(PlainRecord):
    """Text that is one of the given values."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return "one of (" + ", ".join(f'"{value}"' for value in self.values) + ")"


Type: TypeAlias = TextType | NumberType | MathType | BooleanType | QuantityType | ListType | OptionalType | OneOfType

TEXT = TextType()
NUMBER = NumberType()
MATH = MathType()
BOOLEAN = BooleanType()
ANY_QUANTITY = QuantityType((("any", 1),))
"""What a verifier gives that finds quantities of every dimension; the uses of a finding say which one is wanted."""
