"""Whether two functions by cases are the same: cut at every end and at every zero of an absolute value, compared piece by piece."""

from __future__ import annotations

import math
from functools import cmp_to_key
from itertools import chain, pairwise

from rewardlang.answers.algebra import Atom, LimitError, Quotient, decides, number
from rewardlang.answers.compare_numbers import same_formula
from rewardlang.answers.kinds import Expression, Piecewise
from rewardlang.answers.numeric import CLEARLY, symbols_of, value_at
from rewardlang.answers.real_sets import INFINITY, UndecidedError, line, order
from rewardlang.answers.substitution import changed, with_value
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_CUTS = 12
_INSIDE = (0.5, 0.2719, 0.8437)


def same_function(one: Piecewise, other: Piecewise | Expression) -> Verdict:
    """The verdict, piece by piece; a plain formula holds everywhere."""
    if isinstance(other, Expression):
        if other.unit or other.percent or other.degree or symbols_of(other.value) - {one.name}:
            return no("a formula in other symbols")
        other = Piecewise(one.name, ((other.value, -INFINITY, False, INFINITY, False),))
    if one.name != other.name:
        return cannot_judge(f"functions by cases, of {one.name} and of {other.name}")
    try:
        return _same(one, other)
    except (UndecidedError, LimitError, ZeroDivisionError) as error:
        return cannot_judge(str(error) or "a division by zero at an end of a piece")


def _same(one: Piecewise, other: Piecewise) -> Verdict:
    cuts = _cuts(one, other)
    ends = [-INFINITY, *cuts, INFINITY]
    opened = None
    for verdict in chain((_between(one, other, *piece) for piece in pairwise(ends)), (_at(one, other, cut) for cut in cuts)):
        if verdict.holds is False:
            return verdict
        opened = opened or (verdict if verdict.holds is None else None)
    return opened or yes("the same on every piece")


def _cuts(*sides: Piecewise) -> list[Quotient]:
    found = [end for side in sides for part in side.parts for end in (part[1], part[3]) if end not in (INFINITY, -INFINITY)]
    for side in sides:
        for part in side.parts:
            for kind, argument in part[0].atoms():
                straight = line(argument.over) if kind == "abs" and argument.under.rational == 1 else None
                if straight is not None:
                    found.append(-(straight[2] / number(straight[1])))
    found.sort(key=cmp_to_key(order))
    apart = [cut for at, cut in enumerate(found) if at == 0 or order(found[at - 1], cut)]
    if len(apart) > MAX_CUTS:
        raise LimitError(f"more than {MAX_CUTS} pieces")
    return apart


def _formula(of: Piecewise, low: Quotient, high: Quotient) -> Quotient | None:
    """The formula that holds between two neighbouring cuts, or at a point."""
    for formula, begin, with_begin, end, with_end in of.parts:
        after = order(begin, low)
        before = order(high, end)
        if after <= 0 and before <= 0 and (order(low, high) or ((after or with_begin) and (before or with_end))):
            return formula
    return None


def _at(one: Piecewise, other: Piecewise, point: Quotient) -> Verdict:
    formulas = _formula(one, point, point), _formula(other, point, point)
    if formulas[0] is None or formulas[1] is None:
        return yes() if formulas == (None, None) else no("one of them has no value at an end")
    a, b = (with_value(formula, one.name, point) for formula in formulas if formula is not None)
    return same_formula(a, b)


def _between(one: Piecewise, other: Piecewise, low: Quotient, high: Quotient) -> Verdict:
    formulas = _formula(one, low, high), _formula(other, low, high)
    if formulas[0] is None or formulas[1] is None:
        return yes() if formulas == (None, None) else no("one of them has no value on a piece")
    places = _places(low, high)
    a, b = (_without_sizes(formula, one.name, places[0]) for formula in formulas if formula is not None)
    verdict = same_formula(a, b)
    if verdict.holds or decides(a.atoms() | b.atoms()):
        return verdict
    for place in places:
        left, right = value_at(a, {one.name: place}), value_at(b, {one.name: place})
        if left is not None and right is not None and abs(left - right) > CLEARLY * max(1.0, abs(left), abs(right)):
            return no("clearly different on a piece")
    return cannot_judge("neither shown to be equal on a piece nor to differ")


def _without_sizes(of: Quotient, name: str, place: float) -> Quotient:
    """With the absolute values of linear terms opened: between two cuts they keep their sign."""

    def opened(part: Atom) -> Quotient | None:
        kind, argument = part
        if kind != "abs" or argument.under.rational != 1 or line(argument.over) is None:
            return None
        value = value_at(argument, {name: place})
        if value is None:
            raise UndecidedError("a sign that is not known")
        inside: Quotient = argument
        return inside if value > 0 else -inside

    return changed(of, opened)


def _places(low: Quotient, high: Quotient) -> list[float]:
    """Numbers between two ends."""
    begin = -math.inf if low == -INFINITY else value_at(low, {})
    end = math.inf if high == INFINITY else value_at(high, {})
    if begin is None or end is None:
        raise UndecidedError("an end whose value is not known")
    if math.isinf(begin) and math.isinf(end):
        return [4 * part - 1.7 for part in _INSIDE]
    if math.isinf(begin):
        return [end - 4 * part for part in _INSIDE]
    return [begin + 4 * part if math.isinf(end) else begin + (end - begin) * part for part in _INSIDE]
