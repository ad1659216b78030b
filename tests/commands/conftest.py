"""A command line in an empty folder: what it prints, and how it ends."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rewardlang.cli import main

REWARD = """rewardlang 1
reward gsm8k version "1.0.0"
  about "Think first, then one answer."

column answer: text

let final = only <answer> in completion

require final is present else score -1 because "exactly one answer"

section substance
rule correct: award 2 points when final equals answer

section form
rule thinks: award 0.5 points when completion starts with "<think>"

score between -1 and 2.5
success when final equals answer

example "right"
  with answer = "72"
  model writes "<think>x</think><answer>72</answer>"
  expect score = 2.5
"""
ROWS: list[dict[str, Any]] = [
    {"id": "q1", "prompt": "8 * 9?", "completion": "<think>72</think><answer>72</answer>", "answer": "72"},
    {"id": "q2", "prompt": "8 * 9?", "completion": "<answer>71</answer>", "answer": "72"},
    {"id": "q3", "prompt": "2 + 3?", "completion": "<answer>5</answer> or <answer>6</answer>", "answer": "5"},
    {"id": "q4", "prompt": "2 + 3?", "completions": ["<answer>5</answer>", "🙂"], "answer": "5"},
]


class Result(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs `rewardlang WORDS` in a folder that holds `math.reward` and `samples.jsonl`; `stdin` is what a pipe brings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "math.reward").write_text(REWARD, encoding="utf-8")
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")

    def call(*words: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        code = main(words)
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call
