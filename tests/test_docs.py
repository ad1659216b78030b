"""Every verifier has its papers: the headings in its docstring, a page of cases, and a row in `verifiers/README.md`."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from rewardlang.registry import declared_in, default_registry, modules
from tests.verifiers.pages import FOLDER, cases_of

README = Path(__file__).parent.parent / "verifiers" / "README.md"
HEADINGS = ("What it checks", "Why it earns reward", "Example", "Known gaps")
GAMING = "## Trying to game it"
BEGIN, END = "<!-- verifiers: written by pytest tests/test_docs.py --update-docs -->\n", "<!-- end of verifiers -->\n"


def _section(doc: str, heading: str) -> str:
    """The text under a heading of a docstring, in one line."""
    lines = doc.splitlines()
    start = lines.index(heading) + 2
    ends = [index for index, line in enumerate(lines) if set(line) == {"-"} and index > start]
    return " ".join(" ".join(lines[start : ends[0] - 1 if ends else len(lines)]).split())


def table() -> str:
    """The rows of the README, from the docstrings."""
    rows = ["| word | kind | what it is | cost | file |", "|---|---|---|---|---|"]
    for verifier in default_registry():
        if verifier.module not in modules():
            continue
        file = verifier.module.rpartition(".")[2]
        summary = verifier.doc.splitlines()[0].replace("|", "\\|")
        rows.append(f"| `{verifier.word}` | {verifier.kind} | {summary} | {verifier.cost} | [{file}.py]({file}.py) |")
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("name", modules())
def test_docstring_has_the_four_headings(name: str) -> None:
    """The first verifier of a file says what it checks, why, how it is used, and how a model could game it."""
    first = declared_in(importlib.import_module(name))[0].verifier
    for heading in HEADINGS:
        assert f"{heading}\n{'-' * len(heading)}\n" in first.doc, f"{name}: no heading '{heading}'"
        assert _section(first.doc, heading)


@pytest.mark.parametrize("name", modules())
def test_every_verifier_has_cases_on_its_page(name: str) -> None:
    """A page of the file's name holds cases for each verifier of the file, and an attempt to game it."""
    page = FOLDER / f"{name.rpartition('.')[2]}.md"
    assert page.exists(), f"write {page.name}"
    cased = {(case.kind, case.word) for case in cases_of(page)}
    for verifier in declared_in(importlib.import_module(name)):
        assert (verifier.kind, verifier.word) in cased, f"{page.name} has no case of the {verifier.kind} '{verifier.word}'"
    text = page.read_text(encoding="utf-8")
    assert GAMING in text
    assert "```" in text.partition(GAMING)[2]


def test_every_page_belongs_to_a_verifier() -> None:
    """No page is left over."""
    assert {page.stem for page in FOLDER.glob("*.md")} == {name.rpartition(".")[2] for name in modules()}


def test_the_readme_lists_every_verifier(request: pytest.FixtureRequest) -> None:
    """The table in `verifiers/README.md` is what the docstrings say; `--update-docs` writes it."""
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    written, end, after = rest.partition(END)
    assert begin
    assert end
    if written != table() and request.config.getoption("--update-docs"):
        README.write_text(before + begin + table() + end + after, encoding="utf-8")
        return
    assert written == table()
