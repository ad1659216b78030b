"""The highlighters say of every word what the language's own lexer says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pygments.token import Error, Token

from rewardlang.editor import keywords, textmate
from rewardlang.editor.pygments_lexer import TOKENS, RewardLexer
from rewardlang.editor.word_meanings import MEANINGS
from rewardlang.parsing.syntax_from_text import parse, tokens
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.source import Source
from tests.editor.shared import REWARD
from tests.editor.textmate_engine import spans
from tests.sources import ROOT

FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])
REFERENCE = re.findall(r"^```reward\n(.*?)^```$", (ROOT / "grammars" / "README.md").read_text(encoding="utf-8"), re.M | re.S)
WHOLE = [block if block.startswith("rewardlang") else f"rewardlang 1\nreward x\n{block}" for block in REFERENCE]
TEXTS = [*(path.read_text(encoding="utf-8") for path in FILES), *WHOLE, REWARD]
NAMES = [*(path.stem for path in FILES), *(f"reference {number}" for number in range(len(REFERENCE))), "shared"]
PAGE = Path(__file__).with_name("colours.md")
SCOPE_CLASSES = {scope: name for name, scope in textmate.SCOPES.items()}


def _wanted(leaf: Leaf) -> str:
    """The class of a leaf of the language's lexer."""
    if leaf.type.endswith("STRING"):
        return "text"
    if leaf.type in ("REGEX", "TAG", "NUMBER", "PERCENT", "QUANTITY"):
        return {"REGEX": "regex", "TAG": "tag"}.get(leaf.type, "number")
    if leaf.type in ("NAME", "UNIT"):
        return "word"
    return keywords.group_of(leaf.type) if leaf[0].isalpha() else "sign"


def _by_pygments(text: str) -> dict[int, str]:
    """Offset → class, of the whole text."""
    classes = {token: name for name, token in TOKENS.items()}
    found: dict[int, str] = {}
    for start, token, value in RewardLexer().get_tokens_unprocessed(text):
        name = "text" if token in Token.String and token is not TOKENS["regex"] else classes.get(token, "")
        assert token is not Error, f"no colour for {value!r}"
        found.update(dict.fromkeys(range(start, start + len(value)), "word" if name == "name" else name))
    return found


def _by_textmate(text: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for start, end, scope in spans(textmate.grammar(), text):
        name = "text" if scope.startswith("string.quoted") else SCOPE_CLASSES[scope]
        found.update(dict.fromkeys(range(start, end), "word" if name == "name" else name))
    return found


def _differences(text: str, colours: dict[int, str]) -> Iterator[str]:
    source = Source("", text)
    assert parse(source).file is not None
    for leaf in tokens(source):
        wanted = _wanted(leaf)
        got = {colours.get(offset, "") for offset in range(*leaf.span) if not text[offset].isspace()}
        if wanted != "sign" and got != {wanted} and leaf.type != "UNIT":
            yield f"line {source.position(leaf.span.start).line}: '{leaf}' is {wanted}, and coloured {sorted(got)}"


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_pygments_agrees_with_the_lexer(text: str) -> None:
    """Keywords by group, names, tags, numbers, texts and patterns, in every example file and every example of the reference."""
    assert list(_differences(text, _by_pygments(text))) == []


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_the_textmate_grammar_agrees_with_the_lexer(text: str) -> None:
    """The same for what Visual Studio Code reads."""
    assert list(_differences(text, _by_textmate(text))) == []


def test_the_textmate_grammar_is_the_tables() -> None:
    """`python -m rewardlang.editor.textmate` has been run since the words changed."""
    assert textmate.TARGET.read_text(encoding="utf-8") == textmate.text()
    json.loads(textmate.text())


def test_every_word_of_the_grammar_has_a_group_and_its_company() -> None:
    """A new word of the language is coloured; one that can be a name says what must stand around it."""
    assert keywords.contextual() == set(keywords.AROUND)
    assert {"rule": "statement", "award": "clause", "at least": "operator", "count of": "selector", "true": "constant"}.items() <= (
        keywords.words().items()
    )


def test_every_word_has_a_meaning() -> None:
    """What the pointer tells of a word of the language; a new word gets its sentence."""
    assert set(MEANINGS) == set(keywords.words())


@pytest.mark.parametrize("word", sorted(keywords.contextual()))
def test_a_word_that_is_a_name_is_coloured_as_one(word: str) -> None:
    """`weight`, `to` and the others, as the name of a column."""
    text = f"let {word} = {word} * 2\n"
    assert {_by_pygments(text)[offset] for offset in (4, 4 + len(word) + 3)} == {"word"}
    assert {_by_textmate(text)[offset] for offset in (4, 4 + len(word) + 3)} == {"word"}


def test_the_page_of_colours(pytestconfig: pytest.Config) -> None:
    """One file with something of everything, line by line as both highlighters see it; `--update-pages` renews it."""
    lines = ["# What is coloured how", "", "Below each line, the class of each word; both highlighters agree on them.", "", "```"]
    pygments, other = _by_pygments(REWARD), _by_textmate(REWARD)
    start = 0
    for line in REWARD.splitlines(keepends=True):
        lines.append(line.rstrip())
        told = []
        for word in re.finditer(r"\S+", line):
            names = [colours.get(start + word.start(), "") for colours in (pygments, other)]
            told.append(f"{word[0]}:{names[0] if names[0] == names[1] else '/'.join(names)}" if any(names) else word[0])
        lines += [f"    {' '.join(told)}"] if told else []
        start += len(line)
    page = "\n".join([*lines, "```", ""])
    if pytestconfig.getoption("--update-pages"):
        PAGE.write_text(page, encoding="utf-8")
    assert page == PAGE.read_text(encoding="utf-8")


def test_pygments_finds_the_lexer() -> None:
    """The package names it, so that documentation can say `reward`; Pygments itself is no dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pygments.lexers"] == {"reward": "rewardlang.editor.pygments_lexer:RewardLexer"}
    assert not [name for name in project["dependencies"] if name.lower().startswith("pygments")]
