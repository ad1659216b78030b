"""What the score can be when some tests are known, and a search for rows that pass a bound.

The bounds come from ranges: rules are taken at their best and worst over all
that is open. Where that is too wide, the tests that stand in several places, or
say something about each other, are tried both ways, the worse way first, until
the bound is shown to hold or all of them are settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from rewardlang import meaning
from rewardlang.checking.outcomes import FAILS, HOLDS, NOT_HELD, UNJUDGED, Known, Outcomes, leaves
from rewardlang.checking.prover import Prover
from rewardlang.checking.rules import ZERO
from rewardlang.program import Bound, EachBody, Interval, Require, Rule, WhenBody
from rewardlang.written import written

_MOST_SPLITS = 300
_MOST_TOLD = 6


class Reached(NamedTuple):
    """A range that the score of some rows lies in: those that a gate stops, or those that pass all, with what each rule then gives."""

    range: Interval
    gate: Require | None
    rules: Mapping[str, Interval]


class Worst(NamedTuple):
    """A score outside a bound, as far as is known, and how it comes about. `settled` when no test that matters is left open."""

    score: Fraction
    how: str
    settled: bool


class _Node(NamedTuple):
    """What is known at one point of a search, which tests were chosen, and the score outside the bound that is left."""

    known: dict[str, Outcomes]
    chosen: tuple[str, ...]
    score: Fraction
    reached: Reached


class ScoreBounds:
    """Bounds on the score of a program whose tests a prover knows."""

    def __init__(self, prover: Prover) -> None:
        self._prover, self._program = prover, prover.program
        self._steps = sorted({step for section in self._program.sections for step, _ in section.weights})
        self._tests_of = {
            rule.name: [key for case in rule.body.cases if case.condition is not None for key in leaves(prover.tree(case.condition))]
            for rule in self._program.rules
            if isinstance(rule.body, WhenBody)
        }
        self._limits: dict[str, list[tuple[str, int]]] = {}
        self._ranges: dict[tuple[str, tuple[Outcomes, ...]], Interval] = {}
        moving = sorted(self._cases(), key=lambda case: -case[1])[:_MOST_TOLD]
        self._moving = list(dict.fromkeys(key for condition, _ in moving for key in leaves(prover.tree(condition))))
        self._weights = [{section.name: section.weight_at(step) for section in self._program.sections} for step in self._steps]

    def rule_range(self, rule: Rule, known: Known) -> Interval:
        """What a rule can give (signed). Of a case that nobody could judge it gives what earns the row less."""
        if isinstance(rule.body, EachBody):
            return self._counted(rule, rule.body, known)
        if not isinstance(rule.body, WhenBody):
            return rule.range
        keys = self._tests_of[rule.name]
        settled = rule.name, tuple([self._prover.of(known, key) for key in keys])
        if settled not in self._ranges:
            self._ranges[settled] = self._range(rule, rule.body, known)
        return self._ranges[settled]

    def _counted(self, rule: Rule, body: EachBody, known: Known) -> Interval:
        """What a rule gives for each thing, where it is known how many there are at most."""
        if rule.name not in self._limits:
            # Where nobody can judge what there is, a deduction is taken in full, whatever another count has said.
            taken = rule.sign == "deduct" and isinstance(body.each.find, meaning.WordFind)
            self._limits[rule.name] = [] if taken else self._prover.limits(body)
        counts = [count for key, count in self._limits[rule.name] if known.get(key) == HOLDS]
        if not counts:
            return rule.range
        most = max(Fraction(0), body.points.range.high * min(counts))
        return rule.range.clip(-most, most)

    def _range(self, rule: Rule, body: WhenBody, known: Known) -> Interval:
        worse = min if rule.sign == "award" else max
        rest = ZERO
        for case in reversed(body.cases):
            points = case.points.range
            outcomes = HOLDS if case.condition is None else self._prover.outcomes(case.condition, known)
            possible = [points] if outcomes & HOLDS else []
            possible += [rest] if outcomes & FAILS else []
            possible += [Interval(worse(points.low, rest.low), worse(points.high, rest.high))] if outcomes & UNJUDGED else []
            rest = possible[0]
            for other in possible[1:]:
                rest = rest.hull(other)
        return rest if rule.sign == "award" else -rest

    def reached(self, known: Known) -> Iterator[Reached]:
        """The ranges of the score over all rows of which this is known: one of each gate, and one of the rows that pass all."""
        passed: dict[str, Outcomes] | None = dict(known)
        for gate in self._prover.gates:
            if passed is None:
                return
            if gate.score is not None and self._prover.assume(passed, gate.condition, NOT_HELD) is not None:
                yield Reached(Interval(gate.score, gate.score), gate, {})
            passed = self._prover.assume(passed, gate.condition, HOLDS)
        if passed is not None:
            yield self._marked(passed)

    def _marked(self, known: Known) -> Reached:
        ranges = {rule.name: self.rule_range(rule, known) for rule in self._program.rules}
        inside = {section.name: ZERO for section in self._program.sections}
        for rule in self._program.rules:
            inside[rule.section] = inside[rule.section] + ranges[rule.name]
        capped = {section.name: inside[section.name].clip(section.low, section.high) for section in self._program.sections}
        # At a step the score is linear in the weights, and between two knees they are linear in the step: the extremes are at knees.
        lows = [sum((capped[name].low * weight for name, weight in weights.items()), ZERO.low) for weights in self._weights]
        highs = [sum((capped[name].high * weight for name, weight in weights.items()), ZERO.high) for weights in self._weights]
        total = Interval(min(lows), max(highs))
        if self._program.score.clamped:
            total = total.clip(self._program.score.low, self._program.score.high)
        return Reached(total, None, ranges)

    # -------------------------------------------------------- search

    def outside(self, bound: Bound, condition: meaning.Expr | None, facts: Known) -> Worst | None:
        """A score outside the bound that a row for which the condition holds may get; None if none can. `facts` hold for every row."""
        start = self._prover.promised(facts, condition)
        root = self._node(bound, start, ())
        if root is None:
            return None
        candidates = self._candidates(condition)
        own = list(dict.fromkeys(leaves(self._prover.tree(condition)))) if condition is not None else []
        stack = [root]
        for _ in range(_MOST_SPLITS):
            if not stack:
                return None
            node = stack.pop()
            choice = self._choice(node.known, condition, own, candidates)
            if choice is None:
                witness = self._witness(bound, condition, node)
                return Worst(witness.score, self._how(witness, own), True)
            children = [self._child(bound, condition, node, choice, part) for part in _parts(self._prover.of(node.known, choice))]
            stack += sorted((child for child in children if child is not None), key=lambda child: abs(child.score))
        return Worst(root.score, self._how(root, own), False) if stack else None

    def _witness(self, bound: Bound, condition: meaning.Expr | None, node: _Node) -> _Node:
        """The node with the tests settled that its score needs, each the worse way."""
        for key in self._moving:
            if _is_open(self._prover.of(node.known, key)):
                parts = [part for part in (HOLDS, FAILS, UNJUDGED) if part & self._prover.of(node.known, key)]
                children = [self._child(bound, condition, node, key, part) for part in parts]
                node = max((child for child in children if child is not None), key=lambda child: abs(child.score), default=node)
        return node

    def _how(self, node: _Node, own: list[str]) -> str:
        told = self._prover.told({key: outcomes for key, outcomes in node.known.items() if key in own or key in node.chosen})
        gate, rules = node.reached.gate, node.reached.rules
        if gate is not None:
            words = " ".join(self._program.source.cut(gate.condition.span).split())
            how = f"a row stopped by 'require {words}' gets it"
        else:
            parts = ", ".join(f"{name} {_told(r)}" for name, r in rules.items() if r != ZERO)
            how = f"the rules can then give: {parts}" if parts else "no rule then gives points"
        return f"{how}, when {told}" if told else how

    def _node(self, bound: Bound, known: dict[str, Outcomes] | None, chosen: tuple[str, ...]) -> _Node | None:
        """The node, if a score outside the bound is left."""
        worst: _Node | None = None
        for reached in self.reached(known) if known is not None else ():
            score = _beyond(reached.range, bound)
            if known is not None and score is not None and (worst is None or abs(score) > abs(worst.score)):
                worst = _Node(known, chosen, score, reached)
        return worst

    def _child(self, bound: Bound, condition: meaning.Expr | None, node: _Node, key: str, outcomes: Outcomes) -> _Node | None:
        known = self._prover.with_(node.known, [(key, outcomes)])
        if known is None or (condition is not None and not self._prover.holds_as_promised(condition, known) & HOLDS):
            return None
        return self._node(bound, known, (*node.chosen, key))

    def _choice(self, known: Known, condition: meaning.Expr | None, own: list[str], candidates: list[str]) -> str | None:
        """The test to try next: one that leaves the condition open, or one that the score depends on in several places."""
        if condition is not None and self._prover.holds_as_promised(condition, known) != HOLDS:
            return next(key for key in own if _is_open(self._prover.of(known, key)))
        return next((key for key in candidates if _is_open(self._prover.of(known, key))), None)

    def _candidates(self, condition: meaning.Expr | None) -> list[str]:
        """Tests that occur twice or are bound up with another that occurs, those that move the score most first."""
        uses: Counter[str] = Counter()
        spread: dict[str, Fraction] = {}
        places = [(gate.condition, Fraction(0)) for gate in self._program.requires]
        places += [(condition, Fraction(0))] if condition is not None else []
        for test, moved in [*places, *self._cases()]:
            for key in leaves(self._prover.tree(test)):
                uses[key] += 1
                spread[key] = max(moved, spread.get(key, moved))
        groups = _groups(list(uses), self._prover.linked())
        found = [key for group in groups if sum(uses[key] for key in group) > 1 for key in group]
        return sorted(found, key=lambda key: -spread[key])

    def _cases(self) -> Iterator[tuple[meaning.Expr, Fraction]]:
        """The conditions of the rules, and how far each rule can move the score."""
        for rule in self._program.rules:
            if isinstance(rule.body, WhenBody):
                for case in rule.body.cases:
                    if case.condition is not None:
                        yield case.condition, rule.range.high - rule.range.low


def _parts(outcomes: Outcomes) -> list[Outcomes]:
    """A set of outcomes in two: whether the test holds, and only then whether it was judged."""
    return [part for part in (outcomes & HOLDS, outcomes & NOT_HELD) if part] if outcomes & HOLDS else [FAILS, UNJUDGED]


def _is_open(outcomes: Outcomes) -> bool:
    return outcomes not in (HOLDS, FAILS, UNJUDGED)


def _groups(keys: list[str], links: list[tuple[str, str]]) -> list[list[str]]:
    """The keys, those together that links join."""
    group = {key: [key] for key in keys}
    for one, other in links:
        if one in group and other in group and group[one] is not group[other]:
            joined = group[one] + group[other]
            group |= dict.fromkeys(joined, joined)
    return list({id(found): found for found in group.values()}.values())


def _beyond(reached: Interval, bound: Bound) -> Fraction | None:
    if bound.high is not None and reached.high > bound.high:
        return reached.high
    return reached.low if bound.low is not None and reached.low < bound.low else None


def _told(range_: Interval) -> str:
    return written(range_.low) if range_.low == range_.high else f"{written(range_.low)} to {written(range_.high)}"
