"""What holds for every verifier: it is total, it judges rows one by one, and it says the same twice."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang import types
from rewardlang.registry import default_registry
from rewardlang.verifier import Verifier


def _listed(chosen: Iterable[Verifier]) -> list[ParameterSet]:
    return [pytest.param(verifier, id=f"{verifier.kind}-{verifier.word}") for verifier in chosen]


# What starts a process for a row is tried on a few rows, at the end.
EXTERNAL = _listed(verifier for verifier in default_registry() if verifier.cost == "external")
VERIFIERS = _listed(verifier for verifier in default_registry() if verifier.cost != "external")
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
    if isinstance(of, types.ListType):
        return st.lists(_values(of.item), max_size=3).map(tuple)
    read = default_registry().get("reader", "math")
    assert read is not None
    return TEXTS.map(lambda text: read(["1/2 + " + text.replace("=", "")])[0]).filter(lambda answer: type(answer).__name__ == "Answer")


def _rows(verifier: Verifier) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    return st.lists(st.tuples(*(_values(of) for _, of in verifier.parameters)), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
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


READING_TEXT = _listed(
    verifier
    for verifier in default_registry()
    if verifier.cost != "external" and all(of in (types.TEXT, types.ListType(types.TEXT)) for _, of in verifier.parameters)
)
LARGE = 1_000_000
PLANES = "".join(chr(plane << 16 | offset) for plane in range(17) for offset in (0x20, 0x41, 0x3042, 0xD800, 0xF8FF, 0xFFFF))
HOSTILE = {
    "empty": "",
    "one_word": "a" * LARGE,
    "figures": "1" * LARGE,
    "lines": "\n" * LARGE,
    "boxes": "\\boxed{" * (LARGE // 7),
    "fences": "```\n" * (LARGE // 4),
    "brackets": "(" * LARGE,
    "nested": "[{" * (LARGE // 2),
    "calls": "<tool_call>" * (LARGE // 11),
    "planes": PLANES,
    "surrogates": "\U0010ffff\ud800" * 1000,
    "five_million": "Extraordinarily long-winded sentences. " * 128_206,
}


def _column(text: str, of: types.Type) -> list[Any]:
    return [(text,) if isinstance(of, types.ListType) else text]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("verifier", READING_TEXT)
def test_long_and_strange_texts_are_read(verifier: Verifier, text: str) -> None:
    """Hostile megabytes, every plane and lone surrogates end in a result."""
    assert len(verifier(*(_column(text, of) for _, of in verifier.parameters))) == 1


def test_what_was_slow_or_broke_once() -> None:
    """A run of points is one mark, not one to be read again from each point; casts that are piled up are refused."""
    sentence, same_sql = default_registry().get("finder", "sentence"), default_registry().get("measure", "same_sql")
    assert sentence is not None
    assert same_sql is not None
    text = "." * 1_000_000 + "5 mg. Yes."
    assert [finding.value for finding in sentence([text])[0]] == ["Yes."]
    piled = "SELECT a" + "::int" * 1_500
    assert type(same_sql([piled], [piled])[0]).__name__ == "Refused"


@pytest.mark.parametrize("verifier", _listed(verifier for verifier in default_registry() if verifier.word != "puzzle_score"))
def test_none_is_told_and_the_other_rows_are_judged(verifier: Verifier) -> None:
    """A row without a value has nothing found, no verdict or no value; the rows beside it are what they are alone."""
    some = [_column("12", of)[0] if not isinstance(of, types.NumberType) else Fraction(1) for _, of in verifier.parameters]
    read = default_registry().get("reader", "math")
    assert read is not None
    row = [read(["12"])[0] if isinstance(of, types.MathType) else value for value, (_, of) in zip(some, verifier.parameters, strict=True)]
    alone = verifier(*([value] for value in row))[0]
    first, none, last = verifier(*([value, None, value] for value in row))
    assert [first, last] == [alone, alone]
    assert none == [] or none.reason


PROGRAMS = ["", "print(1)", "x = 1\nprint(input())", "while", "\x00", "\ud800\U0010ffff", "(" * 200_000]


@pytest.mark.parametrize("verifier", EXTERNAL)
def test_programs_are_run_alone(verifier: Verifier) -> None:
    """What runs programs gives each row the same result alone, in a batch and a second time, for strange texts too."""
    columns = [[_column(text, of)[0] for text in PROGRAMS] for _, of in verifier.parameters]
    together = verifier(*columns)
    assert together == [verifier(*([part] for part in row))[0] for row in zip(*columns, strict=True)]


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([("similarity", {}), ("similarity", {"unit": "words"}), ("token_f1", {})]))
def test_likeness_is_symmetric(one: str, other: str, measure: tuple[str, dict[str, Any]]) -> None:
    """Whichever text comes first."""
    word, options = measure
    verifier = default_registry().get("measure", word)
    assert verifier is not None
    assert verifier([one], [other], **options) == verifier([other], [one], **options)


@settings(max_examples=200, deadline=None)
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_similarity_is_the_longest_common_subsequence(one: str, other: str) -> None:
    """The whole-number arithmetic gives what the table of the textbook gives."""
    similarity = default_registry().get("measure", "similarity")
    assert similarity is not None
    row = [0] * (len(other) + 1)
    for letter in one:
        above, row = row, [0]
        for at, across in enumerate(other):
            row.append(above[at] + 1 if letter == across else max(above[at + 1], row[at]))
    if one or other:
        assert similarity([one], [other]) == [Fraction(2 * row[-1], len(one) + len(other))]


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
