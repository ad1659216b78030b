"""What a run of `check` found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewardlang.samples.problem import Problem

if TYPE_CHECKING:
    from rewardlang.commands.cost import Cost
    from rewardlang.commands.statistics import Statistics
    from rewardlang.compiled import Compiled
    from rewardlang.errors import Diagnostic
    from rewardlang.examples import ExampleResult
    from rewardlang.explaining.explanation import Explanation
    from rewardlang.report.agreement import Agreement
    from rewardlang.report.figures import Figures
    from rewardlang.reward import Reward

_MOST_PROBLEMS = 20


class Outcome:
    """Everything that one run of `check` found. `explanations` are of a document, or of the best and worst sample."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.reward: Reward | None = None
        self.findings: list[Diagnostic | Problem] = []
        self.examples: tuple[ExampleResult, ...] = ()
        self.statistics: Statistics | None = None
        self.explanations: list[tuple[str, Explanation]] = []
        self.figures: Figures | None = None
        self.agreement: Agreement | None = None
        self.report: str | None = None
        self.cost: Cost | None = None
        self.unshown = 0
        self.fixed: list[str] = []

    def add(self, finding: Diagnostic | Problem) -> None:
        """Keeps a finding; of the problems of samples, which can be as many as rows, the first twenty, and counts the rest."""
        if isinstance(finding, Problem) and sum(isinstance(other, Problem) for other in self.findings) >= _MOST_PROBLEMS:
            self.unshown += 1
        else:
            self.findings.append(finding)

    def count(self, severity: str) -> int:
        """How many findings of a severity are kept."""
        return sum(finding.severity == severity for finding in self.findings)
