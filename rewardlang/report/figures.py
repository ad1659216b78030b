"""The figures of a report, computed from what was collected."""

from __future__ import annotations

from math import fsum, isnan
from typing import TYPE_CHECKING, Any

from rewardlang.record import NamedTuple
from rewardlang.report.forecast import Forecast, forecast
from rewardlang.report.ranks import Correlation, median, shares_of_variance, spearman

if TYPE_CHECKING:
    from rewardlang.report.collect import Collected

BINS = 20
_MOSTLY = 0.9
REST = "gates, caps, clamping"


class RuleFigures(NamedTuple):
    """A rule over all marked completions. `share` is its part of the score's variance, None where no score differs."""

    rule: str
    section: str | None
    fired: int
    mean: float
    low: float
    high: float
    share: float | None
    length: Correlation | None


class Figures(NamedTuple):
    """Everything that the page and the terminal show as numbers. `rest` is the share of gates, caps and clamping."""

    marked: int
    low: float
    median: float
    mean: float
    high: float
    rules: tuple[RuleFigures, ...]
    rest: float | None
    edges: tuple[float, ...]
    right: tuple[int, ...]
    wrong: tuple[int, ...]
    length: Correlation | None
    success: Correlation | None
    columns: dict[str, Correlation]
    forecast: Forecast | None
    knows_success: bool

    @property
    def always(self) -> list[str]:
        """Rules that fired on every completion."""
        return [rule.rule for rule in self.rules if self.marked and rule.fired == self.marked]

    @property
    def never(self) -> list[str]:
        """Rules that fired on none."""
        return [rule.rule for rule in self.rules if not rule.fired]

    def to_json(self) -> dict[str, Any]:
        """Plain data, without the histogram."""
        return {
            "rules": {rule.rule: {"share_of_variance": rule.share, "length": _json(rule.length)} for rule in self.rules},
            "gates_caps_clamping": self.rest,
            "always_fired": self.always,
            "never_fired": self.never,
            "score_and_length": _json(self.length),
            "score_and_success": _json(self.success),
            "score_and_columns": {name: found.to_json() for name, found in self.columns.items()},
            "groups_without_spread": self.forecast.to_json() if self.forecast is not None else None,
        }


def figures_of(collected: Collected, group_size: int) -> Figures | None:
    """None where nothing was marked."""
    scores = collected.scores
    if not scores:
        return None
    paid, rest = parts_of(collected)
    shares = shares_of_variance([*paid, rest], scores)
    rules = []
    for index, rule in enumerate(collected.rules):
        points = collected.points[rule.name]
        few = (fsum(points) / len(points), min(points), max(points))
        share = shares[index] if shares is not None else None
        length = spearman(points, collected.lengths)
        rules.append(RuleFigures(rule.name, rule.section, collected.fired[rule.name], *few, share, length))
    low, high = min(scores), max(scores)
    right, wrong = _histogram(collected, low, high) if low < high else ((), ())
    return Figures(
        len(scores),
        low,
        median(scores),
        fsum(scores) / len(scores),
        high,
        tuple(rules),
        shares[-1] if shares is not None else None,
        tuple(low + (high - low) * place / BINS for place in range(BINS + 1)),
        right,
        wrong,
        spearman(scores, collected.lengths),
        spearman(scores, collected.right),
        _columns(collected),
        forecast(list(collected.groups.values()), group_size),
        collected.reward.program.success is not None,
    )


def parts_of(collected: Collected) -> tuple[list[list[float]], list[float]]:
    """What each rule gave each completion, times the weight of its section, and the rest: gates, caps, clamping. They sum to the score."""
    weights = {section.name: float(section.weight_at(collected.step)) for section in collected.reward.program.sections}
    paid = []
    for rule in collected.rules:
        weight = weights.get(rule.section, 1.0)
        paid.append([points * weight for points in collected.points[rule.name]])
    sums = [sum(points) for points in zip(*paid, strict=True)] if paid else [0.0] * len(collected.scores)
    return paid, [score - given for score, given in zip(collected.scores, sums, strict=True)]


def _histogram(collected: Collected, low: float, high: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many right completions, and how many others, stand in each part of the range."""
    right, wrong = [0] * BINS, [0] * BINS
    for score, verdict in zip(collected.scores, collected.right, strict=True):
        place = min(BINS - 1, int((score - low) / (high - low) * BINS))
        (right if verdict == 1 else wrong)[place] += 1
    return tuple(right), tuple(wrong)


def _columns(collected: Collected) -> dict[str, Correlation]:
    """Columns that are numbers nearly everywhere, and that differ."""
    columns = {}
    for name, values in collected.columns.items():
        if sum(not isnan(value) for value in values) >= _MOSTLY * len(values):
            found = spearman(collected.scores, values)
            if found is not None:
                columns[name] = found
    return columns


def _json(found: Correlation | None) -> dict[str, float] | None:
    return found.to_json() if found is not None else None
