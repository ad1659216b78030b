"""Promises that look true and are not are refused; plain ones that are true are accepted. The pages beside this file have them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rewardlang.compiled import compile_text
from tests.language.shared import DESIGN, read

HERE = Path(__file__).parent
HEAD = 'rewardlang 1\nreward promises version "1.0.0"\n'
PROMISES = {"RW402", "RW403", "RW420", "RW421", "RW321"}
"""The codes of what is wrong with a promise, and nothing else with the file."""


def _files(page: str) -> list[tuple[str, str]]:
    text = (HERE / page).read_text(encoding="utf-8")
    return re.findall(r"^## ([^\n]+)\n\n```reward\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the other files are that some of the promises name."""
    path = tmp_path_factory.mktemp("promises")
    section = 'section form at most 1 weight 3\nrule q: award 2 points when completion contains "a"\n'
    (path / "shared.reward").write_text(f'rewardlang 1\nreward c version "1.0.0"\n{section}', encoding="utf-8")
    (path / "usc.txt").write_text("42 USC 1983\n", encoding="utf-8")
    (path / "marks.py").write_text("def boom(t):\n    raise ValueError(t)\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("why", "text"), _files("refused.md"))
def test_a_promise_that_is_not_true_is_refused(folder: str, why: str, text: str) -> None:
    """The error is about the promise, not about how the file is written."""
    errors = {found.code for found in compile_text(HEAD + text, folder=folder).errors}
    assert errors, why
    assert errors <= PROMISES | {"RW302"}, why
    assert errors & PROMISES, why


@pytest.mark.parametrize(("why", "text"), _files("accepted.md"))
def test_a_plain_promise_is_proved(folder: str, why: str, text: str) -> None:
    """No error at all."""
    assert not compile_text(HEAD + text, folder=folder).errors, why


@pytest.mark.parametrize("path", DESIGN, ids=lambda path: path.stem)
def test_the_promises_of_whole_files_are_proved(path: Path) -> None:
    """Files as experts write them; lists and modules that are not beside them are all that may be missing."""
    assert {found.code for found in compile_text(read(path)).errors} <= {"RW312", "RW317"}
