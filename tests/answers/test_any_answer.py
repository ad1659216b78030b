"""Any text is read, whatever pieces of LaTeX stand side by side in it, and two answers are judged alike in both orders."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.answers.compare import compare_answers
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer

PAGES = sorted((Path(__file__).parent / "pages").glob("*.md"))
LINES = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if " :: " in line]
WRITTEN = [text for line in LINES for text in line.split(" :: ")]
LATEX = r"""
1 2 3 0.5 .5 1,000 12 0 x y n a e i f A B P + - * / ^ _ = < > ( ) [ ] { } , ; : | ! % ° $ ' " . ? ~ & 1e5 2² ½ √ π ∞ ≤ ∪ → ± × □
\pi \theta \le \ge \ne \approx \in \cup \cap \setminus \pm \{ \} ^\circ \% \$ \frac \dfrac \sqrt \sqrt[3] \binom \choose \over
\sin \cos \tan \ln \log \log_2 \arcsin \arctan \exp \int \int_0^1 dx \sum_{k=1}^{n} \sum_{i=1}^{9} \prod_{i=1}^{3} \lim_{x\to0} \frac{d}{dx}
\begin{pmatrix} \end{pmatrix} \begin{cases} \end{cases} \begin{vmatrix} \end{vmatrix} \\ ^{-1} ^T ^2 \det \operatorname{tr} \max \gcd \bmod
\text{ \text{if} \text{otherwise} or and is to no solution about either maybe \emptyset \infty \mathbb{R} cm km/h m/s^2 percent PM 12:30
\vec{a} \overline{AB} 0.\overline{3} 0.33... \angle \triangle \boxed{ \left( \right) \left. \right| \lfloor \rfloor +/- \ldots \quad
"""
PIECES = LATEX.split()
ANSWERS = st.tuples(st.sampled_from(["", " "]), st.lists(st.sampled_from(PIECES), max_size=12)).map(lambda drawn: drawn[0].join(drawn[1]))


@settings(max_examples=150, deadline=None)
@given(ANSWERS, ANSWERS)
def test_any_two_answers_are_judged_alike_in_both_orders(one: str, other: str) -> None:
    """What is read is equal to itself; no pieces make the reader fail or go round in circles."""
    left, right = read_answer(one), read_answer(other)
    if isinstance(left, Answer):
        assert compare_answers(left, left).holds is True
        if isinstance(right, Answer):
            assert compare_answers(left, right).holds is compare_answers(right, left).holds


@st.composite
def _miswritten(draw: st.DrawFn) -> str:
    """An answer of the pages with a piece too many, too few, or changed."""
    pieces = re.findall(r"\\[A-Za-z]+|[0-9]+|[A-Za-z]+|.", draw(st.sampled_from(WRITTEN)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(pieces)))
        pieces[start : start + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(PIECES), max_size=2))
    return "".join(pieces)


@settings(max_examples=300, deadline=None)
@given(_miswritten())
def test_an_answer_that_is_written_with_mistakes_is_read_or_told(text: str) -> None:
    """It is equal to itself where it is read; it never breaks the reader."""
    read = read_answer(text)
    if isinstance(read, Answer):
        assert compare_answers(read, read).holds is True
