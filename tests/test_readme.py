"""The front page: its commands are run, its Python is run, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from tests.console import matches, run_page, steps
from tests.sources import ROOT

README = ROOT / "README.md"
PAGES = [
    path
    for folder in (".", "rewardlang", "grammars", "verifiers", "trainer", "examples", "docs", ".github")
    for path in sorted((ROOT / folder).rglob("*.md") if folder != "." else ROOT.glob("*.md"))
    if not {"templates", "node_modules"} & set(path.parts)
]


def test_the_commands_print_what_the_page_shows(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Every console block of README.md, in order, in one empty folder; `pytest --update-pages` writes what they print into the page."""
    assert run_page(README, tmp_path, update=pytestconfig.getoption("--update-pages")) == []


def test_the_ten_lines_are_a_reward_file_that_checks_clean(tmp_path: Path) -> None:
    """The first block of the page compiles without a finding."""
    block = re.search(r"^```reward\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
    assert block is not None
    path = tmp_path / "first.reward"
    path.write_text(block[1], encoding="utf-8")
    code = "import sys, rewardlang; reward = rewardlang.load(sys.argv[1]); print(len(reward.warnings))"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_the_three_lines_for_trl_give_a_reward_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's Python, with a stand-in for the trainer: what it is handed marks a completion."""
    block = re.search(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S)
    assert block is not None
    monkeypatch.chdir(tmp_path)
    assert main(["init", "gsm8k", "my-reward"]) == 0
    handed: dict[str, Any] = {}
    exec(block[1], {"GRPOTrainer": lambda model, **options: handed.update(options), "model": None, "dataset": None})
    assert handed["reward_funcs"](prompts=["2 + 2?"], completions=["<answer>4</answer>"], answer=["#### 4"]) == [2.0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    """A relative link of a page names a file of the repository."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_console_blocks_are_read_as_commands_with_their_output() -> None:
    """A `$` line is a command, what follows is its output; `...` stands for any lines."""
    page = "Text\n\n```console\n$ first\nout\n$ second\n```\n\n```sh\n$ not run\n```\n"
    assert [(step.command, step.output) for step in steps(page)] == [("first", "out\n"), ("second", "")]
    assert matches("a\n...\nd\n", "a\nb\nc\nd\n")
    assert matches("a\n", "a  \n")
    assert not matches("a\n", "a\nb\n")
