"""The order in which rows are trained on: an endless one, made from a seed and the sizes of the sources alone.

One source comes shuffled, each row once an epoch, then shuffled anew. Several
take turns so that after any number of rows each has had its share to within
one row, and each goes through its own epochs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """One source of a mix. The rows of the sources stand one after another; `weight` is beside the others."""

    name: str
    rows: int
    weight: float


def endless_order(shares: Sequence[Share], seed: str) -> Iterator[int]:
    """Indexes of rows, without an end."""
    orders = []
    first = 0
    for number, share in enumerate(shares):
        orders.append(_epochs(range(first, first + share.rows), seed if len(shares) == 1 else f"{seed} source {number}"))
        first += share.rows
    drawn = [0] * len(shares)
    while True:
        # The source that is next to reach its next row, when each moves on at the speed of its weight.
        turn = min(range(len(shares)), key=lambda number: ((drawn[number] + 0.5) / shares[number].weight, number))
        drawn[turn] += 1
        yield next(orders[turn])


def _epochs(rows: range, seed: str) -> Iterator[int]:
    rng = random.Random(seed)
    while True:
        epoch = list(rows)
        rng.shuffle(epoch)
        yield from epoch
