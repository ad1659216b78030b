"""The tutorials: what they say is typed is typed here, and what they show is what comes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.console import files, run_page, steps
from tests.sources import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
FOR_EXPERTS = [page for page in PAGES if page.stem.startswith("for-")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_print_what_the_page_shows(page: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Files are written and commands run in the order of the page; `pytest --update-pages` writes what they print into it."""
    assert run_page(page, tmp_path, update=pytestconfig.getoption("--update-pages")) == []


@pytest.mark.parametrize("page", FOR_EXPERTS, ids=lambda page: page.stem)
def test_a_tutorial_goes_the_whole_way(page: Path) -> None:
    """Checks, explains, tests, makes the document; a mistake on purpose; an attack that at first succeeds."""
    text = page.read_text(encoding="utf-8")
    commands = [step.command for step in steps(text)]
    for verb in ("check", "explain", "test", "doc"):
        assert any(command.startswith(f"rewardlang {verb} ") for command in commands), verb
    shown = "".join(step.output for step in steps(text))
    assert re.search(r"error\[RW[1-3]\d\d\]", shown), "the mistake on purpose"
    assert 'error[RW505]: attack "' in shown, "the attack that shows the loophole"
    last = [file.text for file in files(text) if file.name.endswith(".reward")][-1]
    assert "\nattack " in last


def test_files_are_written_in_the_order_of_the_page(tmp_path: Path) -> None:
    """A command sees the file as the page last wrote it before the command."""
    page = tmp_path / "page.md"
    page.write_text(
        "```text a.txt\none\n```\n\n```console\n$ cat a.txt\none\n```\n\n```text a.txt\ntwo\n```\n\n```console\n$ cat a.txt\ntwo\n```\n",
        encoding="utf-8",
    )
    assert run_page(page, tmp_path, update=False) == []
