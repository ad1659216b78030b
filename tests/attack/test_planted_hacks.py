"""Hacks planted in rewards: the adversary finds each, names the rule that pays, and finds nothing once the rule is mended."""

from __future__ import annotations

from typing import Any

import pytest

from rewardlang.attack.attack import Result, Settings, attack
from rewardlang.attack.rows import Rows
from rewardlang.attack.search import Limits
from rewardlang.attack.target import RewardTarget
from rewardlang.reward import Reward, loads

RIGHT = "rule correct: award 2 points when final equals gold"
ROWS: list[dict[str, Any]] = [
    {"id": "a", "prompt": "What is 8 times 9?", "gold": "72", "completion": "<think>8 * 9 = 72</think><answer>72</answer>"},
    {"id": "b", "prompt": "What is 8 times 9?", "gold": "72", "completion": "<think>8 * 9 = 71</think><answer>71</answer>"},
    {"id": "c", "prompt": "What is 2 + 3?", "gold": "5", "completion": "<think>2 + 3 is 5.</think><answer>5</answer>"},
    {"id": "d", "prompt": "What is 2 + 3?", "gold": "5", "completion": "I do not know."},
    {"id": "e", "prompt": "What is 60 - 43?", "gold": "17", "completion": "<think>60 - 43 = 17</think><answer>17</answer>"},
]


def reward_of(*lines: str, high: float, low: float = 0, success: str = "success when final equals gold") -> Reward:
    """A file with a gold text, `final`, and these lines."""
    head = ["rewardlang 1", "reward planted", "column gold: text", "let final = only <answer> in completion"]
    return loads("\n".join([*head, *lines, success, f"score between {low:g} and {high:g}"]) + "\n")


def attacked(reward: Reward, rows: list[dict[str, Any]] | None = None, tries: int = 2_000, **settings: Any) -> Result:
    """The adversary on a reward, without a time limit that could end it."""
    gathered = Rows(reward)
    for row in rows or ROWS:
        names = {name: [row[name]] for name in reward.columns}
        marks = reward.score([row["completion"]], prompts=[row["prompt"]], columns=names).rows
        gathered.add(row["id"], row["prompt"], row, marks)
    target = RewardTarget(reward, gathered.tasks)
    settings = {"limits": Limits(tries, 600), **settings}
    return attack(reward.program, target, gathered.answers, Settings(**settings), lambda tries, best: None)


PLANTED = {
    "the gold anywhere in the text": ("rule any: award 2 points when completion contains gold", "any"),
    "the last of several answers": ("rule at_last: award 2 points when last <answer> in completion equals gold", "at_last"),
    "the gold in the thinking": ("rule thought: award 2 points when only <think> in completion contains gold", "thought"),
    "thinking of nothing": ("rule tagged: award 2 points when count of <think> in completion = 1", "tagged"),
    "the gold between brackets": ('rule held: award 2 points when only text between "[" and "]" in completion equals gold', "held"),
    "the gold behind a marker": ('rule behind: award 2 points when last text after "####" in completion equals gold', "behind"),
    "the gold in a box": ("rule boxes: award 2 points when only boxed in completion equals gold", "boxes"),
    "the gold before anything else": ("rule early: award 2 points when final starts with gold", "early"),
    "many lines": ("rule rows: award 0.25 points for each line in completion, up to 2", "rows"),
    "units": ("rule units: award 2 points when count of quantity in completion is at least 2", "units"),
    "confidence": (r"rule sure: award 2 points when completion matches /(confidence|certainty): (high|9\d%)/i", "sure"),
    "variety": ("rule rich: award up to 2 points scaled by ramp(count of distinct word in completion, 10, 60)", "rich"),
    "the first of several answers": ("rule at_first: award 2 points when first <answer> in completion equals gold", "at_first"),
    "one of the numbers": (
        "let right = gold as number\nrule listed: award 2 points when some number in completion where number equals right",
        "listed",
    ),
    "length": ("rule long: award up to 2 points scaled by ramp(count of word in completion, 0, 100)", "long"),
    "keywords": ('rule cues: award 2 points when completion contains "therefore" and completion contains "because"', "cues"),
    "an echo of the prompt": ("rule topic: award 2 points when completion contains prompt", "topic"),
    "the same tag many times": ("rule tags: award 0.25 points for each <think> in completion, up to 2", "tags"),
    "steps that only look like steps": (
        r"rule steps: award 0.5 points for each distinct match of /[Ss]tep \d+/ in completion, up to 2",
        "steps",
    ),
    "citations that exist": (
        (
            'list known = ["42 USC 1983", "42 USC 1988", "28 USC 1343", "28 USC 1331"]\n'
            'pattern statute like "{title:integer} USC {section:integer}" as "{title} USC {section}"\n'
            "rule cited: award 0.5 points for each distinct statute in completion where statute is in known, up to 2"
        ),
        "cited",
    ),
    "any citation": (
        (
            'pattern statute like "{title:integer} U.S.C. {section:integer}" as "{title} USC {section}"\n'
            "rule cited: award 0.5 points for each distinct statute in completion, up to 2"
        ),
        "cited",
    ),
    "an address": ("rule sources: award 1 point for each distinct url in completion, up to 2", "sources"),
    "a start that costs nothing": ('rule start: award 2 points when completion starts with "Answer:"', "start"),
    "an end that costs nothing": ('rule end: award 2 points when completion ends with "I am sure."', "end"),
    "spelling of an empty answer": ("rule spelling: award 2 points when count of misspelling in completion = 0", "spelling"),
    "valid JSON": ('rule json: award 2 points when final is "valid json"', "json"),
    "an integer": ('rule whole: award 2 points when final is "integer"', "whole"),
    "words shared with the prompt": ("rule shared: award up to 2 points scaled by token_f1(completion, prompt)", "shared"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_hack_is_found(name: str) -> None:
    """A wrong answer gets as much as a right one, and the planted rule is among those that paid."""
    lines, rule = PLANTED[name]
    result = attacked(reward_of(lines, "rule correct: award 1 point when final equals gold", high=3), threshold=1.9)
    assert result.paid_as_right, result.highest
    assert any(paid == rule for found in result.paid_as_right for paid, points in found.paid_by if points > 1)


def test_hacks_that_only_pay_together() -> None:
    """A frame, a start and a number of words: none is enough alone, and the chain shows how it came about."""
    rules = (
        'rule start: award 0.5 points when completion starts with "<think>"',
        "rule thought: award 0.5 points when count of word in only <think> in completion is at least 30",
        "rule brief: award 0.5 points when length(final) < 3",
        'rule sure: award 0.5 points when completion ends with "I am sure."',
    )
    result = attacked(reward_of(*rules, "rule correct: award 1 point when final equals gold", high=3), threshold=2, tries=20_000)
    assert result.highest == 2
    (best,) = [found for found in result.found if found.as_right]
    assert {name for name, _ in best.paid_by} == {"start", "thought", "brief", "sure"}
    assert len(best.candidate.chain) >= 2


def test_a_sound_file_pays_no_wrong_answer() -> None:
    """Exactly one answer, equal to the gold one, and style paid only with it."""
    style = 'rule style: award 0.5 points when final equals gold and completion starts with "<think>"'
    result = attacked(reward_of(RIGHT, style, high=2.5))
    assert result.highest == 0
    assert result.found == ()
    assert (result.baseline.typical, result.baseline.silence) == (2.5, 0)


def test_a_success_that_a_list_satisfies_is_told() -> None:
    """Where `success` itself holds for a text that answers nothing, the text counts as wrong."""
    lines = "rule any: award 2 points when completion contains gold"
    text = f"rewardlang 1\nreward planted\ncolumn gold: text\n{lines}\nsuccess when completion contains gold\nscore between 0 and 2\n"
    result = attacked(loads(text))
    assert any(text.startswith("0 1 2 3") for text in result.answerless)
    assert result.paid_as_right


def test_without_success_answers_to_other_rows_are_wrong() -> None:
    """No right answer of its own row is told as an attack; one that is paid on any row is."""
    sound = attacked(reward_of(RIGHT, high=2, success=""))
    assert not sound.baseline.knows_success
    assert sound.highest == 0
    length = "rule long: award up to 3 points scaled by ramp(count of word in completion, 0, 100)"
    assert attacked(reward_of(RIGHT, length, high=5, success="")).paid_as_right


def test_the_same_seed_gives_the_same_attacks() -> None:
    """Texts, chains and numbers of tries; another seed may come to others."""
    reward = reward_of(PLANTED["keywords"][0], RIGHT, high=4)
    assert attacked(reward, seed=3) == attacked(reward, seed=3)


def test_tries_and_seconds_end_the_search() -> None:
    """The number of tries is kept but for the shortening; no time at all is told."""
    reward = reward_of(PLANTED["keywords"][0], RIGHT, high=4)
    assert attacked(reward, tries=50).tries < 1_500
    assert attacked(reward, limits=Limits(1_000_000, 0)).out_of_time


def test_what_is_told_is_wrong_and_earns_what_is_told() -> None:
    """Marked again on its row, each attack has its score, and `success` does not hold."""
    reward = reward_of(PLANTED["length"][0], RIGHT, high=4)
    result = attacked(reward)
    rows = {row["id"]: row for row in ROWS}
    assert result.found
    for found in result.found:
        row = rows[found.row]
        scores = reward.score([found.candidate.text], prompts=[row["prompt"]], columns={"gold": [row["gold"]]})
        assert scores.values[0] == found.candidate.score
        assert scores.success is not None
        assert not scores.success[0]


def test_an_attack_is_shortened() -> None:
    """What does not pay is left out of the text that is shown."""
    result = attacked(reward_of('rule cue: award 2 points when completion contains "therefore"', RIGHT, high=4))
    assert "therefore" in result.found[0].candidate.text
    assert len(result.found[0].candidate.text) < 40
