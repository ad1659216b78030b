"""Columns added to a Parquet file whose old columns are copied as bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rewardlang.reward import loads
from rewardlang.scoring.pieces import job_of
from rewardlang.scoring.table_copy import Copied, CopiedTable
from tests.commands.conftest import Run
from tests.scoring.conftest import NUM_ROWS, row_of, score

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

OLD = pyarrow.schema(
    {
        "text": pyarrow.string(),
        "when": pyarrow.date32(),
        "chat": pyarrow.list_(pyarrow.struct({"role": pyarrow.string(), "content": pyarrow.string()})),
        "number": pyarrow.decimal128(9, 2),
    }
)
ADDED = pyarrow.schema({"score": pyarrow.float64(), "errors": pyarrow.list_(pyarrow.string())})


def table_of(texts: list[str | None]) -> Any:
    """Rows of the old columns."""
    chats = [[{"role": "user", "content": text}] * (len(text) if text else 0) for text in texts]
    rows = [{"text": text, "when": None, "chat": chat, "number": None} for text, chat in zip(texts, chats, strict=True)]
    return pyarrow.Table.from_pylist(rows, schema=OLD)


def assembled(segments: Any) -> bytes:
    """The bytes that segments stand for."""
    parts = [part if isinstance(part, bytes) else Path(part.path).read_bytes()[part.start : part.stop] for part in segments]
    return b"".join(parts)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.none() | st.text("añ", max_size=3), min_size=1, max_size=9),
    size=st.integers(1, 9),
    options=st.fixed_dictionaries(
        {
            "compression": st.sampled_from(["none", "snappy", "zstd"]),
            "use_dictionary": st.booleans(),
            "write_page_index": st.booleans(),
            "data_page_version": st.sampled_from(["1.0", "2.0"]),
        }
    ),
)
def test_the_rows_are_the_old_ones_with_the_added_columns(tmp_path: Path, texts: list[str | None], size: int, options: Any) -> None:
    """However the file was written, and for any groups of it; what is copied is not in memory."""
    old = table_of(texts)
    path = tmp_path / "old.parquet"
    parquet.write_table(old, path, row_group_size=size, **options)
    table = CopiedTable(str(path), ADDED)
    groups = parquet.read_metadata(path).num_row_groups
    for start in range(groups):
        part = old.slice(start * size)
        added = pyarrow.table([[float(row) for row in range(len(part))], [["e"] * (row % 3) for row in range(len(part))]], schema=ADDED)
        segments = table.piece(start, groups, added)
        assert sum(isinstance(segment, Copied) for segment in segments) == groups - start
        whole = parquet.read_table(io.BytesIO(assembled(segments)))
        assert whole.to_pylist() == [one | more for one, more in zip(part.to_pylist(), added.to_pylist(), strict=True)]
        assert whole.schema == pyarrow.schema([*OLD, *ADDED])


def test_other_files_are_not_copied(tmp_path: Path) -> None:
    """A column with the name of an added one, or another writer's words for the same type."""
    path = tmp_path / "old.parquet"
    parquet.write_table(table_of(["x"]).rename_columns(["score", *OLD.names[1:]]), path)
    with pytest.raises(ValueError, match="a column stands twice"):
        CopiedTable(str(path), ADDED)
    parquet.write_table(table_of(["x"]), path, use_compliant_nested_type=False)
    with pytest.raises(ValueError, match="described otherwise"):
        CopiedTable(str(path), ADDED)


def test_pieces_are_small_where_rows_are_dear() -> None:
    """A group of a million rows is one piece under a reward that costs microseconds a row, and many where words are looked up."""
    head = "rewardlang 1\nreward x\n"
    cheap = loads(head + 'rule a: award 1 point when completion contains "x"\nscore between 0 and 1')
    dear = loads(head + "rule a: deduct 0.1 points for each misspelling in completion, up to 1\nscore between -1 and 0")
    assert job_of(cheap, 0, {}, "parquet").rows_at_once == 1 << 20
    assert job_of(dear, 0, {}, "parquet").rows_at_once == 1 << 16


@pytest.mark.parametrize("options", [{}, {"use_compliant_nested_type": False}], ids=["copied", "written anew"])
def test_a_copied_file_is_scored_as_any_other(run: Run, tmp_path: Path, small_pieces: None, options: Any) -> None:
    """The rows are those of JSONL out, with the types of the file that came in."""
    rows = [row_of(number) | {"tags": ["t"] * (number % 3)} for number in range(NUM_ROWS)]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "in.parquet", row_group_size=3, **options)
    score(run, "in.parquet", "out.parquet")
    score(run, "in.parquet", "out.jsonl")
    score(run, "out.jsonl", "again.parquet")
    whole = parquet.read_table(tmp_path / "out.parquet")
    assert whole.to_pylist() == parquet.read_table(tmp_path / "again.parquet").to_pylist()
    assert [row["id"] for row in whole.to_pylist()] == list(range(NUM_ROWS))
    assert whole.schema.field("tags").type.value_type == pyarrow.string()


def test_a_file_that_changes_meanwhile_is_not_believed(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes copied from it may be those of another file: nothing is written."""
    from rewardlang.scoring.growing import Growing

    path = tmp_path / "in.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([row_of(1)]), path)
    add = Growing.add

    def changed(self: Growing, piece: Any) -> None:
        add(self, piece)
        path.write_bytes(path.read_bytes() + b"x")

    monkeypatch.setattr(Growing, "add", changed)
    result = run("score", "math.reward", "--samples", "in.parquet", "--out", "out.parquet")
    assert result.code == 1
    assert "in.parquet has changed while it was read" in result.err
    assert not (tmp_path / "out.parquet").exists()
