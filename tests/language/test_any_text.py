"""`parse` answers for any text whatever: a tree or a message with a place, and soon."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.parsing.recovery import MAX_MISTAKES
from rewardlang.parsing.syntax_from_text import tokens
from rewardlang.parsing.text_limits import MAX_LENGTH
from rewardlang.source import Source
from tests.language.shared import GOOD, codes_of, parsed, read

HEAD = "rewardlang 1\nreward x\n"
WORDS = sorted({text[leaf.span.start : leaf.span.end] for text in map(read, GOOD) for leaf in tokens(Source("x", text))})


def told(text: str) -> None:
    """Each message has a place in the text and can be printed; without one there is a tree."""
    result = parsed(text)
    assert result.ok or result.diagnostics
    for diagnostic in result.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(diagnostic.source.text)
        assert "Token(" not in diagnostic.message
        diagnostic.render().encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec=None), max_size=80), st.booleans())
def test_any_characters(text: str, head: bool) -> None:
    """Characters of all planes, surrogates and controls too."""
    told(HEAD + text if head else text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "\n", "(", '"', "<"]), max_size=40), st.booleans())
def test_any_words_of_the_language(words: list[str], head: bool) -> None:
    """The words of good files in any order."""
    told((HEAD if head else "") + " ".join(words))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["RW114"]),
        ("\ufeff\r\n  \t", ["RW114"]),
        ("# only a comment", ["RW114"]),
        ("rewardlang 1", ["RW112"]),
        ("reward x", ["RW112"]),
        ("rewardlang 1 reward", ["RW101"]),
        ("rewardlang 3\nreward x", ["RW113"]),
        ("rewardlang 1.5\nreward x", ["RW121"]),
        (HEAD + "\x00", ["RW115"]),
        (HEAD + "let a = \ud800", ["RW115"]),
        (HEAD + "let a = 1 \u200b", ["RW115"]),
        (HEAD + "let a = 1 $", ["RW115"]),
        (HEAD + "(" * 101, ["RW117"]),
        ("(" * 10_000_000, ["RW116"]),
        (HEAD + "let a = " + "not " * 200_000 + "true", ["RW117"]),
        (HEAD + "let a = " + "-" * 200 + "1", ["RW117"]),
        (HEAD + "let a = 1" + " + 1" * 300, ["RW117"]),
        (HEAD + "column a: " + "list of " * 200 + "text", ["RW117"]),
        (HEAD + "let a = " + "9" * 5_000, ["RW121"]),
        (HEAD + "let a = 1e999999999", ["RW121"]),
        (HEAD + 'let a = "' + "x" * 500_000, ["RW103"]),
        (HEAD + 'let a = """x\nlet b = 1', ["RW103"]),
        (HEAD + "rewardlang 1\nreward y\nlet b = 1", ["RW101"]),
        ("PK\x03\x04", ["RW115"]),
        ("<!DOCTYPE html>\n<html></html>", ["RW101", "RW112"]),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_strange_files(text: str, codes: list[str]) -> None:
    """Each strange file has its own message."""
    told(text)
    assert codes_of(text) == codes


def test_many_mistakes_are_cut_off() -> None:
    """After MAX_MISTAKES messages a last one says that there are more; the time stays linear."""
    codes = codes_of(HEAD + "let a = \n" * 50_000)
    assert codes == ["RW101"] * MAX_MISTAKES + ["RW126"]


def test_the_longest_file_is_read() -> None:
    """A file of exactly MAX_LENGTH characters is read."""
    text = HEAD + "#"
    assert codes_of(text + "x" * (MAX_LENGTH - len(text))) == []


def test_line_breaks_and_marks_of_other_systems() -> None:
    """A byte-order mark, CRLF and no-break spaces change nothing, and places still count from the text as given."""
    plain = 'rewardlang 1\nreward x\nlet a = completion contains """one\ntwo"""\n'
    assert parsed("\ufeff" + plain.replace("\n", "\r\n").replace(" a", "\u00a0a")).file == parsed(plain).file
    broken = parsed("\ufeffrewardlang 1\r\nreward x\r\nlet a = \r\n").diagnostics[0]
    assert broken.source.position(broken.span.start) == (3, 7)


def test_names_that_broken_statements_would_have_defined() -> None:
    """Later steps are told which names were lost, so that they do not call them unknown."""
    assert parsed(HEAD + "let a = \nlet b = 1\nrule c award\n").lost == {"a", "c"}


def test_reading_needs_no_parser_library() -> None:
    """Neither Lark nor anything heavy is imported to read a file."""
    code = (
        "import sys; from rewardlang.parsing.syntax_from_text import parse; from rewardlang.source import Source; "
        "assert parse(Source('x', 'rewardlang 1 reward x')).ok; "
        "print([name for name in ('lark', 'numpy', 'regex', 'rewardlang.parsing.recovery', 'tempfile') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
