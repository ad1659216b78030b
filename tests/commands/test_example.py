"""`rewardlang example add`: a row of samples becomes an example of the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rewardlang.parsing.syntax import Example
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.report.as_example import text_literal
from rewardlang.reward import load
from rewardlang.source import Source
from tests.commands.conftest import REWARD, Run

ADD = ("example", "add", "math.reward", "--from", "samples.jsonl", "--row")


def _samples(folder: Path, **row: object) -> None:
    (folder / "one.jsonl").write_text(json.dumps({"id": "r", **row}) + "\n", encoding="utf-8")


def test_a_row_is_written_with_its_present_marks(run: Run, tmp_path: Path) -> None:
    """At the end of the file, laid out as `fmt` would; the rest of the file is what it was; the new example holds."""
    result = run(*ADD, "q2")
    added = """example "row q2 of samples.jsonl"
  with answer = "72"
  model writes "<answer>71</answer>"
  expect score = 0
  expect no success
"""
    assert result.code == 0
    assert result.out == f"added to math.reward:\n\n{added}"
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == f"{REWARD}\n{added}"
    assert run("fmt", "--check", "math.reward").code == 0
    assert run("test", "math.reward").code == 0


def test_an_attack_with_a_title_of_its_own(run: Run) -> None:
    """And the object that `--json` prints; `line` is where the block begins."""
    data = run(*ADD, "q4", "--completion", "2", "--kind", "attack", "--title", 'nothing "at all"', "--json").json
    assert data == {
        "file": "math.reward",
        "kind": "attack",
        "title": 'nothing "at all"',
        "line": REWARD.count("\n") + 2,
        "score": -1.0,
        "added": 'attack "nothing \\"at all\\""\n  with answer = "5"\n  model writes "🙂"\n  expect score = -1\n  expect no success\n',
    }


def test_a_title_that_is_there_is_refused(run: Run, tmp_path: Path) -> None:
    """Nothing is written; the place of the other is told."""
    assert run(*ADD, "q1").code == 0
    before = (tmp_path / "math.reward").read_bytes()
    again = run(*ADD, "q1")
    assert again.code == 2
    assert 'has an example "row q1 of samples.jsonl" already, on line 25; give another title with --title' in again.err
    assert run(*ADD, "q1", "--title", " ").code == 2
    assert (tmp_path / "math.reward").read_bytes() == before
    assert run(*ADD, "q1", "--title", "once more").code == 0


RICH = """rewardlang 1
reward rich

column gold from "final answer": math
column low: number
column words: list of text separated by ";"
column flag: boolean
column note: optional text
column dose: quantity of mass in mg
column limits: optional list of quantity of mass per time separated by "|"
column forms: list of math
let value = only <answer> in completion as math
let given = only quantity in completion
require note is missing or note equals "ok" else skip
section s weight from 1 at step 0 to 0.3 at step 10
rule right: award 1 point when value equals gold
rule low: award 0.1 points when count of word in completion > low and flag
rule words: award up to 1 point scaled by share of words found in completion
require prompt is present else score -1
rule dosed: award 0.2 points when given equals dose
rule limited: award 0.05 points for each limit in limits where limit > 2 g/day, up to 0.1
rule formed: award 0.1 points when value is in forms
rule echo: deduct 1 point when completion contains prompt

score between -1 and 2.5
success when value equals gold
"""


@pytest.mark.parametrize("note", [None, "ok", "bad"])
def test_every_kind_of_column_survives(run: Run, tmp_path: Path, note: str | None) -> None:
    """Mathematics, numbers, quantities, lists, booleans, optional texts, the prompt, the step: read back, the row is marked the same."""
    (tmp_path / "math.reward").write_text(RICH, encoding="utf-8")
    completion = 'First\\nlast: \\frac\tone "two"\n<answer>\\frac{1}{3}</answer>\nand "three" 250 mg'
    row = {"final answer": "\\frac{2}{6}", "low": -1.50, "words": "one;four\\", "flag": True, "note": note, "prompt": 'say "hi"\n'}
    row |= {"dose": 250, "limits": "4 g/day|1 mg/day", "forms": ["\\frac{1}{3}", "x"]}
    _samples(tmp_path, completion=completion, **row)
    result = run("example", "add", "math.reward", "--from", "one.jsonl", "--row", "r", "--step", "5")
    assert result.code == 0
    assert '  with gold = "\\\\frac{2}{6}"\n  with low = -1.5\n  with words = ["one", "four\\\\"]\n  with flag = true\n' in result.out
    assert '  with dose = 250\n  with limits = "4 g/day|1 mg/day"\n  with forms = ["\\\\frac{1}{3}", "x"]\n' in result.out
    assert "  with step = 5\n" in result.out
    assert '  with prompt = """say "hi"\n"""\n' in result.out
    assert ("with note" in result.out) is (note is not None)
    assert ("expect skip" in result.out) is (note == "bad")
    reward = load(tmp_path / "math.reward")
    (example,) = reward.run_examples()
    assert example.failures == ()
    scored = reward.score([completion], prompts=[row["prompt"]], columns={k: [v] for k, v in row.items() if k != "prompt"}, step=5).rows[0]
    assert (example.row.score, example.row.completion) == (scored.score, completion)


@pytest.mark.parametrize(
    "text", ["", "a", 'end"', "\\", "\\n", "two\nlines", 'two\nlines"', '"""\n', "tab\t", "\\times\n\\neq", "é🙂\n\n", "# no\n# comment"]
)
def test_a_text_reads_back_as_itself(text: str) -> None:
    """Whatever quotation marks, backslashes and line breaks stand in it."""
    parsed = parse(Source("x", f"rewardlang 1\nreward x\nexample {text_literal('t')} model writes {text_literal(text)} expect skip\n"))
    assert parsed.ok
    assert parsed.file is not None
    (example,) = parsed.file.statements
    assert isinstance(example, Example)
    assert example.completion.value == text


def test_a_completion_of_several_has_its_own_truncated(run: Run, tmp_path: Path) -> None:
    """As `rewardlang sample` writes them, a list a row."""
    rules = "require truncated is present else score 0\nrule whole: award 1 point when not truncated\nscore between 0 and 1\n"
    (tmp_path / "math.reward").write_text(f"rewardlang 1\nreward cut\n{rules}", encoding="utf-8")
    _samples(tmp_path, prompt="?", completions=["a", "b"], truncated=[True, False], completion_tokens=[9, 8])
    added = run("example", "add", "math.reward", "--from", "one.jsonl", "--row", "r", "--completion", "2")
    assert added.code == 0
    assert "  with truncated = false\n" in added.out
    assert "  expect score = 1\n" in added.out


def test_line_ends_and_a_missing_last_one_are_kept(run: Run, tmp_path: Path) -> None:
    """A file with CRLF stays one; a file that does not end its last line gets an end."""
    (tmp_path / "math.reward").write_bytes(REWARD.rstrip().replace("\n", "\r\n").encode())
    assert run(*ADD, "q2").code == 0
    raw = (tmp_path / "math.reward").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b'expect score = 2.5\r\n\r\nexample "row q2' in raw
    assert run("test", "math.reward").code == 0


def test_a_row_that_no_file_can_hold_is_refused(run: Run, tmp_path: Path) -> None:
    """A completion with a null character cannot stand in a file; the file stays as it is."""
    _samples(tmp_path, completion="<answer>72</answer>\x00", answer="72")
    result = run("example", "add", "math.reward", "--from", "one.jsonl", "--row", "r")
    assert result.code == 1
    assert "the character U+0000 cannot stand in a file; nothing was written" in result.err
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == REWARD


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("example", "ad", "math.reward", "--from", "samples.jsonl", "--row", "q1"), 2, "unknown action: ad; did you mean 'add'?"),
        ((*ADD, "q11"), 2, "has no row 'q11'; did you mean 'q1'"),
        ((*ADD, "q4", "--completion", "3"), 2, "row 'q4' has 2 completions"),
        ((*ADD, "q1", "--kind", "atack"), 2, "invalid choice: 'atack'"),
    ],
)
def test_what_cannot_be_added_is_told(run: Run, tmp_path: Path, words: tuple[str, ...], code: int, message: str) -> None:
    """The file is not touched."""
    result = run(*words)
    assert result.code == code
    assert message in result.err
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == REWARD
