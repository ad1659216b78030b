"""`rewardlang score`: rows with their scores, whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import ROWS, Run


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_row_gains_four_keys(run: Run, tmp_path: Path) -> None:
    """What was read stays; `score`, `rules`, `skipped`, `errors` are added, as lists where the row has several completions."""
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl")
    assert result.code == 0
    assert result.out == "out.jsonl: 4 rows, 5 completions, mean score 0.5\n"
    first, _, _, several = lines(tmp_path / "out.jsonl")
    assert first == ROWS[0] | {"score": 2.5, "rules": {"correct": 2.0, "thinks": 0.5}, "skipped": False, "errors": []}
    assert several == ROWS[3] | {
        "score": [2.0, -1.0],
        "rules": [{"correct": 2.0, "thinks": 0.0}, {"correct": 0.0, "thinks": 0.0}],
        "skipped": [False, False],
        "errors": [[], []],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["math.reward", "out.jsonl", "samples.jsonl"]


def test_a_skipped_row_has_null_for_its_score(run: Run, tmp_path: Path) -> None:
    """Null, not 0: the row says nothing about the completion."""
    text = (tmp_path / "math.reward").read_text(encoding="utf-8")
    gate = 'require answer contains "5" else skip because "no gold"\nrequire final is present'
    (tmp_path / "math.reward").write_text(text.replace("require final is present", gate), encoding="utf-8")
    (tmp_path / "s.jsonl").write_text('{"completion": "<answer>5</answer>", "answer": ""}\n', encoding="utf-8")
    assert run("score", "math.reward", "--samples", "s.jsonl", "--out", "out.jsonl").code == 0
    (row,) = lines(tmp_path / "out.jsonl")
    assert (row["score"], row["rules"], row["skipped"]) == (None, {"correct": None, "thinks": None}, True)


def test_a_null_completion_is_noted_in_its_row(run: Run, tmp_path: Path) -> None:
    """It is marked as the empty text, and the row says so."""
    (tmp_path / "s.jsonl").write_text('{"completion": null, "answer": "5"}\n', encoding="utf-8")
    result = run("score", "math.reward", "--samples", "s.jsonl", "--out", "out.jsonl")
    assert result.code == 0
    assert "warning[RW605]" in result.err
    (row,) = lines(tmp_path / "out.jsonl")
    assert (row["completion"], row["score"]) == (None, -1.0)
    assert row["errors"] == ["the completion of row '1' is null; it is marked as the empty text"]


@pytest.mark.parametrize("out", ["out.jsonl", "out.parquet", "-"])
def test_nothing_is_written_half(run: Run, tmp_path: Path, out: str) -> None:
    """One bad row at the end, and the old output is still there, or there is none; the row is named."""
    with (tmp_path / "samples.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('{"id": "bad", "completion": "x"}\n')
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", out)
    assert result.code == 1
    assert result.out == ""
    assert "row 'bad' has no column 'answer'" in result.err
    assert f"nothing was written to {'standard output' if out == '-' else out}" in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["math.reward", "samples.jsonl"]


def test_an_output_that_was_there_is_replaced_at_the_end_only(run: Run, tmp_path: Path) -> None:
    """Marking a file into itself works, and a run that fails leaves the old file."""
    assert run("score", "math.reward", "--samples", "samples.jsonl", "--out", "samples.jsonl").code == 0
    scored = (tmp_path / "samples.jsonl").read_bytes()
    assert run("score", "math.reward", "--samples", "samples.jsonl", "--out", "samples.jsonl").code == 0
    assert (tmp_path / "samples.jsonl").read_bytes() == scored
    (tmp_path / "bad.jsonl").write_text("(", encoding="utf-8")
    assert run("score", "math.reward", "--samples", "bad.jsonl", "--out", "samples.jsonl").code == 1
    assert (tmp_path / "samples.jsonl").read_bytes() == scored


def test_a_pipe_from_end_to_end(run: Run) -> None:
    """`-` for both: rows on standard output, the summary on standard error."""
    result = run("score", "math.reward", "--samples", "-", "--out", "-", "--json", stdin=json.dumps(ROWS[0]).encode())
    assert result.json["score"] == 2.5
    summary = json.loads(result.err)
    expected = {"rows": 1, "completions": 1, "skipped": 0, "mean": 2.5, "seconds": 0, "resumed": 0, "engine": "local", "out": "-"}
    assert summary | {"seconds": 0} == expected


def test_parquet_and_back(run: Run, tmp_path: Path) -> None:
    """Parquet in, Parquet out: one completion a row; columns that some rows lack are null."""
    pytest.importorskip("pyarrow")
    rows = [*ROWS[:3], {"completion": "🙂", "answer": "5", "extra": 1.5}]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert run("score", "math.reward", "--samples", "s.jsonl", "--out", "a.parquet").code == 0
    assert run("score", "math.reward", "--samples", "a.parquet", "--out", "b.parquet").code == 0
    assert run("score", "math.reward", "--samples", "b.parquet", "--out", "c.jsonl").code == 0
    scored = lines(tmp_path / "c.jsonl")
    assert [row["score"] for row in scored] == [2.5, 0.0, -1.0, -1.0]
    assert [row["extra"] for row in scored] == [None, None, None, 1.5]


def test_rows_that_do_not_fit_into_parquet_are_told(run: Run, tmp_path: Path) -> None:
    """The score of one completion is a number, that of several is a list: a column of Parquet holds one or the other."""
    pytest.importorskip("pyarrow")
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.parquet")
    assert result.code == 2
    assert "write .jsonl instead" in result.err
    assert not (tmp_path / "out.parquet").exists()


def test_half_a_surrogate_pair_survives(run: Run, tmp_path: Path) -> None:
    """JSON can write what UTF-8 cannot hold; it stays an escape."""
    (tmp_path / "s.jsonl").write_text('{"completion": "\\ud800", "answer": "5"}\n', encoding="utf-8")
    assert run("score", "math.reward", "--samples", "s.jsonl", "--out", "out.jsonl").code == 0
    assert lines(tmp_path / "out.jsonl")[0]["completion"] == "\ud800"


def test_a_device_is_written_and_not_replaced(run: Run) -> None:
    """`--out /dev/null` leaves the device what it is."""
    if not Path("/dev/null").is_char_device():
        pytest.skip("no /dev/null here")
    assert run("score", "math.reward", "--samples", "samples.jsonl", "--out", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_the_file_keeps_the_usual_permissions(run: Run, tmp_path: Path) -> None:
    """A temporary file is often private to its user; the result is not."""
    run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl")
    (tmp_path / "plain").write_text("", encoding="utf-8")
    assert (tmp_path / "out.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_five_megabytes_are_marked(run: Run, tmp_path: Path) -> None:
    """A long completion is slow to read and no reason to stop."""
    (tmp_path / "s.jsonl").write_text(json.dumps({"completion": "word " * 10**6, "answer": "5"}), encoding="utf-8")
    assert run("score", "math.reward", "--samples", "s.jsonl", "--out", os.devnull).code == 0


def test_a_reward_that_does_not_compile_marks_nothing(run: Run, tmp_path: Path) -> None:
    """Its mistakes go to standard error."""
    (tmp_path / "math.reward").write_text("rewardlang 1\n", encoding="utf-8")
    result = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl")
    assert result.code == 1
    assert "error[RW" in result.err
    assert not (tmp_path / "out.jsonl").exists()
