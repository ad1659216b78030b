"""The ledger: every completion, with what each rule gave it, readable at any moment; and what `rewardlang runs` makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rewardlang
from rewardlang.cli import main
from rewardlang.trainer.ledger import Ledger, read_ledger
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.recording import shares_of_spread
from rewardlang.trainer.training import train
from tests.trainer.runs import LENGTH_PAYS, short_run

GATED = """rewardlang 1
reward gated
column gold: optional text
require gold is present else skip because "nothing to mark by"
require completion contains "<answer>" else score -1
section substance weight 2
rule right: award 1 point when only <answer> in completion equals gold
section form
rule brief: deduct 0.5 points when count of word in completion is more than 3
score between -1 and 2
success when only <answer> in completion equals gold
"""


def ledger_of(folder: Path, versions: range, *, from_version: int = 0) -> list[dict[str, Any]]:
    """Four completions of two prompts for each version, marked and entered; all rows that the ledger then holds."""
    reward = rewardlang.loads(GATED)
    ledger = Ledger(folder, reward.program, 2, from_version=from_version)
    texts = ["<answer>3</answer>", "a long way to say <answer>3</answer>", "three", "<answer>3</answer>"]
    golds = ["3", "3", "3", None]
    prompts = ["2 + 1?", "2 + 1?", [{"role": "user", "content": "1 + 2?"}], [{"role": "user", "content": "1 + 2?"}]]
    for version in versions:
        scores = reward.score(texts, prompts=prompts, columns={"gold": golds})
        ledger.add(version, prompts, scores.rows, {"completion_tokens": [5, 9, 1, 5]}, 0.25, {1: 0.125})
    rows: list[dict[str, Any]] = read_ledger(folder).to_pylist()
    return rows


def test_a_row_says_what_each_rule_gave_and_why(tmp_path: Path) -> None:
    """Its sections and the clamping sum to the score; a gate or a skip stands in the place of the rules."""
    right, long, gated, skipped = ledger_of(tmp_path, range(1))
    assert (right["score"], right["success"], right["section.substance"], right["points.right"], right["fired.right"]) == (
        2,
        True,
        2,
        1,
        True,
    )
    assert (long["points.brief"], long["score"], long["tokens"]) == (-0.5, 1.5, 9)
    assert "holds" in long["reason.brief"]
    assert (gated["score"], gated["points.right"]) == (-1, None)
    assert "contains" in gated["gate"]
    assert (skipped["score"], skipped["success"]) == (None, None)
    assert [row["group"] for row in (right, long, gated, skipped)] == [0, 0, 1, 1]
    assert json.loads(gated["prompt"]) == [{"role": "user", "content": "1 + 2?"}]


def test_a_row_says_how_long_it_took(tmp_path: Path) -> None:
    """What its own verifiers took in other processes, where any was asked; the call's seconds are those of all its rows together."""
    rows = ledger_of(tmp_path, range(1))
    assert [row["verifier_seconds"] for row in rows] == [None, 0.125, None, None]
    assert {(row["marking_seconds"], row["marked_together"]) for row in rows} == {(0.25, 4)}


def test_a_column_that_an_older_ledger_lacks_holds_nulls(tmp_path: Path) -> None:
    """So that a run of an older version is still shown."""
    ledger_of(tmp_path, range(20))
    assert read_ledger(tmp_path, ["row", "of_tomorrow"])["of_tomorrow"].null_count == 80


def test_every_call_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """In files of sixteen versions with a row group for each call; a file that a kill cut off never has the name of a whole one."""
    import pyarrow.parquet

    ledger_of(tmp_path, range(20))
    (tmp_path / "from-0000016.writing").write_bytes(b"PAR1 cut off")
    assert read_ledger(tmp_path).num_rows == 80
    files = sorted(tmp_path.glob("*.parquet"))
    assert [path.name for path in files] == ["from-0000000.parquet", "from-0000016.parquet"]
    assert pyarrow.parquet.ParquetFile(files[0]).num_row_groups == 16


def test_a_resumed_run_drops_what_it_draws_again(tmp_path: Path) -> None:
    """From the version of the checkpoint on; what is entered then stands once."""
    whole = ledger_of(tmp_path / "whole", range(20))
    ledger_of(tmp_path / "cut", range(13))
    assert ledger_of(tmp_path / "cut", range(10, 20), from_version=10) == whole


def test_shares_of_spread_are_covariances_with_the_score_within_groups() -> None:
    """By the definition, written out; they sum to 1, whatever the means of the groups are. Rows that were skipped do not count."""
    rng = np.random.default_rng(0)
    rules = {"a": rng.normal(size=12), "b": rng.normal(size=12) * 3}
    score = rules["a"] + rules["b"] + np.repeat([0.0, 10.0, -4.0], 4) * 0
    shares = shares_of_spread(score, rules, 4)
    total = sum(np.var(score[start : start + 4]) for start in (0, 4, 8))
    for name, points in rules.items():
        covariance = sum(np.cov(points[start : start + 4], score[start : start + 4], bias=True)[0, 1] for start in (0, 4, 8))
        assert shares[name] == pytest.approx(covariance / total)
    assert sum(shares.values()) == pytest.approx(1)
    skipped = score.copy()
    skipped[3] = np.nan
    alone = shares_of_spread(np.delete(skipped, 3)[:3], {name: np.delete(points, 3)[:3] for name, points in rules.items()}, 3)
    assert shares_of_spread(skipped[:4], {name: points[:4] for name, points in rules.items()}, 4) == pytest.approx(alone)
    assert shares_of_spread(np.ones(4), {"a": np.ones(4)}, 4) == {}


@pytest.fixture(scope="module")
def two_runs(raw_policy: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two short runs, `one` by the usual algorithm and `two` by Dr. GRPO."""
    folder = tmp_path_factory.mktemp("runs")
    reward = folder / "length_pays.reward"
    reward.write_text(LENGTH_PAYS, encoding="utf-8")
    train(short_run(raw_policy, folder / "one", reward, steps=2), Silent())
    train(short_run(raw_policy, folder / "two", reward, steps=2, algorithm="dr_grpo"), Silent())
    return folder


def test_a_run_is_marked_anew_as_it_was_marked(two_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rewardlang diff NEW --run RUN`: another program that means the same gives every stored completion what the run gave it."""
    new = two_runs / "new.reward"
    new.write_text(LENGTH_PAYS.replace("score between", "guarantee score at least -100\nscore between"), encoding="utf-8")
    assert main(["diff", str(new), "--run", str(two_runs / "one"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["completions"], data["changed"], data["problems"]) == (32, 0, [])


def test_a_run_enters_every_completion(two_runs: Path) -> None:
    """As many rows as were drawn, in groups for one prompt, with the points that the metrics are means of."""
    rows = read_ledger(two_runs / "one" / "ledger").to_pylist()
    metrics = [json.loads(line) for line in (two_runs / "one" / "metrics.jsonl").read_text().splitlines()]
    training = [row for row in metrics if row["kind"] == "training"]
    assert [len([row for row in rows if row["version"] == version]) for version in (0, 1)] == [16, 16]
    for version, row in enumerate(training):
        own = [entry for entry in rows if entry["version"] == version]
        assert np.mean([entry["points.words"] for entry in own]) == pytest.approx(row["points"]["words"])
        assert np.mean([entry["score"] for entry in own]) == pytest.approx(row["reward"])
        assert np.mean([entry["tokens"] for entry in own]) == pytest.approx(row["tokens"])
        assert sum(row["spread"].values()) == pytest.approx(1)
        assert all((entry["ratio_min"], entry["ratio_mean"], entry["ratio_max"]) == (1, 1, 1) for entry in own)  # one update a round
    groups = {(row["version"], row["group"]) for row in rows}
    assert all(len({row["prompt"] for row in rows if (row["version"], row["group"]) == group}) == 1 for group in groups)


def test_runs_show_tells_a_run(two_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it stands, its measurements, its rules, and the best and worst completions of the last version."""
    assert main(["runs", "show", str(two_runs / "one")]) == 0
    shown = capsys.readouterr().out
    assert "length_pays by grpo_token, step 2 of 2, finished" in shown
    assert "ledger: 32 completions of 2 versions, 0 skipped" in shown
    assert "completions of version 1, best first" in shown
    assert main(["runs", "show", str(two_runs / "one"), "--version", "0", "--completions", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["version"] for row in found["completions"]] == [0] * 6
    scores = [row["score"] for row in found["completions"]]
    assert scores == sorted(scores, reverse=True)
    assert set(found["rules"]) == {"words", "holds"}


def test_runs_compare_tells_what_differs(two_runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures side by side, and the keys of the configuration that are not the same; where a run lies is no difference."""
    runs = [str(two_runs / "one"), str(two_runs / "two")]
    assert main(["runs", "compare", *runs]) == 0
    assert "training.algorithm  grpo_token  dr_grpo" in capsys.readouterr().out
    assert main(["runs", "compare", *runs, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == {"training.algorithm": ["grpo_token", "dr_grpo"]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "nowhere"], "holds no run: it has no run.json"),
        (["show", "one", "two"], "unknown argument: "),
        (["compare", "one"], "two runs or more"),
        (["shw", "one"], "invalid choice: 'shw'; did you mean 'show'?"),
        (["show", "one", "--completions", "-3"], "argument --completions: a whole number from 0 is wanted, found '-3'"),
        (["show", "one", "--version", "7"], "no marked completion of version 7"),
    ],
)
def test_wrong_use_is_told(two_runs: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    """With exit code 2 and what to do."""
    what, *rest = words
    assert main(["runs", what, *(str(two_runs / word) if word in ("nowhere", "one", "two") else word for word in rest)]) == 2
    assert told in capsys.readouterr().err
