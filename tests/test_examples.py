"""Every example of the repository: its file compiles without a finding, its own examples hold, its samples are marked, its page is true."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import rewardlang
from rewardlang.cli import main
from tests.console import run_page
from tests.sources import ROOT

FILES = sorted((ROOT / "examples").rglob("*.reward"))
FOLDERS = sorted({path.parent for path in FILES})

# The file of the demo that shows what a careless rule pays for; `check` says so, and that is the point of it.
FLAWED_ON_PURPOSE = {"careless": ["RW703"]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_file_compiles_and_its_examples_hold(path: Path) -> None:
    """No warning, at least one example, at least one attack, and every expectation met."""
    reward = rewardlang.load(path)
    assert [warning.code for warning in reward.warnings] == FLAWED_ON_PURPOSE.get(path.stem, [])
    results = reward.run_examples()
    assert {"example", "attack"} <= {result.kind for result in results} or path.stem in FLAWED_ON_PURPOSE
    assert [failure.render() for result in results for failure in result.failures] == []


def test_the_files_are_laid_out() -> None:
    """`rewardlang fmt --check` has nothing to say."""
    assert main(["fmt", "--check", *map(str, FILES)]) == 0


def test_the_demonstration_uses_the_decimals_example() -> None:
    """The installed package brings its own copy of the three files, the same to the byte."""
    for name in ("decimals.reward", "careless.reward", "samples.jsonl"):
        packed = ROOT / "rewardlang" / "templates" / "decimals" / name
        assert packed.read_bytes() == (ROOT / "examples" / "decimals" / name).read_bytes()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_there_are_ten_samples_with_distinct_ids(folder: Path) -> None:
    """Enough rows to see rules fire and stay silent."""
    ids = [json.loads(line)["id"] for line in (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(ids) >= 10
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_page_says_where_the_samples_come_from(folder: Path) -> None:
    """Each README states the origin of its samples under a heading of its own."""
    assert "## Where the samples come from" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_fires_on_a_sample_and_is_silent_on_another(path: Path) -> None:
    """The samples show what each rule does."""
    reward = rewardlang.load(path)
    rows = [json.loads(line) for line in (path.parent / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    scores = reward.score(
        [row["completion"] for row in rows],
        prompts=[row["prompt"] for row in rows],
        columns={name: [row[name] for row in rows] for name in reward.columns},
    )
    for rule in reward.rules:
        fired = {mark.fired for row in scores.rows for mark in row.marks if mark.rule == rule}
        assert fired == {True, False}, rule


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_commands_of_the_page_print_what_it_shows(folder: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """The page's console blocks, run beside a copy of the files; `pytest --update-pages` writes what they print into the page."""
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    assert run_page(folder / "README.md", tmp_path, update=pytestconfig.getoption("--update-pages")) == []
