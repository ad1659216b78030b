"""The small parts of a run: metrics, checkpoints, progress, Ctrl-C, missing extras, charts."""

from __future__ import annotations

import importlib.util
import io
import itertools
import json
import os
import re
import signal
import xml.etree.ElementTree as ET
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from rewardlang.trainer import checkpoints, extras
from rewardlang.trainer.charts import Line, line_chart
from rewardlang.trainer.cpu_threads import wait_without_spinning
from rewardlang.trainer.metrics import MetricsLog, read_metrics, training_row
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Bar, PlainLines, duration
from rewardlang.trainer.progress_display import progress_for
from rewardlang.trainer.stopping import StopRequest
from rewardlang.trainer.trackers import open_trackers


def test_a_row_of_metrics_has_the_points_of_each_rule() -> None:
    """TRL's names become ours; what is not a number is left out."""
    logs = {
        "reward": "1.5",
        "reward_std": float("nan"),
        "maths/correct/points": 1.0,
        "maths/correct/fired": 0.5,
        "maths/success": 0.5,
        "x": 1,
    }
    row = training_row(logs | {"verifier_errors/math": 2.0}, 7, "maths")
    assert row == {
        "kind": "training",
        "step": 7,
        "reward": 1.5,
        "success": 0.5,
        "points": {"correct": 1.0},
        "fired": {"correct": 0.5},
        "verifier_errors": {"math": 2.0},
    }


def test_metrics_go_to_jsonl_and_to_tensorboard(tmp_path: Path) -> None:
    """A resumed run drops the rows after its checkpoint; a line cut off in the writing is not read."""
    log = MetricsLog(tmp_path, trackers=open_trackers(None, "x", tmp_path, {}, 0))
    for step in (1, 2, 3):
        log.write({"kind": "training", "step": step, "reward": step / 2, "points": {"correct": 1.0}})
    log.close()
    with log.path.open("a", encoding="utf-8") as stream:
        stream.write('{"kind": "trai')
    assert [row["step"] for row in read_metrics(log.path)] == [1, 2, 3]
    MetricsLog(tmp_path, from_step=2, trackers=open_trackers(None, "x", tmp_path, {}, 2)).close()
    assert [json.loads(line)["step"] for line in log.path.read_text().splitlines()] == [1, 2]
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"training/reward", "training/points/correct"}


def test_only_whole_checkpoints_count(tmp_path: Path) -> None:
    """The newest that has its marker; steps are compared as numbers."""
    folder = tmp_path / "checkpoints"
    for step in (2, 10, 9):
        (folder / f"checkpoint-{step}").mkdir(parents=True)
        (folder / f"checkpoint-{step}" / "weights").write_text("w")
    assert checkpoints.last_complete(tmp_path) is None
    checkpoints.mark_complete(folder / "checkpoint-2")
    checkpoints.mark_complete(folder / "checkpoint-9")
    newest = checkpoints.last_complete(tmp_path)
    assert newest is not None
    assert checkpoints.step_of(newest) == 9
    checkpoints.discard_incomplete(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint-2", "checkpoint-9"]


def test_plain_progress_tells_the_end_with_its_figures() -> None:
    """Anywhere but on a terminal, lines."""
    stream = io.StringIO()
    progress = progress_for(stream)
    assert isinstance(progress, PlainLines)
    progress.start("GRPO", 10, 4)
    progress.step(9, reward=1.25, success=0.5)
    progress.finish()
    first, last = stream.getvalue().splitlines()
    assert first == "GRPO: 6 steps"
    assert re.fullmatch(r"GRPO: step 9 of 10, 0 s, about 0 s left, reward 1\.25, success 50%", last)


def test_times_are_told_in_the_unit_that_fits() -> None:
    """Seconds up to two minutes, then minutes, then hours."""
    assert [duration(seconds) for seconds in (44.6, 119, 150, 7140, 12_000)] == ["45 s", "119 s", "2 min", "119 min", "3 h 20 min"]


def test_the_bar_runs_twice() -> None:
    """One piece of work after another, with a line in between."""
    stream = io.StringIO()
    bar = Bar(stream)
    for label in ("warm-up", "GRPO"):
        bar.start(label, 2)
        bar.step(2, reward=0.5)
        bar.finish()
        bar.say("a [line]")
    assert "a [line]" in stream.getvalue()


def test_the_first_interrupt_asks_and_the_second_interrupts() -> None:
    """And afterwards Ctrl-C is what it was."""
    told: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with StopRequest(lambda: told.append("told")) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.asked
        assert told == ["told"]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_missing_extra_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly, to be copied."""
    there = ModuleSpec("there", None, origin="there.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("trl", "peft") else there)
    with pytest.raises(TrainingProblem) as caught:
        extras.need(extras.TRAINING, "train", purpose="training")
    assert str(caught.value) == "training needs trl and peft, which are not installed\n  remedy: pip install 'rewardlang[train]'"


def test_threads_wait_without_spinning_unless_the_user_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spinning threads make a busy machine several times slower."""
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    wait_without_spinning()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_a_chart_is_well_formed_and_keeps_to_its_frame() -> None:
    """Values outside the ticks are drawn at the edge, and names are escaped."""
    lines = [Line("a < b", [(5, 0.2), (150, 3.0)]), Line("c", [(5, -1.0), (150, 0.1)])]
    chart = line_chart(lines, title="t & u", x_label="step", y_label="y", ticks=(0, 1, 2))
    root = ET.fromstring(chart)
    heights = [float(circle.attrib["cy"]) for circle in root.iter("circle")]
    assert len(heights) == 4
    assert all(16 <= height <= 244 for height in heights)
    assert [text.text for text in root.iter("text") if text.attrib.get("class", "").startswith("name")] == ["a < b", "c"]


def test_long_names_and_many_lines_stay_inside_a_chart() -> None:
    """Room is made for names, up to a limit; twelve lines that end at 0 have their names one above another."""
    names = [f"rule_number_{number}" for number in range(11)] + ["the_same_beginning_and_a_name_that_never_wants_to_end"]
    chart = line_chart([Line(name, [(0, 1), (9, 0)]) for name in names], title="t", x_label="step", y_label="y", ticks=(0, 1))
    labels = [text for text in ET.fromstring(chart).iter("text") if text.attrib.get("class", "").startswith("name")]
    heights = [float(text.attrib["y"]) for text in labels]
    assert max(heights) <= 290
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(heights))
    assert all(float(text.attrib["x"]) + 7.6 * len(text.text or "") <= 520 for text in labels)
    assert labels[-1].text == "the_same_begi…_wants_to_end"
