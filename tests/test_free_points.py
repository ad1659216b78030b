"""Built-in attacks on the rows of a file's examples: what is paid for nothing is told, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.free_points import free_points
from rewardlang.reward import load, loads
from tests.sources import ROOT

FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])
CARELESS = "careless.reward"  # the file that shows how a careless rule is gamed


def warnings(text: str) -> list[str]:
    """What the attacks find in a file."""
    reward = loads(text)
    return [warning.message for warning in free_points(reward.program, reward.registry)]


def file(*lines: str, success: str = "success when final equals gold") -> str:
    """A file with a gold answer and one good example, and these lines."""
    head = ["rewardlang 1", "reward demo", "column gold: text", "let final = only <answer> in completion", success]
    example = ['example "right"', '  with gold = "72"', '  with prompt = "What is 8 times 9?"']
    example += ['  model writes "the answer: <answer>72</answer>"', "  expect score at least 0"]
    return "\n".join([*head, *lines, *example]) + "\n"


RIGHT = "rule right: award 2 points when final equals gold"


def test_an_echo_of_the_prompt() -> None:
    """A rule that pays for words of the prompt pays for repeating it."""
    (told,) = warnings(file(RIGHT, "rule on_topic: award 0.5 points when completion contains prompt", "score between 0 and 2.5"))
    assert told == ('free points: the prompt echoed scores 0.5 without success, where an empty completion scores 0 (row of "right")')


def test_a_list_of_the_file_pasted() -> None:
    """Once for the list, and once for everything together, because there are other texts in the file."""
    rule = "rule heads: award 0.2 points for each distinct head in heads where completion contains head, up to 0.6"
    lines = ('list heads = ["Facts", "Analysis", "Conclusion"]', RIGHT, rule, "score between 0 and 2.6")
    (told,) = warnings(file(*lines))
    assert told.startswith("free points: the list 'heads' pasted scores 0.6 without success, where an empty completion scores 0")


@pytest.mark.parametrize("condition", ['completion contains "therefore"', 'count of text after "####" in completion = 1'])
def test_the_texts_of_the_file_pasted(condition: str) -> None:
    """Texts in conditions and the markers of finders are what a policy tries first."""
    (told,) = warnings(file(RIGHT, f"rule cue: award 0.25 points when {condition}", "score between 0 and 2.25"))
    assert told.startswith("free points: the texts of the file pasted scores 0.25")


def test_a_text_of_the_file_alone() -> None:
    """Where texts together do not earn what one of them does."""
    rule = 'rule cue: award 0.25 points when completion ends with "Amen" and not completion ends with "0"'
    (told,) = warnings(file(RIGHT, rule, "score between 0 and 2.25"))
    assert told.startswith("free points: a text of the file alone scores 0.25")


def test_the_values_of_a_column_are_texts_of_the_file() -> None:
    """Naming every outcome is no answer."""
    lines = (
        'column outcome: one of ("wins", "loses")',
        "rule named: award 1 point when completion contains outcome",
        "score between 0 and 1",
    )
    text = file(*lines).replace('  with gold = "72"', '  with gold = "72"\n  with outcome = "wins"')
    assert any("the texts of the file pasted scores 1" in told for told in warnings(text))


def test_a_good_example_written_twice() -> None:
    """Two answers are no success, so what they earn is free; an attack in the file is not a good example."""
    rule = 'rule tags: award 0.5 points when completion contains "answer:" and count of <answer> in completion > 1'
    told = warnings(file(RIGHT, rule, "score between 0 and 2.5"))
    assert [message for message in told if "a good example written twice scores 0.5" in message]
    attack = file(RIGHT, rule, "score between 0 and 2.5").replace('example "right"', 'attack "right"')
    assert not [message for message in warnings(attack) if "twice" in message]


def test_without_success_twice_has_to_earn_more_than_once() -> None:
    """Nobody can say that the same text twice is wrong; that it pays more is told."""
    gold = "rule found: award 1 point when completion contains gold"
    each = "rule answers: award 0.25 points for each <answer> in completion, up to 1"
    once = file(gold, "score between 0 and 1", success="")
    assert warnings(once.replace("let final = only <answer> in completion\n", "")) == []
    (told,) = warnings(file(gold, each, "score between 0 and 2", success="").replace("let final = only <answer> in completion\n", ""))
    assert told.startswith("free points: a good example written twice scores 1.5, where an empty completion scores 0 (row")


def test_what_is_right_or_not_above_silence_is_no_alarm() -> None:
    """A paste that is success, that a gate stops, or that earns what silence earns."""
    assert warnings(file(RIGHT, "score between 0 and 2")) == []
    gated = (
        "require final is present else score -1",
        RIGHT,
        'rule cue: award 0.5 points when completion contains "so"',
        "score between -1 and 2.5",
    )
    assert warnings(file(*gated)) == []
    constant = (RIGHT, 'rule polite: award 0.5 points when not completion contains "damn"', "score between 0 and 2.5")
    assert warnings(file(*constant, 'rule cue: deduct 0.1 points when completion contains "so"').replace("between 0", "between -0.1")) == []


def test_a_skipped_row_is_passed_over() -> None:
    """A row that the file leaves out has no score to compare."""
    text = file(
        'require gold equals "71" else skip', RIGHT, 'rule cue: award 1 point when completion contains "so"', "score between 0 and 3"
    )
    assert warnings(text.replace("expect score at least 0", "expect skip")) == []


def test_the_warning_stands_at_the_rule_that_paid() -> None:
    """With what each rule gave, so that the reader knows where to look."""
    reward = loads(file(RIGHT, 'rule cue: award 0.25 points when completion contains "so"', "score between 0 and 2.25"))
    (warning,) = free_points(reward.program, reward.registry)
    assert (warning.code, warning.severity) == ("RW710", "warning")
    assert reward.source.cut(warning.span).startswith("rule cue")
    assert warning.help == "paid by: cue 0.25; ask for something that only a good answer has"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_false_alarm_on_the_files_of_the_repository(path: Path) -> None:
    """Every example and template keeps its points, but for the one that is there to be gamed."""
    reward = load(path)
    found = free_points(reward.program, reward.registry)
    assert bool(found) is (path.name == CARELESS)
