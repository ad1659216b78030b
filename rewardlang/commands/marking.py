"""Rows through a reward, a batch at a time, every bad row named in its place, each with its full record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from rewardlang.errors import DataError
from rewardlang.marks import RowMarks
from rewardlang.record import NamedTuple
from rewardlang.samples.problem import Problem
from rewardlang.samples.read import Row
from rewardlang.scoring.rows_in_batches import RowSource, arguments_of, batches, ill_typed, missing_columns

if TYPE_CHECKING:
    from rewardlang.reward import Reward
    from rewardlang.scores import Scores


_MANY = 200
"""Completions from which on a batch is worth the start of the batch engine, where their numbers are enough."""


class MarkedRow(NamedTuple):
    """A row of samples with the marks of each of its completions. `whole` gives the full record of one that has only its numbers."""

    row: Row
    marks: tuple[RowMarks, ...]
    whole: Callable[[int], RowMarks] | None = None

    def record(self, index: int) -> RowMarks:
        """The full record of a completion, with reasons and places."""
        return self.marks[index] if self.whole is None else self.whole(index)


def marked_rows(reward: Reward, samples: RowSource, step: int = 0, *, numbers: bool = False) -> Iterator[MarkedRow | Problem]:
    """Every row marked, in the order of the file; a problem where a row cannot be. Raises what `Reward.score` raises for verifiers.

    With `numbers` the marks of many rows may have their numbers only, and their full records are made when they are asked for.
    """
    for batch in batches(samples):
        good: list[Row] = []
        for item in batch:
            if isinstance(item, Problem):
                yield item
                continue
            yield from item.warnings
            problems = list(missing_columns(reward, samples, item))
            yield from problems
            if not problems:
                good.append(item)
        yield from _mark(reward, samples, good, step, numbers)


def _mark(reward: Reward, samples: RowSource, rows: list[Row], step: int, numbers: bool) -> Iterator[MarkedRow | Problem]:
    """A batch marked at once; where a value does not fit, row by row, so that every bad row is named."""
    if not rows:
        return
    try:
        if numbers and sum(len(row.completions) for row in rows) >= _MANY:
            yield from _with_numbers(reward, rows, step)
            return
        marks = iter(_score(reward, rows, step))
    except DataError:
        for row in rows:
            try:
                yield MarkedRow(row, _score(reward, [row], step))
            except DataError as error:
                yield ill_typed(reward, samples, row, error)
        return
    for row in rows:
        yield MarkedRow(row, tuple(next(marks) for _ in row.completions))


def _with_numbers(reward: Reward, rows: list[Row], step: int) -> Iterator[MarkedRow]:
    scores = reward.score(*arguments_of(reward, rows), step)
    plain = scores.plain_rows()
    first = 0
    for row in rows:
        behind = first + len(row.completions)
        yield MarkedRow(row, tuple(plain[first:behind]), partial(_whole, scores, first))
        first = behind


def _whole(scores: Scores, first: int, index: int) -> RowMarks:
    return scores.row(first + index)


def _score(reward: Reward, rows: list[Row], step: int) -> tuple[RowMarks, ...]:
    completions, prompts, columns = arguments_of(reward, rows)
    return reward.mark(completions, prompts=prompts, columns=columns, step=step)
