"""`rewardlang check`: mistakes, examples, samples, one document, saving again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.conftest import REWARD, ROWS, Run


def test_a_clean_file_ends_with_0(run: Run) -> None:
    """What it is, its range, its examples."""
    result = run("check", "math.reward")
    assert result.code == 0
    assert result.out == "gsm8k 1.0.0: 2 rules, score -1 to 2.5\n1 example in the file: all hold\n\nmath.reward: no mistakes\n"


def test_all_mistakes_are_told_in_one_run(run: Run, tmp_path: Path) -> None:
    """Two mistakes, two messages, exit code 1, and the code under which to read more."""
    text = REWARD.replace("2 points when final", "2 points when finale").replace("success when final", "success when finl")
    (tmp_path / "math.reward").write_text(text, encoding="utf-8")
    result = run("check", "math.reward", "--samples", "samples.jsonl")
    assert result.code == 1
    assert result.out.count("error[") == 2
    assert result.out.count("did you mean 'final'?") == 2
    assert "2 errors; nothing was marked (rewardlang help RW" in result.out


def test_an_example_that_fails_is_an_error(run: Run, tmp_path: Path) -> None:
    """The message names the example and what came instead."""
    (tmp_path / "math.reward").write_text(REWARD.replace("expect score = 2.5", "expect score = 2"), encoding="utf-8")
    result = run("check", "math.reward")
    assert result.code == 1
    assert 'example "right": the score is 2.5' in result.out
    assert "1 example in the file: 1 failed" in result.out


def test_strict_makes_warnings_count(run: Run, tmp_path: Path) -> None:
    """A file without an example is a warning."""
    (tmp_path / "math.reward").write_text(REWARD.partition("\nexample")[0], encoding="utf-8")
    assert run("check", "math.reward").code == 0
    assert run("check", "math.reward", "--strict").code == 1


def test_samples_give_a_table_the_spread_and_two_explanations(run: Run) -> None:
    """How often each rule fired, which gate stopped whom, success, groups of one prompt, the best and the worst completion."""
    result = run("check", "math.reward", "--samples", "samples.jsonl")
    assert result.code == 0
    report = result.out.partition("-- the best")[0].splitlines()[2:]
    assert report == [
        "marked 4 rows, 5 completions",
        "",
        "section    rule      fired  mean  min  max  share",
        "substance  correct  2 of 5   0.8    0    2   64 %",
        "form       thinks   1 of 5   0.1    0  0.5    9 %",
        'line 9 stopped 2 of 5 (40 %): require final is present else score -1 because "e…',
        "",
        "score    min -1   median 0   mean 0.5   max 2.5   |█ ▄     ▄▄|",
        "success  2 of 5 (40 %)",
        "groups   0 of 2 (0 %) of one prompt have no spread: the same score for all",
        "Spearman with length -0.54 (-0.97 to 0.70), with answer 0.59 (-0.68 to 0.97)",
        "forecast 2 % of groups of 8 without spread (1 % to 4 %; 2 prompts of 2.5",
        "completions)",
        "",
    ]
    assert "row 'q1' of samples.jsonl\nscore 2.5 of -1 to 2.5; success" in result.out
    assert "row 'q3' of samples.jsonl\nscore -1 of -1 to 2.5; no success" in result.out
    assert all(len(line) <= 80 for line in result.out.splitlines())


def test_every_bad_row_is_named_and_the_good_ones_are_marked(run: Run, tmp_path: Path) -> None:
    """A missing column names the column, the row, the line, and the line of the file that declares it; so does an ill-typed one."""
    rows = [ROWS[0], {"id": "a", "completion": "x", "anwser": "5"}, {"id": "b", "completion": "x", "answer": 5}, {"id": "c", "answer": "5"}]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = run("check", "math.reward", "--samples", "s.jsonl")
    assert result.code == 1
    assert (
        """error[RW606]: row 'a' has no column 'answer'
 --> s.jsonl:2
  = note: declared at math.reward:5: column answer: text
  = help: did you mean 'anwser'? if so: --map answer=anwser"""
        in result.out
    )
    assert "column 'answer' of row 'b': a text is wanted, and this is the number 5\n --> s.jsonl:3" in result.out
    assert "error[RW604]: row 'c' has no completion" in result.out
    assert "marked 1 row\n" in result.out


def test_many_bad_rows_are_counted_after_twenty(run: Run, tmp_path: Path) -> None:
    """A thousand messages help nobody."""
    (tmp_path / "s.jsonl").write_text("(\n" * 50, encoding="utf-8")
    result = run("check", "math.reward", "--samples", "s.jsonl")
    assert result.out.count("error[RW602]") == 20
    assert "and 30 more problems like these" in result.out


def test_renames_and_several_files_make_one_table(run: Run, tmp_path: Path) -> None:
    """`--map` may use our name of the column; CSV and JSONL go together."""
    (tmp_path / "s.csv").write_text("response,gold\n<answer>5</answer>,5\n", encoding="utf-8")
    result = run("check", "math.reward", "--samples", "s.csv", "--map", "completion=response", "--map", "answer=gold", "--json")
    assert result.json["samples"]["completions"] == 1
    assert result.json["samples"]["rules"][0]["fired"] == 1


def test_samples_come_through_a_pipe(run: Run) -> None:
    """`-` is standard input."""
    result = run("check", "math.reward", "--samples", "-", "--json", stdin=json.dumps(ROWS[0]).encode())
    assert result.json["samples"]["score"] == {"min": 2.5, "median": 2.5, "mean": 2.5, "max": 2.5}


def test_json_has_a_stable_shape(run: Run) -> None:
    """The keys that scripts may rely on."""
    data = run("check", "math.reward", "--samples", "samples.jsonl", "--json").json
    keys = "file ok name version fingerprint errors warnings fixed findings findings_not_listed examples samples"
    keys += " figures marks report document cost"
    assert list(data) == keys.split()
    samples = data["samples"]
    counts = {"fired": 2, "not_judged": 0, "mean": 0.8, "min": 0.0, "max": 2.0}
    assert samples["rules"][0] == {"rule": "correct", "section": "substance", **counts}
    assert samples["success"] == {"successes": 2, "judged": 5}
    assert samples["groups"] == {"groups": 2, "no_spread": 0}
    assert samples["best"] == {"file": "samples.jsonl", "row": "q1", "completion": 1, "score": 2.5}


def test_one_document_is_marked_and_explained(run: Run, tmp_path: Path) -> None:
    """`--text memo.md --with row.json`."""
    (tmp_path / "memo.md").write_text("So it is <answer>72</answer>.\n", encoding="utf-8")
    (tmp_path / "row.json").write_text('{"answer": "72"}', encoding="utf-8")
    result = run("check", "math.reward", "--text", "memo.md", "--with", "row.json")
    assert result.code == 0
    assert "memo.md\nscore 2 of -1 to 2.5; success" in result.out
    without = run("check", "math.reward", "--text", "memo.md")
    assert without.code == 1
    assert "give the document's columns with --with ROW.json" in without.out


@pytest.mark.parametrize(("text", "message"), [("[1]", "must hold one JSON object"), ("{", "is not valid JSON")])
def test_columns_that_are_no_object_are_wrong_use(run: Run, tmp_path: Path, text: str, message: str) -> None:
    """The file is named."""
    (tmp_path / "row.json").write_text(text, encoding="utf-8")
    result = run("check", "math.reward", "--text", "samples.jsonl", "--with", "row.json")
    assert result.code == 2
    assert f"row.json {message}" in result.err


def test_colour_only_where_it_is_wanted(run: Run) -> None:
    """A pipe gets plain text."""
    assert "\x1b" not in run("check", "math.reward", "--samples", "samples.jsonl").out


def test_watching_repeats_on_save_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """Saving the file runs the check again; Ctrl-C leaves without a traceback."""
    path = tmp_path / "math.reward"
    path.write_text(REWARD, encoding="utf-8")
    command = [sys.executable, "-u", "-m", "rewardlang", "check", "math.reward", "--watch"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    _read_until(process, "math.reward: no mistakes")
    time.sleep(0.1)
    path.write_text(REWARD.replace("expect score = 2.5", "expect score = 2"), encoding="utf-8")
    _read_until(process, "math.reward: 1 error")
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.stdout.read()
    assert process.wait(60) == 0
    process.stdout.close()


def _read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"the process ended before it printed '{words}'")
