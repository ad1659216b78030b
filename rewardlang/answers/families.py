r"""Answers with a whole number in them that can be any: `\frac{\pi}{2} + 2k\pi`, k ∈ ℤ; `x ≡ 3 (mod 5)`.

`a + b·k` for all whole k is a class of residues: two families are the same when
their classes are, split up to one common period. So `2k + 1` is `2k - 1`, and
`kπ/2 + π/4` is `π/4 + kπ` together with `3π/4 + kπ`.
"""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Quotient, Sum, atom, decides, number, with_symbol
from rewardlang.answers.functions import PI
from rewardlang.answers.kinds import Expression, Family, Labelled, Listing, SetOf, Value
from rewardlang.answers.numeric import CLEARLY, symbols_of, value_at
from rewardlang.answers.substitution import changed
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_ITEMS = 16
MAX_CLASSES = 120
"""Classes of residues of one family after splitting."""

_PARAMETERS = frozenset("klmnj")
_Class = tuple[Quotient, Fraction]
"""What is no rational multiple of the first period, and the rational rest by the common period."""


def family_of(value: Value, name: str, whole: bool = True) -> Value:
    """What a value is when `name` is any whole number (not `whole`: natural number); the value itself where that changes nothing."""
    if isinstance(value, Labelled):
        inner = family_of(value.value, name, whole)
        return Labelled(value.label, inner) if isinstance(inner, Family) else value
    items = value.items if isinstance(value, Listing | SetOf) else (value,)
    labels = {item.label for item in items if isinstance(item, Labelled)}
    plain = [item.value if isinstance(item, Labelled) else item for item in items]
    known = [_formula(item) for item in plain if isinstance(item, Expression) and not item.unit and not item.percent]
    if (
        not known
        or len(known) < len(items)
        or len(labels) > 1
        or len(items) > MAX_ITEMS
        or name not in set().union(*map(symbols_of, known))
    ):
        return value
    family = Family(tuple(known), name, whole)
    return Labelled(min(labels), family) if labels else family


def _formula(of: Expression) -> Quotient:
    return of.value * PI / number(180) if of.degree else of.value


def implied(value: Value, *, with_pi: bool) -> Family | None:
    """The family that a value is though nothing says so: one symbol, a usual name of a whole number, by itself or (`with_pi`) with π."""
    inner = value.value if isinstance(value, Labelled) else value
    items = inner.items if isinstance(inner, Listing | SetOf) else (inner,)
    plain = [item.value if isinstance(item, Labelled) else item for item in items]
    if not all(isinstance(item, Expression) for item in plain) or not plain:
        return None
    names = set().union(*(symbols_of(item.value) for item in plain if isinstance(item, Expression)))
    if len(names) != 1 or not names <= _PARAMETERS:
        return None
    (name,) = names
    if with_pi and not all(_is_multiplier(item, name) for item in plain if isinstance(item, Expression)):
        return None
    family = family_of(inner, name)
    family = family.value if isinstance(family, Labelled) else family
    return family if isinstance(family, Family) else None


def _is_multiplier(of: Expression, name: str) -> bool:
    """Whether a symbol stands in products with π (or degrees) only."""
    products = [product for product, _ in of.value.over.terms if any(part == ("symbol", name) for part, _ in product)]
    return bool(products) and (of.degree or all(any(part == ("constant", "pi") for part, _ in product) for product in products))


def same_family(one: Family, other: Family) -> Verdict:
    """Whether two families hold the same numbers."""
    if one.whole != other.whole:
        return cannot_judge("any whole number on one side, any natural number on the other")
    if _renamed(one, other):
        return yes("equal after renaming the whole number in it")
    if not one.whole:
        return cannot_judge("families over the natural numbers are compared up to the name only")
    try:
        lines, others = _lines(one), _lines(other)
        if lines is None or others is None:
            return cannot_judge("a family that is not of the form a + b·k")
        period = _period([slope / lines[0][1] for _, slope in (*lines, *others)])
        if period is None:
            return (
                no("families with periods that do not fit") if _periods_differ(lines, others) else cannot_judge("periods that do not fit")
            )
        unit = lines[0][1]
        left, right = (_classes(side, unit, period) for side in (lines, others))
    except (LimitError, ZeroDivisionError) as error:
        return cannot_judge(str(error) or "a division by zero")
    if left is None or right is None:
        return cannot_judge(f"more than {MAX_CLASSES} classes of residues")
    if left == right:
        return yes("the same numbers for all whole numbers in it")
    if all(decides(rest.atoms()) and not rest.atoms() for rest, _ in left | right) or _clearly_apart(left, right, period):
        return no("different families of numbers")
    return cannot_judge("families neither shown to be equal nor to differ")


def same_implied(one: Value, other: Value) -> Verdict | None:
    """The verdict on two answers that both speak of multiples of π by what is called as whole numbers are; None for others.

    `kπ` and `-kπ` stay open: nothing but the letter says that k is no given number.
    """
    left = implied(one, with_pi=True)
    right = None if left is None else implied(other, with_pi=True)
    if left is None or right is None:
        return None
    verdict = same_family(left, right)
    shifted = all(len(side.items) > 1 or _has_closed_term(side.items[0]) for side in (left, right))
    if verdict.holds and not shifted and not _renamed(left, right):
        return cannot_judge("equal if the letter is any whole number, which nothing says")
    return verdict


def _has_closed_term(of: Quotient) -> bool:
    return any(not symbols_of(Quotient(Sum((term,)))) for term in of.over.terms)


def in_family(number_: Quotient, family: Family) -> Verdict:
    """The verdict on one number and a family: of `3 (mod 5)` the 3 is what was asked for, as likely as not."""
    value = number_.rational
    if family.written is None or value is None:
        return no("a family of numbers is not one number")
    if value == family.written:
        return yes("the same number; modulus not stated")
    lines = _lines(family)
    period = lines[0][1].rational if lines else None
    if period is not None and (value - family.written) % period == 0:
        return cannot_judge("another number of the same residue")
    return no("a number of another residue")


def _renamed(one: Family, other: Family) -> bool:
    if len(one.items) != len(other.items):
        return False
    renamed = [with_symbol(item, other.name, one.name) for item in other.items]
    return all(item is not None and item in one.items for item in renamed) and len(set(renamed)) == len(renamed)


def _lines(of: Family) -> list[tuple[Quotient, Quotient]] | None:
    """(a, b) of each `a + b·k`; `(-1)^k` is split into even and odd k. None for any other form."""
    found = []
    for item in of.items:
        for part in _without_signs(item, of.name):
            line = _line(part, of.name)
            if line is None:
                return None
            found.append(line)
    return found


def _without_signs(of: Quotient, name: str) -> list[Quotient]:
    """The formula, or the two that it is for even and odd k where `(-1)^(k + c)` stands in it."""
    if not any(kind == "power" and argument[0].rational == -1 for kind, argument in of.atoms()):
        return [of]
    found = []
    for odd in (0, 1):

        def change(part: tuple[str, object], odd: int = odd) -> Quotient | None:
            kind, argument = part
            if part == ("symbol", name):
                return number(2) * atom("symbol", name) + number(odd)
            if kind != "power" or not isinstance(argument, tuple) or argument[0].rational != -1:
                return None
            shift = (argument[1] - atom("symbol", name)).rational
            if shift is None or shift.denominator != 1:
                raise LimitError("a power of -1 that is not read")
            return number(-1 if (int(shift) + odd) % 2 else 1)

        found.append(changed(of, change))
    return found


def _line(of: Quotient, name: str) -> tuple[Quotient, Quotient] | None:
    if of.under.rational != 1:
        return None
    shift, slope = {}, {}
    for product, value in of.over.terms:
        rest = tuple(factor for factor in product if factor[0] != ("symbol", name))
        if len(rest) == len(product):
            shift[product] = value
        elif (("symbol", name), Fraction(1)) in product:
            slope[rest] = value
        else:
            return None
    a, b = (Quotient(Sum(tuple(terms.items()))) for terms in (shift, slope))
    if not slope or name in _all_symbols(a) | _all_symbols(b):
        return None
    return a, b


def _all_symbols(of: Quotient) -> set[str]:
    return set(symbols_of(of))


def _period(ratios: list[Quotient]) -> Fraction | None:
    """The least common multiple of periods that are rational multiples of one another."""
    total = Fraction(1)
    for ratio in ratios:
        value = ratio.rational
        if value is None or not value:
            return None
        below = math.lcm(total.denominator, value.denominator)
        total = Fraction(math.lcm(int(total * below), abs(int(value * below))), below)
    return total


def _periods_differ(lines: list[tuple[Quotient, Quotient]], others: list[tuple[Quotient, Quotient]]) -> bool:
    """Whether one family each has periods in no rational ratio, seen from what they are made of: 2π and 2."""
    if len(lines) != 1 or len(others) != 1:
        return False
    ratio = others[0][1] / lines[0][1]
    return bool(ratio.atoms()) and decides(ratio.atoms())


def _classes(lines: list[tuple[Quotient, Quotient]], unit: Quotient, period: Fraction) -> set[_Class] | None:
    found: set[_Class] = set()
    for shift, slope in lines:
        start, step = shift / unit, (slope / unit).rational
        if step is None or period / abs(step) > MAX_CLASSES:
            return None
        base = dict(start.over.terms).get((), Fraction(0)) if start.under.rational == 1 else Fraction(0)
        rest = start - number(base)
        found |= {(rest, (base + times * step) % period) for times in range(int(period / abs(step)))}
        if len(found) > MAX_CLASSES:
            return None
    return found


def _clearly_apart(left: set[_Class], right: set[_Class], period: Fraction) -> bool:
    """Whether a class of one side clearly has no equal on the other, by values."""
    sides = []
    for side in (left, right):
        near = [(value_at(rest, {}), float(base)) for rest, base in side]
        if any(value is None for value, _ in near):
            return False
        sides.append([(value or 0.0) + base for value, base in near])
    size = float(period)
    return any(all(min((a - b) % size, (b - a) % size) > CLEARLY for b in there) for here, there in (sides, sides[::-1]) for a in here)
