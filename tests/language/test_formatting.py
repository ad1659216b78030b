"""Laws of the formatter, on the good files and on what chance makes of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.errors import RewardError
from rewardlang.parsing.printed_words import pieces_of
from rewardlang.parsing.syntax_from_text import parse, tokens
from rewardlang.parsing.text_from_syntax import WIDTH, format_text
from rewardlang.source import Source
from tests.language.shared import GOOD, parsed, read

TEXTS = [read(path) for path in GOOD]


def formatted(text: str) -> str:
    """A text in house style."""
    return format_text(Source("test.reward", text))


def comments(text: str) -> list[str]:
    """All comments of a text, in order."""
    pieces, rest = pieces_of(Source("test.reward", text))
    found = []
    for piece in pieces:
        found += [remark.text for remark in piece.above]
        found += [piece.trailing] if piece.trailing else []
    return found + [remark.text for remark in rest]


@st.composite
def respaced(draw: st.DrawFn) -> str:
    """A good file with other white space and with comments thrown in between its words."""
    text = draw(st.sampled_from(TEXTS)).replace("\r\n", "\n")
    chance = random.Random(draw(st.integers(0, 2**32)))
    share = draw(st.sampled_from((0.0, 0.02, 0.3)))
    parts, position = [], 0
    for leaf in tokens(Source("test.reward", text)):
        gap = text[position : leaf.span.start]
        if position and "#" not in gap and gap.strip() == "" and gap:
            gap = chance.choice((" ", "  ", "\n", "\n\n\n", "\t", "\r\n", " \u00a0"))
        if position and chance.random() < share:
            gap += chance.choice((f" # note {position}\n", f"\n# note {position}\n", f"\n\n  # note {position}\n\n\n"))
        parts += [gap, text[leaf.span.start : leaf.span.end]]
        position = leaf.span.end
    return "".join([*parts, text[position:]])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_formatting_twice_is_formatting_once(path: Path) -> None:
    """The formatter's own output stays as it is."""
    once = formatted(read(path))
    assert formatted(once) == once


@settings(max_examples=40, deadline=None)
@given(respaced())
def test_formatting_keeps_the_meaning_and_the_comments(text: str) -> None:
    """The tree is equal, no comment is lost or moved past another, and the result is a fixed point."""
    before = parsed(text)
    assert before.ok
    once = formatted(text)
    assert parsed(once).file == before.file
    assert comments(once) == comments(text)
    assert formatted(once) == once


@settings(max_examples=20, deadline=None)
@given(respaced())
def test_white_space_alone_never_changes_the_result(text: str) -> None:
    """Files that differ in blanks and line breaks between words, and in nothing else, look alike afterwards, but for blank lines."""
    once = formatted(text)
    squeezed = " ".join(text[leaf.span.start : leaf.span.end] for leaf in tokens(Source("test.reward", text)))
    if not comments(text):
        assert [line for line in once.split("\n") if line] == [line for line in formatted(squeezed).split("\n") if line]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_lines_are_short_enough(path: Path) -> None:
    """No line is over the width, unless a single text or comment is longer than that."""
    for line in formatted(read(path)).split("\n"):
        assert len(line) <= WIDTH or line.count('"') >= 1 or "#" in line, line


def test_a_file_with_mistakes_is_not_formatted() -> None:
    """The mistakes are raised as a group; nothing is guessed."""
    with pytest.raises(RewardError) as raised:
        formatted("rewardlang 1\nreward x\nlet a = \n")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["RW101"]


def test_quotation_marks_become_straight() -> None:
    """Curly quotation marks around a text are replaced, inside a text they stay."""
    assert 'contains "a „b“ c"' in formatted('rewardlang 1\nreward x\nlet a = completion contains "a „b“ c"\n')
    assert 'contains "please"' in formatted("rewardlang 1\nreward x\nlet a = completion contains “please”\n")


def test_the_house_style() -> None:
    """What it looks like: one statement a line, clauses indented by two, the tests of a list by four."""
    untidy = """rewardlang 1 reward x version "1" about "y"  # name
rule a:award 1 point when all of(completion contains "one long text" ;completion contains "another long text";completion contains "a third")
rule b: award 2 points when completion contains "x"    else 1 point
section c at   most 3


rule d: deduct 1 point when -2 < - (1+2) * 3 and not ( completion starts with "some text of length" or completion ends with "length")
example "e" with f=1 model writes "g" expect score = - 1
"""
    assert (
        formatted(untidy)
        == """rewardlang 1
reward x version "1"
  about "y"  # name

rule a: award 1 point when all of (
    completion contains "one long text";
    completion contains "another long text";
    completion contains "a third"
  )
rule b: award 2 points when completion contains "x"
  else 1 point

section c at most 3

rule d: deduct 1 point when -2 < -(1 + 2) * 3
    and not (completion starts with "some text of length" or completion ends with "length")

example "e"
  with f = 1
  model writes "g"
  expect score = -1
"""
    )


def test_the_order_of_a_file_is_kept() -> None:
    """Statements stay where they are."""
    for text in TEXTS:
        before, after = parsed(text).file, parse(Source("x", formatted(text))).file
        assert before is not None
        assert after is not None
        assert [type(statement) for statement in before.statements] == [type(statement) for statement in after.statements]
