"""The scores beside an expert's own marks: how far the order is the same, and which rules put it the other way round."""

from __future__ import annotations

from math import isnan
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from rewardlang.report.figures import REST, parts_of
from rewardlang.report.ranks import Correlation, ranks, spearman

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rewardlang.report.collect import Collected

    Floats = NDArray[np.float64]

_MOST_ROWS = 2_000
_WORST = 10


class Disagreement(NamedTuple):
    """A completion that stands elsewhere in the order of the scores than in the expert's; ranks run from 0 (least) to 1 (most).

    `rule` has its points farthest from the mean in the direction of the score; `number` is that of `Kept`.
    """

    number: int
    title: str
    score: float
    mark: float
    score_rank: float
    mark_rank: float
    rule: str


class Agreement(NamedTuple):
    """`pairs` are those of completions that the expert marks differently; `reversed` are scored the other way, `tied` alike.

    `by_rule` counts for each reversed pair the rule that speaks most against the expert's order. `of` have a mark and `without` have
    none; the pairs are of `used` of them, `worst` of all.
    """

    column: str
    correlation: Correlation | None
    used: int
    of: int
    without: int
    pairs: int
    reversed: int
    tied: int
    by_rule: dict[str, int]
    worst: tuple[Disagreement, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "column": self.column,
            "spearman": self.correlation.to_json() if self.correlation is not None else None,
            "completions": self.of,
            "without_mark": self.without,
            "compared": self.used,
            "pairs": self.pairs,
            "reversed": self.reversed,
            "tied": self.tied,
            "reversed_by_rule": self.by_rule,
            "worst": [entry._asdict() for entry in self.worst],
        }


def agreement_of(collected: Collected) -> Agreement | None:
    """None where no completion has a mark. Pairs are counted of a sample, from a fixed seed, where more than 2,000 have one."""
    import numpy as np

    assert collected.marks_column is not None
    marked = [index for index, mark in enumerate(collected.marks) if not isnan(mark)]
    if not marked:
        return None
    scores, marks = np.array(collected.scores)[marked], np.array(collected.marks)[marked]
    names, parts = _parts(collected, marked)
    most = len(marked)
    kept = list(range(most)) if most <= _MOST_ROWS else sorted(Random(0).sample(range(most), _MOST_ROWS))
    counts = _pairs(scores[kept], marks[kept], names, parts[kept])
    worst = _worst(collected, marked, scores, marks, names, parts)
    correlation = spearman(collected.scores, collected.marks)
    without = len(collected.scores) - most
    return Agreement(collected.marks_column, correlation, len(kept), most, without, *counts, worst)


def _parts(collected: Collected, kept: list[int]) -> tuple[list[str], Floats]:
    """What each rule, and the rest (gates, caps, clamping), gave each completion (N, R + 1)."""
    import numpy as np

    paid, rest = parts_of(collected)
    return [*(rule.name for rule in collected.rules), REST], np.array([*paid, rest]).T[kept]


def _pairs(scores: Floats, marks: Floats, names: list[str], parts: Floats) -> tuple[int, int, int, dict[str, int]]:
    import numpy as np

    pairs = turned = tied = 0
    counts = np.zeros(len(names), dtype=np.int64)
    for index in range(len(scores)):
        worse = marks < marks[index]  # the expert puts `index` above these
        pairs += int(worse.sum())
        tied += int((worse & (scores == scores[index])).sum())
        against = worse & (scores > scores[index])
        turned += int(against.sum())
        if against.any():
            counts += np.bincount(np.argmax(parts[against] - parts[index], axis=1), minlength=len(names))
    by_rule = {name: int(count) for name, count in zip(names, counts, strict=True) if count}
    return pairs, turned, tied, dict(sorted(by_rule.items(), key=lambda item: -item[1]))


def _worst(
    collected: Collected, marked: list[int], scores: Floats, marks: Floats, names: list[str], parts: Floats
) -> tuple[Disagreement, ...]:
    import numpy as np

    most = max(1, len(marked) - 1)
    score_ranks, mark_ranks = ((np.array(ranks(values.tolist())) - 1) / most for values in (scores, marks))
    gaps = score_ranks - mark_ranks
    from_mean = parts - parts.mean(axis=0)
    found = []
    for index in np.argsort(-np.abs(gaps), kind="stable")[:_WORST].tolist():
        if not gaps[index]:
            break
        rule = names[int(np.argmax(from_mean[index] if gaps[index] > 0 else -from_mean[index]))]
        number, title = collected.numbers[marked[index]], collected.titles[marked[index]]
        entry = (float(scores[index]), float(marks[index]), float(score_ranks[index]), float(mark_ranks[index]))
        found.append(Disagreement(number, title, *entry, rule))
    return tuple(found)
