"""The functions that have names, by name; the inverse ones exactly where the angle is a usual one, else as atoms or by logarithms."""

from __future__ import annotations

from collections.abc import Callable

from rewardlang.answers.algebra import Quotient, atom, number
from rewardlang.answers.functions import PI, SINES, E, absolute, cos, ln, raised, root, sin, tan


def _angles() -> dict[str, list[tuple[Quotient, Quotient]]]:
    """The values of sine and tangent at the multiples of π/12 that have a short form, with their angles."""
    sines = [(value, number(turn) * PI) for turn, value in SINES.items()]
    root3 = root(number(3), 2)
    tangents = [(number(0), number(0)), (root3 / number(3), PI / number(6)), (number(1), PI / number(4)), (root3, PI / number(3))]
    return {"arcsin": sines, "arctan": tangents}


def _inverse(kind: str, of: Quotient) -> Quotient:
    """arcsin or arctan, exactly where the angle is a usual one."""
    for value, angle in _angles()[kind]:
        if of == value:
            return angle
        if of == -value:
            return -angle
    negative = bool(of.over.terms) and all(value < 0 for _, value in of.over.terms)
    return -atom(kind, -of) if negative else atom(kind, of)


def arcsin(of: Quotient) -> Quotient:
    """The angle from −π/2 to π/2 with that sine."""
    return _inverse("arcsin", of)


def arccos(of: Quotient) -> Quotient:
    """π/2 less the arcsine."""
    return PI / number(2) - arcsin(of)


def arctan(of: Quotient) -> Quotient:
    """The angle between −π/2 and π/2 with that tangent."""
    return _inverse("arctan", of)


def sinh(of: Quotient) -> Quotient:
    """By exponentials."""
    return (raised(E, of) - raised(E, -of)) / number(2)


def cosh(of: Quotient) -> Quotient:
    """By exponentials."""
    return (raised(E, of) + raised(E, -of)) / number(2)


def arsinh(of: Quotient) -> Quotient:
    """By the logarithm."""
    return ln(of + root(of * of + number(1), 2))


def arcosh(of: Quotient) -> Quotient:
    """By the logarithm."""
    return ln(of + root(of * of - number(1), 2))


def artanh(of: Quotient) -> Quotient:
    """By the logarithm."""
    return ln((number(1) + of) / (number(1) - of)) / number(2)


INVERSES = {"sin": arcsin, "cos": arccos, "tan": arctan}

FUNCTIONS: dict[str, Callable[[Quotient], Quotient]] = {
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "cot": lambda of: cos(of) / sin(of),
    "sec": lambda of: number(1) / cos(of),
    "csc": lambda of: number(1) / sin(of),
    "ln": ln,
    "sqrt": lambda of: root(of, 2),
    "cbrt": lambda of: root(of, 3),
    "exp": lambda of: raised(E, of),
    "abs": absolute,
    "arcsin": arcsin,
    "arccos": arccos,
    "arctan": arctan,
    "asin": arcsin,
    "acos": arccos,
    "atan": arctan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": lambda of: sinh(of) / cosh(of),
    "cis": lambda of: cos(of) + atom("i", 1) * sin(of),
    "arsinh": arsinh,
    "arcsinh": arsinh,
    "asinh": arsinh,
    "arcosh": arcosh,
    "arccosh": arcosh,
    "acosh": arcosh,
    "artanh": artanh,
    "arctanh": artanh,
    "atanh": artanh,
}
