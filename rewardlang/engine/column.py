"""Columns of values and of truths, with numbers for what is not there.

The numbers are chosen so that the logic of missing and refused values is
arithmetic: of several operands the largest state decides, and a test over an
absent value is `2 - state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
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
    `values` where there is none is of no meaning. `wholes` may give whole
    numbers as an array.
    """

    __slots__ = ("_exact", "_folded", "_values", "state", "wholes")

    def __init__(self, values: list[Any] | None, state: Codes | None = None, wholes: Wholes | None = None) -> None:
        assert values is not None or wholes is not None
        self._values, self.state, self.wholes = values, state, wholes
        self._folded: list[str] | None = None
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
            self._folded = [text.casefold() for text in self.values]
        return self._folded

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
        return Column([values[row] for row in rows.tolist()], state)


def constant(value: Any, size: int) -> Column:
    """The same value in every row."""
    column = Column([value] * size)
    if isinstance(value, (int, Fraction)) and not isinstance(value, bool):
        from rewardlang.engine.exact import Exact

        column._exact = Exact.of([value]).repeated(size)
    return column


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
