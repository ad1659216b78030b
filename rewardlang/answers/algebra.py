"""Exact expressions: sums of products over the rationals, and quotients of them, in one form for each value.

A `Sum` maps products to rational coefficients. A product is a sorted tuple of
atoms with exponents: symbols, π, e, i, prime numbers under a root (with an
exponent between 0 and 1), logarithms of primes, and functions that are not
rewritten further. Equal sums are equal values. Unequal sums are unequal values
when their atoms are algebraically independent (`decides`): symbols, one of π
and e, i, and roots of primes, which are linearly independent over the
rationals (Besicovitch 1940); and powers such as 2^n and e^(xy) with symbols in
the exponent.

All work is bounded: terms, bits and exponents; beyond them LimitError.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from rewardlang.record import FrozenSlots

MAX_TERMS = 100
MAX_BITS = 10_000
MAX_PRODUCTS = 400
MAX_EXPONENT = 64
MAX_WEIGHT = 300

Atom: TypeAlias = tuple[str, Any]
"""("symbol", name), ("constant", "pi" or "e"), ("i", 1), ("prime", p), ("ln", p), ("exp", (p or "e", product)), (function, arguments…)."""

Product: TypeAlias = tuple[tuple[Atom, Fraction], ...]

UNKNOWN_BASE: Atom = ("per ln of the base", 0)
"""1 / ln b for the base b of a logarithm that is written without one: 10 or e, by two schools."""

_INDEPENDENT = ("symbol", "i", "prime", "exp")


_ZERO, _ONE = Fraction(0), Fraction(1)
_MOST_SMALL = 1 << 9
_SMALL = tuple(map(Fraction, range(_MOST_SMALL)))
"""Numbers that nearly every answer is made of. Making one takes as long as reading two tokens."""


class LimitError(ValueError):
    """More work than is done for an answer; the text says which limit."""


_set = object.__setattr__


class Sum(FrozenSlots):
    """Terms sorted by product, no coefficient 0; the empty sum is 0."""

    __slots__ = ("terms",)
    terms: tuple[tuple[Product, Fraction], ...]

    def __init__(self, terms: tuple[tuple[Product, Fraction], ...]) -> None:
        _set(self, "terms", terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and self.terms == other.terms

    def __repr__(self) -> str:
        return f"Sum(terms={self.terms!r})"

    def __reduce__(self) -> tuple[type[Sum], tuple[Any, ...]]:
        return Sum, (self.terms,)

    def __hash__(self) -> int:
        """Equal for equal sums, without the hashes of fractions, which take a division each."""
        return hash(tuple([(value.numerator, value.denominator, _parts(product)) for product, value in self.terms]))

    @property
    def rational(self) -> Fraction | None:
        """The value when no atom is in it."""
        if not self.terms:
            return _ZERO
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    def atoms(self) -> set[Atom]:
        """The atoms of all terms."""
        return {atom for product, _ in self.terms for atom, _ in product}


def _parts(product: Product) -> tuple[Any, ...]:
    return tuple([(atom, power.numerator, power.denominator) for atom, power in product])


def _order(item: tuple[Any, Any]) -> str:
    return repr(item[0])


def _product(one: Fraction, other: Fraction) -> Fraction:
    """Of two numbers: looked up, where it is a small whole one."""
    if one.denominator == 1 == other.denominator:
        value = one.numerator * other.numerator
        return _SMALL[value] if 0 <= value < _MOST_SMALL else Fraction(value)
    return one * other


def _within(value: Fraction) -> Fraction:
    """The number. Raises LimitError where it is too long."""
    if value.numerator.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
        raise LimitError(f"a number of more than {MAX_BITS:,} bits")
    return value


def _sum(terms: dict[Product, Fraction]) -> Sum:
    kept = []
    for term in terms.items():
        value = term[1]
        above = value.numerator
        if above:
            if above.bit_length() > MAX_BITS or value.denominator.bit_length() > MAX_BITS:
                raise LimitError(f"a number of more than {MAX_BITS:,} bits")
            kept.append(term)
    if len(kept) > MAX_TERMS:
        raise LimitError(f"more than {MAX_TERMS} terms")
    if len(kept) > 1:
        kept.sort(key=_order)
    return Sum(tuple(kept))


def _add(one: Sum, other: Sum, factor: int = 1) -> Sum:
    if not one.terms or not other.terms:
        return one if not other.terms else other if factor == 1 else Sum(tuple([(product, -value) for product, value in other.terms]))
    terms = dict(one.terms)
    for product, value in other.terms:
        added = value if factor == 1 else -value
        terms[product] = terms[product] + added if product in terms else added
    return _sum(terms)


def _multiply(one: Sum, other: Sum) -> Sum:
    if one is ONE or other is ONE:
        return other if one is ONE else one
    if len(one.terms) * len(other.terms) > MAX_PRODUCTS:
        raise LimitError(f"a product of more than {MAX_PRODUCTS} terms")
    for number_, sum_ in ((one, other), (other, one)):
        if len(number_.terms) == 1 and not number_.terms[0][0]:
            return _times(sum_, number_.terms[0][1])
    if len(one.terms) == len(other.terms) == 1:
        ((left, a),), ((right, b),) = one.terms, other.terms
        return _times(_multiply_products(left, right), _product(a, b))
    terms: dict[Product, Fraction] = {}
    for left, a in one.terms:
        for right, b in other.terms:
            factor = _product(a, b)
            for product, c in _multiply_products(left, right).terms if left and right else ((left or right, _ONE),):
                value = factor if c is _ONE else factor * c
                terms[product] = terms[product] + value if product in terms else value
    return _sum(terms)


def _in_form(one: Sum) -> Sum:
    """A sum whose products were put together by hand, each in its form."""
    terms: dict[Product, Fraction] = {}
    for product, value in one.terms:
        for formed, factor in _multiply_products(product, ()).terms:
            terms[formed] = terms.get(formed, Fraction(0)) + value * factor
    return _sum(terms)


def _times(one: Sum, factor: Fraction) -> Sum:
    """A sum times a number that is not 0. Its products are in their form already."""
    return (
        one if factor is _ONE or factor == 1 else Sum(tuple([(product, _within(_product(value, factor))) for product, value in one.terms]))
    )


def _multiply_products(left: Product, right: Product) -> Sum:
    """The product of two products, with i² = −1, whole powers of primes taken out and sin² = 1 − cos²."""
    if not left and not right:
        return ONE
    powers: dict[Atom, Fraction] = dict(left)
    for atom, exponent in right:
        powers[atom] = powers[atom] + exponent if atom in powers else exponent
    coefficient = _ONE
    sines: list[tuple[Atom, int]] = []
    for atom, exponent in list(powers.items()):
        if atom[0] == "prime":
            whole = exponent.numerator // exponent.denominator
            if whole:
                coefficient *= Fraction(atom[1]) ** whole
                powers[atom] = exponent - whole
        elif atom[0] == "i":
            coefficient = -coefficient if int(exponent) % 4 in (2, 3) else coefficient
            powers[atom] = _SMALL[int(exponent) % 2]
        elif atom[0] == "sin" and exponent >= 2:
            sines.append((("cos", atom[1]), int(exponent) // 2))
            powers[atom] = exponent - 2 * (int(exponent) // 2)
        if abs(exponent) > MAX_EXPONENT:
            raise LimitError(f"an exponent above {MAX_EXPONENT}")
    powered = [(atom, power) for atom, power in powers.items() if power]
    kept = tuple(sorted(powered, key=_order) if len(powered) > 1 else powered)
    result = Sum(((kept, coefficient),)) if kept or coefficient is not _ONE else ONE
    for cosine, times in sines:
        square = Sum(((((cosine, Fraction(2)),), Fraction(-1)), ((), _ONE)))  # in this order: "()" comes behind all other products
        for _ in range(times):
            result = _multiply(result, square)
    return result


ZERO = Sum(())
ONE = Sum((((), _ONE),))


class Quotient(FrozenSlots):
    """`over / under`; `under` is never 0, and 1 whenever it has one term only. Compare with `difference`, not with `==`."""

    __slots__ = ("over", "under")
    over: Sum
    under: Sum

    def __init__(self, over: Sum, under: Sum = ONE) -> None:
        _set(self, "over", over)
        _set(self, "under", under)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quotient) and self.over == other.over and self.under == other.under

    def __hash__(self) -> int:
        return hash((self.over, self.under))

    def __repr__(self) -> str:
        return f"Quotient(over={self.over!r}, under={self.under!r})"

    def __reduce__(self) -> tuple[type[Quotient], tuple[Any, ...]]:
        return Quotient, (self.over, self.under) if self.under is not ONE else (self.over,)

    @property
    def rational(self) -> Fraction | None:
        """The value when it is a rational number written without atoms."""
        if self.under is ONE:
            return self.over.rational
        over, under = self.over.rational, self.under.rational
        return None if over is None or under is None else over / under

    def atoms(self) -> set[Atom]:
        """The atoms of both parts."""
        return self.over.atoms() | self.under.atoms()

    def __add__(self, other: Quotient) -> Quotient:
        if self.under is other.under is ONE:
            return Quotient(_add(self.over, other.over), ONE)
        if self.under == other.under:
            return quotient(_add(self.over, other.over), self.under)
        return quotient(_add(_multiply(self.over, other.under), _multiply(other.over, self.under)), _multiply(self.under, other.under))

    def __neg__(self) -> Quotient:
        return Quotient(_add(ZERO, self.over, -1), self.under)

    def __sub__(self, other: Quotient) -> Quotient:
        return self + -other

    def __mul__(self, other: Quotient) -> Quotient:
        if self.under is other.under is ONE:
            one, two = self.over.rational, other.over.rational
            return number(_product(one, two)) if one is not None and two is not None else Quotient(_multiply(self.over, other.over), ONE)
        one, two = self.rational, other.rational
        if one is not None and two is not None:
            return number(_product(one, two))
        return quotient(_multiply(self.over, other.over), _multiply(self.under, other.under))

    def __truediv__(self, other: Quotient) -> Quotient:
        one, two = self.rational, other.rational
        if one is not None and two:
            return number(one / two)
        return quotient(_multiply(self.over, other.under), _multiply(self.under, other.over))


def quotient(over: Sum, under: Sum) -> Quotient:
    """The quotient in its form; ZeroDivisionError when `under` is 0."""
    if not under.terms:
        raise ZeroDivisionError
    if len(under.terms) == 1:
        product, value = under.terms[0]
        if not product:
            return Quotient(_times(over, 1 / value) if value != 1 else over, ONE)
        inverse = Sum(((tuple((atom, -power) for atom, power in product), 1 / value),))
        return Quotient(_multiply(over, _in_form(inverse)), ONE)
    leading = under.terms[0][1]
    if leading == 1 and over.terms:
        return Quotient(over, under)
    scale = Sum((((), 1 / leading),))
    return Quotient(_multiply(over, scale), _multiply(under, scale)) if over.terms else Quotient(ZERO, ONE)


def number(value: Fraction | int) -> Quotient:
    """A rational number."""
    value = _within(Fraction(value) if isinstance(value, int) else value)
    return Quotient(Sum((((), value),)) if value.numerator else ZERO, ONE)


@lru_cache(maxsize=1024)
def whole(value: int) -> Quotient:
    """A whole number of few figures."""
    return number(value)


@lru_cache(maxsize=1024)
def symbol(name: str) -> Quotient:
    """A symbol."""
    return Quotient(Sum(((((("symbol", name), _ONE),), _ONE),)), ONE)


def atom(kind: str, argument: Any = None, exponent: Fraction | int = 1) -> Quotient:
    """One atom to a power."""
    if kind == "symbol" and exponent == 1:
        return symbol(argument)
    if type(argument) in (int, str):
        return _simple_atom(kind, argument, exponent)
    if _weight(argument) > MAX_WEIGHT:
        raise LimitError("functions of functions of too many parts")
    return _atom_in_form(kind, argument, exponent)


@lru_cache(maxsize=1024)
def _simple_atom(kind: str, argument: int | str, exponent: Fraction | int) -> Quotient:
    """π, i, the root of a prime, its logarithm, and others that stand in many answers."""
    return _atom_in_form(kind, argument, exponent)


def _atom_in_form(kind: str, argument: Any, exponent: Fraction | int) -> Quotient:
    return Quotient(_in_form(Sum((((((kind, argument), Fraction(exponent)),), _ONE),))), ONE)


def _weight(part: Any) -> int:
    """How many atoms stand in an argument, counted again wherever they stand again."""
    if isinstance(part, Quotient):
        return (
            sum(1 + _weight(argument) for side in (part.over, part.under) for product, _ in side.terms for (_, argument), _ in product) + 1
        )
    return sum(map(_weight, part)) if isinstance(part, tuple) else 1


def difference(one: Quotient, other: Quotient) -> Sum:
    """A sum that is 0 exactly when the two are equal (where both are defined)."""
    if one.under is other.under is ONE:
        return _add(one.over, other.over, -1)
    return _add(_multiply(one.over, other.under), _multiply(other.over, one.under), -1)


def decides(atoms: set[Atom]) -> bool:
    """Whether a sum over these atoms that is not 0 in its form is not 0 in value."""
    constants = {name for kind, name in atoms if kind == "constant"}
    exponents = [argument[1].atoms() for kind, argument in atoms if kind == "exp"]
    if any(not exponent or any(kind != "symbol" for kind, _ in exponent) for exponent in exponents):
        return False
    return len(constants) <= 1 and all(kind in _INDEPENDENT or kind == "constant" for kind, _ in atoms)


def with_symbol(of: Quotient, old: str, new: str) -> Quotient | None:
    """With another name for a symbol; None when a function has an argument that the name could stand in."""
    if any(kind not in (*_INDEPENDENT, "constant", "ln") for kind, _ in of.atoms()):
        return None

    def renamed(part: Sum) -> Sum:
        terms: dict[Product, Fraction] = {}
        for product, value in part.terms:
            atoms = [(("symbol", new) if name == ("symbol", old) else name, exponent) for name, exponent in product]
            terms[tuple(sorted(atoms, key=_order))] = value
        return _sum(terms)

    return Quotient(renamed(of.over), renamed(of.under))


def power(base: Quotient, exponent: int) -> Quotient:
    """`base` to a whole exponent, by squaring; the size of the result is bounded before anything is computed."""
    value = base.rational
    if value is not None:
        if value == 0 and exponent < 0:
            raise ZeroDivisionError
        bits = max(value.numerator.bit_length(), value.denominator.bit_length())
        if bits == 1:  # 0, 1 and -1
            return number(value if exponent % 2 else value * value)
        if bits * abs(exponent) > MAX_BITS:
            raise LimitError(f"a power of more than {MAX_BITS:,} bits")
        return number(value**exponent)
    if abs(exponent) > MAX_EXPONENT:
        raise LimitError(f"an exponent above {MAX_EXPONENT}")
    result, square, left = None, base, abs(exponent)
    while left:
        if left & 1:
            result = square if result is None else result * square
        left >>= 1
        if left:
            square = square * square
    result = number(1) if result is None else result
    return result if exponent >= 0 else number(1) / result
