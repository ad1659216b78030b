"""Importance ratios of every completion in the ledger, by the formula; a resumed run fills in the same."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from rewardlang.trainer.ledger import read_ledger
from rewardlang.trainer.progress import Silent
from rewardlang.trainer.ratios import statistics
from rewardlang.trainer.training import train
from tests.trainer.runs import LENGTH_PAYS, short_run
from tests.trainer.test_algorithms import TEXTS, drawn_batch, trainer_for
from tests.trainer.test_resume import assert_equal_runs


class Filled:
    """In the ledger's place."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], tuple[float, ...]] = {}

    def fill_ratios(self, version: int, rows: list[int], *found: list[float]) -> None:
        """Remembers."""
        self.rows |= {(version, row): values for row, *values in zip(rows, *found, strict=True)}  # type: ignore[misc]


@pytest.mark.parametrize("algorithm", ["grpo_token", "gspo", "rloo", "ppo"])
def test_ratios_are_those_of_the_loss(raw_policy: Path, tmp_path: Path, algorithm: str) -> None:
    """Of each token, or of the whole completion where the algorithm has one ratio for it: mean, least and greatest."""
    trainer = trainer_for(raw_policy, tmp_path, algorithm)
    batch = drawn_batch(trainer)
    assert batch["ledger_row"].tolist() == list(range(len(TEXTS)))
    mask = batch["completion_mask"].bool()
    ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], dim=1)
    attention = torch.cat([batch["prompt_mask"], batch["completion_mask"]], dim=1)
    with torch.no_grad():
        new = trainer._get_per_token_logps_and_entropies(trainer.model, ids, attention, mask.shape[1])[0]
    log_ratio = torch.randn(mask.shape, generator=torch.Generator().manual_seed(0)) * 0.3
    if algorithm == "rloo":
        batch["old_logps"] = ((new - log_ratio) * mask).sum(1)
    else:
        batch["old_per_token_logps"] = new - log_ratio
    trainer._ledger = filled = Filled()
    trainer._compute_loss(trainer.model, batch)
    for row in range(len(TEXTS)):
        of_tokens = log_ratio[row][mask[row]]
        if algorithm == "rloo":
            of_tokens = of_tokens.sum()[None]
        elif algorithm == "gspo":
            of_tokens = of_tokens.mean()[None]
        ratios = of_tokens.exp()
        assert filled.rows[0, row] == pytest.approx([float(ratios.mean()), float(ratios.min()), float(ratios.max())], rel=1e-4)


def test_a_completion_without_tokens_has_no_ratio() -> None:
    """As one that was cut off, where those are left out."""
    mean, least, greatest = statistics(torch.zeros(2, 3), torch.tensor([[True, False, False], [False, False, False]]))
    assert (mean[0], least[0], greatest[0]) == (1, 1, 1)
    assert all(math.isnan(one[1]) for one in (mean, least, greatest))


def test_a_run_has_them_and_a_resumed_run_the_same(raw_policy: Path, tmp_path: Path) -> None:
    """With two updates from a round the second counts, also where the run was cut between the two."""
    reward = tmp_path / "length_pays.reward"
    reward.write_text(LENGTH_PAYS, encoding="utf-8")
    settings: dict[str, Any] = {"completions": 8, "iterations": 2, "save_every": 1, "keep": 9, "max_completion_tokens": 8}
    whole, cut = (short_run(raw_policy, tmp_path / name, reward, warmup_steps=0, **settings) for name in ("whole", "cut"))
    train(whole, Silent())
    rows = read_ledger(Path(whole.output) / "ledger").to_pylist()
    assert {row["version"] for row in rows} == {0, 2}
    assert all(row["ratio_min"] <= row["ratio_mean"] <= row["ratio_max"] for row in rows)
    assert any(row["ratio_min"] < 1 < row["ratio_max"] for row in rows)
    shutil.copytree(whole.output, cut.output)
    (Path(cut.output) / "checkpoints" / "checkpoint-4" / "COMPLETE").unlink()  # as if it was cut off while that one was written
    train(cut, Silent(), resume=True)
    assert_equal_runs(Path(whole.output), Path(cut.output))
