"""`rewardlang diff … --run RUN`: a new version on the completions that a training run has stored."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer.ledger import Ledger
from tests.commands.conftest import Run

PAID = """rewardlang 1
reward sums version "1.0.0"
column gold: number
let value = only <answer> in completion as number
require completion contains "<answer>" else score -1
section substance
rule right: award 2 points when value equals gold
section form weight from 1 at step 0 to 0 at step 10
rule brief: award 1 point when count of word in completion < 4
score between -1 and 3
success when value equals gold
"""
STRICTER = PAID.replace("award 1 point when", "award 0.5 points when")
NEARBY = PAID.replace(
    "award 2 points when value equals gold", "award 2 points when value equals gold else 1 point when value is within 1 of gold"
)
TEXTS = ["<answer>3</answer>", "I think that it is <answer>3</answer>", "three", "<answer>4</answer>"]
CHAT = [{"role": "user", "content": "1 + 2?"}]


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A run of two updates, at steps 0 and 5, of four completions each; the last two prompts are chats."""
    reward = rewardlang.loads(PAID)
    folder = tmp_path / "runs" / "sums"
    ledger = Ledger(folder / "ledger", reward.program, 2)
    prompts = ["2 + 1?", "2 + 1?", CHAT, CHAT]
    for step in (0, 5):
        columns = {"gold": [3, 3, 3, 3], "completion_tokens": [5, 9, 1, 5]}
        ledger.add(step, prompts, reward.score(TEXTS, prompts=prompts, columns=columns, step=step).rows, columns, 0.1, {})
    record = {"reward": {"name": reward.name, "version": reward.version, "fingerprint": reward.fingerprint}}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for name, text in (("old.reward", PAID), ("stricter.reward", STRICTER), ("nearby.reward", NEARBY)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("stored")
def test_two_versions_on_what_a_run_drew(run: Run) -> None:
    """Each completion is marked at the step at which it was drawn, with the columns that the run had."""
    result = run("diff", "old.reward", "stricter.reward", "--run", "runs/sums")
    assert result.code == 1
    assert "8 rows, 8 completions compared: 4 scores change, by -0.5 to -0.25," in result.out
    assert "    update 0, row 0: score 3 -> 2.5 (rule brief 1 -> 0.5)\n" in result.out
    assert 'NEW owes\nversion "2.0.0"\n' in result.out


@pytest.mark.usefixtures("stored")
def test_one_file_against_what_the_run_gave(run: Run) -> None:
    """The file that paid need not be there: the ledger has what each section gave."""
    Path("old.reward").unlink()
    data = run("diff", "nearby.reward", "--run", "runs/sums", "--json").json
    assert (data["old"]["file"], data["old"]["version"], data["new"]["file"]) == ("runs/sums", "1.0.0", "nearby.reward")
    assert (data["completions"], data["changed"], data["change"]["mean"], data["ok"]) == (8, 2, 1.0, False)
    (cause,) = data["causes"]
    assert cause["cause"] == "OLD paid section form, NEW pays right + brief"
    assert [row["row"] for row in cause["rows"]] == ["update 0, row 3", "update 5, row 3"]


def test_the_same_reward_is_told_at_once(run: Run, stored: Path) -> None:
    """By the fingerprint in the run's record; no row is read."""
    for path in (stored / "ledger").iterdir():
        path.write_bytes(b"not read")
    result = run("diff", "old.reward", "--run", "runs/sums")
    assert result.code == 0
    assert result.out.endswith("the fingerprints are the same, so no score can change\n")


@pytest.mark.usefixtures("stored")
def test_another_program_that_gives_the_same(run: Run, tmp_path: Path) -> None:
    """What the run gave is what the file gives, at every step."""
    (tmp_path / "new.reward").write_text(PAID.replace("value equals gold\nsection", "gold equals value\nsection"), encoding="utf-8")
    result = run("diff", "new.reward", "--run", "runs/sums")
    assert result.code == 0
    assert "8 rows, 8 completions compared: no score changes" in result.out


@pytest.mark.usefixtures("stored")
def test_a_column_that_the_run_did_not_have_is_named(run: Run, tmp_path: Path) -> None:
    """The ledger holds the columns that the run's reward looked at, and no others."""
    (tmp_path / "new.reward").write_text(
        PAID.replace("column gold: number", "column gold: number\ncolumn hint: text").replace(
            "gold\nsection", "gold and completion contains hint\nsection"
        ),
        encoding="utf-8",
    )
    result = run("diff", "new.reward", "--run", "runs/sums")
    assert result.code == 1
    assert "no row could be compared" in result.out
    assert "'hint'" in result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("old.reward", "stricter.reward"), "say what to compare on, with one of the two: --samples FILE, or --run RUN"),
        (("old.reward", "stricter.reward", "--run", "runs/sums", "--samples", "s.jsonl"), "with one of the two"),
        (("stricter.reward", "--samples", "s.jsonl"), "give OLD and NEW"),
        (("stricter.reward", "--run", "runs/none"), "there is no folder runs/none"),
        (("stricter.reward", "--run", "runs"), "runs holds no run"),
        (("stricter.reward", "--run", "runs/sums", "--step", "3"), "--map and --step go with --samples"),
    ],
)
@pytest.mark.usefixtures("stored")
def test_wrong_use_says_what_is_wanted(run: Run, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, and one sentence."""
    result = run("diff", *arguments)
    assert result.code == 2
    assert told in " ".join(result.err.split())


def test_a_ledger_without_columns_is_refused(run: Run, stored: Path) -> None:
    """One of an older version, in which the data were left out: the scores could not be compared."""
    import pyarrow.parquet

    (path,) = (stored / "ledger").iterdir()
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).drop_columns(["columns"]), path)
    result = run("diff", "stricter.reward", "--run", "runs/sums")
    assert (result.code, "was written by an older version" in result.err) == (2, True)


@pytest.mark.usefixtures("stored")
def test_the_library_that_reads_a_ledger_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow: what to install."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    result = run("diff", "stricter.reward", "--run", "runs/sums")
    assert result.code == 2
    assert "needs pyarrow, which is not installed" in " ".join(result.err.split())
