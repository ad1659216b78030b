"""What `rewardlang train` says when a run is over."""

from __future__ import annotations

from typing import Any

from rewardlang.commands.train import _lines
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.training import RunResult


def told(rows: list[dict[str, Any]], *, stopped: bool = False) -> list[str]:
    """The lines for a run that left these rows; a resumed one has no measurement before training of its own."""
    return _lines(RunResult(RunConfig(output="runs/x"), "f", 20, stopped, 35.0, None, None, tuple(rows), 0))


def measured(step: int, accuracy: float | None) -> dict[str, Any]:
    """A row of metrics."""
    return {"kind": "held out", "step": step, "accuracy": accuracy, "score": 0.5 + step / 40, "answers": 64}


def test_a_resumed_run_is_told_from_its_beginning() -> None:
    """Before and after with intervals, from the metrics; and the alarms that have scrolled away."""
    alarm = {"kind": "alarm", "step": 10, "alarm": "length drift", "found": "", "remedy": ""}
    assert told([measured(0, 0.25), alarm, measured(20, 0.5)])[1:4] == [
        "held-out score    0.500 before, 1.000 after",
        "held-out accuracy 25.0% (16.0–36.8) before, 50.0% (38.1–61.9) after; in brackets 95% intervals",
        "ALARMS: length drift (step 10); rewardlang runs show runs/x tells more",
    ]


def test_a_run_that_was_stopped_says_after_which_step_it_was_measured() -> None:
    """And a file without `success` has no accuracy."""
    lines = told([measured(0, None), measured(10, None)], stopped=True)
    assert lines[0].startswith("stopped after step 20")
    assert lines[1] == "held-out score    0.500 before, 0.750 after step 10"
    assert not any("accuracy" in line or "ALARMS" in line for line in lines)
