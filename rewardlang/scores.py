"""The scores of a batch as arrays, and the way back from each to its explanation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from rewardlang.marks import RowMarks
from rewardlang.program import Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.explaining.explanation import Explanation

    Floats = NDArray[np.float64]


class Scores:
    """Arrays over the rows of a batch (B,), float64, NaN where a row was skipped. `rows` are the full records."""

    def __init__(self, program: Program, rows: tuple[RowMarks, ...]) -> None:
        self.program = program
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"Scores({self.program.name}: {len(self.rows)} rows, {sum(row.score is None for row in self.rows)} skipped)"

    @cached_property
    def values(self) -> Floats:
        """The score of each row (B,)."""
        return _array([row.score for row in self.rows])

    @cached_property
    def rules(self) -> dict[str, Floats]:
        """The points of each rule (B,), before caps and weight of its section; 0 for a row that a gate stopped."""
        found = [{mark.rule: float(mark.points) for mark in row.marks} for row in self.rows]
        return {
            rule.name: _array([None if row.score is None else by.get(rule.name, 0.0) for row, by in zip(self.rows, found, strict=True)])
            for rule in self.program.rules
        }

    @cached_property
    def sections(self) -> dict[str, Floats]:
        """What each section adds to the score (B,); the rules before any heading are the section ""."""
        found = [{mark.section: mark.points for mark in row.sections} for row in self.rows]
        return {
            section.name or "": _array(
                [None if row.score is None else by.get(section.name, 0.0) for row, by in zip(self.rows, found, strict=True)]
            )
            for section in self.program.sections
        }

    @cached_property
    def success(self) -> Floats | None:
        """1 where the completion is right, 0 where it is not, NaN where skipped (B,); None when the file has no `success`."""
        if self.program.success is None:
            return None
        return _array([None if row.success is None else float(row.success) for row in self.rows])

    def explain(self, index: int) -> Explanation:
        """How the score of one row came about."""
        from rewardlang.explaining.explanation import Explanation

        return Explanation(self.program, self.rows[index])

    def to_frame(self) -> Any:
        """A pandas DataFrame: `score`, `success` if defined, one column a rule."""
        import pandas

        frame = {"score": self.values}
        if self.success is not None:
            frame["success"] = self.success
        return pandas.DataFrame(frame | self.rules)

    def _repr_html_(self) -> str:
        from rewardlang.explaining.explanation import scores_html

        return scores_html(self)


def _array(values: list[float | None]) -> Floats:
    import numpy as np

    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
