"""`rewardlang check --cost`: what is computed in which order, what it costs, what gates spare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.report.plan_lines import Stage, stages_of
from tests.commands.conftest import Run

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/*.reward"))

JOINED = """rewardlang 1
reward ordered
column gold: text
let final = only <a> in completion
require final is present else score 0
rule right: award 1 point when final as math equals gold as math and completion contains "x"
rule spelt: deduct 0.5 points when count of misspelling in completion is more than 2
success when final as math equals gold as math
score between -0.5 and 1
"""


def _words(stage: Stage) -> list[tuple[str, str, bool]]:
    return [(line.cost, line.words, line.lazy) for line in stage.lines]


def test_the_plan_in_a_terminal(run: Run) -> None:
    """Stages from top to bottom, each with what it needs first; what is shared stands where it is computed."""
    shown = run("check", "math.reward", "--cost").out.partition("-- the plan")[2].splitlines()
    assert shown[6:-2] == [
        'gate, line 9: require final is present else score -1 because "exactly one answe…',
        "  linear      only <answer> in completion                             all     3×",
        "  free        final is present                                        all     1×",
        "",
        "success, line 18: final equals answer",
        "  free        final equals answer                                     all     2×",
        "",
        "rule correct, line 12: award 2 points when final equals answer",
        "  nothing that is not known by now",
        "",
        'rule thinks, line 15: award 0.5 points when completion starts with "<think>"',
        '  linear      completion starts with "<think>"                        all     1×',
    ]
    assert all(len(line) <= 80 for line in shown)


def test_with_samples_the_share_of_the_time_is_measured(run: Run) -> None:
    """Of every line, of how many rows (or items of a loop) asked for it, and what is left for the rest; two rows do not pass the gate."""
    result = run("check", "math.reward", "--cost", "--samples", "samples.jsonl")
    assert "5 completions were timed, " in result.out
    cost = run("check", "math.reward", "--cost", "--samples", "samples.jsonl", "--json").json["cost"]
    assert cost["measured"]["completions"] == 5
    lines = [line for stage in cost["stages"] for line in stage["computed"]]
    assert {line["words"]: line["asked_for"] for line in lines} == {
        "only <answer> in completion": 5,
        "final is present": 5,
        "final equals answer": 5,
        'completion starts with "<think>"': 3,
    }
    shares = [line["share_of_time"] for line in lines]
    assert all(share >= 0 for share in shares)
    assert sum(shares) < 1


def test_the_shares_of_a_file_with_dear_verdicts_are_shares_too(run: Run, tmp_path: Path) -> None:
    """Of all that marking takes, over arrays as well as row by row."""
    (tmp_path / "math.reward").write_text(JOINED.replace("column gold", 'column gold from "answer"'), encoding="utf-8")
    cost = run("check", "math.reward", "--cost", "--samples", "samples.jsonl", "--json").json["cost"]
    shares = [line["share_of_time"] for stage in cost["stages"] for line in stage["computed"]]
    assert all(share >= 0 for share in shares)
    assert 0 < sum(shares) < 1


def test_a_gate_spares_what_comes_after_it_and_success_is_judged_all_the_same() -> None:
    """A gate with a score spares the dear verdicts of rules, but not those that `success` needs; `else skip` spares these too."""

    def spared(text: str) -> list[str]:
        plan = rewardlang.loads(text)._plan
        lines = {line.step: line.words for stage in stages_of(plan) for line in stage.lines}
        return [lines[step] for step in stages_of(plan)[0].spared]

    assert spared(JOINED) == ["every misspelling in completion"]
    assert spared(JOINED.replace("final is present else score 0", 'gold contains "b" else skip')) == [
        "final as math equals gold as math",
        "every misspelling in completion",
    ]


def test_joined_tests_are_told_in_the_order_in_which_they_are_asked() -> None:
    """Where it is not the order of the file; the dear test is asked of the rows that the cheap one leaves open."""
    stages = {stage.name: stage for stage in stages_of(rewardlang.loads(JOINED)._plan)}
    assert stages["rule right"].reordered == (('completion contains "x"', "final as math equals gold as math"),)
    assert _words(stages["success"]) == [
        ("linear", "final as math", True),
        ("linear", "gold as math", True),
        ("symbolic", "final as math equals gold as math", True),
    ]
    assert _words(stages["rule spelt"])[0] == ("dictionary", "every misspelling in completion", True)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_step_is_told_once(path: Path) -> None:
    """Of every example of the project: each step that is computed, and no step twice."""
    plan: Any = rewardlang.load(path)._plan
    told = [line.step for stage in stages_of(plan) for line in stage.lines]
    assert len(told) == len(set(told))
    assert {index for index, step in enumerate(plan.steps) if step.lazy} - set(told) == set()
