"""Which files a run takes, and the parts in which it takes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rewardlang.samples.problem import UsageError
from rewardlang.scoring import inputs
from rewardlang.scoring.chunks import LinesChunk, chunks_of, lines_before, samples_of
from rewardlang.scoring.inputs import Part, files_of, parts_of
from tests.commands.conftest import Run
from tests.scoring.conftest import NUM_ROWS, row_of, score, write_rows


def test_a_folder_and_a_pattern_are_their_files_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders below count; hidden files and the output do not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "more").mkdir(parents=True)
    for name in ("b.jsonl", "a.jsonl", "more/c.jsonl", ".hidden.jsonl", "_temporary.jsonl", "scored.jsonl", "notes.md"):
        (tmp_path / "data" / name).write_text("{}", encoding="utf-8")
    assert files_of(["data"], "data/scored.jsonl") == ["data/a.jsonl", "data/b.jsonl", "data/more/c.jsonl"]
    assert files_of(["data/[ab].jsonl", "data/more"], "x") == ["data/a.jsonl", "data/b.jsonl", "data/more/c.jsonl"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["empty"], "empty is a folder without a file whose name ends in one of"),
        (["*.parquet"], "no file matches *.parquet"),
        (["mixed"], "mixed holds files of several forms (.csv, .jsonl); choose some: --samples 'mixed/*.csv'"),
        (["mixed/a.jsnl"], "there is no file mixed/a.jsnl; did you mean"),
        (["-", "mixed/a.jsonl"], "cannot be given with files"),
    ],
)
def test_what_means_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str) -> None:
    """Before anything is scored."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    for name in ("a.jsonl", "b.csv"):
        (tmp_path / "mixed" / name).write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        files_of(words, "out.jsonl")
    assert message in str(raised.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(st.integers(0, 40), min_size=1), st.integers(1, 60), st.booleans())
def test_the_parts_of_a_file_are_its_lines(tmp_path: Path, lengths: list[int], size: int, ended: bool) -> None:
    """Every line is in one part, whole and in order, wherever the parts are cut; and its number can be counted."""
    path = tmp_path / "x.jsonl"
    lines = [b'"' + b"x" * length + b'"\n' for length in lengths]
    content = b"".join(lines) if ended else b"".join(lines)[:-1]
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "_PART_BYTES", size)
        parts = [part for part in parts_of([str(path)], {}) if isinstance(part, Part)]
    found: list[bytes] = []
    for part in parts:
        assert lines_before(part) == len(found) + 1
        for chunk in chunks_of(part, samples_of(part, {})):
            assert isinstance(chunk, LinesChunk)
            found += chunk.lines
    assert b"".join(found) == content
    assert sum(part.size for part in parts) == len(content)


def test_shards_are_scored_as_one_file(run: Run, tmp_path: Path, small_pieces: None) -> None:
    """The rows of a folder in order, whatever the files that hold them."""
    rows = [row_of(number) for number in range(NUM_ROWS)]
    (tmp_path / "data").mkdir()
    for start in range(0, NUM_ROWS, 7):
        write_rows(tmp_path / "data", f"{start:03}.jsonl", rows[start : start + 7])
    write_rows(tmp_path, "all.jsonl", rows)
    assert score(run, "data", "shards.jsonl")["rows"] == NUM_ROWS
    score(run, "all.jsonl", "all.out.jsonl")
    assert (tmp_path / "shards.jsonl").read_bytes() == (tmp_path / "all.out.jsonl").read_bytes()


def test_a_broken_row_is_named_by_its_file_and_line(run: Run, tmp_path: Path, small_pieces: None) -> None:
    """In the second of two files, in the middle, where the lines before it were not counted for their own sake."""
    rows = [row_of(number) for number in range(NUM_ROWS)]
    (tmp_path / "data").mkdir()
    write_rows(tmp_path / "data", "a.jsonl", rows)
    lines = [json.dumps(row) for row in rows]
    lines[19] = lines[19][:-5]
    (tmp_path / "data" / "b.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = run("score", "math.reward", "--samples", "data", "--out", "out.jsonl")
    assert result.code == 1
    assert "error[RW602]: line 20 is not valid JSON" in result.err
    assert " --> data/b.jsonl:20\n" in result.err


def test_a_missing_column_of_a_table_is_told_once_and_first(run: Run, tmp_path: Path) -> None:
    """The columns of Parquet are known before a row is read."""
    rows = [row_of(number) | {"anwser": "x"} for number in range(NUM_ROWS)]
    for row in rows:
        del row["answer"]
    write_rows(tmp_path, "in.parquet", rows)
    result = run("score", "math.reward", "--samples", "in.parquet", "--out", "out.parquet")
    assert result.code == 1
    assert result.err.count("error[RW606]: the file has no column 'answer'") == 1
    assert "did you mean 'anwser'? if so: --map answer=anwser" in result.err


def test_a_broken_table_is_told(run: Run, tmp_path: Path) -> None:
    """Cut off at the end, or with other bytes in the middle."""
    path = write_rows(tmp_path, "in.parquet", [row_of(number) for number in range(NUM_ROWS)])
    content = path.read_bytes()
    for broken in (content[:-20], content[:4] + b"x" * 400 + content[404:]):
        path.write_bytes(broken)
        result = run("score", "math.reward", "--samples", "in.parquet", "--out", "out.parquet")
        assert result.code == 1
        assert "error[RW602]: the file is not valid Parquet" in result.err
        assert " --> in.parquet\n" in result.err


def named(name: str, **row: Any) -> dict[str, Any]:
    """A row with an id."""
    return {"id": name, **row}


TABLES: dict[str, list[dict[str, Any]]] = {
    "texts": [named("a", completion="<answer>5</answer>", answer="5"), named("b", completion="", answer="5")],
    "lists": [named("a", completions=["<answer>5</answer>", "x"], answer="5"), named("b", completions=["y"], answer="y")],
    "a null": [named("a", completion=None, answer="5"), named("b", completion="<answer>5</answer>", answer="5")],
    "chats": [named("a", completion=[{"role": "assistant", "content": "<answer>5</answer>"}], answer="5")],
    "several chats": [named("a", completions=[[{"role": "assistant", "content": "<answer>5</answer>"}]] * 2, answer="5")],
    "old scores": [named("a", completion="<answer>5</answer>", answer="5", score=9.0, errors=["old"], extra=[1, 2])],
    "truncated": [named("a", completions=["<answer>5</answer>", "x"], answer="5", truncated=[False, True], completion_tokens=[3, 9])],
    "prompts": [named("a", prompt=[{"role": "user", "content": "?"}], completion="<answer>5</answer>", answer="5")],
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_scored_as_its_rows_are(run: Run, tmp_path: Path, name: str) -> None:
    """Parquet in, by its columns where they are plain, gives the rows that JSONL gives."""
    for source in ("in.jsonl", "in.parquet"):
        write_rows(tmp_path, source, TABLES[name])
        score(run, source, f"{source}.out.jsonl")
    score(run, "in.parquet", "out.parquet")
    expected = [json.loads(line) for line in (tmp_path / "in.jsonl.out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [json.loads(line) for line in (tmp_path / "in.parquet.out.jsonl").read_text(encoding="utf-8").splitlines()] == expected
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").to_pylist() == expected
