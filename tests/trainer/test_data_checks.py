"""Rows are checked before a model is loaded: what cannot be marked is named, what is too long counted, no row is on both sides."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.reward import Reward
from rewardlang.trainer.config import DataConfig, ModelConfig, RunConfig
from rewardlang.trainer.data_checks import Rows, prepared_rows, split_by_hash
from rewardlang.trainer.policy import context_length, load_tokenizer
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.run_record import read_record
from rewardlang.trainer.training import train
from tests.trainer.runs import short_run

NUMBER = """rewardlang 1
reward sums
column gold: number
rule right: award 1 point when only number in completion equals gold
score between 0 and 1
"""
AS_MATH = """rewardlang 1
reward algebra
column gold: text
let right = gold as math
rule right: award 1 point when only <answer> in completion as math equals right
score between 0 and 1
example "right" with gold = "1/2" model writes "<answer>0.5</answer>" expect score = 1
"""
SKIPS = """rewardlang 1
reward skips
column gold: text
let right = gold as number
require right is present else skip because "a number is wanted"
rule right: award 1 point when only number in completion equals right
score between 0 and 1
"""
SLOW = """rewardlang 1
reward slow
column gold: text
use python "slow_checks:style" as style(text: text) returns number between 0 and 1 timeout 20 s
use python "slow_checks:agrees" as agrees(text: text, gold: text) returns number between 0 and 1 timeout 20 s
rule looks: award up to 1 point scaled by style(completion)
rule close: award up to 1 point scaled by agrees(completion, gold)
rule right: award 1 point when completion contains gold
success when completion contains gold
score between 0 and 3
example "one" with gold = "7" model writes "7" expect score at least 0
"""


def prepared(folder: Path, reward: str | Reward, golds: list[Any], tokenizer: Any = None, context: int | None = None, **data: Any) -> Rows:
    """Rows with these gold answers, checked by a reward file."""
    path = folder / "rows.jsonl"
    rows = [{"prompt": f"Question {number}?", "gold": gold} for number, gold in enumerate(golds)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = RunConfig(reward="r", output="o", data=DataConfig(file=str(path), **data))
    return prepared_rows(config, rewardlang.loads(reward) if isinstance(reward, str) else reward, tokenizer, context)


def test_gold_answers_that_cannot_be_read_are_refused_by_row(tmp_path: Path) -> None:
    """With what was found in them, five at most."""
    golds = ["72", "seventy-two", *["3"] * 6, *["?"] * 6]
    with pytest.raises(TrainingProblem) as caught:
        prepared(tmp_path, NUMBER, golds)
    told = str(caught.value)
    assert "[data]: 7 of 14 rows cannot be read:\n  - row 2: 'gold': this cannot be read as number: \"seventy-two\"" in told
    assert told.count("  - row") == 5
    assert "data.unusable = 'leave_out'" in told


def test_or_they_are_left_out_and_counted(tmp_path: Path) -> None:
    """Where the configuration says so; the note goes into the record of the run."""
    found = prepared(tmp_path, NUMBER, ["72", "seventy-two", "3"], unusable="leave_out")
    assert [row["gold"] for row in found.training] == ["72", "3"]
    assert found.notes[0].startswith("[data]: 1 of 3 rows cannot be read and left out, such as row 2: 'gold'")


@pytest.mark.parametrize("reward", [NUMBER, AS_MATH])
def test_rows_that_hold_nothing_are_left_out_too(tmp_path: Path, reward: str) -> None:
    """A gold answer or a prompt that is null, or an empty prompt: refused, or left out, counted and named by its place in the data."""
    path = tmp_path / "rows.jsonl"
    rows = [("1 + 1?", "2"), (None, "3"), ("1 + 2?", None), ("", "3"), ("2 + 2?", "4"), ([{"role": "user"}], "5"), ("3 + 3?", "6")]
    path.write_text("".join(json.dumps({"prompt": prompt, "gold": gold}) + "\n" for prompt, gold in rows), encoding="utf-8")
    config = RunConfig(reward="r", output="o", data=DataConfig(file=str(path), unusable="leave_out"))
    found = prepared_rows(config, rewardlang.loads(reward), None, None)
    assert [row["gold"] for row in found.training] == ["2", "4", "6"]
    assert found.notes[0].startswith("[data]: 4 of 7 rows cannot be read and left out, such as row 2: 'prompt': neither a text")
    with pytest.raises(TrainingProblem, match=r"rows of .* hold nothing in 'prompt', the first is row 2\n.*unusable = 'leave_out'"):
        prepared_rows(replace(config, data=DataConfig(file=str(path))), rewardlang.loads(reward), None, None)


def test_a_gold_answer_that_its_verifier_gives_up_on_is_no_silent_zero(tmp_path: Path) -> None:
    """A text that the file itself reads as mathematics: found by marking an example's completion against each row."""
    with pytest.raises(TrainingProblem, match=r"1 of 4 rows cannot be judged:\n  - row 3: 'math'"):
        prepared(tmp_path, AS_MATH, ["1/2", "x + 1", "what?? is it{", "3"])


def test_only_what_the_data_decide_is_asked_before_a_run(tmp_path: Path) -> None:
    """A verifier in another process that looks at completions alone is not asked; one that reads a column is, on some rows: told."""
    calls = tmp_path / "calls"
    (tmp_path / "slow_checks.py").write_text(
        f"def told(kind):\n    with open({str(calls)!r}, 'a') as log:\n        log.write(kind)\n    return 1.0\n"
        "def style(text):\n    return told('s')\ndef agrees(text, gold):\n    return told('a')\n",
        encoding="utf-8",
    )
    (tmp_path / "slow.reward").write_text(SLOW, encoding="utf-8")
    found = prepared(tmp_path, rewardlang.load(tmp_path / "slow.reward"), [str(number) for number in range(500)])
    assert len(found.training) == 500
    assert found.notes == ("[data]: 'agrees' was tried on 16 of 500 rows, for it works in another process",)
    asked = calls.read_text(encoding="utf-8")
    assert set(asked) == {"a"}
    assert len(asked) < 40


def test_rows_that_the_file_skips_are_left_out(tmp_path: Path) -> None:
    """They would be drawn for and teach nothing. When none is left, that is an error."""
    found = prepared(tmp_path, SKIPS, ["1", "none", "3"])
    assert len(found.training) == 2
    assert "1 of 3 rows are skipped by the reward file and left out, such as row 2: require right is present" in found.notes[0]
    with pytest.raises(TrainingProblem, match="no row is left"):
        prepared(tmp_path, SKIPS, ["none", "nothing"])


def test_prompts_that_are_too_long_are_counted_and_named(raw_policy: Path, tmp_path: Path) -> None:
    """By the configuration's limit, or by the room that the model has beside a completion."""
    model = ModelConfig(path=str(raw_policy))
    tokenizer = load_tokenizer(model)
    rows = tmp_path / "long.jsonl"
    rows.write_text("".join(json.dumps({"prompt": "9 " * count, "gold": "9"}) + "\n" for count in (3, 60, 4)), encoding="utf-8")
    config = RunConfig(reward="r", output="o", data=DataConfig(file=str(rows), max_prompt_tokens=40))
    config = replace(config, training=replace(config.training, max_completion_tokens=64))
    reward = rewardlang.loads(NUMBER)
    found = prepared_rows(config, reward, tokenizer, context_length(model))
    assert len(found.training) == 2
    assert found.notes[-1].startswith("[data]: 1 of 3 prompts have more than 40 tokens: row 2 (")
    wide = replace(config, data=DataConfig(file=str(rows)), training=replace(config.training, max_completion_tokens=100))
    assert "have more than 28 tokens" in prepared_rows(wide, reward, tokenizer, 128).notes[0]
    wider = replace(wide, training=replace(config.training, max_completion_tokens=200))
    with pytest.raises(TrainingProblem, match=r"\(200\) leaves no room for a prompt in the 128 tokens"):
        prepared_rows(wider, reward, tokenizer, 128)
    with pytest.raises(TrainingProblem, match=r"3 of 3 prompts have more than 1 token: .*\n.*remedy: raise 'data.max_prompt_tokens'"):
        prepared_rows(replace(config, data=replace(config.data, max_prompt_tokens=1)), reward, tokenizer, None)


def test_chats_need_a_template(raw_policy: Path, tmp_path: Path) -> None:
    """A base model's tokenizer has none: told before the model is loaded, with the three ways out."""
    tokenizer = load_tokenizer(ModelConfig(path=str(raw_policy)))
    tokenizer.chat_template = None
    assert prepared(tmp_path, NUMBER, ["1"], tokenizer).training[0]["prompt"] == "Question 0?"
    with pytest.raises(TrainingProblem, match=r"no chat template, and \[data\] has prompts that are chats because of its 'chat = true'"):
        prepared(tmp_path, NUMBER, ["1"], tokenizer, chat=True)
    template = tmp_path / "chat.jinja"
    template.write_text("{% for message in messages %}{{ message.content }}{% endfor %}", encoding="utf-8")
    tokenizer = load_tokenizer(ModelConfig(path=str(raw_policy), chat_template=str(template)))
    assert prepared(tmp_path, NUMBER, ["1"], tokenizer).training[0]["prompt"] == [{"role": "user", "content": "Question 0?"}]


def test_the_split_by_hash_depends_on_the_prompt_alone() -> None:
    """Neither on the order nor on the other rows; equal prompts are on one side, and the share is about what was asked for."""
    rows = [{"prompt": f"Question {number // 2}?", "gold": number} for number in range(4000)]
    training, held_out = split_by_hash(rows, 0.1)
    assert 0.08 < len(held_out) / len(rows) < 0.12
    assert not {row["prompt"] for row in training} & {row["prompt"] for row in held_out}
    shuffled = random.Random(0).sample(rows, 1000)
    assert {row["gold"] for row in split_by_hash(shuffled, 0.1)[1]} == {row["gold"] for row in shuffled} & {row["gold"] for row in held_out}


def test_a_run_measures_on_the_share_that_it_holds_out(raw_policy: Path, tmp_path: Path) -> None:
    """And its record says how the rows were split."""
    config = short_run(raw_policy, tmp_path / "run", steps=1)
    data = replace(config.data, held_out_share=0.25)
    result = train(replace(config, data=data, held_out=None), Silent())
    record = read_record(tmp_path / "run")
    assert record is not None
    assert record["data"]["rows"] + record["held_out"]["rows"] == 40
    assert result.after is not None
    assert len(result.after.completions) == record["held_out"]["rows"] > 0
    assert "rows are held out, by a hash of the prompt" in record["notes"][0]


def test_held_out_prompts_that_are_trained_on_are_told(raw_policy: Path, tmp_path: Path) -> None:
    """Two files may share rows without anybody having noticed."""
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"{number} + 1?", "gold": "2"}) + "\n" for number in range(6)), encoding="utf-8")
    config = RunConfig(reward="r", output="o", data=DataConfig(file=str(path)), held_out=DataConfig(file=str(path), size=4))
    found = prepared_rows(config, rewardlang.loads(NUMBER), None, None)
    assert found.notes == ("4 of 4 held-out prompts are trained on too",)


def test_prompts_that_occur_twice_are_told(tmp_path: Path) -> None:
    """And those that are paid by different answers: they are kept, for an author may mean it."""
    path = tmp_path / "rows.jsonl"
    asked = [("1 + 1?", 2), ("1 + 2?", 3), ("1 + 1?", 2), ("1 + 2?", 4), ("2 + 2?", 4)]
    path.write_text("".join(json.dumps({"prompt": prompt, "gold": gold}) + "\n" for prompt, gold in asked), encoding="utf-8")
    found = prepared_rows(RunConfig(reward="r", output="o", data=DataConfig(file=str(path))), rewardlang.loads(NUMBER), None, None)
    assert len(found.training) == 5
    assert found.notes == (
        "[data]: 2 of 3 prompts occur more than once, 4 rows in all",
        "[data]: 1 of these prompts comes with different values of 'gold', such as \"1 + 2?\"",
    )
