"""What the language holds besides texts and numbers: answers of mathematics (`kinds` says what they mean), and quantities.

This module stands on the path of every command, so it loads nothing of the rest.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rewardlang.answers.kinds import Value


from rewardlang.record import PlainRecord, field


class Answer(PlainRecord):
    """An answer of mathematics. `written` is the text that it was read from; `value` is what it means."""

    written: str = field(compare=False)
    value: Value

    if not TYPE_CHECKING:  # one is made for every answer that is read, so that this is four times as fast as the general way

        def __init__(self, written: str, value: Value) -> None:
            self.__dict__.update(written=written, value=value)

    def __hash__(self) -> int:
        """That of the value, worked out once: it is a tree, but for most answers, which are numbers."""
        known: int | None = self.__dict__.get("_hash")
        if known is None:
            number = getattr(getattr(self.value, "value", None), "rational", None)
            known = super().__hash__() if number is None else hash((number.numerator, number.denominator))
            self.__dict__["_hash"] = known
        return known

    def __getstate__(self) -> dict[str, object]:
        """Without the hash, which is another one in another process."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}


def answer_of_number(value: Fraction) -> Answer:
    """The answer that a number is."""
    from rewardlang.answers.algebra import number
    from rewardlang.answers.kinds import Expression

    return Answer(str(value), Expression(number(value)))


def identity_of(answer: Answer) -> object:
    """What makes two answers one when they are counted: 1/2, 0.5, 50% and x = 1/2 are. It is not `equals`, which is wider."""
    from rewardlang.answers.kinds import Expression, Labelled

    value = answer.value
    while isinstance(value, Labelled):
        value = value.value
    return (value.value, value.degree, value.unit) if isinstance(value, Expression) else value


Dimension: TypeAlias = tuple[tuple[str, int], ...]
"""Sorted pairs of a base dimension and its exponent, which is never 0; the empty one is that of a number."""


class Quantity(PlainRecord):
    """A number with a unit as it was found. `value` is in base units; `dimensions` are all that the unit can mean, the likeliest first.

    There are none for one that cannot be read as a whole.
    """

    value: Fraction
    dimensions: tuple[Dimension, ...]
    written: str = field(compare=False)

    def __str__(self) -> str:
        if not self.dimensions:
            return "unreadable"
        return f"{self.value} [{' or '.join(' '.join(f'{base}^{power}' for base, power in d) for d in self.dimensions)}]"


class Measured(Fraction):
    """The value of a quantity in base units, with the words that it was read from. What is computed from it is a plain `Fraction`.

    Its dimension is known before any row is seen, so no row carries it.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: Fraction | str, written: str = "") -> Measured:
        """The exact value, and the words if there are any."""
        self = super().__new__(cls, value)
        self.written = written
        return self

    def __reduce__(self) -> tuple[type[Measured], tuple[str, str]]:
        return Measured, (str(self), self.written)

    def __copy__(self) -> Measured:
        return self

    def __deepcopy__(self, _memo: object) -> Measured:
        return self
