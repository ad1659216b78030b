"""What honest answers earn: the measure of what an attack is paid.

With `success`, an answer is right where it holds. Without it nothing says what
is right on its own row; then an answer is wrong where it was written for
another question, and typical of a right one is the upper quartile of the scores
on own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import NamedTuple

from rewardlang.attack.target import Marked, Target


class Answer(NamedTuple):
    """A completion of the samples with its row."""

    task: int
    text: str
    marked: Marked


class Baseline(NamedTuple):
    """`typical` is what a right answer typically scores (None: no sample is right); `best_wrong` the most that an honest wrong one does.

    `silence` is the most that an empty text scores. `measured` answers were right, or, without `success`, marked.
    `points` are the median points of each rule over those.
    """

    knows_success: bool
    measured: int
    typical: float | None
    best_wrong: float | None
    silence: float | None
    points: tuple[float, ...]

    @property
    def usual(self) -> float | None:
        """What an answer that nobody should pay for scores anyway: the best honest wrong one, or silence."""
        known = [score for score in (self.best_wrong, self.silence) if score is not None]
        below = [score for score in known if self.typical is None or score < self.typical]
        return max(below, default=None)


def baseline_of(target: Target, answers: Sequence[Answer], silences: Sequence[Marked], *, knows_success: bool) -> Baseline:
    """From the samples as they are, and the empty text on each row."""
    scored = [answer.marked for answer in answers if answer.marked.score is not None]
    good = [marked for marked in scored if marked.right] if knows_success else scored
    scores = [marked.score for marked in good if marked.score is not None]
    wrong = [marked.score for marked in scored if marked.right is False and marked.score is not None]
    typical = None if not scores else median(scores) if knows_success else _upper_quartile(scores)
    points = tuple(median(marked.points[index] for marked in good) for index in range(len(target.rules))) if good else ()
    silent = [marked.score for marked in silences if marked.score is not None]
    return Baseline(knows_success, len(good), typical, max(wrong, default=None), max(silent, default=None), points)


def _upper_quartile(scores: list[float]) -> float:
    return quantiles(scores, n=4, method="inclusive")[2] if len(scores) > 1 else scores[0]
