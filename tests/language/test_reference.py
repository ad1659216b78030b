"""The reference of the language shows nothing that cannot be read."""

from __future__ import annotations

import re

import pytest

from rewardlang.compiled import compile_text
from rewardlang.parsing.parse_table import table
from tests.language.shared import parsed
from tests.language.test_grammar import MISTAKES, branches, tree
from tests.sources import ROOT

PAGE = (ROOT / "grammars" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```reward\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def whole(block: str) -> str:
    """A block as a file: the head is left out where it is not the point."""
    return block if block.startswith("rewardlang") else f"rewardlang 1\nreward page\n{block}"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][:40])
def test_a_block_can_be_read(block: str) -> None:
    """Every example of the page parses, without a warning."""
    result = parsed(whole(block))
    assert result.ok
    assert result.diagnostics == ()


OF_A_PART = {
    *("RW203", "RW208", "RW401", "RW410", "RW507"),  # what a part of a file leaves out: uses, rules, the score, examples
    *("RW312", "RW317"),  # files and modules that the page names and that are not there
}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][:40])
def test_a_block_means_what_the_page_says(block: str) -> None:
    """Its names, types and options are right, so that a reader who copies a line gets no error from it."""
    wrong = [d.render() for d in compile_text(whole(block)).diagnostics if d.code not in OF_A_PART]
    assert not wrong, "\n".join(wrong)


def test_every_construct_is_shown() -> None:
    """Each rule of the grammar stands in at least one example of the page."""
    used = set()
    for block in BLOCKS:
        root = tree(whole(block))
        assert root is not None
        used |= {branch.data for branch in branches(root)}
    rules = {rule.name for rule in table().rules if not rule.single and not rule.name.startswith("_")}
    assert rules - used == MISTAKES


def test_links_inside_the_page_lead_somewhere() -> None:
    """A heading for each entry of the table of contents."""
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in PAGE.splitlines() if line.startswith("#")}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
