"""Rows from every kind of source, with a prompt and the columns that the reward declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer.config import DataConfig
from rewardlang.trainer.data import load_rows
from rewardlang.trainer.hub import check_hub
from rewardlang.trainer.problem import TrainingProblem

ROWS = [{"question": "1 + 1?", "gold": "2"}, {"question": "1 + 2?", "gold": "3"}]


def jsonl(folder: Path, rows: list[Any] = ROWS) -> str:
    """The rows as a file."""
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def load(data: DataConfig, *columns: str, chat: bool = False, held_out: bool = False) -> list[dict[str, Any]]:
    """The rows of a source that must have these columns."""
    return load_rows(data, columns=columns, chat=chat, held_out=held_out)


def test_jsonl_with_a_renamed_column(tmp_path: Path) -> None:
    """`rename` says which of the data's columns is ours."""
    rows = load(DataConfig(file=jsonl(tmp_path), rename={"prompt": "question"}), "gold")
    assert [(row["prompt"], row["gold"]) for row in rows] == [("1 + 1?", "2"), ("1 + 2?", "3")]


def test_parquet(tmp_path: Path) -> None:
    """The same rows from a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{"prompt": "1 + 1?", "gold": "2"}]), path)
    assert load(DataConfig(file=str(path)), "gold") == [{"prompt": "1 + 1?", "gold": "2"}]


def test_a_data_set_by_the_code_that_reads_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets.load_dataset` takes a folder like an id, so the loading code runs without a network."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "train.jsonl").write_text('{"prompt": "1 + 1?", "gold": "2"}\n' * 3, encoding="utf-8")
    rows = load(DataConfig(hub=str(folder), split="train", size=2), "gold")
    assert rows == [{"prompt": "1 + 1?", "gold": "2"}] * 2
    with pytest.raises(TrainingProblem, match="correct 'subset' or 'split'"):
        load(DataConfig(hub=str(folder), split="nowhere"), "gold")


def test_a_reasoning_gym_task() -> None:
    """Its question becomes the prompt, its answer the gold; the seed decides."""
    data = DataConfig(reasoning_gym="chain_sum", size=3, seed=7)
    rows = load(data, "gold")
    assert len(rows) == 3
    assert rows == load(data, "gold")
    with pytest.raises(TrainingProblem, match="did you mean 'chain_sum'"):
        load(DataConfig(reasoning_gym="chain_summ", size=3), "gold")


def test_a_reasoning_gym_task_is_marked_by_its_own_score() -> None:
    """The rows hold what `puzzle_score` asks for: the task's name and the puzzle."""
    rows = load(DataConfig(reasoning_gym="countdown", size=2, seed=1), "task", "entry")
    text = """rewardlang 1
reward puzzles
column task: text
column entry: text
rule solved: award up to 1 point scaled by puzzle_score(completion, task, entry)
score between 0 and 1
"""
    columns = {name: [row[name] for row in rows] for name in ("task", "entry")}
    marked = rewardlang.loads(text).score([str(row["gold"]) for row in rows], columns=columns)
    assert marked.values.tolist() == [1.0, 1.0]


def test_the_recipe_keeps_its_two_sides_apart() -> None:
    """Held-out rows begin with the classic problem, which no training row is."""
    training = load(DataConfig(recipe="decimals", size=300), "gold")
    held_out = load(DataConfig(recipe="decimals", size=100), "gold", held_out=True)
    assert held_out[0] == {"prompt": "Which is larger, 9.11 or 9.9?", "gold": "9.9", "kind": "larger"}
    assert not {row["prompt"] for row in training} & {row["prompt"] for row in held_out}


def test_prompts_become_chats_with_a_system_message(tmp_path: Path) -> None:
    """Where the model has a chat template, or the configuration says so."""
    path = jsonl(tmp_path, [{"prompt": "1 + 1?"}])
    chat = [{"role": "system", "content": "Add."}, {"role": "user", "content": "1 + 1?"}]
    assert load(DataConfig(file=path, system="Add."), chat=True) == [{"prompt": chat}]
    assert load(DataConfig(file=path, system="Add.", chat=True))[0]["prompt"] == chat
    assert load(DataConfig(file=path, system="Add.", chat=False), chat=True)[0]["prompt"] == "Add.\n1 + 1?"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [{"prompt": "a", "gld": "1"}],
            "row 1 of .* has no column 'gold', which the reward file declares; it has prompt, gld; did you mean 'gld'",
        ),
        ([{"prompt": "a", "gold": "1"}, {"gold": "1"}], "1 of 2 rows of .* hold nothing in 'prompt', the first is row 2"),
        ([{"prompt": "a", "gold": None}], "row 1 of .* has no column 'gold'"),
        ([["prompt"]], ":1 is not a JSON object"),
        ([{"prompt": "", "gold": "1"}], "row 1 of .* has '' as its prompt"),
        ([{"prompt": 5, "gold": "1"}], "row 1 of .* has 5 as its prompt"),
        ([{"prompt": "a", "gold": "1"}, {"prompt": "b", "gold": None}], "1 of 2 rows of .* hold nothing in 'gold', the first is row 2"),
        (
            [{"prompt": [{"role": "usr", "content": "a"}], "gold": "1"}],
            "message of 'usr' in its prompt, which is no role\n.*did you mean 'user'",
        ),
        ([{"prompt": [{"rol": "user"}], "gold": "1"}], "has a message in its prompt without a role or a text: {'rol': 'user'}"),
        ([], "holds no rows"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path: Path, rows: list[Any], told: str) -> None:
    """Before anything is loaded or trained."""
    with pytest.raises(TrainingProblem, match=told):
        load(DataConfig(file=jsonl(tmp_path, rows)), "gold")


def test_broken_files_are_named(tmp_path: Path) -> None:
    """A line that is no JSON, a Parquet file that is none, a file that is not there, a recipe that is unknown."""
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"prompt": "a"}\n{"prompt": \n', encoding="utf-8")
    fake = tmp_path / "fake.parquet"
    fake.write_text("no", encoding="utf-8")
    latin, empty = tmp_path / "latin.jsonl", tmp_path / "empty"
    latin.write_bytes(b'{"prompt": "\xff"}\n')
    empty.mkdir()
    for data, told in (
        (DataConfig(file=str(bad)), "bad.jsonl:2 is not JSON"),
        (DataConfig(file=str(fake)), "is not a Parquet file"),
        (DataConfig(file=str(tmp_path / "none.jsonl")), "is not there"),
        (DataConfig(file=str(latin)), "latin.jsonl:1 is not UTF-8 text"),
        (
            DataConfig(file=jsonl(tmp_path), rename={"prompt": "qestion"}),
            "has no column 'qestion'; it has question, gold\n.*did you mean 'question'",
        ),
        (DataConfig(hub=str(empty)), "cannot be read"),
        (DataConfig(hub=str(tmp_path / "none")), "the folder .* is not there"),
        (DataConfig(recipe="decimal", size=1), "there is no recipe 'decimal'"),
    ):
        with pytest.raises(TrainingProblem, match=told):
            load(data)


def test_a_rename_the_wrong_way_round_is_told(tmp_path: Path) -> None:
    """The data's name stands on the right."""
    with pytest.raises(TrainingProblem, match=r"rename = \{ prompt = 'question' \}"):
        load(DataConfig(file=jsonl(tmp_path), rename={"question": "prompt"}), "gold")


def test_a_hub_that_does_not_answer_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at the address, of the hub or of a proxy; what was downloaded before needs none."""
    import datasets.config
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(TrainingProblem, match=r"there is no folder some/set, .* http://127.0.0.1:1 cannot be reached: Connection refused"):
        load(DataConfig(hub="some/set"), "gold")
    with pytest.raises(TrainingProblem, match="taken for the id of a model on the hub"):
        check_hub("the id of a model", "some/model", model=True)
    monkeypatch.setenv("http_proxy", "http://user:secret@localhost:2")
    with pytest.raises(TrainingProblem, match="cannot be reached through the proxy localhost: Connection refused"):
        check_hub("the id of a model", "some/model", model=True)
    (tmp_path / "some___set").mkdir()
    check_hub("the id of a data set", "some/set", model=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    check_hub("the id of a model", "some/model", model=True)
