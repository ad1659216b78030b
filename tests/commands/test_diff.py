"""`rewardlang diff`: which scores change, which rules did it, and what the version number owes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rewardlang.commands.diff import version_owed
from tests.commands.conftest import REWARD, Run
from tests.sources import ROOT

CHEAPER = REWARD.replace("award 2 points", "award 1 point").replace("expect score = 2.5", "expect score = 1.5")
CHEAPER = CHEAPER.replace("score between -1 and 2.5", "score between -1 and 1.5")
PORT = ROOT / "examples" / "gsm8k_xml_port"
FUNCTIONS = "correctness_reward,int_reward,strict_format_reward,soft_format_reward,xmlcount_reward"


def _write(folder: Path, text: str, name: str = "new.reward") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_changed_rule_is_named_with_its_rows(run: Run, tmp_path: Path) -> None:
    """The rule that moved most comes first, with the score before and after; the owed version is spelt out, and the exit code says so."""
    _write(tmp_path, CHEAPER.replace("award 0.5 points", "award 0.25 points").replace("1.5", "1.25"))
    result = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl")
    assert result.code == 1
    assert "4 rows, 5 completions compared: 2 scores change, by -1.25 to -1, -1.125 on" in result.out
    assert result.out.index("rule correct: 2 completions, -2\n") < result.out.index("rule thinks: 1 completion, -0.25\n")
    assert "    q1: score 2.5 -> 1.25 (rule correct 2 -> 1)\n" in result.out
    assert "    q4, completion 1: score 2 -> 1 (rule correct 2 -> 1)\n" in result.out
    assert 'NEW owes\nversion "2.0.0"\n' in result.out


def test_the_owed_version_is_enough(run: Run, tmp_path: Path) -> None:
    """With a higher major number the same changes are in order."""
    _write(tmp_path, CHEAPER.replace('"1.0.0"', '"2.0.0"'))
    result = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl")
    assert result.code == 0
    assert "scores change, and the version says so (1.0.0 -> 2.0.0)\n" in result.out


def test_equal_fingerprints_say_so_at_once(run: Run, tmp_path: Path) -> None:
    """A comment more: the same program, and no row is read."""
    _write(tmp_path, REWARD + "\n# a comment\n")
    _write(tmp_path, "not JSON\n", "broken.jsonl")
    result = run("diff", "math.reward", "new.reward", "--samples", "broken.jsonl")
    assert result.code == 0
    assert result.out.endswith("the fingerprints are the same, so no score can change\n")
    data = run("diff", "math.reward", "new.reward", "--samples", "broken.jsonl", "--json").json
    assert (data["same_fingerprint"], data["ok"], data["completions"]) == (True, True, 0)


def test_another_program_that_scores_alike_owes_nothing(run: Run, tmp_path: Path) -> None:
    """The fingerprint differs and no score does."""
    _write(tmp_path, REWARD.replace("when final equals answer\n\nsection", "when answer equals final\n\nsection"))
    result = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl")
    assert result.code == 0
    assert "no score changes" in result.out
    assert "raise the minor or\npatch number" in result.out


def test_gates_skips_and_success_are_told(run: Run, tmp_path: Path) -> None:
    """A gate that is gone is a cause of its own; rows newly skipped and success that flips are named."""
    text = REWARD.replace('require final is present else score -1 because "exactly one answer"\n', "")
    text = text.replace("let final = only", "let final = last").replace(
        "section substance", 'require not answer equals "5" else skip\nsection substance', 1
    )
    _write(tmp_path, text)
    both = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl")
    assert both.code == 1
    assert "newly skipped: 3 completions (q3; q4, completion 1; q4, completion 2)" in both.out
    back = run("diff", "new.reward", "math.reward", "--samples", "samples.jsonl")
    assert "no longer skipped: 3 completions" in back.out
    _write(tmp_path, REWARD.replace("let final = only", "let final = last").replace('"5"', '"6"'))
    _write(tmp_path, json.dumps({"id": "two", "completion": "<answer>5</answer><answer>6</answer>", "answer": "6"}) + "\n", "two.jsonl")
    data = run("diff", "math.reward", "new.reward", "--samples", "two.jsonl", "--json").json
    assert data["success_won"] == {"count": 1, "rows": ["two"]}
    assert {cause["cause"]: (cause["gained"], cause["lost"]) for cause in data["causes"]} == {
        "rule correct": (2.0, 0.0),
        "require final is present": (1.0, 0.0),
    }
    assert data["causes"][0]["rows"] == [
        {"row": "two", "completion": None, "old_score": -1.0, "new_score": 2.0, "old": {"rule correct": 0.0}, "new": {"rule correct": 2.0}}
    ]


def test_caps_and_weights_are_counted(run: Run, tmp_path: Path) -> None:
    """The parts of a change sum to the change: a rule counts after its section's weight, a cap is a part of its own."""
    _write(
        tmp_path,
        REWARD.replace("section substance\n", "section substance at most 1 weight 0.5\n").replace("expect score = 2.5", "expect score = 1"),
    )
    data = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl", "--json").json
    assert {cause["cause"]: cause["lost"] for cause in data["causes"]} == {"rule correct": -2.0, "caps of section substance": -1.0}
    assert data["change"] == {"min": -1.5, "max": -1.5, "mean": -1.5}


def test_a_row_that_cannot_be_compared_is_told(run: Run, tmp_path: Path) -> None:
    """A column that only NEW asks for is missing in every row: exit 1, each row named."""
    _write(tmp_path, REWARD.replace("column answer: text", "column answer: text\ncolumn unit: text").replace('"<think>"', "unit"))
    result = run("diff", "math.reward", "new.reward", "--samples", "samples.jsonl")
    assert result.code == 1
    assert "no row could be compared" in result.out
    assert "error[RW606]: row 'q1' has no column 'unit'" in result.err


@pytest.mark.parametrize(
    ("old", "new", "owed", "word"),
    [
        ("1.2.0", "2.0.0", False, "the version says so"),
        ("1.2.0", "1.3.0", True, 'owes version "2.0.0"'),
        ("0.1.0", "0.2.0", True, 'owes version "1.0.0"'),
        (None, "1.0.0", False, "the version says so"),
        ("1.0.0", None, True, 'give it version "2.0.0"'),
        (None, None, True, 'give it version "1.0.0"'),
        ("2.0.0", "1.0.0", True, 'owes version "3.0.0"'),
    ],
)
def test_what_the_version_owes(old: str | None, new: str | None, owed: bool, word: str) -> None:
    """A changed score owes a higher major number, whatever else is in the version."""
    version = version_owed(old, new, scores_change=True)
    assert version.owed is owed
    assert word in version.told
    assert not version_owed(old, new, scores_change=False).owed


# ---------------------------------------------------------------- Python as OLD


@pytest.fixture
def port(run: Run, tmp_path: Path) -> Run:
    """The command line in a folder with the notebook's functions, their port, and its samples."""
    shutil.copy(Path(__file__).parent / "notebook_rewards.py", tmp_path)
    shutil.copy(PORT / "gsm8k_xml.reward", tmp_path)
    shutil.copy(PORT / "samples.jsonl", tmp_path)
    return run


def test_the_notebooks_functions_against_their_port(port: Run) -> None:
    """What the port changes on purpose is what is found: several answers, unclosed tags, lines, chatter."""
    result = port("diff", f"notebook_rewards:{FUNCTIONS}", "gsm8k_xml.reward", "--samples", "samples.jsonl", "--json")
    data = result.json
    assert result.code == 1
    assert (data["completions"], data["problems"]) == (10, [])
    rows = {row["row"]: row for cause in data["causes"] for row in cause["rows"]}
    assert (rows["pages-3"]["old_score"], rows["pages-3"]["new_score"]) == (2.75, 0.0), "the last of two answers was paid"
    assert rows["tank-2"]["old"] == {"correctness_reward": 2.0, "int_reward": 0.5, "xmlcount_reward": 0.375}, "an unclosed answer was paid"
    assert rows["tank-2"]["new"] == {"rule tags": 0.5}
    assert rows["tickets-1"]["old"]["strict_format_reward"] == 0.5
    assert data["old"] == {"file": f"notebook_rewards:{FUNCTIONS}", "name": None, "version": None, "fingerprint": None}
    assert data["version"] == {"owed": False, "told": "functions of Python have no version, so none is owed"}
    assert "Extracted:" in result.err, "what a function prints does not mix with the result"


def test_rows_are_grouped_by_who_paid(port: Run) -> None:
    """Functions and rules have no names in common, so the text says which paid on either side."""
    result = port("diff", f"notebook_rewards:{FUNCTIONS}", "gsm8k_xml.reward", "--samples", "samples.jsonl")
    assert "OLD paid correctness_reward + int_reward + xmlcount_reward, NEW pays nothing: 1\ncompletion, -2.75\n" in result.out
    assert "functions of Python have no version" in result.out


def test_a_function_of_one_row(run: Run, tmp_path: Path) -> None:
    """`completion` and the columns, one completion at a time; None leaves a row out; equal scores are exit 0."""
    source = """
    def translated(completion, answer, **row):
        if completion.count("<answer>") != 1:
            return -1
        mine = completion.split("<answer>")[1].split("</answer>")[0]
        return 2 * (mine == answer) + 0.5 * completion.startswith("<think>")

    def picky(completion, id):
        return None if id == "q1" else translated(completion, "72")
    """
    _write(tmp_path, "\n".join(line[4:] for line in source.splitlines()), "one_row_rewards.py")
    result = run("diff", "one_row_rewards:translated", "math.reward", "--samples", "samples.jsonl")
    assert result.code == 0
    assert "5 completions compared: no score changes" in result.out
    assert "no longer skipped: 1 completion (q1)" in run("diff", "one_row_rewards:picky", "math.reward", "--samples", "samples.jsonl").out


def test_a_function_of_verl(run: Run, tmp_path: Path) -> None:
    """The text alone, the gold answer out of `reward_model`, and a dictionary with the score as the result."""
    source = """
    def compute_score(data_source, solution_str, ground_truth, extra_info=None):
        if solution_str.count("<answer>") != 1:
            return {"score": -1.0, "found": False}
        return 2.0 * (solution_str.split("<answer>")[1].split("</answer>")[0] == ground_truth)
    """
    _write(tmp_path, "\n".join(line[4:] for line in source.splitlines()), "verl_rewards.py")
    chat = [{"role": "assistant", "content": "<answer>5</answer>"}]
    rows = [
        {"completion": chat, "data_source": "gsm8k", "reward_model": {"style": "rule", "ground_truth": "5"}, "answer": "5"},
        {"completion": "five", "data_source": "gsm8k", "ground_truth": "5", "answer": "5"},
        {"completion": "five", "data_source": "gsm8k", "answer": "5"},
    ]
    _write(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "verl.jsonl")
    result = run("diff", "verl_rewards:compute_score", "math.reward", "--samples", "verl.jsonl")
    assert "2 rows, 2 completions compared: no score changes" in result.out
    assert "row '3' has no column 'ground_truth', which compute_score asks for" in result.err


def test_rows_on_one_line_are_rows_of_their_own(run: Run, tmp_path: Path) -> None:
    """A JSON array may hold all rows on one line, and ids may occur twice."""
    rows = [{"id": "a", "completion": f"<answer>{answer}</answer>", "answer": "1"} for answer in (1, 2)]
    (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    _write(tmp_path, CHEAPER)
    data = run("diff", "math.reward", "new.reward", "--samples", "rows.json", "--json").json
    assert (data["completions"], data["changed"], data["change"]["mean"]) == (2, 1, -1.0)


BROKEN = """import sys
def raises(completion, id):
    if id == "q2":
        raise ValueError("no such answer")
    return 0
def batch_raises(completions, prompts, **columns):
    return [1 / (len(text) - len("🙂")) for text in completions]
def words(completion): return "good"
def nan(completion): return float("nan")
def short(completions): return [1.0]
def leaves(completion): sys.exit(3)
def other(text): return 1
def needs(completion, gold): return 1
async def later(completions): return [1.0]
constant = 3
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "raises raised on row 'q2': ValueError: no such answer\n --> samples.jsonl:2\n  = note: raised at broken_rewards.py:4"),
        ("batch_raises", "on row 'q4': ZeroDivisionError: division by zero\n --> samples.jsonl:4\n  = note: raised at broken_rewards.py:7"),
        ("words", "words on row 'q1': it returned the text \"good\" where a number is wanted"),
        ("nan", "nan on row 'q1': it returned nan, which is no score"),
        ("short", "short on row 'q4': it returned 1 values for 2 completions"),
        ("leaves", "leaves raised on row 'q1': RuntimeError: it ends the program with sys.exit(3)"),
        ("needs", "error[RW606]: row 'q1' has no column 'gold', which needs asks for"),
    ],
)  # fmt: skip
def test_what_a_function_does_wrong_is_told_with_its_row(run: Run, tmp_path: Path, name: str, message: str) -> None:
    """Row, exception, and the line of the user's own file; never a traceback, and the other rows are compared."""
    _write(tmp_path, BROKEN, "broken_rewards.py")
    result = run("diff", f"broken_rewards:{name}", "math.reward", "--samples", "samples.jsonl")
    assert result.code == 1
    assert message in result.err
    assert "Traceback" not in result.err + result.out


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("broken_rewards:raise", "broken_rewards has no function 'raise'; did you mean 'raises'?"),
        ("broken_rewards:constant", "broken_rewards:constant is no function"),
        ("broken_rewards:other", "other(text) has neither a parameter 'completions'"),
        ("broken_rewards:later", "later is an async function"),
        ("no_such_rewards:f", "cannot be imported: ModuleNotFoundError"),
        ("unreadable_rewards:f", "cannot be imported (unreadable_rewards.py:2): SyntaxError"),
    ],
)
def test_a_function_that_cannot_be_used_is_wrong_use(run: Run, tmp_path: Path, target: str, message: str) -> None:
    """Exit 2, with what is there instead."""
    _write(tmp_path, BROKEN, "broken_rewards.py")
    _write(tmp_path, "def f():\n  (\n", "unreadable_rewards.py")
    result = run("diff", target, "math.reward", "--samples", "samples.jsonl")
    assert result.code == 2
    assert message in result.err


def test_only_old_may_be_python(run: Run) -> None:
    """Nothing is imported that stands in the place of NEW."""
    result = run("diff", "math.reward", "antigravity:fly", "--samples", "samples.jsonl")
    assert result.code == 2
    assert "can only be OLD" in result.err
