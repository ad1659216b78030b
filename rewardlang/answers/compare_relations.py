"""Verdicts on equations, inequalities, intervals and ratios, and several verdicts taken together."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.answers.algebra import Quotient, Sum, decides
from rewardlang.answers.compare_numbers import same_formula, same_number
from rewardlang.answers.kinds import Expression, Inequality, Interval, Ratio, Tuple_, Value
from rewardlang.verdict import Verdict, cannot_judge, no, yes


def either(one: Verdict, other: Verdict) -> Verdict:
    """Yes when one says yes, no when both say no."""
    if one.holds or other.holds:
        return one if one.holds else other
    return one if one.holds is None else other


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Yes when all are, no when one is not."""
    for holds in (False, None):
        for verdict in verdicts:
            if verdict.holds is holds:
                return verdict
    return yes("equal in every part")


def same_equation(one: Sum, other: Sum) -> Verdict:
    """Whether two forms are 0 at the same places, up to a constant factor."""
    verdict = same_formula(Quotient(one), Quotient(other))
    if verdict.holds is False and not decides(one.atoms() | other.atoms()):
        return cannot_judge("two equations are compared up to a constant factor only")
    return verdict if verdict.holds is not False else no("different equations")


def same_inequality(one: Inequality, other: Inequality) -> Verdict:
    """Whether two forms are positive at the same places, up to a positive factor."""
    if one.strict != other.strict:
        return no("one of them admits equality")
    verdict = same_formula(Quotient(one.form), Quotient(other.form))
    if verdict.holds:
        return verdict
    # A linear form has one boundary, so that different linear forms have different solutions.
    linear = all(
        sum(int(exponent) for _, exponent in product) <= 1 and all(kind == "symbol" and exponent == 1 for (kind, _), exponent in product)
        for side in (one, other)
        for product, _ in side.form.terms
    )
    return no("different half-spaces") if linear else cannot_judge("inequalities are compared up to a positive factor only")


def open_interval(one: Tuple_, other: Interval) -> Verdict:
    """A tuple of two numbers read as an open interval, against an interval."""
    interval = as_interval(one)
    return no("a tuple is not an interval") if interval is None else same_interval(interval, other)


def as_interval(value: Value) -> Interval | None:
    """The interval that a value is or can be; None for anything else."""
    if isinstance(value, Interval):
        return value
    if isinstance(value, Tuple_) and len(value.items) == 2:
        low, high = value.items
        if isinstance(low, Expression) and isinstance(high, Expression):
            return Interval(low, high, False, False)
    return None


def same_interval(one: Interval, other: Interval) -> Verdict:
    """Whether the ends are the same, and belong to both or neither."""
    if (one.with_low, one.with_high) != (other.with_low, other.with_high):
        return no("an end belongs to one of them only")
    return all_of([same_number(one.low, other.low), same_number(one.high, other.high)])


def same_ratio(one: Ratio, other: Ratio) -> Verdict:
    """Whether two ratios are proportional; of times of day, the same time; of two that go on only what they begin with is known."""
    if one.goes_on or other.goes_on:
        return _beginnings(one, other)
    if len(one.items) != len(other.items):
        return no("ratios of different length")
    if any(ratio.clock and ratio.clock.split(":")[1][0] == "0" for ratio in (one, other)):
        return yes("the same time") if one.clock == other.clock else no("different times")
    pairs = zip(one.items[1:], other.items[1:], strict=True)
    return all_of([same_formula(a * other.items[0], b * one.items[0]) for a, b in pairs])


def _beginnings(one: Ratio, other: Ratio) -> Verdict:
    shorter = min(len(one.items), len(other.items))
    if one.goes_on and other.goes_on and same_ratio(Ratio(one.items[:shorter]), Ratio(other.items[:shorter])).holds is False:
        return no("different beginnings")
    return cannot_judge("how a ratio goes on is not told")
