"""What exact forms leave open: asked of sympy in a worker process, within limits, with data and never with text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rewardlang.answers import asking, symbolic
from rewardlang.answers.parse import read_answer
from rewardlang.answers.symbolic import decide, question
from rewardlang.answers.values import Answer
from rewardlang.work import pool
from rewardlang.work.process import WorkFailed

SAME = r"""
\sin 2x :: 2\sin x\cos x
\cos 2x :: 1-2\sin^2 x
\sin(a+b)-\sin(a-b) :: 2\sin b\cos a
\frac{\sin x}{1+\cos x} :: \tan\frac{x}{2}
\sqrt{x^2+2x+1} :: |x+1|
\cosh^2 x-\sinh^2 x :: 1
\frac{1}{2}\ln 3 :: \ln\sqrt{3}
2^{\log_2 5} :: 5
e^{ix} :: \cos x+i\sin x
\cos\frac{\pi}{5} :: \frac{1+\sqrt{5}}{4}
\binom{n}{2} :: \frac{n(n-1)}{2}
(-1)^{n+1} :: -(-1)^n
\int_0^1 x^2\,dx :: \frac{1}{3}
\sum_{k=1}^{n} k :: \frac{n(n+1)}{2}
\lim_{x \to 0} \frac{\sin x}{x} :: 1
\frac{d}{dx} x^2 :: 2x
x^2 < 4 :: (-2, 2)
x^2 > 4 :: (-\infty,-2)\cup(2,\infty)
x^2-5x+6 \le 0 :: [2, 3]
(\sin 2x, 1) :: (2\sin x\cos x, 1)
\{\sin 2x, 3\} :: \{3, 2\sin x\cos x\}
f(x)=\sin 2x :: f(t)=2\sin t\cos t
\begin{pmatrix}\sin 2x\\1\end{pmatrix} :: \begin{pmatrix}2\sin x\cos x\\1\end{pmatrix}
"""
DIFFERENT = r"""
\pi^2 :: e^2+2.4805482
x^2 < 4 :: (-2, 2]
x^2 < 4 :: [-2, 2]
x^2-5x+6 < 0 :: [2, 3]
x^2 > 4 :: (-2, 2)
\int_0^1 x^2\,dx :: \frac{1}{2}
\sum_{k=1}^{n} k :: \frac{n(n-1)}{2}
\frac{d}{dx} x^2 :: x^2
\lim_{x \to 0} \frac{\sin x}{x} :: 0
"""
OPEN = r"""
9^{9^{9^{9}}} :: 9^{9^{9^{8}}}
\sum_{k=1}^{10^9} k! :: 7
\log 2 :: \ln 2
"""


@pytest.fixture(autouse=True, scope="module")
def _ended() -> Iterator[None]:
    yield
    pool.close()


def _pair(line: str) -> tuple[Answer, Answer]:
    one, other = (read_answer(side.strip()) for side in line.split(" :: "))
    assert isinstance(one, Answer)
    assert isinstance(other, Answer)
    return one, other


@pytest.mark.parametrize(
    ("line", "holds"),
    [(line, holds) for block, holds in ((SAME, True), (DIFFERENT, False), (OPEN, None)) for line in block.strip().splitlines()],
)
def test_what_sympy_proves_and_refutes(line: str, holds: bool | None) -> None:
    """The same in both orders; what neither tier shows stays open."""
    one, other = _pair(line)
    assert [decide(one, other).holds, decide(other, one).holds] == [holds, holds]


def test_without_sympy_the_verdict_is_open_and_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never a silent no."""
    monkeypatch.setattr(symbolic, "has_sympy", lambda: False)
    verdict = decide(*_pair(r"\sqrt{x^2+4x+4} :: |x+2|"))
    assert verdict.holds is None
    assert 'pip install "rewardlang[math]"' in verdict.reason


def test_exact_forms_ask_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers, formulas and kinds that exclude each other cost no question."""

    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    monkeypatch.setattr(symbolic, "settle", never)
    for line in ("1/2 :: 0.5", "x+1 :: 1+x", "(1,2) :: 3", r"\sqrt{8} :: 2\sqrt{2}", "odd :: even", "1, 2 :: 2, 3"):
        assert decide(*_pair(line)).holds is not None


@pytest.mark.parametrize("text", [r"\sin(__import__('os'))", r"\sin(eval)", "abc.def(x)", r"x\sin x + \text{import}"])
def test_what_is_sent_is_built_from_formulas_that_were_read(text: str) -> None:
    """Nodes with names of our own, numbers as digits, and symbols; a text that is not read is not sent."""
    answer, one = read_answer(text), read_answer(r"\sin x")
    assert isinstance(one, Answer)
    if isinstance(answer, Answer):
        asked = question(answer.value, one.value)
        assert asked is None or "import" not in json.dumps(asked)


def test_what_is_too_large_is_not_sent() -> None:
    """Parts, figures, exponents and ranges are counted before a worker hears of them."""
    many = "+".join(rf"\sin({n}x)\cos({n}y)" for n in range(1, 34))
    one, other = _pair(rf"{many} :: \sin x")
    asked = question(one.value, other.value)
    assert isinstance(asked, str)
    assert "more than 400 parts" in asked


@pytest.mark.parametrize("text", [r"\sum_{i=1}^{199} (i+1)^{64}", r"\sum_{k=1}^{199} \binom{1000}{k}", r"\prod_{i=1}^{199} (i+1)^{100}"])
def test_a_sum_of_huge_numbers_is_refused_before_anything_is_computed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker spends its two seconds on what cannot be written out."""
    monkeypatch.setattr(asking, "pool", lambda: pytest.fail("asked"))
    one, other = read_answer("1"), read_answer(text)
    assert isinstance(one, Answer)
    assert isinstance(other, Answer)
    assert "not written out" in decide(one, other).reason


def test_one_verdict_has_one_budget_of_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a question that was not answered in time no other one of the same verdict is asked."""
    asked: list[object] = []

    class Slow:
        def call(self, *arguments: object) -> None:
            asked.append(arguments)
            raise WorkFailed("it took more than 2 s of computing time")

    monkeypatch.setattr(asking, "pool", Slow)
    one, other = read_answer(r"(\int_0^1 \sin(x^3) dx, \int_0^1 \sin(x^4) dx)"), read_answer("(1, 2)")
    assert isinstance(one, Answer)
    assert isinstance(other, Answer)
    assert decide(one, other).holds is None
    assert len(asked) == 1
