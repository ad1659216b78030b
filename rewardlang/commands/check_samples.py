"""The part of `check` that marks samples, and the warnings that only samples can give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rewardlang.commands.marking import marked_rows
from rewardlang.commands.shared import counted, times
from rewardlang.commands.statistics import RuleStatistics, Statistics
from rewardlang.errors import Diagnostic
from rewardlang.explaining.explanation import Explanation
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.samples.problem import Problem
from rewardlang.terminal_text import listed

if TYPE_CHECKING:
    from rewardlang.commands.outcome import Outcome
    from rewardlang.report.collect import Collected
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Samples

_FEW = 2


def mark_samples(outcome: Outcome, samples: Sequence[Samples], step: int, collected: Collected | None = None) -> None:
    """Marks all rows of all files into one table, and adds what is found to the outcome."""
    reward = outcome.reward
    assert reward is not None
    statistics = Statistics({rule.name: RuleStatistics(rule.name, rule.section) for rule in reward.program.rules})
    try:
        for file in samples:
            for item in marked_rows(reward, file, step, numbers=True):
                if isinstance(item, Problem):
                    outcome.add(item)
                else:
                    statistics.add(file.name, item)
                    if collected is not None:
                        collected.add(file.name, item.row, item.marks, item.record)
                    if outcome.cost is not None:
                        outcome.cost.add(item.row)
    except VerifierBreakdown as error:
        outcome.add(Problem("RW625", "error", f"marking stopped: {error}", ", ".join(file.name for file in samples)))
    outcome.statistics = statistics
    for finding in _findings(statistics, reward, samples):
        outcome.add(finding)
    if statistics.best is not None and statistics.worst is not None:
        pairs = [("the best completion", statistics.best), ("the worst completion", statistics.worst)]
        for heading, notable in pairs if statistics.best is not statistics.worst else [("the completion", statistics.best)]:
            outcome.explanations.append((heading, Explanation(reward.program, notable.marks, notable.title)))


def _findings(statistics: Statistics, reward: Reward, samples: Sequence[Samples]) -> Iterator[Diagnostic | Problem]:
    """Warnings about the whole: rules that nobody has seen fire, groups without spread, verdicts not reached, rows all skipped."""
    names = listed(file.name for file in samples)
    silent = {rule.rule for rule in statistics.silent_rules()} if statistics.marked else set()
    for rule in reward.program.rules:
        if rule.name in silent:
            message = f"rule '{rule.name}' never fired ({counted(statistics.marked, 'completion')} marked)"
            help_text = "explain one on which it should have fired, or add samples that reach it"
            yield Diagnostic("RW620", "warning", message, reward.source, rule.span, help_text).localised()
    groups = statistics.real_groups
    if len(groups) >= _FEW and statistics.flat_groups == len(groups):
        message = f"none of the {len(groups):,} groups of one prompt has any spread: all completions of a prompt score the same"
        yield Problem("RW621", "warning", message, names, help="group-relative training learns nothing from such groups")
    unjudged = statistics.refused + statistics.broke
    if unjudged:
        message = f"verdicts not reached: {listed(f'{name} {times(count)}' for name, count in unjudged.items())}"
        yield Problem(
            "RW622", "warning", message, names, help="each counted as the verdict that gives fewer points; explain a row to see why"
        )
    if statistics.completions and not statistics.marked:
        message = f"all {statistics.completions:,} completions were skipped, so nothing was marked"
        yield Problem("RW623", "warning", message, names, help="a 'require … else skip' finds every row unusable: explain one to see why")
