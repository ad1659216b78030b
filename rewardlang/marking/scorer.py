"""Marks rows one by one, each with its explanation. A row's marks depend on that row alone."""

from __future__ import annotations

from collections.abc import Iterable

from rewardlang.marking.guard import Breaker, Guard
from rewardlang.marking.intake import Intake
from rewardlang.marking.row_marks import RowMarker
from rewardlang.marking.row_tests import JudgedRow
from rewardlang.marks import RowMarks
from rewardlang.program import Program


class Scorer:
    """A program at work. Safe for threads: what it keeps between batches is the breaker's counts."""

    def __init__(self, program: Program, breaker: Breaker | None = None) -> None:
        self.program = program
        self._breaker = breaker or Breaker()

    def mark(self, rows: Iterable[Intake], step: int) -> tuple[RowMarks, ...]:
        """The marks of a batch at a training step. Raises `VerifierBreakdown` when a verifier has broken too often."""
        guard = Guard()
        marks = tuple(self._mark(row, guard, step) for row in rows)
        self._breaker.batch_done(guard.asked)
        return marks

    def _mark(self, row: Intake, guard: Guard, step: int) -> RowMarks:
        return RowMarker(self.program, JudgedRow(row.given, self.program.lets, guard), row.completion, step).mark()
