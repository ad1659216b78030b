"""Formulas are read as mathematics means them: a formula drawn at random has the value that its tree has."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rewardlang.answers.algebra import Quotient
from rewardlang.answers.compare_numbers import same_formula
from rewardlang.answers.expression import read_expression
from rewardlang.answers.named_functions import FUNCTIONS
from rewardlang.answers.numeric import value_at
from rewardlang.answers.parse import read_tokens
from rewardlang.answers.plain import ADVERBS, quick_number
from rewardlang.answers.quick_forms import quick_form
from rewardlang.answers.reading import UnreadError
from rewardlang.answers.tokens import tokens_of
from rewardlang.answers.units import SYMBOLS, WORDS

Formula = tuple[str, Callable[[float], float]]
"""A formula in LaTeX, and its value for a value of x."""


def _steady(value: Callable[[float], float]) -> Callable[[float], float]:
    """The function, without a value near 0, where it would make a large error of a rounding error."""
    return lambda a: value(a) if a > 1e-4 else math.nan


def _over(a: float, b: float) -> float:
    return a / b if abs(b) > 1e-4 else math.nan


def _leaf() -> st.SearchStrategy[Formula]:
    numbers = st.integers(0, 12).map(lambda n: (str(n), lambda x: float(n)))
    decimals = st.integers(1, 99).map(lambda n: (f"{n / 10}", lambda x: n / 10))
    names: st.SearchStrategy[Formula] = st.sampled_from([("x", lambda x: x), ("\\pi", lambda x: math.pi), ("e", lambda x: math.e)])
    return st.one_of(numbers, decimals, names)


def _node(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    def two(make: Callable[[str, str], str], value: Callable[[float, float], float]) -> st.SearchStrategy[Formula]:
        return st.tuples(inner, inner).map(lambda ab: (make(ab[0][0], ab[1][0]), lambda x: value(ab[0][1](x), ab[1][1](x))))

    def one(make: Callable[[str], str], value: Callable[[float], float]) -> st.SearchStrategy[Formula]:
        return inner.map(lambda a: (make(a[0]), lambda x: value(a[1](x))))

    return st.one_of(
        two("({}) + ({})".format, lambda a, b: a + b),
        two("({}) - ({})".format, lambda a, b: a - b),
        two("({})({})".format, lambda a, b: a * b),
        two("({}) \\cdot ({})".format, lambda a, b: a * b),
        two("\\frac{{{}}}{{{}}}".format, _over),
        two("({})/({})".format, _over),
        one("-({})".format, lambda a: -a),
        one("\\left({}\\right)^2".format, lambda a: a**2),
        one("({})^{{-1}}".format, lambda a: _over(1, a)),
        one("\\sqrt{{{}}}".format, _steady(math.sqrt)),
        one("\\sqrt[3]{{{}}}".format, _steady(lambda a: a ** (1 / 3))),
        one("\\sin({})".format, math.sin),
        one("\\cos^2({})".format, lambda a: math.cos(a) ** 2),
        one("\\tan({})".format, lambda a: _over(math.sin(a), math.cos(a))),
        one("\\ln({})".format, _steady(math.log)),
        one("|{}|".format, abs),
        one("e^{{{}}}".format, lambda a: math.exp(a) if abs(a) < 30 else math.nan),
        one("2^{{{}}}".format, lambda a: 2.0**a if abs(a) < 30 else math.nan),
        one("6^{{-({})}}".format, lambda a: 6.0**-a if abs(a) < 12 else math.nan),
        one("({})^{{2/3}}".format, _steady(lambda a: a ** (2 / 3))),
        one("\\sqrt{{({})^2}}".format, abs),
        one("\\arctan({})".format, math.atan),
        one("\\lfloor {} \\rfloor".format, lambda a: float(math.floor(a)) if abs(a - round(a)) > 1e-6 else math.nan),
    )


FORMULAS = st.recursive(_leaf(), _node, max_leaves=6)


def _read(text: str) -> Quotient | None:
    try:
        return read_expression(tokens_of(text))
    except (ValueError, ZeroDivisionError):
        return None


@settings(max_examples=400, deadline=None)
@given(FORMULAS)
def test_a_formula_has_the_value_of_its_tree(formula: Formula) -> None:
    """Reading and simplifying never change a value (where it is real and not large)."""
    text, value = formula
    read = _read(text)
    assume(read is not None)
    assert read is not None
    for x in (0.7310585, 2.3):
        mine = value_at(read, {"x": x})
        try:
            right = value(x)
        except (ValueError, ArithmeticError):
            continue
        if mine is not None and math.isfinite(right) and abs(right) < 1e6:
            assert math.isclose(mine, right, rel_tol=1e-6, abs_tol=1e-6), text


@settings(max_examples=300, deadline=None)
@given(FORMULAS, FORMULAS)
def test_yes_and_no_agree_with_values(one: Formula, other: Formula) -> None:
    """What is judged equal has equal values; what is judged different differs at a point."""
    left, right = _read(one[0]), _read(other[0])
    assume(left is not None)
    assume(right is not None)
    assert left is not None
    assert right is not None
    verdict = same_formula(left, right).holds
    for x in (0.7310585, 2.3, 5.1):
        a, b = value_at(left, {"x": x}), value_at(right, {"x": x})
        if verdict and a is not None and b is not None:
            assert math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
    if verdict is None:
        return
    difference = _read(f"({one[0]}) - ({other[0]})")
    if difference is not None and difference.rational is not None:
        assert (difference.rational == 0) is verdict


@settings(deadline=None)
@given(st.fractions(max_denominator=60), st.integers(-6, 6))
def test_powers_of_rationals_are_exact(base: Fraction, exponent: int) -> None:
    """A rational to a whole power is the rational that it is."""
    assume(base != 0 or exponent > 0)
    read = _read(f"({base})^{{{exponent}}}")
    assert read is not None
    assert read.rational == base**exponent


@settings(deadline=None)
@given(st.integers(1, 1_000), st.integers(1, 1_000))
def test_roots_multiply(one: int, other: int) -> None:
    """√a·√b is √(ab), and never √(ab + 1)."""
    product, root, beside = (
        _read(text) for text in (f"\\sqrt{{{one}}}\\sqrt{{{other}}}", f"\\sqrt{{{one * other}}}", f"\\sqrt{{{one * other + 1}}}")
    )
    assert product is not None
    assert root is not None
    assert beside is not None
    assert same_formula(product, root).holds is True
    assert same_formula(product, beside).holds is not True


@pytest.mark.parametrize("text", ["1/2x", "2^3^2", "x y = ", "1 2", "\\frac{1}", "f(x)(", "\\int x", "x_"])
def test_what_can_be_read_in_two_ways_or_not_at_all_is_not_read(text: str) -> None:
    """No guess is made."""
    with pytest.raises((UnreadError, ValueError)):
        read_expression(tokens_of(text))


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.text(alphabet="0123456789,./-+$ ", max_size=9),
        st.tuples(st.sampled_from(["", "-", "+"]), st.integers(-99, 99), st.integers(0, 99)).map(
            lambda parts: f"{parts[0]}\\dfrac{{{parts[1]}}}{{{parts[2]}}}"
        ),
    ),
    st.sampled_from(["{}", "${}$", "\\boxed{{{}}}", "{}.", "$\\boxed{{{}}}$", "$ {} $"]),
)
def test_the_quick_way_says_what_the_tokens_say(text: str, frame: str) -> None:
    """Plain numbers are read without tokens, to the same value."""
    quick = quick_number(frame.format(text).strip()) if frame.format(text).strip() else None
    if quick is not None:
        assert quick == read_tokens(frame.format(text).strip())


_MORE_WORDS = """
apples apple books times dozen dozens millions tens thirds halves or of to and am pm units people percent degrees is not mod x e i
left more old deer dice things hundreds pairs infinity per each altogether squared factorial seconds minus pi none true
"""
WORDS_BEHIND = (*SYMBOLS.split(), *WORDS.split(), *FUNCTIONS, *ADVERBS, *_MORE_WORDS.split())


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["{}", "{} = {{}}", "{}={{}}", "\\${{}}", "${{}}", "{{}} {}", "{{}} {}.", "\\${{}}.", "{} = {{}}."]),
    st.one_of(st.sampled_from(WORDS_BEHIND), st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    st.one_of(
        st.integers(0, 10**6).map(str),
        st.integers(1000, 10**9).map("{:,}".format),
        st.from_regex(r"\A[0-9]{1,4}\.[0-9]{1,4}\Z"),
        st.sampled_from(["0", "1", "1.0", "00", "007", "12", "13", "24", "60", "1,23", "1e5", "1.", "123456789012345.5"]),
    ),
)
def test_quick_forms_say_what_the_tokens_say(frame: str, word: str, figures: str) -> None:
    """A name, a currency or a unit beside a number: read without tokens to the same value, or not read without them."""
    text = frame.format(word).format(figures)
    quick = quick_form(text, read_tokens)
    if quick is not None:
        assert quick == read_tokens(text)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(
        [("(", ")"), ("\\{", "\\}"), ("\\left(", "\\right)"), ("\\left\\{", "\\right\\}"), ("( ", " )"), ("\\{ ", " \\}."), ("(", "\\}")]
    ),
    st.lists(st.from_regex(r"\A-?[0-9]{1,3}(\.[0-9]{1,3})?\Z"), min_size=1, max_size=5),
    st.sampled_from([",", ", "]),
)
def test_several_numbers_in_brackets_are_what_the_tokens_say(brackets: tuple[str, str], numbers: list[str], comma: str) -> None:
    """Points and sets of plain numbers: read without tokens to the same value, or not read without them."""
    text = brackets[0] + comma.join(numbers) + brackets[1]
    quick = quick_form(text, read_tokens)
    if quick is not None:
        assert quick == read_tokens(text)


def test_what_the_quick_forms_are_for_is_read_by_them() -> None:
    """What policies write most, and what looks like it and is something else."""
    for text in ("x = 17", "n=3", "\\$1,234.50", "$5", "12 apples", "3.5 kg", "1,200 miles.", "40 hours", "(1, 2)", "\\{3,4\\}"):
        assert quick_form(text, read_tokens) is not None, text
    for text in (
        "e = 17",
        "7 pm",
        "3 dozen",
        "20 percent",
        "17 or",
        "17 x",
        "$x = 3$",
        "x = 17 kg",
        "x = $5",
        "-3 kg",
        "3 halves",
        "5 times",
    ):
        assert quick_form(text, read_tokens) is None, text
