"""`rewardlang test --coverage`: what the examples of a file have not shown yet."""

from __future__ import annotations

from pathlib import Path

from rewardlang.coverage import coverage_of
from rewardlang.reward import loads
from tests.commands.conftest import REWARD, Run

WRONG = """
example "wrong, and no thinking"
  with answer = "72"
  model writes "<answer>71</answer>"
  expect score = 0

attack "two answers"
  with answer = "72"
  model writes "<answer>71</answer><answer>72</answer>"
  expect score = -1
"""


def test_the_table_says_what_no_example_has_shown(run: Run) -> None:
    """One example fires both rules: none was seen silent, and nothing was seen to be stopped."""
    result = run("test", "--coverage", "math.reward")
    assert result.code == 0
    assert "  rule     fired  silent  covered\n  correct      1       0\n  thinks       1       0\n" in result.out
    assert "  line 9 stopped no example: require final is present" in result.out
    assert "  no example leaves these silent: correct and thinks\n" in result.out
    assert "  no example is stopped by: line 9\n" in result.out


def test_only_strict_makes_it_count(run: Run, tmp_path: Path) -> None:
    """Exit 1 under `--strict`, and 0 once every rule was seen both ways and the gate was seen to stop a row."""
    assert run("test", "--coverage", "--strict", "math.reward").code == 1
    (tmp_path / "math.reward").write_text(REWARD + WRONG, encoding="utf-8")
    result = run("test", "--coverage", "--strict", "math.reward")
    assert result.code == 0
    assert "every rule has fired and been silent, and every require has stopped an example" in result.out
    assert run("test", "--strict", "math.reward").code == 2


def test_coverage_as_json(run: Run) -> None:
    """The shape is stable; without `--coverage` the key is null."""
    assert run("test", "math.reward", "--json").json[0]["coverage"] is None
    (report,) = run("test", "--coverage", "math.reward", "--json").json
    assert report["ok"] is True
    assert report["coverage"] == {
        "complete": False,
        "rules": [
            {"rule": "correct", "line": 12, "fired": 1, "silent": 0, "lacks": ["silent"]},
            {"rule": "thinks", "line": 15, "fired": 1, "silent": 0, "lacks": ["silent"]},
        ],
        "requires": [{"words": 'require final is present else score -1 because "exactly one answer"', "line": 9, "stopped": 0}],
    }
    assert run("test", "--coverage", "--strict", "math.reward", "--json").json[0]["ok"] is False


def test_an_example_without_the_column_does_not_count() -> None:
    """A rule that is silent because its column was not given has not been seen to be silent."""
    text = REWARD + WRONG.replace('  with answer = "72"\n', "").replace("and no thinking", "and no column")
    reward = loads(text)
    by_name = {entry.rule.name: entry for entry in coverage_of(reward.program, reward.run_examples()).rules}
    assert (by_name["correct"].fired, by_name["correct"].silent) == (1, 0)
    assert (by_name["thinks"].fired, by_name["thinks"].silent) == (1, 1)


def test_a_closing_else_has_to_be_reached() -> None:
    """A rule with `else` is never silent; an example has to come to the `else` instead."""
    text = REWARD.replace("when final equals answer\n\nsection", "when final equals answer else 0.5 points\n\nsection")
    reward = loads(text)
    (lacks, _) = [entry.lacks for entry in coverage_of(reward.program, reward.run_examples()).rules]
    assert lacks == ("else",)
    covered = loads(text + WRONG.replace("expect score = 0", "expect score = 0.5"))
    assert [entry.lacks for entry in coverage_of(covered.program, covered.run_examples()).rules] == [(), ()]
