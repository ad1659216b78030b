"""The examples of the project on their samples: numbers of the batch, and those of the rows one by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rewardlang
from rewardlang import meaning
from rewardlang.engine.run import KERNELS
from rewardlang.marking import row_tests, row_values
from tests.engine.agreement import agree

ROOT = Path(__file__).parent.parent.parent
FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])


def test_every_kind_of_node_has_a_batch_form() -> None:
    """What marks one row marks a batch; the item of a loop is a column of the plan."""
    assert set(row_tests._TRUTHS) <= set(KERNELS.truths)
    assert set(row_values._VALUES) - {meaning.LoopValue} <= set(KERNELS.values)


@pytest.mark.parametrize("path", [path for path in FILES if (path.parent / "samples.jsonl").is_file()], ids=lambda path: path.stem)
def test_samples_score_alike(path: Path) -> None:
    """Score, rules, sections, success, gates and failures, on every sample at once."""
    reward = rewardlang.load(path)
    rows = [json.loads(line) for line in (path.parent / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    columns = {name: [row.get(reward.program.columns[name].original) for row in rows] for name in reward.columns}
    agree(reward, [row["completion"] for row in rows], columns, [row["prompt"] for row in rows])
