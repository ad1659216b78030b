"""What holds for every verifier: it is total, it judges rows one by one, and it says the same twice."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang import types
from rewardlang.registry import default_registry
from rewardlang.verifier import Verifier

VERIFIERS = [pytest.param(verifier, id=f"{verifier.kind}-{verifier.word}") for verifier in default_registry()]
FINDERS = [pytest.param(verifier, id=verifier.word) for verifier in default_registry() if verifier.kind == "finder"]

SNIPPETS = st.sampled_from(
    [*"aZé9.,-−%$\\`{}[]()<>\"'\n\t #*_/:;", "word", "1,234.5", "\\boxed{", "<t>", "</t>", "```", "https://a.b", "Teh", "\u0301", "\ud800"]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(exclude_categories=()), max_size=10),
    st.lists(SNIPPETS, max_size=25).map("".join),
)


def _values(of: types.Type) -> st.SearchStrategy[Any]:
    if isinstance(of, types.TextType):
        return TEXTS
    if isinstance(of, types.NumberType):
        return st.fractions(max_denominator=100)
    read = default_registry().get("reader", "math")
    assert read is not None
    return TEXTS.map(lambda text: read(["1/2 + " + text.replace("=", "")])[0]).filter(lambda answer: type(answer).__name__ == "Answer")


def _rows(verifier: Verifier) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*(_values(of) for _, of in verifier.parameters)), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.data())
@pytest.mark.parametrize("verifier", VERIFIERS)
def test_each_row_is_judged_alone(verifier: Verifier, data: st.DataObject) -> None:
    """A row's result is the same alone, in any batch, in any order, and a second time."""
    rows = data.draw(_rows(verifier))
    together = verifier(*zip(*rows, strict=True))
    assert together == [verifier(*([part] for part in row))[0] for row in rows]
    assert verifier(*zip(*rows[::-1], strict=True)) == together[::-1]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(TEXTS, st.text(st.characters(max_codepoint=127), max_size=30)).map(
        lambda text: text.encode("ascii", "ignore").decode("ascii")
    )
)
def test_words_of_ascii_are_the_same_in_a_text_with_more(text: str) -> None:
    """Texts of ASCII have a pattern of their own; a word beyond ASCII, added at the end, makes no difference to those before it."""
    word = default_registry().get("finder", "word")
    assert word is not None
    assert word([text]) == [word([text + " é"])[0][:-1]]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
@pytest.mark.parametrize("verifier", FINDERS)
def test_findings_stand_in_the_text_in_order(verifier: Verifier, text: str) -> None:
    """Findings have offsets inside the text, in order, without overlaps."""
    findings = verifier([text])[0]
    assert all(0 <= finding.start <= finding.end <= len(text) for finding in findings)
    assert all(one.end <= other.start for one, other in pairwise(findings))


READING_TEXT = [
    pytest.param(verifier, id=f"{verifier.kind}-{verifier.word}")
    for verifier in default_registry()
    if all(of == types.TEXT for _, of in verifier.parameters)
]
LARGE = 1_000_000
HOSTILE = [
    "",
    "a" * LARGE,
    "1" * LARGE,
    "\n" * LARGE,
    "\\boxed{" * (LARGE // 7),
    "```\n" * (LARGE // 4),
    "(" * LARGE,
    "\U0010ffff\ud800" * 1000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("verifier", READING_TEXT)
def test_long_and_strange_texts_are_read(verifier: Verifier, text: str) -> None:
    """A million hostile characters, every plane and lone surrogates end in a result."""
    assert len(verifier(*([text] for _ in verifier.parameters))) == 1


@settings(max_examples=60, deadline=None)
@given(st.fractions(), st.fractions(), st.fractions())
def test_ramps_stay_between_0_and_1_and_have_the_same_ends(number: Fraction, start: Fraction, end: Fraction) -> None:
    """Both ramps are 0 at the start, 1 at the end, and never leave that range."""
    for word in ("ramp", "cosine_ramp"):
        ramp = default_registry().get("measure", word)
        assert ramp is not None
        results = ramp([number, start, end], [start] * 3, [end] * 3)
        if start != end:
            assert 0 <= results[0] <= 1
            assert results[1:] == [0, 1]
