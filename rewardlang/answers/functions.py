"""Roots, powers, logarithms and trigonometric functions, exactly where they have an exact form; else as atoms of their own."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from rewardlang.answers.algebra import MAX_BITS, ONE, UNKNOWN_BASE, LimitError, Product, Quotient, Sum, atom, number, power
from rewardlang.answers.numeric import value_at

MAX_FACTORIAL = 1_000
MAX_TRIAL = 3_000
MAX_DENOMINATOR = 1_000
_SMALL_BASE = 1 << 12
MAX_FALLING = 6

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
    if value.denominator == 1 and value.numerator < _SMALL_BASE:
        return _power_of_small(value.numerator, exponent.numerator, exponent.denominator)
    return _power_by_factors(value, exponent)


@lru_cache(maxsize=512)
def _power_of_small(base: int, over: int, under: int) -> Quotient:
    """The roots that most answers have."""
    return _power_by_factors(Fraction(base), Fraction(over, under))


def _power_by_factors(value: Fraction, exponent: Fraction) -> Quotient:
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
        result = _exact_power(base, exponent)
        if result is not None:
            return result
    except LimitError:
        pass
    if value == 1:
        return number(1)
    if value == 0 and (up is None or up <= 0):
        raise ZeroDivisionError
    return atom("power", (base, exponent))


def _exact_power(base: Quotient, exponent: Quotient) -> Quotient | None:
    value, up = base.rational, exponent.rational
    if up is None:
        return _exponential(base, exponent)
    if up.denominator == 1:
        return power(base, int(up)) if value != 0 or up > 0 else None
    if up.denominator > 64:
        return None
    if value is not None:
        if value > 0:
            return _rational_power(value, up)
        return atom("i", 1) * _rational_power(-value, up) if up == Fraction(1, 2) and value < 0 else None
    if (roots := _roots_only(base)) is not None:
        coefficient, primes = roots
        result = _rational_power(coefficient, up)
        for prime, times in primes:
            result = result * _rational_power(Fraction(prime), times * up)
        return result
    return (
        _nested_root(base) if up == Fraction(1, 2) and base.under.rational == 1 and len(base.over.terms) == 2 else _root_of_symbol(base, up)
    )


def _root_of_symbol(base: Quotient, up: Fraction) -> Quotient | None:
    """`(c·x^a)^(p/q)` as `c^(p/q)·x^(a·p/q)`, with |x| where a is even and q is; only for one symbol, or e."""
    if base.under.rational != 1 or len(base.over.terms) != 1:
        return None
    product, coefficient = base.over.terms[0]
    if coefficient <= 0 or len(product) != 1:
        return None
    (kind, name), power_of = product[0]
    if (kind, name) == ("constant", "e") or (kind == "constant" and name == "pi"):
        return _rational_power(coefficient, up) * atom(kind, name, power_of * up)
    if kind not in ("symbol", "abs"):
        return None
    even = power_of.numerator % 2 == 0
    if kind == "symbol" and even and up.denominator % 2 == 0 and power_of.denominator == 1:
        return _rational_power(coefficient, up) * power_of_atom(absolute(atom("symbol", name)), power_of * up)
    return _rational_power(coefficient, up) * atom(kind, name, power_of * up)


def power_of_atom(of: Quotient, up: Fraction) -> Quotient:
    """A single atom to another power."""
    ((((kind, argument), _),), _) = of.over.terms[0]
    return atom(kind, argument, up)


def _nested_root(base: Quotient) -> Quotient | None:
    """`√(a + b√c)` as `√p ± √q`, when a² − b²c is a square."""
    parts = dict(base.over.terms)
    a = parts.pop((), None)
    if a is None or a <= 0:
        return None
    ((product, b),) = parts.items()
    if any(kind != "prime" or exponent != Fraction(1, 2) for (kind, _), exponent in product):
        return None
    c = math.prod(prime for (_, prime), _ in product)
    inner = _rational_power(a * a - b * b * c, Fraction(1, 2)).rational if a * a > b * b * c else None
    if inner is None:
        return None
    one, other = (_rational_power((a + sign * inner) / 2, Fraction(1, 2)) if a + sign * inner else number(0) for sign in (1, -1))
    return one + other if b > 0 else one - other


MAX_EXPONENT_TERMS = 6


def _exponential(base: Quotient, exponent: Quotient) -> Quotient | None:
    """`b^(2n + 1)` as `b·(b^n)²`: one atom for each prime of the base and each product in the exponent; Euler's formula; `e^(ln a)`."""
    if exponent.under.rational != 1 or len(exponent.over.terms) > MAX_EXPONENT_TERMS:
        return None
    value = base.rational
    if base == E:
        bases: list[tuple[int | str, Fraction]] = [("e", Fraction(1))]
    elif value is not None and value > 0 and max(value.numerator, value.denominator).bit_length() <= 64:
        bases = [(prime, Fraction(times)) for prime, times in factors(value.numerator).items()] if value.numerator > 1 else []
        bases += [(prime, Fraction(-times)) for prime, times in factors(value.denominator).items()] if value.denominator > 1 else []
    else:
        return _of_negative(value, exponent) if value is not None and value < 0 else None
    result = number(1)
    for name, times in bases:
        for product, coefficient in exponent.over.terms:
            result = result * _one_exponential(name, product, coefficient * times)
    return result


def _of_negative(base: Fraction, exponent: Quotient) -> Quotient:
    """`(-b)^(n + k)` for a whole k as `b^(n + k)·(-1)^k·(-1)^n`."""
    whole = math.floor(dict(exponent.over.terms).get((), Fraction(0)))
    minus = number(-1 if whole % 2 else 1) * atom("power", (number(-1), exponent - number(whole)))
    return minus if base == -1 else raised(number(-base), exponent) * minus


def _one_exponential(name: int | str, product: Product, times: Fraction) -> Quotient:
    if not product:
        return atom("constant", "e", times) if name == "e" else _rational_power(Fraction(name), times)
    kinds = [kind for (kind, _), _ in product]
    if name == "e" and kinds == ["ln"] and product[0][1] == 1:
        return _rational_power(Fraction(product[0][0][1]), times)
    if (
        name == "e"
        and sorted(kinds) == ["constant", "i"]
        and all(exponent == 1 for _, exponent in product)
        and any(name == ("constant", "pi") for name, _ in product)
    ):
        angle = number(times) * PI
        return cos(angle) + atom("i", 1) * sin(angle)
    known = {argument: exponent for (kind, argument), exponent in product if kind == "ln"}
    if kinds == ["ln", "ln"] and known.get(name) == -1 and sorted(known.values()) == [-1, 1]:
        (prime,) = (argument for argument, exponent in known.items() if exponent == 1)
        return _rational_power(Fraction(prime), times)
    if any(kind not in ("symbol", "prime", "constant", "i") for kind in kinds):
        return atom("power", (E if name == "e" else number(Fraction(name)), Quotient(Sum(((product, times),)))))
    return atom("exp", (name, Quotient(Sum(((product, Fraction(1)),)))), times)


def root(base: Quotient, degree: int) -> Quotient:
    """The principal root; of a negative number only the square root (imaginary) and odd roots (real)."""
    value = base.rational
    if value is not None and value == 0:
        return number(0)
    if degree % 2:
        size = value if value is not None else value_at(base, {})
        if size is not None and size < 0:
            return -root(-base, degree)
    return (_nested_cube_root(base) if degree == 3 and value is None else None) or raised(base, _part(degree))


@lru_cache(maxsize=64)
def _part(degree: int) -> Quotient:
    return number(Fraction(1, degree))


def _nested_cube_root(base: Quotient) -> Quotient | None:
    """`∛(a + b√c)` as `p + q√c`, when there are such p and q with small denominators: guessed by their values, proved by their cube."""
    parts = dict(base.over.terms)
    a = parts.pop((), Fraction(0))
    if base.under.rational != 1 or len(parts) != 1:
        return None
    ((product, b),) = parts.items()
    if any(kind != "prime" or exponent != Fraction(1, 2) for (kind, _), exponent in product):
        return None
    c = math.prod(prime for (_, prime), _ in product)
    if max(abs(a), abs(b), c) > 10**6:
        return None
    one, other = (math.cbrt(float(a) + sign * float(b) * math.sqrt(c)) for sign in (1, -1))
    p, q = (Fraction(value).limit_denominator(MAX_DENOMINATOR) for value in ((one + other) / 2, (one - other) / 2 / math.sqrt(c)))
    guess = number(p) + number(q) * root(number(c), 2)
    return guess if power(guess, 3) == base else None


def factorial(of: Quotient) -> Quotient:
    """`n!` for small n; else an atom."""
    value = of.rational
    if value is not None and value.denominator == 1 and 0 <= value <= MAX_FACTORIAL:
        return number(math.factorial(int(value)))
    return atom("factorial", of)


def binomial(above: Quotient, below: Quotient) -> Quotient:
    """`n choose k` for whole numbers, where it is written out in few figures; a polynomial in n for a very small k; else an atom."""
    n, k = above.rational, below.rational
    if n is not None and k is not None and n.denominator == k.denominator == 1 and 0 <= k <= n:
        fewer = min(int(k), int(n - k))
        if n <= MAX_FACTORIAL or fewer * int(n).bit_length() <= MAX_BITS:
            return number(math.comb(int(n), fewer))
        return atom("binomial", (above, number(fewer)))
    if n is None and k is not None and k.denominator == 1 and 0 <= k <= MAX_FALLING and len(above.over.terms) <= 2 and above.under is ONE:
        return math.prod((above - number(step) for step in range(int(k))), start=number(Fraction(1, math.factorial(int(k)))))
    return atom("binomial", (above, below))


def absolute(of: Quotient) -> Quotient:
    """`|x|`."""
    value = of.rational
    if value is not None:
        return number(abs(value))
    return atom("abs", -of if of.over.terms and of.over.terms[-1][1] < 0 else of)


def floor(of: Quotient) -> Quotient:
    """The largest whole number that is not above."""
    value = of.rational
    return number(math.floor(value)) if value is not None else atom("floor", of)


def ceiling(of: Quotient) -> Quotient:
    """The smallest whole number that is not below."""
    value = of.rational
    return number(math.ceil(value)) if value is not None else atom("ceiling", of)


def _even_power(of: Quotient) -> tuple[Quotient, Fraction] | None:
    """|x| and n of `x^n` for a real symbol and an even n."""
    if of.under.rational != 1 or len(of.over.terms) != 1:
        return None
    product, coefficient = of.over.terms[0]
    if coefficient != 1 or len(product) != 1 or product[0][0][0] not in ("symbol", "abs"):
        return None
    (name, times) = product[0]
    inner = atom(*name)
    return (absolute(inner) if name[0] == "symbol" else inner, times) if times.denominator == 1 and times % 2 == 0 else None


def _ln_of_size(of: Quotient) -> Quotient | None:
    """`ln|a/b|` and `ln|2xy|` as sums; None for what is no size of a quotient or product."""
    product, coefficient = of.over.terms[0] if of.under is ONE and len(of.over.terms) == 1 else ((), Fraction(0))
    if coefficient != 1 or len(product) != 1 or product[0][0][0] != "abs" or product[0][1] != 1:
        return None
    inner: Quotient = product[0][0][1]
    if inner.under is not ONE:
        return ln(absolute(Quotient(inner.over))) - ln(absolute(Quotient(inner.under)))
    factors, scale = inner.over.terms[0] if len(inner.over.terms) == 1 else ((), Fraction(1))
    if len(factors) < 2 and scale == 1:
        return None
    if not factors or any(kind != "symbol" for (kind, _), _ in factors):
        return None
    total = ln(number(abs(scale)))
    for (kind, name), exponent in factors:
        total = total + number(exponent) * ln(absolute(atom(kind, name)))
    return total


def ln(of: Quotient) -> Quotient:
    """The natural logarithm; of a positive rational, the sum of the logarithms of its primes."""
    value = of.rational
    if of == E:
        return number(1)
    if value is None and (roots := _roots_only(of)) is not None:
        coefficient, primes = roots
        total = ln(number(coefficient))
        for prime, times in primes:
            total = total + number(times) * atom("ln", prime)
        return total
    if value is None and (size := _even_power(of)) is not None:
        return number(size[1]) * atom("lnof", size[0])
    if value is None and (summed := _ln_of_size(of)) is not None:
        return summed
    if value is None or value <= 0 or max(value.numerator, value.denominator).bit_length() > 200:
        return atom("lnof", of)
    try:
        parts = [(factors(value.numerator), 1), (factors(value.denominator), -1)]
    except LimitError:
        return atom("lnof", of)
    result = number(0)
    for factored, sign in parts:
        for factor, count in factored.items():
            result = result + number(sign * count) * atom("ln", factor)
    return result


def log_of_unknown_base(of: Quotient) -> Quotient:
    """The logarithm whose base is not told: its rules hold for every base, its value for none."""
    return ln(of) * atom(*UNKNOWN_BASE)


def log(of: Quotient, base: Quotient) -> Quotient:
    """The logarithm to a base."""
    below = ln(base)
    if not below.over.terms:
        raise ZeroDivisionError
    return ln(of) / below


SINES = {
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
        if turn in SINES:
            return number(sign) * SINES[turn]
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
