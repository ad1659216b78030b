"""Alarms on recorded runs: each has one that rings it, and none rings at any row of the healthy ones.

The series in `recorded_runs/` are the metrics of real runs of the small policy of these tests (500 warm-up steps), recorded on
2026-11-23 on two CPU cores: 60 steps of 64 completions unless said otherwise, measured on 200 held-out problems every ten or twenty.
`runs.md` beside them says how each was made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rewardlang.trainer.alarms import WINDOW, all_alarms, ringing
from rewardlang.trainer.failures import problem_of
from rewardlang.trainer.gpu_canary import PolicyMismatch
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.training import train
from tests.trainer.runs import short_run

RECORDED = Path(__file__).parent / "recorded_runs"
# The run, its score's range, and its rules that only deduct.
HEALTHY: dict[str, tuple[float, set[str]]] = {
    "healthy-0": (3.0, {"one_answer"}),
    "healthy-1": (3.0, {"one_answer"}),
    "healthy-2": (3.0, {"one_answer"}),
    "healthy-gspo": (3.0, {"one_answer"}),
    "long-honest": (3.0, {"one_answer"}),
    "long-brief": (1.2, {"long"}),
    "long-parts": (1.5, {"twice"}),
}
OVER_AN_ENGINE = ("canary-0", "canary-1", "canary-2")
# The run, its score's range, and all alarms that ring in it.
RINGING = {
    "careless": (2.0, {"reward without accuracy"}),
    "constant": (1.0, {"groups without spread"}),
    "polite": (1.5, {"one rule carries everything"}),
    "effort-pays": (4.0, {"reward without accuracy", "one rule carries everything"}),
    "numbers-pay": (3.0, {"length drift"}),
    "too-fast": (3.0, {"groups without spread", "length drift"}),
    "one-text-pays": (2.0, {"reward without accuracy", "entropy collapse"}),
    "canary-drifts": (1.0, {"canary"}),
}


def recorded(name: str) -> list[dict[str, Any]]:
    """The rows of metrics of a recorded run."""
    return [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", sorted(HEALTHY))
def test_no_alarm_rings_in_a_healthy_run(name: str) -> None:
    """At no row, in seven runs that learned: six seeds, four algorithms, three reward files; three of them go on for 200 steps."""
    rows, (score_range, guards) = recorded(name), HEALTHY[name]
    measured = [row["accuracy"] for row in rows if row["kind"] == "held out"]
    assert measured[-1] - measured[0] > 0.15
    assert all_alarms(rows, score_range, guards) == []


def test_a_deduction_that_is_never_earned_is_no_alarm() -> None:
    """One rule decides, and beside it stands a deduction that hardly fires: as it should be. Points that never come are told."""
    rows = recorded("long-brief")
    assert all_alarms(rows, 1.2, {"long"}) == []
    assert [alarm.name for alarm in all_alarms(rows, 1.2)] == ["one rule carries everything"]


@pytest.mark.parametrize("name", OVER_AN_ENGINE)
def test_the_canary_is_silent_where_sampler_and_trainer_are_one_policy(name: str) -> None:
    """Over an engine the difference stays below a quarter of the limit; the alarm rings at half of it."""
    rows = recorded(name)
    assert len(rows) == 20
    assert max(row["canary_difference"] / row["canary_limit"] for row in rows) < 0.25
    assert all_alarms(rows, 1.0) == []


def test_the_canary_rings_before_it_stops_the_run() -> None:
    """A sampler that drifts away is told at half of the limit; at the limit the run ends with cause and remedy."""
    rows = recorded("canary-drifts")
    (alarm,) = all_alarms(rows, 1.0)
    assert alarm.step == 26
    assert alarm.found == "sampler and trainer differ by 0.0395 nats a token; the run stops at 0.0781"
    assert rows[-1]["canary_difference"] < rows[-1]["canary_limit"]
    problem = problem_of(PolicyMismatch("the sampler's log-probs differ"), Path("nowhere"))
    assert problem is not None
    assert problem.cause == "the canary stopped the run: the sampler's log-probs differ; nothing was saved before it"
    assert "engine.canary_every" in problem.remedy


@pytest.mark.parametrize("name", sorted(RINGING))
def test_a_run_that_goes_wrong_rings(name: str) -> None:
    """Exactly the alarms that it should, each with figures and what to do."""
    score_range, names = RINGING[name]
    alarms = all_alarms(recorded(name), score_range)
    assert {alarm.name for alarm in alarms} == names
    assert all(alarm.found and alarm.remedy for alarm in alarms)


def test_every_alarm_has_a_run_that_rings_it() -> None:
    """No threshold that was never crossed."""
    assert set().union(*(names for _, names in RINGING.values())) == {
        "one rule carries everything",
        "length drift",
        "reward without accuracy",
        "groups without spread",
        "entropy collapse",
        "canary",
    }


def test_a_hole_in_the_reward_is_told_before_the_run_is_over() -> None:
    """The careless file pays an answer that names both candidates: the alarm comes at a third of the run."""
    (alarm,) = all_alarms(recorded("careless"), 2.0)
    assert alarm.step == 20
    assert alarm.found == "the reward rose from 0.78 to 1.13, held-out accuracy went from 26.0% to 23.5%"


def test_a_fall_of_accuracy_is_told_however_little_the_reward_rose() -> None:
    """Words pay more than being right: accuracy is gone by step 20, long before the reward has moved by much of its range."""
    first, *_ = all_alarms(recorded("effort-pays"), 4.0)
    assert (first.name, first.step) == ("reward without accuracy", 20)
    assert first.found == "the reward rose from 0.55 to 0.61, held-out accuracy went from 26.0% to 0.0%"


def test_too_few_rows_ring_nothing() -> None:
    """A beginning and an end are needed to compare."""
    rows = [row for row in recorded("too-fast") if row["kind"] == "training"]
    assert ringing(rows[: 2 * WINDOW - 1], 3.0) == []


def test_solved_problems_are_no_alarm() -> None:
    """Where nearly everything is right, groups without spread and low entropy are what success looks like."""
    rows = [row | {"success": 0.97} for row in recorded("constant")]
    assert all_alarms(rows, 1.0) == []


CONSTANT = """rewardlang 1
reward constant
column gold: text
rule always: award 1 point when gold is present
score between 0 and 1
"""


def test_an_alarm_is_told_once_and_stands_in_the_metrics(raw_policy: Path, tmp_path: Path) -> None:
    """While the run goes on, with what to do; `rewardlang runs show` tells it again."""
    path = tmp_path / "constant.reward"
    path.write_text(CONSTANT, encoding="utf-8")
    said: list[str] = []

    class Listening(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    result = train(
        short_run(raw_policy, tmp_path / "run", path, steps=12, completions=8, max_completion_tokens=4, save_every=0), Listening()
    )
    told = [text for text in said if text.startswith("ALARM")]
    assert len(told) == 1
    assert told[0].startswith("ALARM in step 10, groups without spread: in 100% of the groups")
    assert "\n  what to do: points for a part of the way" in told[0]
    assert [row["alarm"] for row in result.rows if row["kind"] == "alarm"] == ["groups without spread"]
