"""Columns of values and of truths, with numbers for what is not there.

The numbers are chosen so that the logic of missing and refused values is
arithmetic: of several operands the largest state decides, and a test over an
absent value is `2 - state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rewardlang.engine.exact import Exact

THERE, REFUSED, MISSING, UNSEEN = 0, 1, 2, 3
"""States of a value; UNSEEN: not computed, because nobody has asked for it."""
FALSE, UNKNOWN, TRUE = 0, 1, 2
"""Truths, ordered so that `and` is the least, `or` the greatest and `not x` is `2 - x`; UNSEEN as for values."""

Codes: TypeAlias = "NDArray[np.int8]"
Rows: TypeAlias = "NDArray[np.intp]"
Wholes: TypeAlias = "NDArray[np.int64]"


class Column:
    """Values of some rows: texts, `Fraction`s or whole `int`s, truth values, answers, tuples of those.

    `state` says of each row whether it has one (None: all have); what stands in
    `values` where there is none is of no meaning, but of the column's type if
    it is `filled`. `wholes` may give whole numbers as an array; the texts of a
    `trimmed` column have no white space around them.
    """

    __slots__ = ("_exact", "_folded", "_stripped", "_values", "filled", "state", "trimmed", "wholes")

    def __init__(
        self,
        values: list[Any] | None,
        state: Codes | None = None,
        wholes: Wholes | None = None,
        *,
        filled: bool = False,
        trimmed: bool = False,
    ) -> None:
        assert values is not None or wholes is not None
        self._values, self.state, self.wholes = values, state, wholes
        self.filled, self.trimmed = filled or state is None, trimmed
        self._folded: list[str] | None = None
        self._stripped: list[str] | None = None
        self._exact: Exact | None = None

    def __len__(self) -> int:
        return len(self.wholes) if self.wholes is not None else len(self.values)

    @property
    def values(self) -> list[Any]:
        """One value a row."""
        if self._values is None:
            assert self.wholes is not None
            self._values = self.wholes.tolist()
        return self._values

    @property
    def folded(self) -> list[str]:
        """Texts, case-folded."""
        if self._folded is None:
            self._folded = list(map(str.casefold, self.values))
        return self._folded

    @property
    def stripped(self) -> list[str]:
        """Texts without the white space around them."""
        if self.trimmed:
            return self.values
        if self._stripped is None:
            self._stripped = list(map(str.strip, self.values))
        return self._stripped

    @property
    def exact(self) -> Exact:
        """Numbers as `Exact`."""
        if self._exact is None:
            from rewardlang.engine.exact import Exact

            self._exact = Exact(self.wholes) if self.wholes is not None else Exact.of(self.values)
        return self._exact

    def take(self, rows: Rows) -> Column:
        """The values of some rows, in their order."""
        state = None if self.state is None else self.state[rows]
        if self.wholes is not None:
            return Column(None, state, self.wholes[rows])
        values = self.values
        return Column([values[row] for row in rows.tolist()], state, filled=self.filled, trimmed=self.trimmed)

    def between(self, start: int, end: int) -> Column:
        """The values of the rows [start, end)."""
        values, state = self.values[start:end], None if self.state is None else self.state[start:end]
        return Column(values, state, filled=self.filled, trimmed=self.trimmed)


class Constant(Column):
    """The same value in every row."""

    __slots__ = ("value",)

    def __init__(self, value: Any, size: int) -> None:
        super().__init__([value] * size)
        self.value = value

    @property
    def exact(self) -> Exact:
        """Numbers as `Exact`."""
        if self._exact is None:
            from rewardlang.engine.exact import Exact

            self._exact = Exact.of([self.value]).repeated(len(self))
        return self._exact

    def take(self, rows: Rows) -> Column:
        """The value, as often as there are rows."""
        return Constant(self.value, len(rows))

    def between(self, start: int, end: int) -> Column:
        """The value, as often as there are rows."""
        return Constant(self.value, end - start)


def truths(flags: Iterable[bool]) -> Codes:
    """Truth codes of flags."""
    return np.frombuffer(bytes(flags), np.int8) * np.int8(2)


def codes(values: Sequence[int]) -> Codes:
    """Codes as an array."""
    return np.frombuffer(bytes(values), np.int8)


def joined_state(columns: Sequence[Column]) -> Codes | None:
    """The state of what is built on all of these; None: all values are there."""
    states = [column.state for column in columns if column.state is not None]
    if not states:
        return None
    state = reduce(np.maximum, states)
    return state if state.any() else None
