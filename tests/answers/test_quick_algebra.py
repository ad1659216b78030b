"""What the algebra of answers looks up or leaves out gives what working it out gives."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.answers import algebra, functions
from rewardlang.answers.algebra import Quotient, Sum, atom, number, symbol

_ATOMS = [
    number(0), number(1), number(-1), number(Fraction(2, 3)), number(40), number(10**9), symbol("x"), symbol("y"), functions.PI,
    atom("i", 1), functions.root(number(2), 2), functions.root(number(12), 3), functions.ln(number(6)), functions.sin(symbol("x")),
]  # fmt: skip
sums = st.lists(st.sampled_from(_ATOMS), min_size=1, max_size=3).map(lambda parts: _folded(parts).over)


def _folded(parts: list[Quotient]) -> Quotient:
    total = parts[0]
    for place, part in enumerate(parts[1:]):
        total = total * part if place % 2 else total + part
    return total


def _worked_out(one: Sum, other: Sum) -> Sum:
    """The product, term by term."""
    terms: dict[algebra.Product, Fraction] = {}
    for left, a in one.terms:
        for right, b in other.terms:
            for product, c in algebra._multiply_products(left, right).terms:
                terms[product] = terms.get(product, Fraction(0)) + a * b * c
    return algebra._sum(terms)


@settings(deadline=None)
@given(sums, sums)
def test_products_and_sums(one: Sum, other: Sum) -> None:
    """Nothing, one, numbers alone, and terms that need not be put in order again."""
    assert algebra._multiply(one, other) == _worked_out(one, other)
    for factor in (1, -1):
        terms = dict(one.terms)
        for product, value in other.terms:
            terms[product] = terms.get(product, Fraction(0)) + factor * value
        assert algebra._add(one, other, factor) == algebra._sum(terms)


@settings(deadline=None)
@given(
    st.integers(1, 5000),
    st.integers(1, 30),
    st.sampled_from([Fraction(1, 2), Fraction(1, 3), Fraction(-3, 2), Fraction(2), Fraction(5, 6)]),
)
def test_roots(over: int, under: int, exponent: Fraction) -> None:
    """Of small whole numbers, which are remembered, and of others."""
    value = Fraction(over, under)
    assert functions._rational_power(value, exponent) == functions._power_by_factors(value, exponent)


@settings(deadline=None)
@given(st.sampled_from([("constant", "pi"), ("i", 1), ("prime", 7), ("ln", 3), ("symbol", "x")]), st.fractions(-9, 9, max_denominator=4))
def test_atoms(of: tuple[str, int | str], exponent: Fraction) -> None:
    """To a power, remembered or not."""
    whole = exponent if of[0] not in ("i", "ln") else Fraction(int(exponent))
    assert atom(*of, whole) == algebra._atom_in_form(*of, whole)


@given(st.integers(-50, 2000), st.integers(1, 40), st.integers(-50, 2000), st.integers(1, 40))
def test_products_of_numbers(a: int, b: int, c: int, d: int) -> None:
    """Of whole numbers and of fractions."""
    one, other = Fraction(a, b), Fraction(c, d)
    assert algebra._product(one, other) == one * other
