"""The model card of a run: metadata that the Hub reads, facts of the run, and nothing that was not measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rewardlang.cli import main


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    """A copy without what other tests measured."""
    shutil.copytree(finished_run, tmp_path / "run", ignore=shutil.ignore_patterns("evaluations"))
    return tmp_path / "run"


def card_of(run: Path) -> str:
    """The text that the command writes."""
    assert main(["runs", "card", str(run)]) == 0
    return (run / "README.md").read_text(encoding="utf-8")


def test_the_metadata_are_the_hub_s(run: Path) -> None:
    """huggingface_hub reads them; a base in a local folder is no base on the Hub, and no licence is claimed."""
    from huggingface_hub import ModelCard

    data: Any = ModelCard(card_of(run)).data
    assert (data.library_name, data.pipeline_tag, data.model_name) == ("peft", "text-generation", "run")
    assert data.base_model is None
    assert data.license is None
    [result] = data.eval_results
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    after = next(row for row in rows if row["kind"] == "held out" and row["step"] == 4)
    assert (result.metric_type, result.metric_value) == ("accuracy", round(after["accuracy"], 4))


def test_it_tells_how_the_policy_was_made(run: Path) -> None:
    """Fingerprints, seeds and versions as they stand in run.json, the measurement with its interval, the reward file itself."""
    text, record = card_of(run), json.loads((run / "run.json").read_text(encoding="utf-8"))
    for wanted in (
        record["reward"]["fingerprint"], record["data"]["fingerprint"], record["held_out"]["fingerprint"], "| seed | 0 |",
        f"torch {record['versions']['torch']}", "grpo_token; 16 completions a step in groups of 4", "LoRA, rank 4, alpha 8",
        "16 held-out prompts, one answer each", "interval, Wilson", "None rang", "award 0.1 points for each distinct word",
    ):  # fmt: skip
        assert wanted in text
    assert str(run.parent) not in text
    assert "More Information Needed" not in text


def test_what_was_not_measured_is_not_said(run: Path) -> None:
    """Without held-out rows there is no figure; a reward file that changed is not shown as the one that paid; alarms are told."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    alarm = {"kind": "alarm", "step": 3, "alarm": "length drift", "found": "twice | the tokens", "remedy": "look"}
    kept = [*(row for row in rows if row["kind"] == "training"), alarm]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["reward"]["fingerprint"] = "0" * 64
    part = record["config"]["data"] | {"recipe": None, "size": None, "mix": []}
    sources = [part | {"hub": "openai/gsm8k", "subset": "main", "weight": 3}, part | {"reasoning_gym": "chain_sum", "size": 5}]
    record["config"]["data"] |= {"recipe": None, "size": None, "mix": sources}
    (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
    text = card_of(run)
    assert "Nothing: this policy answered no held-out rows" in text
    assert "model-index" not in text
    assert "a mix of openai/gsm8k, main, split train (weight 3), reasoning-gym chain_sum (weight 1), 40 rows" in text
    assert "datasets:\n- openai/gsm8k" in text
    assert "## The reward file" not in text
    assert "- step 3, **length drift**: twice \\| the tokens" in text


def test_a_kept_evaluation_of_these_weights_is_what_it_tells(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """pass@k with intervals and the difference; one of other weights is not used."""
    assert main(["runs", "eval", str(run), "-n", "2", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    text = card_of(run)
    figure = report["policies"][1]["figures"]["pass@2"]
    assert f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})" in text
    assert "|  | base | step 4 | difference |" in text
    assert main(["runs", "card", str(run), "--checkpoint", "2", "--out", str(run / "two.md")]) == 0
    assert "pass@2" not in (run / "two.md").read_text(encoding="utf-8")
    assert main(["runs", "card", str(run), "--out", str(run / "two.md")]) == 2
