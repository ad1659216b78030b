"""The grammar, its stored table, and our parser against Lark's own."""

from __future__ import annotations

import json
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

from rewardlang.parsing import table_from_grammar
from rewardlang.parsing.parse_table import END, Lexer, Parser, table
from rewardlang.parsing.syntax_from_text import tokens
from rewardlang.parsing.tree_nodes import Branch
from rewardlang.parsing.words import STARTERS
from rewardlang.source import Source
from tests.language.shared import GOOD, read

TEXT = table_from_grammar.GRAMMAR.read_text(encoding="utf-8")
MISTAKES = {"mistake_in", "mistake_tag"}


@cache
def lark() -> Lark:
    """Lark's own parser of the grammar."""
    return Lark(TEXT, parser="lalr", lexer="contextual", start="file", propagate_positions=True, maybe_placeholders=True)


def branches(root: Branch) -> list[Branch]:
    """The branch and all below it."""
    found, open_ = [], [root]
    while open_:
        branch = open_.pop()
        found.append(branch)
        open_ += [child for child in branch.children if isinstance(child, Branch)]
    return found


def tree(text: str) -> Branch | None:
    """Our parser's tree; None for a text that does not parse."""
    parser, lexer = Parser(table()), Lexer(text, table())
    while (leaf := lexer.next(parser.accepted)) is not None and parser.feed(leaf):
        if leaf.type == END:
            root: Branch = parser.values[-1]
            return root
    return None


def plain(node: Any) -> Any:
    """A tree of Lark's or of ours as tuples."""
    if node is None or isinstance(node, str):
        return node if node is None else (node.type, str(node))  # type: ignore[attr-defined]
    return (str(node.data), [plain(child) for child in node.children])


def test_the_stored_table_is_the_grammars() -> None:
    """`python -m rewardlang.parsing.table_from_grammar` was run after the last change. Strict mode finds no conflict in rules or words."""
    built = table_from_grammar.build(TEXT, strict=True)
    assert json.loads(table_from_grammar.TABLE.read_text(encoding="utf-8")) == json.loads(json.dumps(built))


def test_a_grammar_without_its_table_is_built_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While the grammar is being changed, files are read by the changed grammar."""
    grammar = tmp_path / "reward.lark"
    grammar.write_text(TEXT.replace("/polite\\b/", "") + "\n// changed\n", encoding="utf-8")
    monkeypatch.setattr(table_from_grammar, "GRAMMAR", grammar)
    table.cache_clear()
    try:
        assert "_REWARDLANG" in table().rows[0]
    finally:
        table.cache_clear()


def test_writing_the_table_leaves_no_half_file(tmp_path: Path) -> None:
    """The table is written to a temporary file first and then renamed."""
    table_from_grammar.write(tmp_path / "reward.table.json")
    assert [path.name for path in tmp_path.iterdir()] == ["reward.table.json"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_our_parser_builds_larks_tree(path: Path) -> None:
    """On every good file both parsers build the same tree from the same words."""
    text = read(path)
    ours = tree(text)
    assert ours is not None
    assert plain(ours) == plain(lark().parse(text))


def test_our_parser_accepts_what_lark_accepts() -> None:
    """On files with words dropped, doubled or swapped, both parsers say yes or no alike, and build the same trees."""
    draw = random.Random(20260101)
    for path in GOOD:
        text = read(path)
        leaves = tokens(Source(path.name, text))
        for _ in range(12):
            one, two = sorted((draw.choice(leaves).span, draw.choice(leaves).span))
            changed = draw.choice(
                (
                    text[: one.start] + text[one.end :],
                    text[: one.end] + " " + text[one.start : one.end] + text[one.end :],
                    text[: one.start] + text[two.start : two.end] + text[one.end :],
                )
            )
            try:
                theirs = plain(lark().parse(changed))
            except UnexpectedInput:
                theirs = None
            ours = tree(changed)
            assert (plain(ours) if ours else None) == theirs, changed


def test_the_good_files_use_every_construct() -> None:
    """Each rule of the grammar and each of its words stands in at least one good file; mistakes stand in none."""
    used: set[str] = set()
    words: set[str] = set()
    for path in GOOD:
        root = tree(read(path))
        assert root is not None
        used |= {branch.data for branch in branches(root)}
        words |= {leaf.type for leaf in tokens(Source(path.name, read(path)))}
    rules = {rule.name for rule in table().rules if not rule.single and not rule.name.startswith("_")}
    assert rules - used == MISTAKES
    terminals = {name for entries in table().phrases.values() for name, _ in entries} | set(table().others)
    assert terminals - words == {"BAD_NUMBER", "CURLY_STRING", "SINGLE_STRING", "_AND_SIGN", "_OR_SIGN", "NOT_SIGN"}


def test_every_word_that_starts_a_statement_is_known_to_the_recovery() -> None:
    """The list in `words` is the grammar's."""
    first = {phrase for phrase, entries in table().phrases.items() for name, _ in entries if Parser(table()).would_accept(name)}
    assert first - {"rewardlang", "reward"} == set(STARTERS)


def test_words_in_the_two_exclusions_agree() -> None:
    """What cannot be a name cannot be a unit behind a number either, if it can follow a number."""
    excluded = re.search(r"^QUANTITY: .*\(\?!\(\?:([a-z|?]+)\)", TEXT, re.MULTILINE)
    assert excluded is not None
    assert table().reserved - set(excluded[1].split("|")) == {
        "present", "missing", "some", "no", "first", "last", "only", "every", "distinct", "true", "false"
    }  # fmt: skip
