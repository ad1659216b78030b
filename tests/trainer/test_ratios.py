"""Importance ratios by the formula; that a run has them, and a resumed run the same, is in `test_ledger` and `test_resume`."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from rewardlang.trainer.ratios import statistics
from tests.trainer.test_algorithms import TEXTS, drawn_batch, trainer_for


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
