"""A formula with a value in place of a symbol: every part is computed again, so that it comes out in its exact form."""

from __future__ import annotations

from typing import Any

from rewardlang.answers import functions, named_functions
from rewardlang.answers.algebra import UNKNOWN_BASE, Atom, LimitError, Quotient, Sum, atom, number, power

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
_CLOSED = ("constant", "i", "prime", "ln", UNKNOWN_BASE[0])


def with_value(of: Quotient, name: str, value: Quotient) -> Quotient:
    """The formula with `value` for the symbol `name`.

    Raises LimitError where it is too large, or has a form (an integral, say) that is not computed again; ZeroDivisionError
    where it has no value.
    """
    return _sum(of.over, name, value) / _sum(of.under, name, value)


def _sum(of: Sum, name: str, value: Quotient) -> Quotient:
    total = number(0)
    for product, coefficient in of.terms:
        term = number(coefficient)
        for factor, exponent in product:
            base = _atom(factor, name, value)
            term = term * (power(base, int(exponent)) if exponent.denominator == 1 else functions.raised(base, number(exponent)))
        total = total + term
    return total


def _atom(of: Atom, name: str, value: Quotient) -> Quotient:
    kind, argument = of
    if kind == "symbol":
        return value if argument == name else atom(kind, argument)
    if kind in _CLOSED:
        return atom(kind, argument)
    if kind == "exp":
        base = functions.E if argument[0] == "e" else number(argument[0])
        return functions.raised(base, with_value(argument[1], name, value))
    if kind in _ONE_ARGUMENT:
        return _ONE_ARGUMENT[kind](with_value(argument, name, value))
    if kind in _TWO_ARGUMENTS:
        return _TWO_ARGUMENTS[kind](*_each(argument, name, value))
    raise LimitError(f"'{kind}' with a value for its symbol")


def _each(arguments: tuple[Any, ...], name: str, value: Quotient) -> tuple[Any, ...]:
    return tuple(with_value(part, name, value) for part in arguments)
