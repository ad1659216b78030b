"""The side of `symbolic` that runs in a worker process: builds sympy's formulas from trees, and decides with them.

"Yes" is a proof: the difference is brought to 0 by rewriting. "No" needs a
point at which the two are known to differ by interval arithmetic or to so many
certain figures. Everything else stays open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import sympy
from sympy.core.evalf import PrecisionExhausted

POINTS = ("0.7310585", "1.9151", "-0.4142", "-2.2360679", "3.30277", "-3.7913", "0.1234567", "12.5")
FIGURES = 30
MAX_MULTIPLE = 12
MAX_OPERATIONS = 200
CLEARLY = sympy.Rational(1, 10**12)

PER_LN_OF_BASE = sympy.Symbol("per_ln_of_base", positive=True)
"""Of a logarithm whose base is not told: what holds for every base is proved; nothing is refuted."""

Answer = tuple[bool | None, str]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": sympy.sin,
    "cos": sympy.cos,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "abs": sympy.Abs,
    "floor": sympy.floor,
    "ceiling": sympy.ceiling,
    "factorial": sympy.factorial,
    "binomial": sympy.binomial,
    "power": sympy.Pow,
    "lnof": sympy.log,
}


def answer(request: dict[str, Any]) -> tuple[bool | None, str, float]:
    """The answer to one question: True, False or None, and why; the seconds of computing that it took."""
    began = time.process_time()
    holds, why = _answer(request)
    return holds, why, time.process_time() - began


def _answer(request: dict[str, Any]) -> Answer:
    if request["ask"] == "equal":
        return _equal(formula(request["one"]), formula(request["other"]))
    if request["ask"] == "proportional":
        return _proportional(formula(request["one"]), formula(request["other"]))
    return _same_solutions(request["one"], request["other"])


def formula(tree: list[Any]) -> Any:
    """Sympy's formula for a tree. Symbols are real."""
    kind, *parts = tree
    match kind:
        case "number":
            return sympy.Rational(int(parts[0]), int(parts[1]))
        case "sum":
            return sympy.Add(*map(formula, parts))
        case "product":
            return sympy.Mul(*map(formula, parts))
        case "quotient":
            return formula(parts[0]) / formula(parts[1])
        case "symbol":
            return sympy.oo if parts[0] == "∞" else sympy.Symbol(parts[0], real=True)
        case "constant":
            return sympy.pi if parts[0] == "pi" else sympy.E
        case "prime":
            return sympy.Integer(int(parts[0]))
        case "ln":
            return sympy.log(sympy.Integer(int(parts[0])))
        case "i":
            return sympy.I
        case "per ln of the base":
            return PER_LN_OF_BASE
        case "exp":
            return sympy.Pow(sympy.E if parts[0] == "e" else sympy.Integer(int(parts[0])), formula(parts[1]))
        case "apply":
            return sympy.Function(parts[0])(formula(parts[1]))
        case "integral":
            return _integral(*parts)
        case "limit":
            return sympy.limit(formula(parts[0]), sympy.Symbol(parts[1], real=True), formula(parts[2]))
        case "derivative":
            return sympy.diff(formula(parts[0]), sympy.Symbol(parts[1], real=True))
        case "series" | "product series":
            name = sympy.Symbol(parts[1], integer=True)
            body = formula(parts[0]).subs(sympy.Symbol(parts[1], real=True), name)
            return (sympy.summation if kind == "series" else sympy.product)(body, (name, formula(parts[2]), formula(parts[3])))
    return _FUNCTIONS[kind](*map(formula, parts))


def _integral(body: list[Any], name: str, *ends: list[Any]) -> Any:
    variable = sympy.Symbol(name, real=True)
    return sympy.integrate(formula(body), (variable, *map(formula, ends)) if ends else variable)


def _rewritings(gap: Any) -> Iterator[Any]:
    """The difference in ever costlier forms."""
    yield gap
    yield sympy.expand(gap)
    yield sympy.numer(sympy.together(gap))
    yield sympy.expand_log(sympy.expand(sympy.numer(sympy.together(gap))))
    yield sympy.radsimp(gap)
    if not _has_few_multiples(gap) or gap.count_ops() > MAX_OPERATIONS:
        return
    yield sympy.expand_log(sympy.expand(sympy.numer(sympy.together(sympy.expand_trig(gap)))))
    yield sympy.trigsimp(sympy.expand(gap.rewrite(sympy.exp).rewrite(sympy.cos)))
    yield sympy.simplify(gap)
    yield sympy.simplify(gap.rewrite(sympy.exp))
    yield sympy.simplify(gap.replace(_is_root, _with_factors))
    yield sympy.sqrtdenest(sympy.simplify(sympy.expand(gap)))


def _has_few_multiples(gap: Any) -> bool:
    """Whether no angle is a large multiple of another: what `sin 50x` expands to has no end in sight."""
    angles = [angle for part in gap.atoms(sympy.Function) for angle in part.args]
    numbers = [number for angle in angles for number in angle.atoms(sympy.Rational)]
    return all(abs(number.p) <= MAX_MULTIPLE and number.q <= MAX_MULTIPLE for number in numbers)


def _is_root(part: Any) -> bool:
    return bool(part.is_Pow and part.exp.is_Rational and not part.exp.is_Integer)


def _with_factors(part: Any) -> Any:
    return sympy.Pow(sympy.factor(part.base), part.exp)


def _equal(one: Any, other: Any) -> Answer:
    gap = one - other
    if _open(one) or _open(other):
        return None, "an integral or sum that sympy does not solve"
    if PER_LN_OF_BASE not in gap.free_symbols and _differ(one, other):
        return False, "clearly different at a point"
    for form in _rewritings(gap):
        if form == 0:
            return True, "equal after rewriting by sympy"
    if not gap.free_symbols and gap.is_algebraic:
        unknown = sympy.Symbol("unknown")
        if sympy.minimal_polynomial(gap, unknown) == unknown:
            return True, "equal: the difference is a root of x = 0 only"
    return None, "sympy shows neither"


def _open(of: Any) -> bool:
    return bool(of.has(sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit, sympy.Derivative, sympy.nan, sympy.zoo))


def _points(symbols: list[Any]) -> Iterator[dict[Any, Any]]:
    for shift in range(len(POINTS) if symbols else 1):
        yield {symbol: sympy.Rational(POINTS[(shift + 3 * index) % len(POINTS)]) for index, symbol in enumerate(symbols)}


def _value(of: Any, at: dict[Any, Any]) -> Any:
    """The real value to so many certain figures, or None."""
    try:
        value = of.subs(at).evalf(FIGURES, strict=True)
    except (PrecisionExhausted, ValueError, TypeError, ZeroDivisionError, NotImplementedError):
        return None
    return value if value.is_Float or value.is_Integer or value.is_Rational else None


def _differ(one: Any, other: Any) -> bool:
    symbols = sorted(one.free_symbols | other.free_symbols, key=str)
    for at in _points(symbols):
        a, b = _value(one, at), _value(other, at)
        if a is not None and b is not None and abs(a - b) > CLEARLY * max(1, abs(a), abs(b)):
            return True
    return False


def _proportional(one: Any, other: Any) -> Answer:
    ratio = sympy.simplify(one / other)
    if not ratio.free_symbols and ratio.is_nonzero and ratio.is_finite:
        return True, "the same equation up to a factor"
    symbols = sorted(one.free_symbols | other.free_symbols, key=str)
    values = [value for at in _points(symbols) if (value := _value(one / other, at)) is not None]
    if any(abs(value - values[0]) > CLEARLY * max(1, abs(value), abs(values[0])) for value in values[1:]):
        return False, "different equations"
    return None, "sympy shows neither"


def _solutions(side: list[Any], name: Any) -> Any:
    kind, *parts = side
    if kind == "inequality":
        form = formula(parts[0])
        return sympy.solve_univariate_inequality(form > 0 if parts[1] else form >= 0, name, relational=False)
    return sympy.Union(*(sympy.Interval(formula(low), formula(high), not a, not b) for low, a, high, b in parts))


def _same_solutions(one: list[Any], other: list[Any]) -> Answer:
    symbols = {symbol for side in (one, other) if side[0] == "inequality" for symbol in formula(side[1]).free_symbols}
    if len(symbols) != 1:
        return None, "an inequality in several symbols"
    name = symbols.pop()
    rest = sympy.SymmetricDifference(_solutions(one, name), _solutions(other, name))
    if rest == sympy.S.EmptySet:
        return True, "the same solutions"
    parts = rest.args if isinstance(rest, sympy.Union) else (rest,)
    if any(isinstance(part, sympy.FiniteSet | sympy.Interval) for part in parts):
        return False, "different solutions"
    return None, "sympy shows neither"
