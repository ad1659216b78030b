"""What many marked rows say about a reward: how often each rule fires, how the scores lie, what cannot be learned from."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from math import fsum
from typing import Any

from rewardlang.commands.marking import MarkedRow
from rewardlang.marks import RowMarks
from rewardlang.record import NamedTuple

_BINS = 10


class RuleStatistics:
    """A rule over all completions that were not skipped; its points are 0 where a gate decided."""

    def __init__(self, rule: str, section: str | None) -> None:
        self.rule, self.section = rule, section
        self.fired = self.unjudged = 0
        self.total = Fraction(0)
        self.low: Fraction | None = None
        self.high: Fraction | None = None

    def add(self, points: Fraction) -> None:
        """One completion's points."""
        self.total += points
        self.low = points if self.low is None else min(self.low, points)
        self.high = points if self.high is None else max(self.high, points)


class Notable(NamedTuple):
    """A completion worth showing, and where it stands; `completion` counts from 1 in its row."""

    file: str
    row: str
    completion: int
    of: int
    marks: RowMarks

    @property
    def title(self) -> str:
        """`row 'q7' of samples.jsonl`, with the completion's number where the row has several."""
        which = f", completion {self.completion} of {self.of}" if self.of > 1 else ""
        return f"row '{self.row}' of {self.file}{which}"


class Statistics:
    """Sums over rows; memory grows by one double a completion and one digest a prompt."""

    def __init__(self, rules: dict[str, RuleStatistics]) -> None:
        self.rules = rules
        self.rows = self.completions = self.skipped = self.successes = self.judged = 0
        self.scores: list[float] = []
        self.gates: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.broke: Counter[str] = Counter()
        self.groups: dict[int | str, tuple[int, float, float]] = {}
        self.best: Notable | None = None
        self.worst: Notable | None = None

    def add(self, file: str, marked: MarkedRow) -> None:
        """One row with all its completions."""
        self.rows += 1
        for index, marks in enumerate(marked.marks):
            self.completions += 1
            self._failures(marks)
            if marks.gate is not None:
                self.gates[marks.gate.span.start] += 1
            if marks.score is None:
                self.skipped += 1
                continue
            self._points(marks)
            self.scores.append(marks.score)
            self._success(marks)
            self._group(file, marked, marks.score)
            best = self.best is None or marks.score > (self.best.marks.score or 0.0)
            worst = self.worst is None or marks.score < (self.worst.marks.score or 0.0)
            if best or worst:
                notable = Notable(file, marked.row.id, index + 1, len(marked.marks), marked.record(index))
                self.best, self.worst = notable if best else self.best, notable if worst else self.worst

    def _points(self, marks: RowMarks) -> None:
        if marks.gate is not None:
            for rule in self.rules.values():
                rule.add(Fraction(0))
        for mark in marks.marks:
            rule = self.rules[mark.rule]
            rule.add(mark.points)
            rule.fired += mark.fired
            rule.unjudged += bool(mark.unjudged)

    def _failures(self, marks: RowMarks) -> None:
        for failure in marks.failures:
            (self.broke if failure.broke else self.refused)[failure.verifier] += 1

    def _success(self, marks: RowMarks) -> None:
        if marks.success is not None:
            self.judged += 1
            self.successes += marks.success

    def _group(self, file: str, marked: MarkedRow, score: float) -> None:
        """A group is the completions of one prompt, in one row or over several."""
        prompt = marked.row.values.get("prompt")
        if prompt is None and len(marked.marks) == 1:
            return
        key: int | str = f"{file}\0{marked.row.line}" if prompt is None else hash(json.dumps(prompt, sort_keys=True, default=str))
        count, low, high = self.groups.get(key, (0, score, score))
        self.groups[key] = (count + 1, min(low, score), max(high, score))

    @property
    def marked(self) -> int:
        """Completions that got a score."""
        return len(self.scores)

    @property
    def real_groups(self) -> list[tuple[int, float, float]]:
        """Groups of two completions or more: how many, lowest, highest score."""
        return [group for group in self.groups.values() if group[0] > 1]

    @property
    def flat_groups(self) -> int:
        """Groups in which every completion got the same score: their advantage is 0, and nothing is learned from them."""
        return sum(low == high for _, low, high in self.real_groups)

    def silent_rules(self) -> list[RuleStatistics]:
        """Rules that never fired on any completion."""
        return [rule for rule in self.rules.values() if not rule.fired]

    def distribution(self) -> dict[str, float]:
        """Least, median, mean and greatest score. At least one completion must have been marked."""
        mean = fsum(self.scores) / len(self.scores)
        return {"min": min(self.scores), "median": _median(self.scores), "mean": mean, "max": max(self.scores)}

    def histogram(self) -> list[int]:
        """How many scores fall into each of ten equal parts between the least and the greatest."""
        low, high = min(self.scores), max(self.scores)
        counts = [0] * _BINS
        for score in self.scores:
            counts[min(_BINS - 1, int((score - low) / (high - low) * _BINS))] += 1
        return counts

    def to_json(self) -> dict[str, Any]:
        """The statistics as plain data; `rules` in the order of the file."""
        return {
            "rows": self.rows,
            "completions": self.completions,
            "skipped": self.skipped,
            "score": self.distribution() if self.scores else None,
            "success": {"successes": self.successes, "judged": self.judged} if self.judged else None,
            "groups": {"groups": len(self.real_groups), "no_spread": self.flat_groups},
            "refused": dict(self.refused),
            "broke": dict(self.broke),
            "rules": [self._rule_json(rule) for rule in self.rules.values()],
            "best": _notable_json(self.best),
            "worst": _notable_json(self.worst),
        }

    def _rule_json(self, rule: RuleStatistics) -> dict[str, Any]:
        return {
            "rule": rule.rule,
            "section": rule.section,
            "fired": rule.fired,
            "not_judged": rule.unjudged,
            "mean": float(rule.total / self.marked) if self.marked else None,
            "min": None if rule.low is None else float(rule.low),
            "max": None if rule.high is None else float(rule.high),
        }


def _median(scores: list[float]) -> float:
    """The middle score, or the mean of the two in the middle."""
    ordered = sorted(scores)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _notable_json(notable: Notable | None) -> dict[str, Any] | None:
    if notable is None:
        return None
    return {"file": notable.file, "row": notable.row, "completion": notable.completion, "score": notable.marks.score}
