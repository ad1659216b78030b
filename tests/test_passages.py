"""Tagged blocks and marked passages: what counts as one, and where it stands."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.passages import outside, tags, text_after, text_before, text_between

SNIPPETS = st.lists(st.sampled_from(["<t>", "</t>", "<T>", "a", " ", "\n", "\ud800", "𝄞", "<", "t>"]), max_size=30).map("".join)


def test_one_block_is_trimmed_and_lines_do_not_matter() -> None:
    """The value of a block is its text without the white space around it; offsets lead to that text."""
    text = "So:\n<answer>\n 72 \n</answer>"
    block = tags(text, "answer").only
    assert block is not None
    assert (block.value, text[block.start : block.end]) == ("72", "72")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("72", "no <a> block found, exactly one wanted"),
        ("<a>1</a><a>2</a>", "2 <a> blocks found, exactly one wanted"),
        ("<a>1", "<a> is not closed"),
        ("1</a>", "a </a> closes nothing"),
        ("<a>1<a>2</a></a>", "a second <a> opens before the first is closed"),
        ("<a>1</a> or </a>", "a </a> closes nothing"),
        ("<A>1</A>", "no <a> block found, exactly one wanted"),
    ],
)
def test_anything_but_one_clean_block_makes_only_missing(text: str, problem: str) -> None:
    """`only` wants one opening tag, one closing tag, and says what it found instead."""
    assert tags(text, "a").problem == problem
    assert tags(text, "a").only is None


def test_other_selectors_skip_what_is_unbalanced() -> None:
    """A block with no end and a stray closing tag are skipped; `count of <t>` counts opening tags."""
    blocks = tags("<a>1 <a>2</a> </a> <a>3</a>", "a")
    assert [finding.value for finding in blocks.findings] == ["2", "3"]
    assert blocks.openings == 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x<t>y</t>z", "xz"),
        ("x<t>y", "x"),
        ("y</t>z", "z"),
        ("<t>a<t>b</t>c</t>d", "d"),
        ("<t>a</t>b<t>c</t>d", "bd"),
        ("</t>", ""),
        ("", ""),
    ],
)
def test_outside_removes_blocks(text: str, kept: str) -> None:
    """Closed blocks go, an unclosed one goes to the end, an unopened one goes from the start."""
    assert outside(text, "t").text == kept


@settings(deadline=None)
@given(SNIPPETS)
def test_an_excerpt_leads_back_to_the_original(text: str) -> None:
    """Every character of what is kept stands at its mapped place in the original."""
    excerpt = outside(text, "t")
    for offset, character in enumerate(excerpt.text):
        start, end = excerpt.original(offset, offset + 1)
        assert text[start:end] == character
    assert "".join(text[start:end] for start, end in excerpt.pieces) == excerpt.text


@settings(deadline=None)
@given(SNIPPETS)
def test_findings_are_ordered_and_cover_their_value(text: str) -> None:
    """Findings stand in order, do not overlap, and their offsets cover exactly their value."""
    for findings in (tags(text, "t").findings, text_after(text, "a"), text_before(text, "a"), text_between(text, "<", ">")):
        assert all(text[finding.start : finding.end] == finding.value for finding in findings)
        assert all(one.end <= other.start for one, other in itertools.pairwise(findings))


def test_text_after_reaches_to_the_next_marker() -> None:
    """One finding for each marker, so `last text after "####"` is the text behind the last one."""
    assert [finding.value for finding in text_after("a #### 1 #### 72 ", "####")] == ["1", "72"]
    assert [finding.value for finding in text_before("a #### 1 #### 72 ", "####")] == ["a", "1"]


def test_text_between_takes_the_nearest_closing_marker() -> None:
    """An opening marker without a closing one finds nothing; the same marker may open and close."""
    assert [finding.value for finding in text_between("(1) (2 (3) (4", "(", ")")] == ["1", "2 (3"]
    assert [finding.value for finding in text_between("$1$ and $2$ $", "$", "$")] == ["1", "2"]


def test_five_megabytes_of_tags_are_read() -> None:
    """Hostile lengths are linear work."""
    assert tags("<t>" * 1_000_000, "t").openings == 1_000_000
    assert outside("<t>" * 1_000_000, "t").text == ""
    assert text_between("(" * 5_000_000, "(", ")") == []
