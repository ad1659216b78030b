"""Answers whose numbers are written like 1.234,5: read where the notation leaves one reading, refused where it leaves two."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlang.answers.notation import DEFAULT, in_default_notation, read_answer_in
from rewardlang.answers.numerals import Notation
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

NOTATION = "1.234,5"


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ("1.234,5", "1234.5"),
        ("-1.000.000", "-1000000"),
        (",5", ".5"),
        ("1{,}5", "1.5"),
        (r"1\,234,5", "1234.5"),
        ("1 234,5", "1234.5"),
        (r"\frac{2,5}{3}", r"\frac{2.5}{3}"),
        (r"\boxed{1,5}", "1.5"),
        (r"\(1,5\)", "1.5"),
        (r"0,\overline{3}", r"0.\overline{3}"),
        (r"0,1\overline{6}", r"0.1\overline{6}"),
        ("12,5 %", "12.5%"),
        ("10.000 €", "10000 €"),
        (r"2,5 \cdot 10^3", "2500"),
        ("1,5e3", "1500"),
        ("2(1,5 + x)", "2(1.5+x)"),
        (r"\sin(1,5)", r"\sin(1.5)"),
        (r"\sqrt[3]{1,5}", r"\sqrt[3]{1.5}"),
        ("1, 2", "1; 2"),
        ("1,5, 2,5", "1.5; 2.5"),
        ("1,5; 2,5", "1.5; 2.5"),
        ("x = 1,5; y = 2", "x = 1.5; y = 2"),
        ("x=1,y=2", "x=1; y=2"),
        ("(1,5; 2)", "(1.5, 2)"),
        ("[0; 1,5)", "[0, 1.5)"),
        (r"\left\{1,5; 2\right\}", r"\{1.5, 2\}"),
        ("(0, 1)", "(0, 1)"),
        ("0,5 mg", "0.5 mg"),
        ("Die Zahl.", "Die Zahl"),
    ],
)
def test_what_has_one_reading(written: str, default: str) -> None:
    """It is the answer that the default notation writes so; what was written is kept for the explanation."""
    answer = read_answer_in(written, NOTATION)
    assert isinstance(answer, Answer)
    assert answer.written == written
    expected = read_answer(default)
    assert isinstance(expected, Answer)
    assert _plain(answer) == _plain(expected)


def _plain(answer: Answer) -> str:
    """The value without what is only known of decimals."""
    return re.sub(r"figures=\d+|unit_in_last_place=Fraction\(\d+, \d+\)|'[ .]", "", repr(answer.value))


@pytest.mark.parametrize("text", ["1.5", "12.34", "1,2,3", "0.5", "1.23", "x.5", ".5", "1 ,5", "1..5", "3.14 oder 2", "1.234.5", "01.234"])
def test_what_is_no_number_of_the_notation_is_missing(text: str) -> None:
    """Never read as another number."""
    found = read_answer_in(text, NOTATION)
    assert isinstance(found, Missing)
    assert "is not a number written like 1.234,5" in found.reason


@pytest.mark.parametrize(
    "text",
    [
        "(1,5)",
        "[0,1]",
        r"\{1,2\}",
        r"\left(1,5\right)",
        "{1,5}",
        "(-1,5)",
        "($1,5$)",
        "x,1,5",
        "1,5,x",
        "(1,5, 2)",
        "(x, 1,5)",
        "f(1,5)",
        "0,(3)",
    ],
)
def test_what_could_be_one_number_or_two_is_missing(text: str) -> None:
    """Between brackets, or beside a comma without a space, a decimal comma needs semicolons around it."""
    found = read_answer_in(text, NOTATION)
    assert isinstance(found, Missing)
    assert "can be one number or two" in found.reason


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**6), st.integers(0, 6), st.booleans())
def test_every_decimal_is_read_as_it_was_written(whole: int, decimals: int, places: int, grouped: bool) -> None:
    """With and without marks between thousands."""
    behind = f"{decimals % 10**places:0{places}d}" if places else ""
    figures = f"{whole:,}".replace(",", "." if grouped else "") + ("," + behind if behind else "")
    answer = read_answer_in(figures, NOTATION)
    assert isinstance(answer, Answer)
    wanted = abs(whole) + (Fraction(int(behind), 10**places) if behind else 0)
    assert answer.value.value.rational == (-wanted if whole < 0 else wanted)  # type: ignore[union-attr]


@given(st.text(alphabet="0123456789.,;(){}[]\\ x'-", max_size=30), st.sampled_from(get_args(Notation)))
def test_every_text_is_rewritten_without_a_comma_between_figures(text: str, notation: str) -> None:
    """Nothing is left that the default notation would take for thousands."""
    if notation == DEFAULT:
        return
    rewritten = in_default_notation(text, notation)
    assert isinstance(rewritten, Missing) or re.search(r"[0-9],[0-9]", rewritten) is None


@pytest.mark.parametrize(
    ("notation", "written", "default"),
    [
        ("1 234,5", "1 234,5", "1234.5"),
        ("1 234,5", "1\u202f000\u00a0000", "1000000"),
        ("1 234,5", "1234,5", "1234.5"),
        ("1 234,5", "(1,5; 2)", "(1.5, 2)"),
        ("1 234.5", "1 234.5", "1234.5"),
        ("1'234.5", "1'234'567.8", "1234567.8"),
        ("1'234.5", "1\u2019000", "1000"),
        ("1'234.5", "(1,2)", "(1, 2)"),
        ("1'234.5", "[0,1.5)", "[0, 1.5)"),
        ("1'234.5", "(1,234)", "(1; 234)"),
        ("1'234.5", "1,2,3", "1; 2; 3"),
        ("1'234.5", "0.(3)", "1/3"),
        ("1'234.5", "f'(2) = 3", "f'(2) = 3"),
        ("1 234.5", r"0.\overline{3}", "1/3"),
    ],
)
def test_other_notations(notation: str, written: str, default: str) -> None:
    """Spaces and apostrophes divide thousands; with a decimal point a comma separates values."""
    answer, expected = read_answer_in(written, notation), read_answer(default)
    assert isinstance(answer, Answer), answer
    assert isinstance(expected, Answer)
    assert _plain(answer) == _plain(expected)


@pytest.mark.parametrize(
    ("notation", "text"),
    [("1 234,5", "1.5"), ("1 234,5", "(1,5)"), ("1'234.5", "1,234"), ("1'234.5", "1{,}234"), ("1 234.5", "1,234.5"), ("1'234.5", "1.5.2")],
)
def test_what_other_notations_do_not_say(notation: str, text: str) -> None:
    """Thousands of another notation are not taken for a list, nor for a number."""
    assert isinstance(read_answer_in(text, notation), Missing)


def test_the_default_notation_is_left_alone() -> None:
    """What is written like 1,234.5 is read as ever."""
    answer, same = read_answer_in("(1,234)", "1,234.5"), read_answer("(1,234)")
    assert answer == same
