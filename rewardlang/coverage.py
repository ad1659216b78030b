"""What the examples and attacks of a file have seen its rules and gates do.

A rule is covered when one example has made it fire and another has left it
silent; a `require` when one example has failed it. An example that does not give
a column which a rule looks at says nothing about that rule, nor does one that a
gate stops before the rules, nor a verdict that was not reached.
"""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.checking.examples import needed_columns
from rewardlang.examples import ExampleResult
from rewardlang.marks import Mark
from rewardlang.program import Program, Require, Rule, WhenBody
from rewardlang.record import PlainRecord

OTHERWISE = "otherwise"


class RuleCoverage(PlainRecord):
    """In how many examples a rule fired and was silent; for a rule with a closing `else`, `silent` counts how often the `else` decided."""

    rule: Rule
    fired: int
    silent: int

    @property
    def lacks(self) -> tuple[str, ...]:
        """What no example has shown: that the rule `fires`, is `silent`, or comes to its closing `else`."""
        has_else = isinstance(self.rule.body, WhenBody) and self.rule.body.cases[-1].condition is None
        return tuple(word for word, count in (("fires", self.fired), ("else" if has_else else "silent", self.silent)) if not count)


class GateCoverage(PlainRecord):
    """How many examples a `require` stopped."""

    require: Require
    stopped: int


class Coverage(PlainRecord):
    """Rules and gates in the order of the file."""

    rules: tuple[RuleCoverage, ...]
    gates: tuple[GateCoverage, ...]

    @property
    def complete(self) -> bool:
        """Whether nothing is left that no example has seen."""
        return not any(rule.lacks for rule in self.rules) and all(gate.stopped for gate in self.gates)


def coverage_of(program: Program, results: Sequence[ExampleResult]) -> Coverage:
    """Counts over the results of all examples of the program, in the order of the file."""
    given = [set(example.values) for example in program.examples]
    rules = []
    for rule in program.rules:
        needed = needed_columns(rule, program.lets)
        marks = [
            mark
            for values, result in zip(given, results, strict=True)
            for mark in result.row.marks
            if mark.rule == rule.name and needed <= values
        ]
        rules.append(RuleCoverage(rule, sum(_fired(mark) is True for mark in marks), sum(_fired(mark) is False for mark in marks)))
    stopped = [result.row.gate.span for result in results if result.row.gate is not None]
    return Coverage(tuple(rules), tuple(GateCoverage(require, stopped.count(require.span)) for require in program.requires))


def _fired(mark: Mark) -> bool | None:
    """None where a verdict was not reached. A closing `else` gives points and yet says that no condition held."""
    return None if mark.unjudged else mark.fired and mark.reason != OTHERWISE
