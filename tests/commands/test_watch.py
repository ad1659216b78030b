"""`check --watch` looks at every file that a check has read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.commands.conftest import Run

MAIN = """rewardlang 1
reward main
import "common.reward" as common
rule a: award 1 point when completion contains common.word
score between 0 and 1
"""
COMMON = 'rewardlang 1\nreward common\nlet word = "x"\n'


def test_a_change_in_an_imported_file_is_seen(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second check runs when the imported file is saved, and not before."""
    (tmp_path / "main.reward").write_text(MAIN, encoding="utf-8")
    (tmp_path / "common.reward").write_text(COMMON, encoding="utf-8")
    waits = iter(range(4))

    def wait(seconds: float) -> None:
        assert seconds > 0
        turn = next(waits)
        if turn == 1:
            (tmp_path / "common.reward").write_text(COMMON.replace("word", "wort"), encoding="utf-8")
        if turn == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", wait)
    out = run("check", "main.reward", "--watch").out
    assert out.count("waiting for a change of main.reward") == 2
    assert out.index("no mistakes" if "no mistakes" in out else "RW507") < out.index("error[RW210]")
