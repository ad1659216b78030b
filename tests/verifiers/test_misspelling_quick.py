"""Texts whose words are all known are not gone through place by place; that changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.verifiers import misspelling

_PIECES = [
    *("the", "teh", "don't", "they'll", "'ll", "It's", "zzz", "McDonald", "ABC", "Qqq", "Natalia", "Mr. ", "re-readd", "qq.rr", "a_b"),
    *("`code xx`", "`", "```", "$x qq$", "$", "https://a.bc/qqq", "<think>", "</qqz>", "<", "\\frac", "\\zzq{qqq}", "\\text{wich}"),
    *("\\don", "\\they", "\\(", "\\)", "{", "}", "_", "1", ".", ":", " ", " ", " ", "\n", "-", "'", "(", ")", '"', "é"),
    *("’", "don’t", "the’’", "“", "—", "×", "²", "½", "\u0301", "\u200b"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), min_size=1, max_size=3))
def test_a_text_that_is_told_to_be_clean_is_clean(texts: list[str]) -> None:
    """Code, formulas, commands, addresses and tags hide words, and cut some in two: in none of them is one that the quick look missed,
    whatever words were known from the texts before."""
    dictionary = misspelling._english("either")
    known: set[bytes] = set()
    for text in texts:
        if misspelling._has_known_words_only(text, dictionary, frozenset(), known):
            assert misspelling._misspelt_by_place(text, dictionary, frozenset()) == []


@pytest.mark.parametrize("text", ["He said “don’t” — twice.", "The sum × 3 ≤ 12…", "It’s the reader’s turn."])
def test_marks_of_print_make_no_text_doubtful(text: str) -> None:
    """Quotation marks, dashes and signs of arithmetic are no letters."""
    assert misspelling._has_known_words_only(text, misspelling._english("either"), frozenset(), set())
