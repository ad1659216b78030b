"""The tutorials: what they say is typed is typed here, and what they show is what comes."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

import rewardlang
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


def _counts_alike(behind: str) -> bool:
    """Whether what follows the end is one line break and then no white space at either end, as the page says."""
    return not behind or behind == f"\n{behind.strip()}"


def test_the_translation_from_python_is_exact() -> None:
    """Completions put together at random: the functions and the file agree, but for what the page says of the end."""
    page = {file.name: file.text for file in files((ROOT / "docs" / "from-python.md").read_text(encoding="utf-8"))}
    notebook: dict[str, Any] = {}
    exec(page["notebook.py"], notebook)
    names = ("correctness", "integer", "strict_format", "soft_format", "tag_count")
    parts = ["<reasoning>", "</reasoning>", "<answer>", "</answer>", "\n", "\n", "12", "7", " ", "so", "1 2"]
    layout = ["<reasoning>\n", "3 * 4", "\n</reasoning>\n", "<answer>\n", "12", "\n</answer>\n"]
    random = Random(0)
    made = ["".join(random.choices(parts, k=random.randint(1, 14))) for _ in range(400)]
    for _ in range(200):
        pieces = [*layout]
        pieces[random.randrange(6)] = random.choice(parts)
        made.append("".join(pieces) + random.choice(["", "", "so", "12"]))
    texts = [text for text in made if _counts_alike(text.partition("\n</answer>")[2])]
    chats = [[{"role": "assistant", "content": text}] for text in texts]
    golds = ["12"] * len(texts)
    by_python = [notebook[name](prompts=golds, completions=chats, answer=golds) for name in names]
    scores = rewardlang.loads(page["notebook.reward"]).score(texts, columns={"answer": golds})
    wanted = [sum(points) for points in zip(*by_python, strict=True)]
    wrong = [(text, mine, theirs) for text, mine, theirs in zip(texts, scores.values, wanted, strict=True) if abs(mine - theirs) > 1e-9]
    assert wrong == []
    assert len(set(wanted)) > 20
    assert len(texts) > 400


def test_files_are_written_in_the_order_of_the_page(tmp_path: Path) -> None:
    """A command sees the file as the page last wrote it before the command."""
    page = tmp_path / "page.md"
    page.write_text(
        "```text a.txt\none\n```\n\n```console\n$ cat a.txt\none\n```\n\n```text a.txt\ntwo\n```\n\n```console\n$ cat a.txt\ntwo\n```\n",
        encoding="utf-8",
    )
    assert run_page(page, tmp_path, update=False) == []
