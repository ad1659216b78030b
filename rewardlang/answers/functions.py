"""Roots, powers, logarithms and trigonometric functions, exactly where they have an exact form; else as atoms of their own."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from rewardlang.answers.algebra import MAX_BITS, LimitError, Quotient, atom, number, power

MAX_FACTORIAL = 1_000
MAX_TRIAL = 3_000

PI = atom("constant", "pi")
E = atom("constant", "e")


def factors(value: int) -> dict[int, int]:
    """The prime factors of a positive integer; LimitError when trial division by small numbers does not find them."""
    found: dict[int, int] = {}
    divisor = 2
    while divisor <= MAX_TRIAL and divisor * divisor <= value:
        while value % divisor == 0:
            found[divisor] = found.get(divisor, 0) + 1
            value //= divisor
        divisor += 1 if divisor == 2 else 2
    if value > 1:
        root = math.isqrt(value)
        if root * root == value and root < MAX_TRIAL * MAX_TRIAL:
            found[root] = found.get(root, 0) + 2
        elif value < MAX_TRIAL * MAX_TRIAL:
            found[value] = found.get(value, 0) + 1
        else:
            raise LimitError("the prime factors of a long number")
    return found


def _rational_power(value: Fraction, exponent: Fraction) -> Quotient:
    """A positive rational to a rational exponent, as roots of primes."""
    result = number(1)
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        if part.bit_length() > 200:
            raise LimitError("a root of a long number")
        for prime, times in factors(part).items():
            total = sign * times * exponent
            whole = total.numerator // total.denominator
            if abs(whole) * prime.bit_length() > MAX_BITS:
                raise LimitError(f"a power of more than {MAX_BITS:,} bits")
            result = result * number(Fraction(prime) ** whole)
            if total != whole:
                result = result * atom("prime", prime, total - whole)
    return result


def _roots_only(base: Quotient) -> tuple[Fraction, list[tuple[int, Fraction]]] | None:
    """Coefficient, and primes with their exponents, of one positive term with nothing in it but roots of primes."""
    if base.under.rational != 1 or len(base.over.terms) != 1:
        return None
    product, coefficient = base.over.terms[0]
    if coefficient <= 0 or any(kind != "prime" for (kind, _), _ in product):
        return None
    return coefficient, [(prime, exponent) for (_, prime), exponent in product]


def raised(base: Quotient, exponent: Quotient) -> Quotient:
    """`base` to the power of `exponent`; an atom of its own where there is no exact form within the limits."""
    value, up = base.rational, exponent.rational
    try:
        if up is not None and up.denominator == 1 and (value != 0 or up > 0):
            return power(base, int(up))
        if up is not None and value is not None and value > 0 and up.denominator <= 64:
            return _rational_power(value, up)
        if up is not None and value is None and up.denominator <= 64 and (roots := _roots_only(base)) is not None:
            coefficient, primes = roots
            result = _rational_power(coefficient, up)
            for prime, times in primes:
                result = result * _rational_power(Fraction(prime), times * up)
            return result
        if up == Fraction(1, 2) and value is not None and value < 0:
            return atom("i", 1) * _rational_power(-value, up)
    except LimitError:
        pass
    if value == 1:
        return number(1)
    if value == 0:
        raise ZeroDivisionError
    return atom("power", (base, exponent))


def root(base: Quotient, degree: int) -> Quotient:
    """The principal root; of a negative number only the square root (imaginary) and odd roots (real)."""
    value = base.rational
    if value is not None and value == 0:
        return number(0)
    if value is not None and value < 0 and degree % 2:
        return -raised(-base, number(Fraction(1, degree)))
    return raised(base, number(Fraction(1, degree)))


def factorial(of: Quotient) -> Quotient:
    """`n!` for small n; else an atom."""
    value = of.rational
    if value is not None and value.denominator == 1 and 0 <= value <= MAX_FACTORIAL:
        return number(math.factorial(int(value)))
    return atom("factorial", of)


def binomial(above: Quotient, below: Quotient) -> Quotient:
    """`n choose k` for small whole n and k; else an atom."""
    n, k = above.rational, below.rational
    if n is not None and k is not None and n.denominator == k.denominator == 1 and 0 <= k <= n <= MAX_FACTORIAL:
        return number(math.comb(int(n), int(k)))
    return atom("binomial", (above, below))


def absolute(of: Quotient) -> Quotient:
    """`|x|`."""
    value = of.rational
    return number(abs(value)) if value is not None else atom("abs", of)


def ln(of: Quotient) -> Quotient:
    """The natural logarithm; of a positive rational, the sum of the logarithms of its primes."""
    value = of.rational
    if of == E:
        return number(1)
    if value is None or value <= 0 or max(value.numerator, value.denominator).bit_length() > 200:
        return atom("lnof", of)
    try:
        parts = [(factors(value.numerator), 1), (factors(value.denominator), -1)]
    except LimitError:
        return atom("lnof", of)
    result = number(0)
    for primes, sign in parts:
        for prime, times in primes.items():
            result = result + number(sign * times) * atom("ln", prime)
    return result


def log(of: Quotient, base: Quotient) -> Quotient:
    """The logarithm to a base."""
    below = ln(base)
    if not below.over.terms:
        raise ZeroDivisionError
    return ln(of) / below


_SINES = {
    Fraction(0): number(0),
    Fraction(1, 6): number(Fraction(1, 2)),
    Fraction(1, 4): number(Fraction(1, 2)) * root(number(2), 2),
    Fraction(1, 3): number(Fraction(1, 2)) * root(number(3), 2),
    Fraction(1, 2): number(1),
}


def sin(of: Quotient) -> Quotient:
    """The sine, exactly at the multiples of π/6 and π/4."""
    turn = (of / PI).rational
    if turn is not None:
        turn %= 2
        sign = -1 if turn >= 1 else 1
        turn %= 1
        turn = min(turn, 1 - turn)
        if turn in _SINES:
            return number(sign) * _SINES[turn]
    negative = bool(of.over.terms) and all(value < 0 for _, value in of.over.terms)
    return -atom("sin", -of) if negative else atom("sin", of)


def cos(of: Quotient) -> Quotient:
    """The cosine, exactly at the multiples of π/6 and π/4."""
    if (of / PI).rational is not None:
        exact = sin(PI / number(2) - of)
        if not any(kind == "sin" for kind, _ in exact.atoms()):
            return exact
    negative = bool(of.over.terms) and all(value < 0 for _, value in of.over.terms)
    return atom("cos", -of) if negative else atom("cos", of)


def tan(of: Quotient) -> Quotient:
    """Sine over cosine."""
    return sin(of) / cos(of)


FUNCTIONS: dict[str, Callable[[Quotient], Quotient]] = {
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "cot": lambda of: cos(of) / sin(of),
    "sec": lambda of: number(1) / cos(of),
    "csc": lambda of: number(1) / sin(of),
    "ln": ln,
    "sqrt": lambda of: root(of, 2),
    "exp": lambda of: raised(E, of),
    "abs": absolute,
    "arcsin": lambda of: atom("arcsin", of),
    "arccos": lambda of: atom("arccos", of),
    "arctan": lambda of: atom("arctan", of),
    "sinh": lambda of: atom("sinh", of),
    "cosh": lambda of: atom("cosh", of),
    "tanh": lambda of: atom("tanh", of),
}
