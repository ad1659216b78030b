"""Proofs of what a file promises about its score, before any row is seen.

`guarantee score at most 0.5 when not value equals gold`: every way in which the
tests of the condition can come out is tried, with all that the axioms let
follow; for each, the rules and gates are taken at their best (or worst) over
whatever is still open. The bound so found is never passed by a row; it may be
larger than what rows reach, and then the guarantee is refused although it
holds. `A outweighs B` is proved from ranges alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import NamedTuple

from rewardlang import meaning
from rewardlang.checking.axioms import Axioms
from rewardlang.checking.checker import Checker
from rewardlang.checking.comparisons import Comparisons
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import Bound, Guarantee, Interval, Outweighs, Part, Program, Rule, Section, WhenBody
from rewardlang.written import written

_MOST_ATOMS = 12
_ZERO = Interval(Fraction(0), Fraction(0))
Known = Mapping[str, bool]


class _Worst(NamedTuple):
    """A score that can be reached, as far as is known, and how."""

    score: Fraction
    how: str


class Prover:
    """What can be said about the score of a program when some of its tests are known."""

    def __init__(self, program: Program, conditions: tuple[meaning.Expr, ...]) -> None:
        self._program = program
        self._keys = Keys(program.lets)
        self.atoms: dict[str, meaning.Expr] = {}
        bodies = (rule.body for rule in program.rules)
        tests = [case.condition for body in bodies if isinstance(body, WhenBody) for case in body.cases if case.condition is not None]
        for test in [*conditions, *tests, *(gate.condition for gate in program.requires)]:
            self._collect(test)
        self._axioms = Axioms(self._keys, Comparisons(self._keys, program.lets, program.requires), self.atoms)

    # -------------------------------------------------------- tests

    def closed(self, known: Known) -> dict[str, bool] | None:
        """All that follows from what is known of some tests; None when it cannot be so."""
        return self._axioms.closed(known)

    def _parts(self, test: meaning.Expr) -> tuple[str, tuple[meaning.Expr, ...]]:
        """How a test is built: `not`, `at least`, or a single test with its key."""
        match test:
            case meaning.Not(operand=operand):
                return "not", (operand,)
            case meaning.AtLeast(items=items):
                return "at least", items
            case meaning.Truth(operand=meaning.LetValue(name=name)):
                let = self._program.lets[name]
                if (let.otherwise is None and isinstance(let.value, (meaning.Not, meaning.AtLeast))) or hasattr(let.value, "negated"):
                    return self._parts(let.value)
        return self._keys.key(test), ()

    def _collect(self, test: meaning.Expr) -> None:
        kind, parts = self._parts(test)
        if not parts and kind not in ("not", "at least"):
            self.atoms.setdefault(kind, test)
        for part in parts:
            self._collect(part)

    def holds(self, test: meaning.Expr, known: Known) -> bool | None:
        """Whether a test holds, as far as is known."""
        kind, parts = self._parts(test)
        if kind == "not" and parts:
            inner = self.holds(parts[0], known)
            return None if inner is None else not inner
        if kind == "at least" and parts:
            judged = [self.holds(part, known) for part in parts]
            needed = test.count if isinstance(test, meaning.AtLeast) else len(parts)
            if judged.count(True) >= needed:
                return True
            return False if judged.count(True) + judged.count(None) < needed else None
        return known.get(kind)

    def _forced(self, test: meaning.Expr, holds: bool) -> Iterator[tuple[str, bool]]:
        """Single tests that must come out so if the test comes out as given."""
        kind, parts = self._parts(test)
        if kind == "not" and parts:
            yield from self._forced(parts[0], not holds)
        elif kind == "at least" and parts:
            assert isinstance(test, meaning.AtLeast)
            if (holds and test.count == len(parts)) or (not holds and test.count == 1):
                for part in parts:
                    yield from self._forced(part, holds)
        else:
            yield kind, holds

    def assume(self, known: Known, test: meaning.Expr, holds: bool) -> dict[str, bool] | None:
        """What is known if the test comes out so as well; None when it cannot."""
        return self._joined(known, dict(self._forced(test, holds)), test, holds)

    def of_passed_rows(self, test: meaning.Expr, holds: bool) -> dict[str, bool] | None:
        """What is known of rows that pass every gate if the test comes out so as well; None when there are none."""
        known: dict[str, bool] | None = {}
        for gate in self._program.requires:
            known = None if known is None else self.assume(known, gate.condition, True)
        return None if known is None else self.assume(known, test, holds)

    def _joined(self, known: Known, forced: Known, test: meaning.Expr, holds: bool) -> dict[str, bool] | None:
        if any(known.get(key, value) != value for key, value in forced.items()):
            return None
        closed = self._axioms.closed({**known, **forced})
        return None if closed is None or self.holds(test, closed) is (not holds) else closed

    def ways(self, condition: meaning.Expr | None) -> Iterator[dict[str, bool]]:
        """Every way in which the single tests of the condition can come out so that it holds."""
        if condition is None:
            yield {}
            return
        keys = list(dict.fromkeys(self._leaves(condition)))
        for values in product((True, False), repeat=len(keys)):
            closed = self._axioms.closed(dict(zip(keys, values, strict=True)))
            if closed is not None and self.holds(condition, closed):
                yield closed

    def _leaves(self, test: meaning.Expr) -> Iterator[str]:
        kind, parts = self._parts(test)
        if not parts:
            yield kind
        for part in parts:
            yield from self._leaves(part)

    def too_many(self, condition: meaning.Expr | None) -> bool:
        """Whether the condition has more single tests than all ways of can be tried."""
        return condition is not None and len(set(self._leaves(condition))) > _MOST_ATOMS

    # -------------------------------------------------------- scores

    def rule_range(self, rule: Rule, known: Known) -> Interval:
        """What a rule can give (signed) when some tests are known."""
        if not isinstance(rule.body, WhenBody):
            return rule.range
        possible: Interval | None = None
        for case in rule.body.cases:
            holds = True if case.condition is None else self.holds(case.condition, known)
            if holds is not False:
                possible = case.points.range if possible is None else possible.hull(case.points.range)
            if holds:
                break
        else:
            possible = _ZERO if possible is None else possible.hull(_ZERO)
        assert possible is not None
        return possible if rule.sign == "award" else -possible

    def outcomes(self, known: Known) -> Iterator[tuple[Interval, str]]:
        """The ranges of the score over all rows of which this is known: one of each gate, and one of the rows that pass all."""
        passed: dict[str, bool] | None = dict(known)
        for gate in self._program.requires:
            if passed is None:
                return
            if gate.score is not None and self.assume(passed, gate.condition, False) is not None:
                words = " ".join(self._program.source.cut(gate.condition.span).split())
                yield Interval(gate.score, gate.score), f"a row stopped by 'require {words}' gets it"
            passed = self.assume(passed, gate.condition, True)
        if passed is not None:
            yield self._marked(passed)

    def _marked(self, known: Known) -> tuple[Interval, str]:
        total = _ZERO
        ranges = {rule.name: self.rule_range(rule, known) for rule in self._program.rules}
        for section in self._program.sections:
            inside = _ZERO
            for rule in self._program.rules:
                if rule.section == section.name:
                    inside = inside + ranges[rule.name]
            capped = inside.clip(section.low, section.high)
            ends = [end * weight for _, weight in section.weights for end in (capped.low, capped.high)]
            total = total + Interval(min(ends), max(ends))
        if self._program.score.clamped:
            total = total.clip(self._program.score.low, self._program.score.high)
        parts = ", ".join(f"{name} {written(r.low)} to {written(r.high)}" for name, r in ranges.items() if r != _ZERO)
        return total, f"the rules can then give: {parts or 'nothing'}"

    def told(self, known: Known) -> str:
        """What is assumed, in the words of the file."""
        parts = []
        for key, holds in known.items():
            words = " ".join(self._program.source.cut(self.atoms[key].span).split())
            parts.append(words if holds else f"not ({words})")
        return " and ".join(sorted(set(parts))[:4])


def prove(checker: Checker, program: Program) -> None:
    """Reports every guarantee of the program that is not proved."""
    bounds = [promise for promise in program.guarantees if isinstance(promise, Guarantee)]
    prover = Prover(program, tuple(promise.condition for promise in bounds if promise.condition is not None))
    for promise in bounds:
        _prove_bound(checker, prover, promise)
    for weighing in program.guarantees:
        if isinstance(weighing, Outweighs):
            _prove_outweighs(checker, program, prover, weighing)


def _prove_bound(checker: Checker, prover: Prover, promise: Guarantee) -> None:
    if prover.too_many(promise.condition):
        advice = f"name fewer single tests in its condition: at most {_MOST_ATOMS}"
        checker.report("RW420", promise.span, "this guarantee has too many tests in its condition to be proved", advice)
        return
    worst: _Worst | None = None
    for known in prover.ways(promise.condition):
        for reached, how in prover.outcomes(known):
            score = _outside(reached, promise.bound)
            if score is not None and (worst is None or abs(score) > abs(worst.score)):
                told = prover.told(known)
                worst = _Worst(score, f"{how}, when {told}" if told else how)
    if worst is not None:
        checker.report("RW420", promise.span, f"not proved: as far as is known, the score can be {written(worst.score)}", worst.how)


def _outside(reached: Interval, bound: Bound) -> Fraction | None:
    if bound.high is not None and reached.high > bound.high:
        return reached.high
    return reached.low if bound.low is not None and reached.low < bound.low else None


# ---------------------------------------------------------------- one part against another


def _prove_outweighs(checker: Checker, program: Program, prover: Prover, promise: Outweighs) -> None:
    heavy, light = _Side(program, prover, promise.heavier), _Side(program, prover, promise.lighter)
    if heavy.section is light.section and (promise.heavier.kind == "section" or promise.lighter.kind == "section"):
        checker.report(
            "RW421",
            promise.span,
            "a section cannot be weighed against a part of itself",
            "weigh rules against rules, or sections against sections",
        )
        return
    least: tuple[Fraction, int] | None = None
    for step in sorted({knee for side in (heavy, light) for knee, _ in side.section.weights}):
        if heavy.section is light.section:
            margin = heavy.margin_against(light) * heavy.section.weight_at(step)
        else:
            margin = heavy.least_difference() * heavy.section.weight_at(step) - light.most_difference() * light.section.weight_at(step)
        if least is None or margin < least[0]:
            least = margin, step
    assert least is not None
    clamps = program.score.clamped and not (program.score.low <= program.reachable.low and program.reachable.high <= program.score.high)
    if least[0] <= 0 or clamps:
        why = (
            "what is clamped can swallow the difference"
            if clamps and least[0] > 0
            else f"at worst it is behind by {written(-least[0])} points at step {least[1]}"
        )
        gains = f"'{promise.heavier.name}' decides at least {written(heavy.least_difference() * heavy.section.weight_at(least[1]))} points"
        gains += f", '{promise.lighter.name}' up to {written(light.most_difference() * light.section.weight_at(least[1]))}"
        checker.report("RW421", promise.span, f"not proved: {why}", gains)


class _Side:
    """A rule or section, its range, and the range of what else stands in its section."""

    def __init__(self, program: Program, prover: Prover, part: Part) -> None:
        self._prover = prover
        self._rule: Rule | None = None
        if part.kind == "rule":
            (rule,) = (rule for rule in program.rules if rule.name == part.name)
            name, self.own, self._rule = rule.section, rule.range, rule
            self.others = [other for other in program.rules if other.section == name and other is not rule]
        else:
            name = part.name
            self.own = _ZERO
            for rule in program.rules:
                if rule.section == name:
                    self.own = self.own + rule.range
            self.others = []
        (self.section,) = (section for section in program.sections if section.name == name)

    def least_difference(self) -> Fraction:
        """How much the part at its best is worth over itself at its worst, whatever else is in its section, at least."""
        return min(self._differences(self.own.high, self.own.low, self._shared_rest()))

    def most_difference(self) -> Fraction:
        """The same, at most."""
        return max(self._differences(self.own.high, self.own.low, self._rest()))

    def margin_against(self, light: _Side) -> Fraction:
        """Of two rules in one section: this at its best with the other at its worst, less the reverse, at least."""
        rest = Interval(self._rest().low - light.own.low, self._rest().high - light.own.high)
        return min(self._differences(self.own.high + light.own.low, self.own.low + light.own.high, rest))

    def _rest(self) -> Interval:
        rest = _ZERO
        for other in self.others:
            rest = rest + other.range
        return rest

    def _shared_rest(self) -> Interval:
        """What the rest can be both in a row with the rule at its best and in one with the rule at its worst."""
        rest = self._rest()
        if self._rule is None or not isinstance(self._rule.body, WhenBody) or len(self._rule.body.cases) > 1:
            return rest
        (case,) = self._rule.body.cases
        if case.condition is None or case.points.range.low != case.points.range.high:
            return rest
        for holds in (True, False):
            known = self._prover.of_passed_rows(case.condition, holds)
            if known is not None:
                possible = _ZERO
                for other in self.others:
                    possible = possible + self._prover.rule_range(other, known)
                if possible.low <= rest.high and rest.low <= possible.high:
                    rest = Interval(max(rest.low, possible.low), min(rest.high, possible.high))
        return rest

    def _differences(self, best: Fraction, worst: Fraction, rest: Interval) -> list[Fraction]:
        """Differences after the caps at every place where their dependence on the rest can turn."""
        section: Section = self.section
        turns = [cap - value for cap in (section.low, section.high) if cap is not None for value in (best, worst)]
        places = [rest.low, rest.high, *(turn for turn in turns if rest.low < turn < rest.high)]
        found = []
        for place in places:
            high = Interval(best + place, best + place).clip(section.low, section.high).low
            low = Interval(worst + place, worst + place).clip(section.low, section.high).low
            found.append(high - low)
        return found
