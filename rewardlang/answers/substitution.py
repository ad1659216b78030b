"""A formula with other values in place of some of its atoms: every part is computed again, so that it comes out in its exact form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from rewardlang.answers import functions, named_functions
from rewardlang.answers.algebra import UNKNOWN_BASE, Atom, LimitError, Quotient, Sum, atom, number, power

Change: TypeAlias = Callable[[Atom], Quotient | None]
"""What stands in place of an atom; None where it stays, with its arguments changed."""

_ONE_ARGUMENT = {
    "sin": functions.sin,
    "cos": functions.cos,
    "arcsin": named_functions.arcsin,
    "arctan": named_functions.arctan,
    "lnof": functions.ln,
    "abs": functions.absolute,
    "floor": functions.floor,
    "ceiling": functions.ceiling,
    "factorial": functions.factorial,
}
_TWO_ARGUMENTS = {"power": functions.raised, "binomial": functions.binomial}
_CLOSED = ("constant", "i", "prime", "ln", "symbol", UNKNOWN_BASE[0])


def with_value(of: Quotient, name: str, value: Quotient) -> Quotient:
    """The formula with `value` for the symbol `name`; raises as `changed`."""
    return changed(of, lambda part: value if part == ("symbol", name) else None)


def changed(of: Quotient, change: Change) -> Quotient:
    """The formula with its atoms changed.

    Raises LimitError where it is too large, or has a form (an integral, say) that is not computed again; ZeroDivisionError
    where it has no value.
    """
    return _sum(of.over, change) / _sum(of.under, change)


def _sum(of: Sum, change: Change) -> Quotient:
    total = number(0)
    for product, coefficient in of.terms:
        term = number(coefficient)
        for factor, exponent in product:
            base = _atom(factor, change)
            term = term * (power(base, int(exponent)) if exponent.denominator == 1 else functions.raised(base, number(exponent)))
        total = total + term
    return total


def _atom(of: Atom, change: Change) -> Quotient:
    instead = change(of)
    if instead is not None:
        return instead
    kind, argument = of
    if kind in _CLOSED:
        return atom(kind, argument)
    if kind == "exp":
        base = functions.E if argument[0] == "e" else number(argument[0])
        return functions.raised(base, changed(argument[1], change))
    if kind in _ONE_ARGUMENT:
        return _ONE_ARGUMENT[kind](changed(argument, change))
    if kind in _TWO_ARGUMENTS:
        return _TWO_ARGUMENTS[kind](*_each(argument, change))
    raise LimitError(f"'{kind}' with a value for its symbol")


def _each(arguments: tuple[Any, ...], change: Change) -> tuple[Any, ...]:
    return tuple(changed(part, change) for part in arguments)
