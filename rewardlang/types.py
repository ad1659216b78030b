"""The types of the language: what a name can hold, decided before any row is seen.

Values at run time are plain Python: `str` for text and one-of, `Fraction` for
number, `bool`, `tuple` for lists, `answers.Answer` for math; a value that is not
there is a `verdict.Missing` with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class TextType:
    """Any text."""

    def __str__(self) -> str:
        return "text"


@dataclass(frozen=True, slots=True)
class NumberType:
    """An exact rational; bounds are inclusive, None is open."""

    low: Fraction | None = None
    high: Fraction | None = None

    def __str__(self) -> str:
        return "number"


@dataclass(frozen=True, slots=True)
class MathType:
    """An answer of mathematics: a number, an expression, a set, an interval, …"""

    def __str__(self) -> str:
        return "math"


@dataclass(frozen=True, slots=True)
class BooleanType:
    """True or false."""

    def __str__(self) -> str:
        return "boolean"


@dataclass(frozen=True, slots=True)
class QuantityType:
    """A number with a unit. `dimension` is sorted pairs of base dimension and exponent, never 0."""

    dimension: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        over = [name for name, power in self.dimension for _ in range(power)]
        under = [name for name, power in self.dimension for _ in range(-power)]
        return "quantity of " + " ".join([" ".join(over) or "number", *(f"per {name}" for name in under)])


@dataclass(frozen=True, slots=True)
class ListType:
    """An ordered list of values of one type."""

    item: Type

    def __str__(self) -> str:
        return f"list of {self.item}"


@dataclass(frozen=True, slots=True)
class OptionalType:
    """A value that may be missing. Never nested."""

    item: Type

    def __str__(self) -> str:
        return f"optional {self.item}"


@dataclass(frozen=True, slots=True)
class OneOfType:
    """Text that is one of the given values."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return "one of (" + ", ".join(f'"{value}"' for value in self.values) + ")"


Type: TypeAlias = TextType | NumberType | MathType | BooleanType | QuantityType | ListType | OptionalType | OneOfType

TEXT = TextType()
NUMBER = NumberType()
MATH = MathType()
BOOLEAN = BooleanType()
