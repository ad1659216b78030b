"""The columns of some rows while they are computed: of a part of a batch, or of the items of a loop over one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from rewardlang.engine.calls import Calls
from rewardlang.engine.column import THERE, TRUE, UNKNOWN, UNSEEN, Codes, Column, Rows
from rewardlang.engine.plan import Plan, Step
from rewardlang.engine.plan_from_program import is_test
from rewardlang.engine.tags import Tags, tags_of

ValueKernel: TypeAlias = "Callable[[Frame, int, Step, Rows], Column]"
TruthKernel: TypeAlias = "Callable[[Frame, int, Step, Rows], Codes]"


class Kernels:
    """The functions that compute steps, by the class of the step's node."""

    def __init__(self, values: Mapping[type, ValueKernel], truths: Mapping[type, TruthKernel]) -> None:
        self.values, self.truths = values, truths


class Frame:
    """Columns of `size` rows. Each kernel gives the column of the rows that it is asked for, and what it gives is kept.

    `first` is the place of row 0 in the batch. The items of a loop are a frame
    inside another one: `owners` says to which row of `outer` each item belongs,
    in ascending order, and `loop` is the step of the item.
    """

    def __init__(
        self,
        plan: Plan,
        kernels: Kernels,
        calls: Calls,
        size: int,
        *,
        given: Mapping[str, Column] | None = None,
        first: int = 0,
        outer: Frame | None = None,
        owners: Rows | None = None,
        loop: int | None = None,
    ) -> None:
        self.plan, self.kernels, self.calls = plan, kernels, calls
        self.size, self.first = size, first
        self.given: Mapping[str, Column] = {} if given is None else given
        self.outer, self.owners, self.loop = outer, owners, loop
        self.all: Rows = np.arange(size)
        self._columns: dict[int, Column] = {}
        self._truths: dict[int, Codes] = {}
        self._whole: dict[int, Column] = {}  # the columns and truths that are known of all rows
        self._decided: dict[int, Codes] = {}
        self._tags: dict[int, Tags] = {}

    def inside(self, items: Column, owners: Rows, loop: int) -> Frame:
        """The frame of a loop's items."""
        frame = Frame(self.plan, self.kernels, self.calls, len(items), outer=self, owners=owners, loop=loop)
        frame._columns[loop] = items
        return frame

    def in_batch(self, rows: Rows) -> Sequence[int]:
        """The rows of the batch behind rows of this frame."""
        if self.outer is None or self.owners is None:
            owners: list[int] = (rows + self.first).tolist()
            return owners
        return self.outer.in_batch(self.owners[rows])

    # -------------------------------------------------------- asking

    def values(self, index: int, rows: Rows) -> Column:
        """The values of a step in some rows, given in ascending order; of a test, whether it holds."""
        whole = self._whole.get(index)
        if whole is not None:
            return whole if rows is self.all else whole.take(rows)
        step = self.plan.steps[index]
        if is_test(step.node):
            truth = self.truths(index, rows)
            state = np.where(truth == UNKNOWN, np.int8(1), np.int8(0)) if (truth == UNKNOWN).any() else None
            return Column((truth == TRUE).tolist(), state)
        if self._belongs_outside(step):
            assert self.outer is not None
            assert self.owners is not None
            owners = self.owners[rows]
            return self.outer._stored(index, step, _distinct(owners)).take(owners)
        column = self._stored(index, step, rows)
        return column if rows is self.all else column.take(rows)

    def truths(self, index: int, rows: Rows) -> Codes:
        """Whether a test holds in some rows."""
        decided = self._decided.get(index)
        if decided is not None:
            return decided if rows is self.all else decided[rows]
        step = self.plan.steps[index]
        if self._belongs_outside(step):
            assert self.outer is not None
            assert self.owners is not None
            owners = self.owners[rows]
            return self.outer._judged(index, step, _distinct(owners))[owners]
        truth = self._judged(index, step, rows)
        return truth if rows is self.all else truth[rows]

    def tags(self, text: int) -> Tags | None:
        """The tags in the texts of a step, all rows at once; None where not every row's text is known."""
        if text not in self._tags:
            step = self.plan.steps[text]
            if step.lazy or self._belongs_outside(step):
                return None
            column = self._stored(text, step, self.all)
            self._tags[text] = tags_of(texts_of(column), self.plan.tags[text])
        return self._tags[text]

    # -------------------------------------------------------- keeping

    def _belongs_outside(self, step: Step) -> bool:
        return self.loop is not None and self.loop not in step.loops

    def _stored(self, index: int, step: Step, rows: Rows) -> Column:
        """The column of all rows, of which at least some are computed."""
        if self._belongs_outside(step):
            assert self.outer is not None
            assert self.owners is not None
            owners = self.owners[rows]
            inner = self.outer._stored(index, step, _distinct(owners))
            return inner.take(self.owners)
        column = self._columns.get(index)
        if column is not None and not step.lazy:
            return column
        kernel = self.kernels.values[type(step.node)]
        if column is None and (not step.lazy or rows is self.all):
            column = self._columns[index] = self._whole[index] = kernel(self, index, step, self.all)
            return column
        if column is None:
            column = self._columns[index] = Column([None] * self.size, np.full(self.size, UNSEEN, np.int8))
        if column.state is None:
            return column
        new = rows[column.state[rows] == UNSEEN]
        if len(new):
            part = kernel(self, index, step, new)
            values = column.values
            for row, value in zip(new.tolist(), part.values, strict=True):
                values[row] = value
            column.state[new] = THERE if part.state is None else part.state
        return column

    def _judged(self, index: int, step: Step, rows: Rows) -> Codes:
        if self._belongs_outside(step):
            assert self.outer is not None
            assert self.owners is not None
            return self.outer._judged(index, step, _distinct(self.owners[rows]))[self.owners]
        truth = self._truths.get(index)
        kernel = self.kernels.truths[type(step.node)]
        if not step.lazy or (rows is self.all and truth is None):
            if truth is None:
                truth = self._truths[index] = self._decided[index] = kernel(self, index, step, self.all)
            return truth
        if truth is None:
            truth = self._truths[index] = np.full(self.size, UNSEEN, np.int8)
        new = rows[truth[rows] == UNSEEN]
        if len(new):
            truth[new] = kernel(self, index, step, new)
        return truth


def _distinct(owners: Rows) -> Rows:
    """Ascending owners without repetitions."""
    if not len(owners):
        return owners
    kept: Rows = owners[np.concatenate(([True], owners[1:] != owners[:-1]))]
    return kept


def texts_of(column: Column) -> list[str]:
    """The texts, empty where there is none."""
    if column.state is None:
        return column.values
    return [text if state == THERE else "" for text, state in zip(column.values, column.state.tolist(), strict=True)]
