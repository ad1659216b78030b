"""`rewardlang runs eval`: what it measures, what it keeps, and what it refuses."""

from __future__ import annotations

import errno
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main
from rewardlang.trainer.config import EngineConfig
from rewardlang.trainer.past_run import load_policy, open_run, policy_of, saved_policies
from rewardlang.trainer.problem import TrainingProblem


@pytest.fixture
def run(finished_run: Path) -> Path:
    """The run that is measured."""
    return finished_run


def evaluated(run: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The report of one call."""
    assert main(["runs", "eval", str(run), *words, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def test_answers_are_drawn_once_and_marked_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """pass@k for both policies with intervals; a second call draws nothing and says the same; more answers keep those that are there."""
    first = evaluated(run, capsys, "-n", "2")
    assert [policy["name"] for policy in first["policies"]] == ["base", "step 4"]
    assert (first["prompts"], first["answers"], first["level"]) == (16, 2, 0.95)
    for policy in first["policies"]:
        figures = policy["figures"]
        assert figures["pass@1"]["value"] <= figures["pass@2"]["value"]
        assert {"points.words", "fired.holds", "score", "tokens", "cut_off"} <= figures.keys()
        assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures.values())
    gained = first["difference"]["score"]["value"]
    assert gained == pytest.approx(first["policies"][1]["figures"]["score"]["value"] - first["policies"][0]["figures"]["score"]["value"])
    files = sorted(run.glob("evaluations/*/pass-*.jsonl"))
    written = [(path, path.stat().st_mtime_ns) for path in files]
    again = evaluated(run, capsys, "-n", "2")
    assert [policy["passes_reused"] for policy in again["policies"]] == [2, 2]
    assert again["difference"] == first["difference"]
    more = evaluated(run, capsys, "-n", "3", "--k", "3")
    assert [policy["passes_reused"] for policy in more["policies"]] == [2, 2]
    assert [name for name in more["policies"][0]["figures"] if name.startswith("pass@")] == ["pass@3"]
    assert [(path, path.stat().st_mtime_ns) for path in files] == written


def test_kept_answers_are_samples_for_every_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rewardlang check` marks them, with the columns that the reward file reads."""
    evaluated(run, capsys, "-n", "1", "--against", "none")
    kept = next(run.glob("evaluations/step-4-*/pass-000.jsonl"))
    main(["check", str(run.parent / "length_pays.reward"), "--samples", str(kept), "--json"])
    assert json.loads(capsys.readouterr().out)["samples"]["rows"] == 16


def test_an_answer_that_is_cut_in_the_writing_is_drawn_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And gets the same text, because each pass has a seed of its own."""
    words = ("-n", "2", "--checkpoint", "2", "--against", "none", "--limit", "5")
    before = evaluated(run, capsys, *words)
    kept = sorted(run.glob("evaluations/step-2-*/pass-001.jsonl"))[-1]
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text[:-9], encoding="utf-8")
    after = evaluated(run, capsys, *words)
    assert (before["policies"][0]["passes_reused"], after["policies"][0]["passes_reused"]) == (0, 1)
    assert kept.read_text(encoding="utf-8") == text
    assert after["policies"][0]["figures"] == before["policies"][0]["figures"]


def test_a_table_for_people(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the interval's kind, the pairing, and a warning where prompts are few."""
    assert main(["runs", "eval", str(run), "-n", "1"]) == 0
    text = capsys.readouterr().out
    for wanted in ("step 4 against base, 16 prompts (held-out) × 1 answer", "pass@1", "words: points", "Wilson", "paired by prompt"):
        assert wanted in text
    assert "fewer than 30 prompts" in text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "took no more: .*No space left on device; whole .*\n  remedy: free space there, then",
        ),
        (MemoryError(), "there was not enough memory: an allocation failed; whole .*\n  remedy: ask for a smaller --batch, then ask again"),
    ],
)
def test_a_measurement_that_fails_says_why(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    """A full disk and too little memory, with what is kept."""

    def failing(path: Path, text: str) -> None:
        raise error

    monkeypatch.setattr("rewardlang.trainer.eval_draws.replace_text", failing)
    assert main(["runs", "eval", str(run), "-n", "1", "--limit", "1", "--seed", "77"]) == 2
    assert re.search(told, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--checkpoint", "3"], "there are steps 2, 4, 'best', 'last' and 'base'"),
        (["-n", "2", "--k", "1,3"], "pass@3 needs 3 answers to each prompt, and 2 are drawn\n  remedy: ask for -n 3, or for a smaller --k"),
        (["--k", "0"], "argument --k: whole numbers from 1 with commas are wanted, such as 1,4,16; found '0'"),
        (["--k", "-1"], "found '-1'"),
        (["--limit", "0"], "argument --limit: a whole number from 1 is wanted, found '0'"),
        (["--batch", "x"], "argument --batch: a whole number from 1 is wanted, found 'x'"),
        (["--seed", "x"], "argument --seed: a whole number is wanted, found 'x'"),
        (["-n", "1_0"], "a whole number from 1 to 9,999 is wanted, found '1_0'"),
        (["-n", "999999999"], "a whole number from 1 to 9,999 is wanted"),
        (["--temperature", "nan"], "a number from 0 is wanted, such as 0.7 (0 takes the most likely token), found 'nan'"),
        (["--checkpoint", "beste"], "holds no policy 'beste'\n  remedy: did you mean 'best'?"),
        (["--samples", "trainin"], "--samples: trainin is not there\n  remedy: did you mean 'training'?"),
        (["--samples", "."], "--samples: . is a folder"),
        (["--by", "engin"], "invalid choice: 'engin'; did you mean 'engine'?"),
        (["--limt", "3"], "unknown flag: --limt; did you mean '--limit'?"),
        (["-n", "2", "--temperature", "0"], "at temperature 0 all answers to a prompt are the same"),
        (["-n", "0"], "argument -n/--answers: a whole number from 1 to 9,999 is wanted, found '0'"),
        (["--samples", "nowhere.jsonl"], "--samples: nowhere.jsonl is not there\n  remedy: name a .jsonl or .parquet file, or 'held-out'"),
        (["--k", "x"], "whole numbers from 1 with commas"),
        (["--by", "engine"], "was trained without an engine"),
    ],
)
def test_what_cannot_be_measured_is_told(run: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    """With exit code 2, before anything is drawn."""
    assert main(["runs", "eval", str(run), *words]) == 2
    assert told in capsys.readouterr().err


def test_policies_are_found_from_any_folder(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in a run's record that were relative are seen from where the run was started."""
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["folder"], record["config"]["reward"] = str(run.parent), "length_pays.reward"
    part = {**record["config"]["data"], "recipe": None, "file": "length_pays.reward", "size": None}
    record["config"]["data"] |= {"recipe": None, "size": None, "mix": [part, part]}
    elsewhere = tmp_path / "copied"
    elsewhere.mkdir()
    (elsewhere / "run.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    opened = open_run(elsewhere)
    assert Path(opened.config.reward).is_file()
    assert [Path(str(source.file)).is_file() for source in opened.config.data.mix] == [True, True]
    with pytest.raises(TrainingProblem, match="holds no trained policy and no whole checkpoint"):
        policy_of(opened)


def test_the_best_policy_is_the_one_that_measured_best(run: Path, tmp_path: Path) -> None:
    """Among those that are still there; the trained policy stands for the last checkpoint."""
    opened = open_run(run)
    assert sorted(saved_policies(opened)) == [2, 4]
    assert saved_policies(opened)[4].folder == run / "policy"
    measured = {row["step"]: row["accuracy"] for row in opened.rows if row["kind"] == "held out" and row["step"]}
    assert policy_of(opened, "best").step == max(measured, key=lambda step: (measured[step], -step))
    assert policy_of(opened, "base").folder is None


@pytest.mark.parametrize("backend", ["memory", "speed"])
def test_what_was_trained_over_4_bits_answers_over_4_bits(run: Path, backend: str) -> None:
    """The engine held the base in NF4, whatever the checkpoint's own form; an adapter belongs to the base that it was trained over."""
    opened = open_run(run)
    on_engine = replace(opened, config=replace(opened.config, engine=EngineConfig(backend=backend)))
    plain, in_4_bits = ({type(module).__name__ for module in load_policy(one, policy_of(one)).modules()} for one in (opened, on_engine))
    assert "Linear4bit" not in plain
    assert "Linear4bit" in in_4_bits
