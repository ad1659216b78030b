"""The figures of a report, computed from what was collected."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from rewardlang.report.forecast import Forecast, forecast
from rewardlang.report.ranks import Correlation, shares_of_variance, spearman

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
    if not collected.scores:
        return None
    import numpy as np

    scores = np.array(collected.scores)
    lengths, right = np.array(collected.lengths), np.array(collected.right)
    weights = {section.name: float(section.weight_at(collected.step)) for section in collected.reward.program.sections}
    paid = [np.array(collected.points[rule.name]) * weights.get(rule.section, 1.0) for rule in collected.rules]
    rest = scores - sum(paid, np.zeros(len(scores)))
    shares = shares_of_variance([*paid, rest], scores)
    rules = []
    for index, rule in enumerate(collected.rules):
        points = np.array(collected.points[rule.name])
        share = shares[index] if shares is not None else None
        few = (float(points.mean()), float(points.min()), float(points.max()))
        rules.append(
            RuleFigures(rule.name, rule.section, collected.fired[rule.name], *few, share, spearman(points.tolist(), lengths.tolist()))
        )
    edges = np.linspace(scores.min(), scores.max(), BINS + 1)
    good = right == 1
    columns = {}
    for name, values in collected.columns.items():
        if np.mean(~np.isnan(np.array(values))) >= _MOSTLY:
            found = spearman(collected.scores, values)
            if found is not None:
                columns[name] = found
    return Figures(
        len(scores),
        float(scores.min()),
        median(collected.scores),
        float(scores.mean()),
        float(scores.max()),
        tuple(rules),
        shares[-1] if shares is not None else None,
        tuple(edges.tolist()),
        tuple(np.histogram(scores[good], edges)[0].tolist()) if edges[0] < edges[-1] else (),
        tuple(np.histogram(scores[~good], edges)[0].tolist()) if edges[0] < edges[-1] else (),
        spearman(collected.scores, collected.lengths),
        spearman(collected.scores, collected.right),
        columns,
        forecast(list(collected.groups.values()), group_size),
        collected.reward.program.success is not None,
    )


def _json(found: Correlation | None) -> dict[str, float] | None:
    return found.to_json() if found is not None else None
