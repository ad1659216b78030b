"""The quick ways of reading answers say what the long way says.

The longer run: `REWARDLANG_EXAMPLES=20000 pytest tests/answers/test_plain.py`.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.answers import parse_relations, tokens
from rewardlang.answers.kinds import Unread
from rewardlang.answers.parse import read_answer, read_by_kind, read_tokens, read_value
from rewardlang.answers.plain import is_plain_formula, unwrapped
from rewardlang.answers.tokens import tokens_of
from rewardlang.answers.values import Answer

EXAMPLES = int(os.environ.get("REWARDLANG_EXAMPLES", "100"))
_PARTS = [
    *("1", "2", "12", "3.5", "x", "y", "m", "s", "h", "T", "A", "e", "i", "ab", " ", " ", "+", "-", "*", "/", "^", "(", ")", "{", "}"),
    *("\\frac{1}{2}", "\\frac{m}{s}", "\\sqrt{3}", "\\sqrt[3]{x}", "\\pi", "\\ln 2", "\\exp(1)", "\\sin", "^{2}", "^2", "\\text{m}", "'"),
    *("\\cdot", "\\left(", "\\right)", "kg", "!", "_", "1/2", "\\theta", ",", "=", "%"),
]
formulas = st.lists(st.sampled_from(_PARTS), min_size=1, max_size=9).map("".join)
bracketed = st.lists(st.sampled_from(["(x+1)", "(m)", "(2)", "{y}", *_PARTS]), max_size=4).map(lambda parts: f"({''.join(parts)})")


@settings(max_examples=EXAMPLES, deadline=None)
@given(formulas | bracketed)
def test_what_can_only_be_a_formula_is_none_of_the_other_kinds(text: str) -> None:
    """Asking for lists, relations, sets, words and quantities first gives the same value, or the same reason that there is none."""
    tokens = tokens_of(text)
    if tokens and is_plain_formula(tokens):
        assert read_value(tokens) == read_by_kind(tokens)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.from_regex(r"[0-9]{0,9}\.?[0-9]{1,9}(e[+-]?[0-9])?", fullmatch=True) | st.sampled_from(["7" * 3_000, "0" * 3_001]))
def test_a_number_alone_is_none_of_the_other_kinds(text: str) -> None:
    """A part of a list or tuple, a side of an equation: with the figures that it is given in."""
    tokens = tokens_of(text)
    assert read_value(tokens) == read_by_kind(tokens)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        *[("(x+1)(x-2)", True), ("(x+1)(m)", False), ("(x+1)+(x-2)", True), ("((x+1)(x-2))", False)],
        *[("x^2+3x+2", True), ("\\frac{\\sqrt{3}}{2}", True), ("3+4i", True), ("\\ln 6", True), ("(x+1)(x+2)+3", True)],
        *[("3 m", False), ("2h30m", False), ("9.8\\frac{m}{s^2}", False), ("(x+1)", False), ("(x+1)^T", False), ("1,2", False)],
    ],
)
def test_which_formulas_are_plain(text: str, plain: bool) -> None:
    """What could be a quantity, a tuple or a matrix is not."""
    assert is_plain_formula(tokens_of(text)) is plain


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    formulas | st.sampled_from(["x = 3", "about 5", "no solution", "\\{1, 2\\}", "\\text{(A)}", "= 4", "1, 2 and 3", "$5", "12 apples"]),
    st.sampled_from(["${}$", "\\({}\\)", "\\boxed{{{}}}", "$\\boxed{{{}}}$", "$ {} $"]),
)
def test_what_stands_around_an_answer_is_taken_off_before_it_is_read(text: str, frame: str) -> None:
    """The same value as of the tokens with their frame, where that has one."""
    framed = frame.format(text)
    inner = unwrapped(framed)
    if inner != framed:
        whole = read_tokens(framed)
        assert read_tokens(inner) == whole or isinstance(whole, Unread)


@pytest.mark.parametrize("text", ["**307**", "**3/4**", "**x = 307**", "**$\\frac{3}{4}$**"])
def test_bold_answers_are_read(text: str) -> None:
    """Stars of Markdown around an answer are no powers."""
    bold, plain = read_answer(text), read_answer(text.strip("*"))
    assert isinstance(bold, Answer)
    assert bold == plain
    assert not isinstance(bold.value, Unread)


@pytest.mark.parametrize("text", ["2**3**", "**2**3**", "****", "** **", "$5 and $6$", "\\boxed{2}{3}", "\\boxed{5.}", "$5\\$"])
def test_what_is_no_frame_around_the_whole_stays(text: str) -> None:
    """Powers, prices, two groups, and what is taken off elsewhere."""
    assert unwrapped(text) == text


@pytest.mark.parametrize("text", ["x = 3", "T = 0.50", "e = 2", "i = 1", "n = 1e5", "P = .5"])
def test_a_named_number_is_what_the_long_way_reads(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, value and equation."""
    quick = read_tokens(text)
    monkeypatch.setattr(parse_relations, "_is_named_number", lambda parts: False)
    assert read_tokens(text) == quick


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from([*_PARTS, "1e5", ".", "é", "²", "<=", "\\\\", "\\{", "\x00", "\t", "~"]), max_size=9).map("".join))
def test_a_token_is_what_its_text_says(text: str) -> None:
    """So that a token that stands in many answers is made once."""
    alone = [tokens._token().match(match[0]) for match in tokens._token().finditer(text)]
    there = list(tokens._token().finditer(text))
    assert [(one[0], one.lastgroup) for one in alone if one] == [(one[0], one.lastgroup) for one in there]
    spaced = [place.start() > before for before, place in zip([0, *(one.end() for one in there)], there, strict=False)]
    assert [(space != "", written) for space, written in tokens._spaced_token().findall(text)] == list(
        zip(spaced, [one[0] for one in there], strict=True)
    )
