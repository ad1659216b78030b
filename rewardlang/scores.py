"""The scores of a batch as arrays, and the way back from each to its explanation.

The numbers come from the engine, for the whole batch. The records that explain
a row are made when somebody asks for them: a row's marks depend on that row
alone, so they are the same whenever they are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rewardlang.marking.guard import Guard
from rewardlang.marking.row_marks import RowMarker
from rewardlang.marking.row_tests import JudgedRow
from rewardlang.marks import Failure, Gate, Mark, RowMarks
from rewardlang.program import Program, Require

if TYPE_CHECKING:
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.engine.batch import Batch
    from rewardlang.engine.batch_marks import BatchMarks
    from rewardlang.explaining.explanation import Explanation

    Floats = NDArray[np.float64]


class Scores:
    """Arrays over the rows of a batch (B,), float64, NaN where a row was skipped; and the full record of any row.

    `remembered` is what dear verifiers said while the numbers were made, `seconds` how long external ones took, by row.
    """

    def __init__(
        self,
        program: Program,
        batch: Batch,
        marks: BatchMarks,
        step: int,
        remembered: Mapping[Any, Any],
        seconds: Mapping[int, float],
    ) -> None:
        self.program = program
        self._batch, self._marks, self._step = batch, marks, step
        self._remembered, self._seconds = remembered, seconds
        self._rows: dict[int, RowMarks] = {}

    def __len__(self) -> int:
        return len(self._batch)

    def __repr__(self) -> str:
        return f"Scores({self.program.name}: {len(self)} rows, {int(self.skipped.sum())} skipped)"

    @property
    def values(self) -> Floats:
        """The score of each row (B,)."""
        return self._marks.score

    def floats(self) -> list[float | None]:
        """The score of each row as a number of Python, None where the row was skipped."""
        return self._marks.floats()

    @property
    def rules(self) -> Mapping[str, Floats]:
        """The points of each rule (B,), before caps and weight of its section; 0 for a row that a gate stopped."""
        return self._marks.rules

    @property
    def fired(self) -> Mapping[str, NDArray[np.bool_]]:
        """Whether each rule applied (B,); False where a gate stopped the row."""
        return self._marks.fired

    @property
    def sections(self) -> Mapping[str, Floats]:
        """What each section adds to the score (B,); the rules before any heading are the section ""."""
        return self._marks.sections

    @property
    def clamping(self) -> Floats:
        """What the declared range of the score cut off or added (B,)."""
        return self._marks.clamping

    @property
    def success(self) -> Floats | None:
        """1 where the completion is right, 0 where it is not, NaN where skipped (B,); None when the file has no `success`."""
        return self._marks.success

    @property
    def skipped(self) -> NDArray[np.bool_]:
        """Whether each row was left out (B,)."""
        import numpy as np

        skipped: NDArray[np.bool_] = np.isnan(self.values)
        return skipped

    @property
    def gated(self) -> NDArray[np.bool_]:
        """Whether a `require … else score` decided each row (B,)."""
        stopped: NDArray[np.bool_] = (self._marks.gates >= 0) & ~self.skipped
        return stopped

    @property
    def failures(self) -> Mapping[int, tuple[Failure, ...]]:
        """The verdicts that were not reached, by row, for the rows that have any; in no particular order."""
        return self._marks.failures

    @property
    def verifier_seconds(self) -> Mapping[int, float]:
        """How long verifiers in other processes took, by row, for the rows that asked any; the wait for a free process is in it.

        What several rows ask alike is asked once and counts whole for each.
        """
        return self._seconds

    def gate(self, index: int) -> Require | None:
        """The `require` that stopped a row."""
        from rewardlang.engine.plan import gates_in_order

        place = int(self._marks.gates[index])
        return None if place < 0 else gates_in_order(self.program)[place]

    @property
    def rows(self) -> tuple[RowMarks, ...]:
        """The full records of all rows, which take a thousand times as long as the numbers; `row` gives one."""
        return tuple(self.row(index) for index in range(len(self)))

    def plain_rows(self) -> list[RowMarks]:
        """The records of all rows with their numbers alone, in a hundredth of the time: no sections, reasons, values or places.

        Whole are those of rows in which something was not judged.
        """
        marks = self._marks
        rules = self.program.rules
        numbers = [zip(marks.exact[rule.name], marks.fired[rule.name].tolist(), strict=True) for rule in rules]
        by_row = zip(*numbers, strict=True) if rules else iter([()] * len(self))
        return [
            self.row(index) if index in marks.unjudged else self._plain(index, score, points)
            for index, (score, points) in enumerate(zip(marks.score.tolist(), by_row, strict=True))
        ]

    def _plain(self, index: int, score: float, points: tuple[tuple[Fraction, bool], ...]) -> RowMarks:
        stopped = self.gate(index) if self._marks.gates[index] >= 0 else None
        skipped = stopped is not None and stopped.score is None
        gate = None
        if stopped is not None:
            gate = Gate(stopped.span, "", None if stopped.score is None else float(stopped.score), "", stopped.because)
            points = ()
        success = None if self._marks.success is None or skipped else bool(self._marks.success[index])
        found = (Mark(rule.name, rule.section, *of, "", rule.span) for rule, of in zip(self.program.rules, points, strict=gate is None))
        columns, clamping = self._batch.columns, float(self._marks.clamping[index])
        truncated = columns["truncated"].values[index] is True
        text = columns["completion"].values[index]
        return RowMarks(text, None if skipped else score, tuple(found), (), clamping, gate, success, (), truncated)

    @cached_property
    def _guard(self) -> Guard:
        return Guard(self._remembered)

    def row(self, index: int) -> RowMarks:
        """The full record of one row, made when it is first asked for."""
        index = range(len(self))[index]
        if index not in self._rows:
            intake = self._batch.row(index)
            row = JudgedRow(intake.given, self.program.lets, self._guard)
            self._rows[index] = RowMarker(self.program, row, intake.completion, self._step).mark()
        return self._rows[index]

    def explain(self, index: int) -> Explanation:
        """How the score of one row came about."""
        from rewardlang.explaining.explanation import Explanation

        return Explanation(self.program, self.row(index))

    def to_frame(self) -> Any:
        """A pandas DataFrame: `score`, `success` if defined, one column a rule."""
        import pandas

        frame = {"score": self.values}
        if self.success is not None:
            frame["success"] = self.success
        return pandas.DataFrame(frame | dict(self.rules))

    def _repr_html_(self) -> str:
        from rewardlang.explaining.explanation import scores_html

        return scores_html(self)
