"""Values of expressions in floating point. They can show that two answers differ, never that they are equal.

Only real values count, and only where nothing on the way is so large that
rounding could reach the sixth figure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rewardlang.answers.algebra import UNKNOWN_BASE, Atom, Quotient, Sum

LARGEST = 1e7
SMALLEST = 1e-4
"""Below it, roots, logarithms and reciprocals would make large errors of small ones."""

CLEARLY = 1e-5

_POINTS = (0.7310585, 1.9151, -0.4142, -2.2360679, 3.30277, -3.7913, 0.1234567, 2.718)
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "lnof": math.log,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "abs": abs,
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_BASE = UNKNOWN_BASE[0]


class _NoValue(ArithmeticError):
    pass


def differ(one: Quotient, other: Quotient) -> bool:
    """Whether they clearly differ at a point where both have a real value; of logarithms whose base is not told, to base 10 and to e."""
    bases = ({_BASE: 1.0}, {_BASE: 1 / math.log(10)}) if has_unknown_base(one) or has_unknown_base(other) else ({},)
    return all(_differ(one, other, base) for base in bases)


def _differ(one: Quotient, other: Quotient, base: Mapping[str, float]) -> bool:
    names = sorted(symbols_of(one) | symbols_of(other))
    for shift in range(len(_POINTS) if names else 1):
        at = {name: _POINTS[(shift + 3 * index) % len(_POINTS)] for index, name in enumerate(names)} | dict(base)
        a, b = value_at(one, at), value_at(other, at)
        if a is not None and b is not None and abs(a - b) > CLEARLY * max(1.0, abs(a), abs(b)):
            return True
    return False


def value_at(of: Quotient, at: Mapping[str, float]) -> float | None:
    """The real value, or None where there is none or it is not known well."""
    try:
        return _quotient(of, at)
    except (ArithmeticError, ValueError):
        return None


def magnitudes_differ(one: Quotient, other: Quotient) -> bool:
    """Whether two closed products, far too large or small to write out, clearly differ in size: `2004!` and `2006!`."""
    a, b = log_magnitude(one), log_magnitude(other)
    if a is None or b is None or (math.isinf(a) and math.isinf(b) and (a > 0) is (b > 0)):
        return False
    return abs(a - b) > 1e-9 * max(1.0, abs(a), abs(b)) or math.isinf(a) or math.isinf(b)


def log_magnitude(of: Quotient) -> float | None:
    """The natural logarithm of the size of a closed product, infinite beyond the range of floats; None where it is not known."""
    if of.under.rational != 1 or len(of.over.terms) != 1:
        return None
    product, coefficient = of.over.terms[0]
    total = math.log(abs(coefficient.numerator)) - math.log(coefficient.denominator)
    for (kind, argument), exponent in product:
        size = _log_of_atom(kind, argument)
        if size is None or (math.isinf(size) and math.isinf(total) and size * float(exponent) * total < 0):
            return None
        total += size * float(exponent)
    return None if math.isnan(total) else total


def _log_of_atom(kind: str, argument: Any) -> float | None:
    if kind == "prime":
        return math.log(argument)
    if kind == "constant":
        return math.log(_CONSTANTS[argument])
    if kind == "i":
        return 0.0
    if kind == "factorial":
        n = argument.rational
        return math.lgamma(float(n) + 1) if n is not None and n.denominator == 1 and 0 <= n < 10**15 else None
    if kind == "binomial":
        n, k = (part.rational for part in argument)
        if n is None or k is None or n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n < 10**12:
            return None
        return math.lgamma(float(n) + 1) - math.lgamma(float(k) + 1) - math.lgamma(float(n - k) + 1)
    if kind != "power":
        return None
    base, exponent = argument
    below = log_magnitude(base)
    above = value_at(exponent, {})
    if above is None and (size := log_magnitude(exponent)) is not None and exponent.over.terms[0][1] > 0:
        above = math.exp(size) if size < 700 else math.inf
    if below is None or above is None or (base.rational is None or base.rational <= 0):
        return None
    return below * above if below else 0.0


def symbols_of(of: Quotient) -> set[str]:
    """The free symbols in a formula, also inside functions; not those that an integral, sum or limit runs over."""
    return {name for kind, argument in of.atoms() for name in _symbols_in(kind, argument)}


CALCULUS = ("integral", "series", "product series", "limit", "derivative")


def _symbols_in(kind: str, argument: Any) -> set[str]:
    if kind == "symbol":
        return {str(argument)}
    parts = argument if isinstance(argument, tuple) else (argument,)
    inside = {name for part in parts if isinstance(part, Quotient) for name in symbols_of(part)}
    if kind not in CALCULUS or kind == "derivative" or (kind == "integral" and parts[2] is None):
        return inside
    return inside - {parts[1]} | {name for part in parts[2:] for name in symbols_of(part)}


def has_unknown_base(of: Quotient) -> bool:
    """Whether a logarithm without a base stands in a formula, also inside functions."""
    return any(item[0] == _BASE for item in _parts(of))


def _parts(of: Quotient) -> Iterator[tuple[Any, ...]]:
    """Atoms and their arguments, also inside functions."""
    stack: list[object] = [*of.atoms()]
    while stack:
        item = stack.pop()
        if isinstance(item, Quotient):
            stack.extend(item.atoms())
        elif isinstance(item, tuple) and item:
            yield item
            stack.extend(item)


def _quotient(of: Quotient, at: Mapping[str, float]) -> float:
    under = _sum(of.under, at)
    if abs(under) < SMALLEST:
        raise _NoValue
    return _bounded(_sum(of.over, at) / under)


def _bounded(value: float) -> float:
    if not abs(value) < LARGEST:
        raise _NoValue
    return value


def _sum(of: Sum, at: Mapping[str, float]) -> float:
    total = 0.0
    for product, coefficient in of.terms:
        term = float(coefficient)
        for atom, exponent in product:
            base = _atom(atom, at)
            if exponent.denominator != 1 and base < SMALLEST:
                raise _NoValue
            if abs(base) < SMALLEST and exponent < 0:
                raise _NoValue
            term = _bounded(term * _bounded(base ** float(exponent)))
        total += _bounded(term)
    return total


def _atom(atom: Atom, at: Mapping[str, float]) -> float:
    kind, argument = atom
    if kind in ("symbol", _BASE):
        name = argument if kind == "symbol" else kind
        if name not in at:
            raise _NoValue
        return at[name]
    if kind == "constant":
        return _CONSTANTS[argument]
    if kind == "prime":
        return float(argument)
    if kind == "ln":
        return math.log(argument)
    if kind == "power":
        base, exponent = (_quotient(part, at) for part in argument)
        if base < SMALLEST:
            raise _NoValue
        return _bounded(base**exponent)
    if kind == "exp":
        name, exponent = argument
        return _bounded(float(_CONSTANTS.get(name) or name) ** _quotient(exponent, at))
    if kind in _FUNCTIONS:
        of = _quotient(argument, at)
        if kind == "lnof" and of < SMALLEST:
            raise _NoValue
        return _bounded(_FUNCTIONS[kind](of))
    raise _NoValue
