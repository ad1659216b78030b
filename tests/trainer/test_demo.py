"""The demonstration as a command: its story on the screen, its summary, its report; in a minute version that learns nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

from rewardlang import cli
from rewardlang.trainer.demo import CARELESS, HONEST, SAMPLES, DemoPlan, make_policy, prepare, run_config
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.side_by_side import RunBeside
from rewardlang.trainer.warm_up import WarmUp
from tests.trainer.runs import EXAMPLES


class Links(HTMLParser):
    """What a page would load from elsewhere, and the elements that it leaves open."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads.extend(f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href") or "url(" in str(value))
        if tag not in ("meta", "line", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


@pytest.mark.slow
def test_the_command_tells_the_whole_story(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Check, explanations, training, figures before and after, summary and report; what an earlier run left is cleared."""
    tiny = DemoPlan(WarmUp(steps=4, batch=8), steps=2, measure_every=1, held_out=12)
    monkeypatch.setattr(DemoPlan, "quick", staticmethod(lambda: tiny))
    folder = tmp_path / "demo"
    (folder / "runs" / "decimals" / "checkpoints" / "checkpoint-9").mkdir(parents=True)  # an earlier demonstration was here
    assert cli.main(["demo", "--quick", "--out", str(folder), "--seed", "3", "--json"]) == 0
    assert not (folder / "runs" / "decimals" / "checkpoints" / "checkpoint-9").exists()
    printed = capsys.readouterr()
    for words in ("10 rows", "the best completion", "the worst completion", "warning[RW703]", "12 held-out problems", "→", "too short"):
        assert words in printed.err, "standard output is for JSON"
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert json.loads(printed.out) == summary
    wanted = {"accuracy_before", "accuracy_after", "reward_before", "reward_after", "steps", "seconds", "reward_file", "fingerprint"}
    assert wanted | {"seed", "versions", "how_answers_are_drawn", "careless"} <= set(summary)
    assert (summary["steps"], summary["seed"], summary["reward_file"]) == (2, 3, HONEST)
    assert "RW703" in summary["careless"]["check"][0]
    page = (folder / "report.html").read_text(encoding="utf-8")
    parser = Links()
    parser.feed(page)
    assert parser.loads == []
    assert parser.open == []
    assert page.index("Which is larger, 9.11 or 9.9?") < page.index("The same run under a careless file")
    assert page.count("<svg") == 4
    assert "&lt;answer&gt;" in page
    assert "RW703" in page


def test_the_files_come_with_the_package() -> None:
    """The demonstration works from an installed wheel: its files are package data, and those under `examples/`."""
    files = resources.files("rewardlang") / "templates" / "decimals"
    for name in (HONEST, CARELESS, SAMPLES):
        assert (files / name).read_text(encoding="utf-8") == (EXAMPLES / name).read_text(encoding="utf-8")


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file where a folder is wanted; a configuration that is not there; none at all."""
    (tmp_path / "file").write_text("")
    assert cli.main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert cli.main(["train", str(tmp_path / "none.toml")]) == 2
    assert cli.main(["train"]) == 2
    told = capsys.readouterr().err
    assert "is a file; name a folder" in told
    assert "cannot be read" in told
    assert "rewardlang train --keys" in told


@pytest.mark.slow
def test_training_from_a_file_by_the_command(
    raw_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`rewardlang train run.toml --json` trains and tells the figures as one JSON object."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maths.reward").write_text((EXAMPLES / HONEST).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "run.toml").write_text(
        f"""
reward = "maths.reward"
output = "run"
[model]
path = "{raw_policy}"
[data]
recipe = "decimals"
size = 20
[held_out]
recipe = "decimals"
size = 8
[training]
steps = 2
completions = 8
group = 4
max_completion_tokens = 8
""",
        encoding="utf-8",
    )
    assert cli.main(["train", "run.toml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["steps"], told["stopped"], told["before"]["answers"]) == (2, False, 8)
    assert (tmp_path / "run" / "policy" / "adapter_model.safetensors").exists()
    broken = (tmp_path / "maths.reward").read_text(encoding="utf-8").replace("award 2 points", "awrd 2 points")
    (tmp_path / "maths.reward").write_text(broken, encoding="utf-8")
    assert cli.main(["train", "run.toml", "--resume"]) == 1
    assert "nothing was trained" in capsys.readouterr().err


def test_a_run_beside_tells_its_end_and_its_problems(tmp_path: Path) -> None:
    """Its answers and steps; what it could not start with; and that its process was ended from outside, with the file to read."""
    prepare(tmp_path)
    plan = DemoPlan(WarmUp(steps=2, batch=4), steps=1, measure_every=1, held_out=4)
    make_policy(tmp_path / "policy", 0, plan.warm_up, Silent())
    config = run_config(tmp_path, CARELESS, 0, plan)
    beside = RunBeside(config, 1)
    lost = RunBeside(replace(config, reward=str(tmp_path / "none.reward"), output=str(tmp_path / "runs" / "lost")), 1)
    ended = RunBeside(replace(config, output=str(tmp_path / "runs" / "ended")), 1)
    ended._process.kill()
    try:
        told = beside.told(Silent(), "beside")
        assert (told.steps, len(told.before or ()), len(told.after or ())) == (1, 4, 4)
        with pytest.raises(TrainingProblem, match=r"none\.reward is not there"):
            lost.told(Silent(), "lost")
        with pytest.raises(TrainingProblem, match=r"(?s)ended with exit code.*ended\.log"):
            ended.told(Silent(), "ended")
    finally:
        for one in (beside, lost, ended):
            one.stop()
