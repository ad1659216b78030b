"""The engine beside the scalar marking: the same rows through both, and every number compared to the last bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from rewardlang.engine.plan import check_laws
from rewardlang.engine.plan_from_program import plan
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.marking.intake import rows_from_data
from rewardlang.marking.scorer import Scorer
from rewardlang.marks import RowMarks
from rewardlang.reward import Reward
from rewardlang.scores import Scores

T = TypeVar("T")


def agree(
    reward: Reward,
    completions: Sequence[Any],
    columns: Mapping[str, Sequence[Any]] | None = None,
    prompts: Sequence[Any] | None = None,
    step: int = 0,
    scorer: Scorer | None = None,
) -> None:
    """Holds the engine's numbers, failures and breakdown against those of the scalar marking.

    `scorer` is the scalar side of a reward that has marked batches before.
    """
    check_laws(plan(reward.program))
    rows = rows_from_data(reward.program, reward.registry, completions, prompts, columns or {})
    scalar, broke = _marked(lambda: (scorer or Scorer(reward.program)).mark(rows, step))
    scores, also_broke = _marked(lambda: reward.score(completions, prompts, columns, step))
    assert broke == also_broke
    if scalar is None or scores is None:
        return
    for index, row in enumerate(scalar):
        _same(scores, index, row)


def _marked(mark: Callable[[], T]) -> tuple[T | None, str]:
    """What was marked, or how many inputs broke a verifier; which of them was last is chance."""
    try:
        return mark(), ""
    except VerifierBreakdown as error:
        return None, str(error).partition(";")[0]


def _same(scores: Scores, index: int, row: RowMarks) -> None:
    what = (scores.program.source.text, row.completion, row)
    assert _is(scores.values[index], row.score), what
    points = {mark.rule: mark for mark in row.marks}
    sections = {section.section or "": section for section in row.sections}
    for name in scores.rules:
        stopped = None if row.score is None else 0.0
        assert _is(scores.rules[name][index], float(points[name].points) if name in points else stopped), (name, what)
        assert scores.fired[name][index] == (name in points and points[name].fired), (name, what)
    for name in scores.sections:
        stopped = None if row.score is None else 0.0
        assert _is(scores.sections[name][index], sections[name].points if name in sections else stopped), (name, what)
    assert scores.clamping[index] == row.clamping, what
    if scores.success is not None:
        assert _is(scores.success[index], None if row.success is None else float(row.success)), what
    gate = scores.gate(index)
    assert (None if gate is None else gate.span) == (None if row.gate is None else row.gate.span), what
    assert sorted(scores.failures.get(index, ())) == sorted(row.failures), what
    assert scores.row(index) == row, what


def _is(number: np.float64, wanted: float | None) -> bool:
    """The same double, with its sign; NaN for None."""
    if wanted is None:
        return bool(np.isnan(number))
    return bool(number == wanted) and math.copysign(1, number) == math.copysign(1, wanted)


def plain(reward: Reward, completions: Sequence[Any], columns: Mapping[str, Sequence[Any]], prompts: Sequence[Any]) -> None:
    """Holds the records that have only their numbers against the full ones."""
    scores, broke = _marked(lambda: reward.score(completions, prompts, columns))
    for one, whole in zip(scores.plain_rows(), scores.rows, strict=True) if scores is not None else ():
        assert not broke
        numbers = [(mark.rule, mark.section, mark.points, mark.fired, mark.unjudged) for mark in one.marks]
        assert numbers == [(mark.rule, mark.section, mark.points, mark.fired, mark.unjudged) for mark in whole.marks]
        assert (one.gate and one.gate.span) == (whole.gate and whole.gate.span)
        assert sorted(one.failures) == sorted(whole.failures)
        assert (one.completion, one.score, one.clamping) == (whole.completion, whole.score, whole.clamping)
        assert (one.success, one.truncated) == (whole.success, whole.truncated)
