r"""What `equals` means on `math`, line by line: the answers that are the same, and those that are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.answers.compare import compare_answers, numeric_value
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing

SAME = r"""
0.5 :: 1/2
1\,234 :: 1234
3 :: 3.0
1000,99 :: 1000.99
0,111 :: 0.111
1,234.5 :: 1234.5
1{,}234 :: 1234
-8,192 :: -8192
0.333333 :: 1/3
1.4142136 :: \sqrt{2}
2 2/3 :: 8/3
2\frac{2}{3} :: 8/3
33.5% :: 0.335
28\% :: 28
28 percent :: 0.28
45° :: \pi/4
90^\circ :: 90
10 km :: 10000 m
5 :: 5 mg
$5 :: 5
125\text{ miles} :: 125 miles
\pm 2 :: -2, 2
1 and 2 :: 2; 1
\{1,2\} :: 2,1
(1,3) :: 1,3
0<x<1 :: (0,1)
x \in [-2,7] :: -2 \le x \le 7
x=3 :: 3
2=x :: x=2
W(n)=1 :: W(x)=1
f(y)=y :: W(n)=n
y=2x+1 :: 2x-y+1=0
x=\frac13\approx1.3 :: 1/3
x≈11 :: 11
x=1, y=2 :: 1, 2
x=1, y=2 :: y=2, x=1
x=1, y=2 :: (1,2)
2k\pi :: 2n\pi
f(x+1) :: f(1+x)
\sqrt{4} = 2 :: 2
-x>-1 :: x<1
5 \ge x :: x \leq 5
\sin^2 x+\cos^2 x :: 1
\tan^2(y)+1 :: \sec^2(y)
(x+1)(x-1) :: x^2-1
\begin{pmatrix}1&2\\3&4\end{pmatrix} :: \begin{bmatrix}1&2\\3&4\end{bmatrix}
V_1:V_2=11:21 :: 11:21
204_5 :: 204_5
Paris :: paris
no solution :: \emptyset
\text{(C)} :: C
\dfrac12 :: .5
\sqrt{8} :: 2\sqrt2
1/(1+\sqrt2) :: \sqrt2-1
2**(1/4) :: \sqrt{\sqrt{2}}
\boxed{72} :: 72
\ln 2 :: \log_e 2
\log_2 8 :: 3
\binom{5}{2} :: 10
2^{10} :: 1024
5.0\times 10^{3} :: 5000
1e5 :: 100000
9^{9^{9^{9}}} :: 9^{9^{9^{9}}}
[0, 1) \cup (2, \infty) :: (2,\infty)\cup[0,1)
"""

DIFFERENT = r"""
17.001 :: 17
10^{-20} :: 10^{-21}
12 :: 1,23
3.14 :: \pi
6.28 :: 2\pi
2 2/3 :: 2
0.28 :: 28
0.5% :: 0.5
$5 :: 5%
45 :: \pi/4
5 mg :: 5 g
1,2 :: 1,2,3
\pm2 :: 2
\{1,2\} :: (1,2)
(3,1) :: 1,3
2 :: (0,1)
(1,2) :: [1,2]
x=3 :: y=3
x=1, y=2 :: 2, 1
x=1, y=2 :: x=2, y=1
2k\pi :: 3n\pi
x>5 :: x\ge 5
\sqrt{x^2} :: x
kx :: nx
\begin{pmatrix}1&2\\3&4\end{pmatrix} :: \begin{pmatrix}1&3\\2&4\end{pmatrix}
12:00 :: 1:00
1112112_3 :: 1112122_3
odd :: even
d :: E
4 :: 4\sqrt{2}
x+y-z+2=0 :: 5x-7y+11z+4=0
3^{2025} :: 2^{2025}
100000000001000000000 :: 100000000000000000000
2 :: 2 or 3
"""

NOT_THE_SAME = r"""
x^2/4+y^2/3=1 :: x^2/16+y^2/12=1
9^{9^{9^{9}}} :: 9^{9^{9^{8}}}
\log 2 :: \ln 2
f(2) :: 2f
f(x+y)=f(x)+f(y) :: f(xy)=x f(y)
P(x+1) :: xP+P
1/2x :: x/2
"""


def _pairs(block: str) -> list[tuple[str, str]]:
    return [(left.strip(), right.strip()) for left, _, right in (line.partition("::") for line in block.strip().splitlines())]


def _read(text: str) -> Answer:
    answer = read_answer(text)
    assert isinstance(answer, Answer), f"{text}: {answer}"
    return answer


@pytest.mark.parametrize(("one", "other"), _pairs(SAME))
def test_the_same_answer(one: str, other: str) -> None:
    """Equal, in both orders."""
    assert compare_answers(_read(one), _read(other)).holds is True
    assert compare_answers(_read(other), _read(one)).holds is True


@pytest.mark.parametrize(("one", "other"), _pairs(DIFFERENT))
def test_different_answers(one: str, other: str) -> None:
    """Shown to differ, in both orders."""
    assert compare_answers(_read(one), _read(other)).holds is False
    assert compare_answers(_read(other), _read(one)).holds is False


@pytest.mark.parametrize(("one", "other"), _pairs(NOT_THE_SAME))
def test_what_is_not_decided_is_never_a_yes(one: str, other: str) -> None:
    """Out of reach of exact forms: not equal, and the reason says why."""
    verdict = compare_answers(_read(one), _read(other))
    assert not verdict.holds
    assert verdict.reason


@pytest.mark.parametrize("text", ["", "  ", "$$", "1=2=42", "$0=42$", "4 10/3", r"\boxed{}"])
def test_what_says_nothing_or_something_false_is_missing(text: str) -> None:
    """An empty answer, a false chain and an improper mixed number have no value."""
    assert isinstance(read_answer(text), Missing)


HOSTILE = [
    "9^{9^{9^{9}}}",
    "9" * 50_000,
    "(" * 5_000,
    "((" * 1_400 + "1" + "))" * 1_400,
    "100000!",
    "10^{10^{10}}!",
    r"\binom{10000000}{5000000}",
    "(x+y+z+w)^{60}",
    "(x+1)^{64}(y+1)^{64}",
    r"\tan " * 60 + "x",
    r"\sqrt{" * 25 + "x" + "}" * 25,
    "1" + "+1" * 1_400,
    "1/" * 190 + "3",
    ",".join(str(n) for n in range(700)),
    "123456789012345678901234567890123456789^{1/2}",
    "__import__('os').system('true')",
    "\ud800",
    "\\",
    "{" * 200,
    "a_" * 500,
    "x" * 2_999,
    "±" * 20,
    "±" * 1_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_are_bounded(text: str) -> None:
    """Towers, long figures, deep brackets and products that explode end at once, one way or another."""
    answer = read_answer(text)
    if isinstance(answer, Answer):
        assert compare_answers(answer, answer).holds is True
        compare_answers(answer, _read("1"))


ANSWERS = st.one_of(
    st.sampled_from([text for block in (SAME, DIFFERENT, NOT_THE_SAME) for pair in _pairs(block) for text in pair]),
    st.text(max_size=12),
    st.text(alphabet="012xy+-*/^()[]{},.=<\\ %", max_size=14),
)


@settings(deadline=None, max_examples=300)
@given(ANSWERS, ANSWERS)
def test_equality_is_symmetric_and_total(one: str, other: str) -> None:
    """Whatever is written, reading and comparing end, and the order of the two does not matter."""
    left, right = read_answer(one), read_answer(other)
    if isinstance(left, Answer) and isinstance(right, Answer):
        assert compare_answers(left, left).holds is True
        assert compare_answers(left, right).holds is compare_answers(right, left).holds


@settings(deadline=None)
@given(st.fractions(max_denominator=1000), st.fractions(max_denominator=1000))
def test_rational_answers_compare_as_numbers(one: object, other: object) -> None:
    """For rational numbers `equals` is equality of numbers."""
    assert compare_answers(_read(str(one)), _read(str(other))).holds is (one == other)


def test_equality_is_not_transitive() -> None:
    """0.28 is 28 %, 28 % is 28, and 0.28 is not 28."""
    a, b, c = map(_read, ("0.28", r"28\%", "28"))
    assert [compare_answers(a, b).holds, compare_answers(b, c).holds, compare_answers(a, c).holds] == [True, True, False]


def test_numbers_have_a_numeric_value_and_quantities_have_none() -> None:
    """Ordering and tolerance use the rational value, where there is one."""
    assert numeric_value(_read("x = 3/4")) is not None
    assert numeric_value(_read("28%")) == numeric_value(_read("0.28"))
    assert [numeric_value(_read(text)) for text in (r"\sqrt{2}", "5 mg", "x", "(1,2)")] == [None] * 4
