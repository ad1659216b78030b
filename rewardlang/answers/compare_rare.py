"""Verdicts on rarer kinds of answers: days, figures of geometry, formulas of logic, lines and planes."""

from __future__ import annotations

import math

from rewardlang.answers.algebra import number, symbol
from rewardlang.answers.days import same_day
from rewardlang.answers.figures import same_figure
from rewardlang.answers.flats import flat_of
from rewardlang.answers.kinds import Day, Expression, Figure, Flat, Interval, Listing, Matrix, Proposition, SetOf, Tuple_, Value, Words
from rewardlang.answers.numeric import symbols_of
from rewardlang.answers.options import letter_of
from rewardlang.answers.propositions import proposition_of
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_PRODUCT = 3
"""Letters of a word that can be a product of names."""


def by_rare_shape(one: Value, other: Value) -> Verdict | None:
    """The same for days, figures of geometry, formulas of logic, lines and planes."""
    match one, other:
        case Day(), Day():
            return same_day(one, other)
        case Day(), Expression() if (value := other.value.rational) is not None and (value.denominator > 1 or value > 31):
            return cannot_judge("a day, and figures that may be one")
        case Words(), Expression() if 2 <= len(one.text) <= MAX_PRODUCT and one.text.isascii() and one.text.isalpha() and not other.unit:
            return yes("the same product of letters") if other.value == math.prod(map(symbol, one.text), start=number(1)) else None
        case Figure(), Figure() | Words():
            return same_figure(one, other)
        case Figure(), Expression() if letter_of(other) == one.letters:
            return same_figure(one, Words(one.letters.lower()))
        case Proposition(), Listing() | Words():
            return cannot_judge("a formula of logic, and words that may be one")
        case Proposition(), _ if (same := proposition_of(other)) is not None:
            return yes("the same truth table") if one == same else no("different truth tables")
        case Flat(), Expression() | Words() | Interval() | SetOf():
            return None
        case Flat(), _ if (places := flat_of(other)) is not None:
            same_place = (one.point, one.directions) == (places.point, places.directions)
            return yes("the same line or plane") if same_place else no("different lines or planes")
        case Flat(), Tuple_() | Matrix() if not _has_symbols(other):
            return None
        case Flat(), _:
            return cannot_judge("a line or plane with its parameters, and something that may be one")
    return None


def _has_symbols(of: Tuple_ | Matrix) -> bool:
    items = of.items if isinstance(of, Tuple_) else [item for row in of.rows for item in row]
    return any(not isinstance(item, Expression) or symbols_of(item.value) for item in items)


def unless_flat(verdict: Verdict, one: Value, other: Value) -> Verdict:
    """The verdict on two rows of places; "no" stays open where both are one line, run through in two ways."""
    left = flat_of(one) if verdict.holds is False else None
    right = None if left is None else flat_of(other)
    if left is None or right is None or (left.point, left.directions) != (right.point, right.directions):
        return verdict
    return cannot_judge("the same line or plane if its letters are free, which nothing says")


def in_other_base(of: Expression) -> int | None:
    """The number that `A_{16}`, read as a letter with an index, is as a figure."""
    ((product, _), *_) = of.value.over.terms or (((), 0),)
    letter, _, base = str(product[0][0][1]).partition("_") if len(product) == 1 and product[0][0][0] == "symbol" else ("", "", "")
    known = len(letter) == 1 and letter.isascii() and letter.isupper() and base.isascii() and base.isdigit() and len(base) == 2
    return int(letter, 36) if known and int(letter, 36) < int(base) <= 36 and of.value == symbol(f"{letter}_{base}") else None
