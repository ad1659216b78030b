"""Metrics beside `metrics.jsonl`: only where the configuration wants them, and no more than figures and how the run was made.

Weights & Biases and Trackio are stood in for by modules that write down how they were called.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from rewardlang.trainer import extras
from rewardlang.trainer.config_from_toml import read_config
from rewardlang.trainer.metrics import MetricsLog
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.trackers import check_trackers, open_trackers

STAND_IN = """import json, os
class Error(Exception): pass
class Settings(dict):
    def __init__(self, **values): super().__init__(values)
class Run:
    def __init__(self, **values):
        if os.environ.get("REFUSE"): raise Error("no API key\\nsecond line")
        print("hello from the library")
        self.calls = [["init", values]]
    def define_metric(self, *names, **values): self.calls.append(["define", names, values])
    def log(self, *values, **named): self.calls.append(["log", *values, named])
    def finish(self):
        with open(os.environ["CALLS"], "w") as stream: json.dump(self.calls, stream)
def init(**values):
    global current
    current = Run(**values)
    return current
def finish():
    global current
    current.finish()
    current = None  # else the library finishes it, and prints, when the interpreter ends
"""
RECORD = {"started": "2026-01-01T00:00:00Z", "config": {"seed": 0}, "reward": {"fingerprint": "f"}}
ROW = {"kind": "training", "step": 5, "reward": 1.5, "points": {"correct": 1.0}}
ALARM = {"kind": "alarm", "step": 5, "alarm": "length drift", "found": "words", "remedy": "words"}


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a stand-in writes down its calls."""
    for name in ("wandb", "trackio"):
        (tmp_path / "site" / name).mkdir(parents=True)
        (tmp_path / "site" / name / "__init__.py").write_text(STAND_IN, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls.json"))
    return tmp_path / "calls.json"


def written(name: str, folder: Path, calls: Path) -> list[Any]:
    """What one row of metrics and an alarm come to."""
    folder.mkdir(exist_ok=True)
    log = MetricsLog(folder, trackers=open_trackers((name,), "sums", folder, RECORD, 0))
    log.write(ROW)
    log.write(ALARM)
    log.close()
    sys.modules.pop(name)
    found: list[Any] = json.loads(calls.read_text(encoding="utf-8"))
    return found


def test_weights_and_biases_gets_figures_with_the_step_as_a_metric(tmp_path: Path, calls: Path) -> None:
    """One run of theirs for one of ours, also after a resume; no terminal, no code, no system statistics."""
    folder = tmp_path / "maths"
    (_, asked), *others = written("wandb", folder, calls)
    assert (asked["project"], asked["name"], asked["resume"], asked["dir"]) == ("sums", "maths", "allow", str(folder))
    assert asked["settings"] == {"console": "off", "disable_git": True, "save_code": False, "x_disable_stats": True, "silent": True}
    assert asked["config"] == RECORD
    logged = [call for call in others if call[0] == "log"]
    assert logged == [["log", {"training/reward": 1.5, "training/points/correct": 1.0, "step": 5}, {}]]
    assert written("wandb", folder, calls)[0][1]["id"] == asked["id"]


def test_trackio_stays_on_this_machine_and_off_standard_output(tmp_path: Path, calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No space on the Hub is named, and what the library prints goes to standard error."""
    (_, asked), *others = written("trackio", tmp_path / "maths", calls)
    assert asked["project"] == "sums"
    assert asked["name"].startswith("maths-")
    assert not {"space_id", "dataset_id"} & asked.keys()
    assert (asked["auto_log_cpu"], asked["auto_log_gpu"]) == (False, False)
    assert ["log", {"training/reward": 1.5, "training/points/correct": 1.0}, {"step": 5}] in others
    captured = capsys.readouterr()
    assert (captured.out, captured.err.strip()) == ("", "hello from the library")


def test_one_that_does_not_start_is_told(tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ways out, before a model is loaded."""
    monkeypatch.setenv("REFUSE", "1")
    with pytest.raises(TrainingProblem, match=r"does not start: no API key\n.*WANDB_MODE=offline"):
        open_trackers(("wandb",), "sums", tmp_path, RECORD, 0)


def test_one_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it; by default nothing is missed."""
    monkeypatch.setattr("rewardlang.trainer.trackers.is_installed", lambda name: False)
    with pytest.raises(TrainingProblem, match=r"'report_to' names trackio, which is not installed\n.*rewardlang\[watch\]"):
        check_trackers(("trackio",))
    check_trackers(None)
    assert open_trackers(None, "sums", Path(), RECORD, 0) == []


def test_a_folder_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W&B leaves a folder `wandb` where it runs, which Python would import as an empty package."""
    (tmp_path / "some_tracker").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not extras.is_installed("some_tracker")
    (tmp_path / "some_tracker" / "__init__.py").write_text("", encoding="utf-8")
    importlib.invalidate_caches()
    assert extras.is_installed("some_tracker")


def test_the_configuration_names_them(tmp_path: Path) -> None:
    """[] is nowhere, leaving it out is TensorBoard; a name that is none is a mistake with a guess."""
    (tmp_path / "r.reward").write_text("", encoding="utf-8")
    path = tmp_path / "run.toml"
    text = 'reward = "r.reward"\noutput = "out"\nmodel.path = "x"\ndata.recipe = "decimals"\ndata.size = 4\n'
    for line, wanted in (("", None), ("report_to = []\n", ()), ('report_to = ["wandb", "trackio"]\n', ("wandb", "trackio"))):
        path.write_text(line + text, encoding="utf-8")
        assert read_config(path).report_to == wanted
    path.write_text('report_to = ["wanbd"]\n' + text, encoding="utf-8")
    with pytest.raises(TrainingProblem, match="did you mean 'wandb'"):
        read_config(path)
