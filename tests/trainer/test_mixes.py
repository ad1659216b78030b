"""Several sources in one run: each with its weight, in an order made from the seed; one source's rows as always."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.trainer.config import RunConfig
from rewardlang.trainer.config_from_toml import config_from_record, read_config
from rewardlang.trainer.data_checks import Rows, prepared_rows
from rewardlang.trainer.data_order import Share, endless_order
from rewardlang.trainer.grpo import rows_in_order
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.run_record import differences
from tests.trainer.test_data_checks import AS_MATH, NUMBER

MIX = """
reward = "number.reward"
output = "run"
[model]
path = "./policy"
[data]
rename = { prompt = "question" }
held_out_share = 0.25
[[data.mix]]
file = "rows.jsonl"
weight = 3
[[data.mix]]
file = "rows.parquet"
[[data.mix]]
hub = "folder"
weight = 0.5
[[data.mix]]
hub = "saved"
weight = 0.5
[[data.mix]]
reasoning_gym = "chain_sum"
size = 30
rename = {}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a configuration and the four kinds of files that it names; a row's question says where it is from."""
    import datasets
    import pyarrow
    import pyarrow.parquet

    folder = tmp_path_factory.mktemp("mix")

    def rows(name: str, number: int) -> list[dict[str, Any]]:
        return [{"question": f"{name} {index}", "gold": str(index)} for index in range(number)]

    def lines(some: list[dict[str, Any]]) -> str:
        return "".join(json.dumps(row) + "\n" for row in some)

    (folder / "rows.jsonl").write_text(lines(rows("jsonl", 40)), encoding="utf-8")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows("parquet", 60)), folder / "rows.parquet")
    (folder / "folder").mkdir()
    (folder / "folder" / "train.jsonl").write_text(lines(rows("folder", 30)), encoding="utf-8")
    datasets.DatasetDict({"train": datasets.Dataset.from_list(rows("saved", 20))}).save_to_disk(folder / "saved")
    (folder / "number.reward").write_text(NUMBER, encoding="utf-8")
    (folder / "mix.toml").write_text(MIX, encoding="utf-8")
    return folder


def prepared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[RunConfig, Rows]:
    """The configuration, and its rows."""
    monkeypatch.setenv("HF_HOME", str(folder / "cache"))
    config = read_config(folder / "mix.toml")
    return config, prepared_rows(config, rewardlang.load(config.reward), None, None)


def test_every_source_has_its_share_of_the_prompts(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSONL, Parquet, two kinds of folders and a task, by their weights; held-out rows come from all, and the notes say what was mixed."""
    config, found = prepared(mixed, monkeypatch)
    assert [(one.weight, one.rows) for one in found.shares] == [
        (weight, len([row for row in found.training if source_of(row) == name]))
        for weight, name in ((3, "jsonl"), (1, "parquet"), (0.5, "folder"), (0.5, "saved"), (1, "task"))
    ]
    assert {source_of(row) for row in found.held_out} == {"jsonl", "parquet", "folder", "saved", "task"}
    assert found.notes[-1].startswith(f"[data]: a mix of {mixed / 'rows.jsonl'} ({found.shares[0].rows} rows, weight 3), ")
    config = replace(config, training=replace(config.training, steps=15, completions=64, group=8))
    ordered = list(rows_in_order(config, rewardlang.load(config.reward), found.training, found.shares))
    assert len(ordered) == 120
    assert Counter(map(source_of, ordered)) == {"jsonl": 60, "parquet": 20, "task": 20, "folder": 10, "saved": 10}
    jsonl = [row["prompt"] for row in ordered if source_of(row) == "jsonl"]
    assert len(set(jsonl[: found.shares[0].rows])) == found.shares[0].rows
    assert ordered == list(rows_in_order(config, rewardlang.load(config.reward), found.training, found.shares))


def source_of(row: dict[str, Any]) -> str:
    """What the prompt says."""
    name: str = row["prompt"].split()[0]
    return name if name in ("jsonl", "parquet", "folder", "saved") else "task"


def test_shares_hold_after_any_number_of_rows() -> None:
    """Each source has had its part of the first n rows to within one, and goes through its own epochs."""
    shares = [Share("a", 3, 5.0), Share("b", 7, 2.0), Share("c", 2, 0.5)]
    drawn = list(itertools.islice(endless_order(shares, "seed"), 400))
    for number in range(1, 400):
        counts = Counter("aaabbbbbbbcc"[index] for index in drawn[:number])
        for share in shares:
            assert abs(counts[share.name] - number * share.weight / 7.5) <= 1
    of_b = [index for index in drawn if 3 <= index < 10]
    assert sorted(of_b[:7]) == sorted(of_b[7:14]) == list(range(3, 10))
    assert of_b[:7] != of_b[7:14]


def test_one_source_is_shuffled_epoch_by_epoch() -> None:
    """By one generator from the seed: the order that runs had before there were mixes, so that they resume."""
    rng, wanted = random.Random("order 3"), []
    for _ in range(2):
        epoch = list(range(5))
        rng.shuffle(epoch)
        wanted += epoch
    assert list(itertools.islice(endless_order([Share("data", 5, 1.0)], "order 3"), 10)) == wanted


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("weight = 3", "weight = 0", "'data.mix 1.weight' must be more than 0"),
        ("weight = 3", "weigth = 3", "[data.mix 1] has no key 'weigth'; did you mean 'weight'?"),
        ("size = 30\n", "", "'data.mix 5.size' is missing"),
        ('file = "rows.parquet"', "", "[data.mix 2] must name exactly one of file, hub, reasoning_gym, recipe; found none"),
        ("weight = 3", "held_out_share = 0.1", "[data.mix 1] has 'held_out_share', which stands in [data] alone"),
        ("held_out_share = 0.25", 'file = "rows.jsonl"', "[data] has a mix, and file beside it"),
        ("[[data.mix]]\nfile", "[data.mix]\nfile", "is not TOML"),
    ],
)
def test_mistakes_in_a_mix_are_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    """With the number of the source."""
    path = tmp_path / "run.toml"
    path.write_text(MIX.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TrainingProblem) as caught:
        read_config(path)
    assert told in str(caught.value)


def test_a_mix_comes_back_from_the_record_and_may_move(mixed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run.json` holds it as it was; another folder is no difference, another weight is one."""
    import dataclasses

    config, _ = prepared(mixed, monkeypatch)
    table = json.loads(json.dumps(dataclasses.asdict(config)))
    assert config_from_record(table, mixed) == config
    moved = mixed.parent / "moved"
    shutil.copytree(mixed, moved)
    there = dataclasses.asdict(read_config(moved / "mix.toml"))
    assert differences(table, there) == {}
    there["data"]["mix"][1]["weight"] = 7.0
    assert differences(table, there) == {"data.mix.2.weight": (1.0, 7.0)}


def test_a_gold_answer_is_tried_by_its_own_verifier_without_an_example(tmp_path: Path) -> None:
    """Each row's answer is put into the tag that the file reads: one that is no mathematics is refused, one that is not right is told."""
    without = "".join(line for line in AS_MATH.splitlines(keepends=True) if not line.startswith("example"))
    rows = [{"prompt": f"Question {number}?", "gold": gold} for number, gold in enumerate(["1/2", "x + 1", "what?? is it{", "3", "7"])]
    path = tmp_path / "rows.jsonl"
    config = RunConfig(data=replace(RunConfig().data, file=str(path)))

    def checked(some: list[dict[str, str]], reward: str) -> Rows:
        path.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
        return prepared_rows(config, rewardlang.loads(reward), None, None)

    with pytest.raises(TrainingProblem, match=r"1 of 5 rows cannot be judged:\n  - row 3: 'math'"):
        checked(rows, without)
    exact = without + 'success when only <answer> in completion equals gold and not gold contains "7"\n'
    found = checked([*rows[:2], *rows[3:]], exact)
    assert found.notes == ("[data]: 1 of 4 rows have an answer that is no success by itself, such as '<answer>7</answer>'",)
