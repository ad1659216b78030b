"""Texts whose words are all known are not gone through place by place; that changes nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.verifiers import misspelling

_PIECES = [
    *("the", "teh", "don't", "they'll", "'ll", "It's", "zzz", "McDonald", "ABC", "Qqq", "Natalia", "Mr. ", "re-readd", "qq.rr", "a_b"),
    *("`code xx`", "`", "```", "$x qq$", "$", "https://a.bc/qqq", "<think>", "</qqz>", "<", "\\frac", "\\zzq{qqq}", "\\text{wich}"),
    *("\\don", "\\they", "\\(", "\\)", "{", "}", "_", "1", ".", ":", " ", " ", " ", "\n", "-", "'", "(", ")", '"', "é"),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_a_text_that_is_told_to_be_clean_is_clean(text: str) -> None:
    """Code, formulas, commands, addresses and tags hide words, and cut some in two: in none of them is one that the quick look missed."""
    dictionary = misspelling._english("either")
    if misspelling._has_known_words_only(text, dictionary, frozenset()):
        assert misspelling._misspelt_by_place(text, dictionary, frozenset()) == []
