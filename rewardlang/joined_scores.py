"""The scores of rows that were marked in parts, as one batch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from rewardlang.scores import Scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.marks import Failure, RowMarks
    from rewardlang.program import Require
    from rewardlang.scores import Floats


class JoinedScores(Scores):
    """Parts laid end to end. A row's marks depend on that row alone, so they are those of the whole batch."""

    def __init__(self, parts: Sequence[Scores]) -> None:
        self.program = parts[0].program
        self._parts = parts
        self._starts = [0, *accumulate(map(len, parts))]

    def __len__(self) -> int:
        return self._starts[-1]

    def _joined(self, of: Callable[[Scores], Any]) -> Any:
        import numpy as np

        return np.concatenate([of(part) for part in self._parts])

    def _by_name(self, of: Callable[[Scores], Mapping[str, Any]]) -> dict[str, Any]:
        import numpy as np

        parts = [of(part) for part in self._parts]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @cached_property
    def values(self) -> Floats:
        """The score of each row (B,)."""
        values: Floats = self._joined(lambda part: part.values)
        return values

    def floats(self) -> list[float | None]:
        """The score of each row as a number of Python, None where the row was skipped."""
        return [score for part in self._parts for score in part.floats()]

    @cached_property
    def rules(self) -> Mapping[str, Floats]:
        """The points of each rule (B,)."""
        return self._by_name(lambda part: part.rules)

    @cached_property
    def fired(self) -> Mapping[str, NDArray[np.bool_]]:
        """Whether each rule applied (B,)."""
        return self._by_name(lambda part: part.fired)

    @cached_property
    def sections(self) -> Mapping[str, Floats]:
        """What each section adds to the score (B,)."""
        return self._by_name(lambda part: part.sections)

    @cached_property
    def clamping(self) -> Floats:
        """What the declared range of the score cut off or added (B,)."""
        clamping: Floats = self._joined(lambda part: part.clamping)
        return clamping

    @cached_property
    def success(self) -> Floats | None:
        """1, 0 or NaN (B,); None when the file has no `success`."""
        return None if self.program.success is None else self._joined(lambda part: part.success)

    @cached_property
    def gated(self) -> NDArray[np.bool_]:
        """Whether a `require … else score` decided each row (B,)."""
        gated: NDArray[np.bool_] = self._joined(lambda part: part.gated)
        return gated

    @cached_property
    def failures(self) -> Mapping[int, tuple[Failure, ...]]:
        """The verdicts that were not reached, by row."""
        parts = zip(self._starts, self._parts, strict=False)
        return {start + row: failures for start, part in parts for row, failures in part.failures.items()}

    @cached_property
    def verifier_seconds(self) -> Mapping[int, float]:
        """How long verifiers in other processes took, by row."""
        parts = zip(self._starts, self._parts, strict=False)
        return {start + row: seconds for start, part in parts for row, seconds in part.verifier_seconds.items()}

    def gate(self, index: int) -> Require | None:
        """The `require` that stopped a row."""
        part, row = self._place(index)
        return part.gate(row)

    def row(self, index: int) -> RowMarks:
        """The full record of one row."""
        part, row = self._place(index)
        return part.row(row)

    def _place(self, index: int) -> tuple[Scores, int]:
        index = range(len(self))[index]
        place = bisect_right(self._starts, index) - 1
        return self._parts[place], index - self._starts[place]
