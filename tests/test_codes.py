"""The pages behind the codes: their form, the codes of the syntax tried on their own examples, and no code without a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rewardlang import codes
from rewardlang.parsing.recovery import MAX_MISTAKES
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.parsing.text_limits import MAX_LENGTH
from rewardlang.source import Source
from tests.sources import ROOT

_FENCE = re.compile(r"```reward\n(.*?)\n?```", re.DOTALL)
_HEADINGS = ["## What it means", "## Why", "## Wrong", "## Right"]
_USED = re.compile(r"[\"'](RW\d{3})[\"']")

# Wrong files that a page describes in words, because they are too long to print.
_TOO_LONG = {"RW116": "#" * (MAX_LENGTH + 1), "RW126": "rewardlang 1\nreward x\n" + "let\n" * (MAX_MISTAKES + 1)}


def _page(code: str) -> str:
    page = codes.page(code)
    assert page is not None
    return page


def _block(code: str, heading: str) -> str | None:
    part = _page(code).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    found = _FENCE.search(part)
    return found[1] if found else None


def _codes_of(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in parse(Source("page.reward", text)).diagnostics]


@pytest.mark.parametrize("code", codes.every())
def test_a_page_has_its_headings(code: str) -> None:
    """Title, severity, what it means, why, wrong, right, in this order, each with words; a page about data may have no file to show."""
    page = _page(code)
    assert page.startswith(f"# {code}: {codes.title(code)}\nseverity: {codes.severity(code)}\n\n")
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    assert headings == _HEADINGS or (code.startswith("RW6") and headings == _HEADINGS[:2])
    for heading in headings:
        assert page.partition(heading + "\n")[2].partition("\n## ")[0].strip(), heading


@pytest.mark.parametrize("code", [code for code in codes.every() if code.startswith("RW1")])
def test_the_wrong_file_has_the_mistake_and_the_right_one_has_none(code: str) -> None:
    """A page about the syntax is tried: its first file yields the code and no other error, its second nothing."""
    wrong = _block(code, "Wrong")
    found = set(_codes_of(_TOO_LONG[code] if wrong is None else wrong))
    assert found == ({"RW101", code} if code == "RW126" else {code})
    right = _block(code, "Right")
    assert right is not None
    assert _codes_of(right) == []


def test_every_code_in_the_program_has_a_page() -> None:
    """A code that is raised somewhere can be looked up; a page that nothing raises is out of date."""
    files: list[Path] = [path for folder in ("rewardlang", "verifiers", "trainer") for path in (ROOT / folder).rglob("*.py")]
    raised = {code for path in files for code in _USED.findall(path.read_text(encoding="utf-8"))}
    assert raised == set(codes.every())


def test_an_unknown_code_has_no_page_but_neighbours() -> None:
    """A mistyped code finds the one that was meant, whatever its case."""
    assert codes.page("RW000") is None
    assert codes.page("rw103") == codes.page("RW103")
    assert codes.page("../RW103") is None
    assert codes.suggestions("103") == ("RW103",)
    assert "RW103" in codes.suggestions("RW130")
    assert codes.suggestions("nonsense") == ()
    assert codes.suggestions("") == ()


def test_a_title_of_an_unknown_code_is_a_key_error() -> None:
    """The program asks for codes that exist; anything else is its own mistake."""
    with pytest.raises(KeyError):
        codes.title("RW000")
