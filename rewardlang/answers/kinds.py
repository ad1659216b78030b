"""The kinds of answers that are told apart: frozen, exact values.

Parts of compound values are values again. `Words` and `Unread` have no meaning
beyond their text: they are equal when they are the same text.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from rewardlang.answers.algebra import Quotient, Sum

if TYPE_CHECKING:  # the type checker knows the fields of these only
    from typing import NamedTuple as TypedTuple
else:
    from rewardlang.record import TypedTuple


class Expression(TypedTuple):
    """A number or formula. `figures` and `unit_in_last_place` describe a number written with decimals."""

    value: Quotient
    percent: bool = False
    degree: bool = False
    unit: str = ""
    figures: int = 0
    unit_in_last_place: Fraction = Fraction(0)


class Words(TypedTuple):
    """Text, case-folded, with single spaces."""

    text: str


class Unread(TypedTuple):
    """Mathematics that is not read: its text without spaces and layout, and why."""

    text: str
    reason: str


class Listing(TypedTuple):
    """Several values, in no order; `decimal` is the number when its one comma was a decimal comma.

    `spoken`: joined by "and", "or" or ±, so that it is never a tuple.
    """

    items: tuple[Value, ...]
    decimal: Expression | None = None
    spoken: bool = False


class SetOf(TypedTuple):
    r"""`\{1, 2\}`; no items for the empty set and for "no solution"."""

    items: tuple[Value, ...]


class Tuple_(TypedTuple):
    """`(1, 2)`: ordered; of two numbers also an open interval, if the other side is one."""

    items: tuple[Value, ...]


class Interval(TypedTuple):
    """The numbers from `low` to `high`; `open_round` when it was written in round brackets only."""

    low: Expression
    high: Expression
    with_low: bool
    with_high: bool


class Union(TypedTuple):
    """Intervals and sets, joined."""

    items: tuple[Value, ...]


class Matrix(TypedTuple):
    """Rows of values, all of one length."""

    rows: tuple[tuple[Value, ...], ...]


class MatrixPower(TypedTuple):
    """A square matrix of numbers to the power of a symbol."""

    rows: tuple[tuple[Quotient, ...], ...]
    name: str


class Option(TypedTuple):
    """`(B) 42`: an option of a test, with its text."""

    letter: str
    value: Value


class Labelled(TypedTuple):
    """`x = 3`, `x ∈ [0, 1]`, `W(n) = 1`: what is named, the value, and the equation that it also is.

    `renamed` is the value of a function with one name for its argument, whatever it is called; `choices` what `C(5, 2)` is if it
    is no point.
    """

    label: str
    value: Value
    equation: Sum | None = None
    renamed: Value | None = None
    choices: Expression | None = None


class Equation(TypedTuple):
    """`form = 0`, with its first coefficient 1."""

    form: Sum


class Inequality(TypedTuple):
    """`form > 0`, or `form ≥ 0` unless `strict`, with its first coefficient 1 or −1."""

    form: Sum
    strict: bool


class Piecewise(TypedTuple):
    """A function of one symbol with a formula for each of several intervals: (formula, low end, whether it belongs, high end, the same).

    The intervals are apart; where none holds a number, the function has no value.
    """

    name: str
    parts: tuple[tuple[Quotient, Quotient, bool, Quotient, bool], ...]


class Family(TypedTuple):
    """Formulas in one symbol that can be any whole number (natural number, if not `whole`): `2k + 1`; all of them together.

    `written` is the number of a residue as it was written, `3 (mod 5)`.
    """

    items: tuple[Quotient, ...]
    name: str
    whole: bool = True
    written: Fraction | None = None


class Ratio(TypedTuple):
    """`11 : 21`. `clock` for what can be a time of the day, such as `12:00`; `goes_on` for `1:2:3:…`, of which `items` are the first."""

    items: tuple[Quotient, ...]
    clock: str = ""
    goes_on: bool = False


class Time(TypedTuple):
    """A time of day with its half, in seconds from midnight: `3:30 PM`."""

    seconds: int


class Day(TypedTuple):
    """A day of a year, or of any year: `March 5`."""

    month: int
    day: int
    year: int | None = None


class Figure(TypedTuple):
    r"""A figure of geometry by its letters: `\angle ABC`. The shape "bar" is `\overline`, "arrow" a ray or vector."""

    shape: str
    letters: str


class Proposition(TypedTuple):
    """A truth table over names in order: bit r is the value where the n-th name is bit n of r. Each name matters."""

    names: tuple[str, ...]
    table: int


class Flat(TypedTuple):
    """A line or plane: its point with zeros at the pivots, its directions in reduced echelon form, and both as they were written."""

    point: tuple[Fraction, ...]
    directions: tuple[tuple[Fraction, ...], ...]
    written: tuple[tuple[Fraction, ...], ...]


class InBase(TypedTuple):
    """`204_5`: figures in a base."""

    figures: str
    base: int


Value: TypeAlias = (
    Expression
    | Words
    | Unread
    | Listing
    | SetOf
    | Tuple_
    | Interval
    | Union
    | Matrix
    | MatrixPower
    | Option
    | Labelled
    | Equation
    | Inequality
    | Piecewise
    | Family
    | Ratio
    | Time
    | Day
    | Figure
    | Proposition
    | Flat
    | InBase
)
