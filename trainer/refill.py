"""DAPO's dynamic sampling: a group whose completions all earned the same teaches nothing, and is replaced by a group of another prompt.

TRL makes a round of completions in one call. Here the call is made again for
as many further prompts as there are groups without spread, up to a number of
times; groups that then have spread take the place of those that have none.
The further prompts come in an order of their own, made from the seed, and the
place in it is part of a checkpoint.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch

from rewardlang.trainer.data import Row
from rewardlang.trainer.data_order import Share, endless_order

# Which tensors are padded on the left; all others of two dimensions, on the right.
_LEFT = ("prompt_ids", "prompt_mask")


class Refill:
    """Mixed into one of TRL's trainers, before it. Without rows or tries it does nothing."""

    def __init__(
        self, *arguments: Any, refill_rows: Sequence[Row] = (), refill_shares: Sequence[Share] = (), refill_tries: int = 0, **options: Any
    ) -> None:
        self._rows, self._shares, self._tries, self._taken = list(refill_rows), refill_shares, refill_tries, 0
        super().__init__(*arguments, **options)

    def algorithm_state(self) -> dict[str, Any]:
        """How many further prompts were taken."""
        return {"refill_taken": self._taken}

    def restore_algorithm(self, state: dict[str, Any]) -> None:
        """Goes on after the prompts that were taken before."""
        self._taken = state["refill_taken"]

    def _generate_and_score_completions(self, inputs: list[Row]) -> dict[str, Any]:
        trainer: Any = self
        trl: Any = super()
        group = trainer.num_generations
        batch: dict[str, Any] = trl._generate_and_score_completions(inputs)
        if not self._tries or not trainer.model.training:
            return batch
        flat = self._without_spread(len(inputs) // group)
        replaced = 0
        for _ in range(self._tries):
            if not flat:
                break
            more = trl._generate_and_score_completions([row for row in self._further(len(flat)) for _ in range(group)])
            useless = set(self._without_spread(len(flat)))
            good = [index for index in range(len(flat)) if index not in useless]
            batch = with_groups_replaced(batch, more, flat[: len(good)], good, group, trainer._tokenizer.pad_token_id)
            replaced, flat = replaced + len(good), flat[len(good) :]
        trainer._metrics["train"]["groups_replaced"].append(float(replaced))
        trainer._metrics["train"]["groups_flat_after_refill"].append(float(len(flat)))
        return batch

    def _without_spread(self, groups: int) -> list[int]:
        """Which of the groups that were just scored earned the same throughout, by every reward function."""
        trainer: Any = self
        size = groups * trainer.num_generations
        columns = [list(column)[-size:] for column in trainer._logs["rewards"].values()]
        return flat_groups(torch.tensor(columns, dtype=torch.float64), trainer.num_generations)

    def _further(self, number: int) -> list[Row]:
        """The next prompts of the order for refilling, which is another than that of the steps."""
        trainer: Any = self
        order = endless_order(self._shares, f"refill {trainer.args.seed}")
        taken = [self._rows[index] for index in itertools.islice(order, self._taken, self._taken + number)]
        self._taken += number
        return taken


def flat_groups(rewards_FB: torch.Tensor, group: int) -> list[int]:
    """Groups in which each of F reward functions gave one value to all; NaN is a completion that was not marked, and does not count."""
    grouped = rewards_FB.reshape(rewards_FB.shape[0], -1, group)
    high = grouped.nan_to_num(nan=-torch.inf).amax(2)
    low = grouped.nan_to_num(nan=torch.inf).amin(2)
    return [int(index) for index in (high <= low).all(0).nonzero().flatten()]


def with_groups_replaced(
    batch: dict[str, Any], more: dict[str, Any], places: Sequence[int], sources: Sequence[int], group: int, pad_id: int
) -> dict[str, Any]:
    """`batch` with its groups `places` taken from the groups `sources` of `more`; both padded to the same width."""
    if not places:
        return batch
    to = torch.cat([torch.arange(index * group, (index + 1) * group) for index in places])
    source = torch.cat([torch.arange(index * group, (index + 1) * group) for index in sources])
    merged = dict(batch)
    for name, old in batch.items():
        if not isinstance(old, torch.Tensor) or old.ndim == 0:
            continue
        new = more[name]
        width, fill = max(old.shape[-1], new.shape[-1]), pad_id if name.endswith("_ids") else 0
        both = [_padded(tensor, width, fill, left=name in _LEFT) if tensor.ndim == 2 else tensor for tensor in (old, new)]
        merged[name] = both[0].clone()
        merged[name][to.to(old.device)] = both[1][source.to(new.device)]
    if "num_items_in_batch" in batch:
        merged["num_items_in_batch"] = merged["completion_mask"].sum()
    return merged


def _padded(tensor_BT: torch.Tensor, width: int, fill: int, *, left: bool) -> torch.Tensor:
    missing = width - tensor_BT.shape[1]
    return torch.nn.functional.pad(tensor_BT, (missing, 0) if left else (0, missing), value=fill)
