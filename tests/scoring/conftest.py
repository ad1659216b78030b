"""Runs of `score` in pieces of two rows, so that a few rows make many pieces and parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rewardlang.scoring import chunks, growing, inputs, table_chunks
from tests.commands.conftest import REWARD, Run, run

__all__ = ["run", "small_pieces"]

REWARD_TEXT = REWARD
NUM_ROWS = 23


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a piece, about five a part, and every piece in the journal at once."""
    monkeypatch.setattr(chunks, "_MOST_ROWS", 2)
    monkeypatch.setattr(inputs, "_PART_BYTES", 500)
    monkeypatch.setattr(table_chunks, "_MOST_ROWS", 2)
    monkeypatch.setattr(table_chunks, "_PART_ROWS", 5)
    monkeypatch.setattr(growing, "_SECONDS", -1.0)


def row_of(number: int) -> dict[str, Any]:
    """One of the rows that the tests score."""
    said = number if number % 3 else number + 1
    return {"id": number, "prompt": "?" * number, "completion": f"<think>x</think><answer>{said}</answer>", "answer": str(number)}


def write_rows(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    """Rows as JSONL, or as Parquet with three rows a group, as the name says."""
    path = folder / name
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(rows), path, row_group_size=3)
    return path


def score(run: Run, source: str, out: str, *more: str) -> Any:
    """The command, which must end well; its summary."""
    result = run("score", "math.reward", "--samples", source, "--out", out, "--json", *more)
    assert result.code == 0, result.err
    return result.json
