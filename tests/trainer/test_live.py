"""The view of a run on a terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewardlang
from rewardlang.trainer.live import LiveView, curve
from rewardlang.trainer.training import train
from tests.trainer.runs import LENGTH_PAYS, short_run

REWARD = """rewardlang 1
reward small
rule long: award 0.1 points for each word in completion, up to 1 point
rule tagged: award 1 point when only <a> in completion is present
success when only <a> in completion is present
score between 0 and 2
"""


def view(width: int = 80) -> tuple[LiveView, Any]:
    """A view that draws into a text."""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    return LiveView(io.StringIO(), console), console


def shown(live: LiveView, console: Any) -> str:
    """The picture as plain text."""
    with console.capture() as captured:
        console.print(live.picture())
    return str(captured.get())


def training_row(step: int, **more: Any) -> dict[str, Any]:
    """A row as a run writes it."""
    rules = {"long": 0.1 * step, "tagged": 0.5}
    return {
        "kind": "training", "step": step, "reward": 0.25, "success": 0.5, "tokens": 20.0, "seconds_a_step": 2.0, "points": rules,
        "fired": rules, "spread": {"long": 0.25, "tagged": 0.75},
    } | more  # fmt: skip


def test_the_view_says_what_a_run_is_doing() -> None:
    """Step, every rule with its share of what decides, figures with small curves, and the best and the worst with their points."""
    live, console = view()
    reward = rewardlang.loads(REWARD)
    live.start("GRPO with small", 40)
    prompts: list[Any] = ["first?", [{"role": "system", "content": "be brief"}, {"role": "user", "content": "second\nquestion?"}], "third?"]
    live.drawn(reward.score(["<a>x</a> four words more", "one\nline", "two words"]).rows, prompts)
    for step in range(1, 9):
        live.row(training_row(step))
    live.row({"kind": "held out", "step": 8, "accuracy": 0.41, "score": 1.0})
    live.step(8)
    live.finish()
    text = shown(live, console)
    assert "8/40" in text
    assert "long     0.800    80%      25%  ▁▂▃▄▅▆▇█" in text
    assert "right, held out" in text
    assert "41%" in text
    assert "tokens a second" in text
    assert "30" in text  # 20 tokens × 3 completions / 2 s
    assert "best of the step, 1.4 (long +0.4, tagged +1)" in text
    assert "worst of the step, 0.2 (long +0.2)\nsecond question?\none line" in text
    assert max(map(len, text.splitlines())) <= 80


def test_what_a_model_wrote_cannot_move_the_cursor_or_set_colours() -> None:
    """Control characters, escapes and markup of a completion are shown as text."""
    live, console = view(120)
    live.start("x", 1)
    hostile = "\x1b[2J\x1b]0;title\x07 [bold red]gone[/] \u202e"
    live.drawn(rewardlang.loads(REWARD).score([hostile]).rows, [hostile])
    live.finish()
    text = shown(live, console)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[bold red]gone[/]" in text


def test_what_is_said_in_several_lines_stays_so() -> None:
    """An alarm and what to do about it, above the view; what a model wrote in it cannot move the cursor."""
    live, console = view(120)
    with console.capture() as captured:
        live.say("ALARM in step 5\n  what to do: look at \x1b[2J")
    assert [line.rstrip() for line in captured.get().splitlines()] == ["ALARM in step 5", "  what to do: look at ␛[2J"]


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=24))
def test_a_curve_has_one_character_a_value(values: Sequence[float]) -> None:
    """The greatest value has the tallest bar and the least the lowest, unless all are equal."""
    drawn = curve(values)
    assert len(drawn) == len(values)
    if max(values) > min(values):
        assert drawn[list(values).index(max(values))] == "█"
        assert drawn[list(values).index(min(values))] == "▁"


def test_a_whole_run_draws_it(raw_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows and completions reach the view from a real run; measurements and alarms too."""
    live, console = view(100)
    (tmp_path / "r.reward").write_text(LENGTH_PAYS, encoding="utf-8")
    train(short_run(raw_policy, tmp_path / "run", tmp_path / "r.reward", steps=2), live)
    text = shown(live, console)
    assert "2/2" in text
    assert "words" in text
    assert "right, held out" in text
    assert "best of the step" in text
