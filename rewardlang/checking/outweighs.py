"""`A outweighs B`: A at its best with B at its worst scores more than A at its worst with B at its best, at every step.

Proved from ranges. A param has one value in a run, so that what the heavier
side can give counts only as far as it does so for every value of the params.
"""

from __future__ import annotations

from fractions import Fraction

from rewardlang import meaning
from rewardlang.checking.checker import Checker
from rewardlang.checking.outcomes import FAILS, HOLDS, NOT_HELD, UNJUDGED
from rewardlang.checking.prover import Prover
from rewardlang.checking.rules import ZERO
from rewardlang.checking.score_bounds import ScoreBounds
from rewardlang.program import EachBody, Interval, Outweighs, Part, Points, Program, Rule, Section, WhenBody
from rewardlang.written import written


def _points(number: Fraction) -> str:
    return f"{written(number)} {'point' if number == 1 else 'points'}"


def prove_outweighs(checker: Checker, program: Program, prover: Prover, promise: Outweighs) -> None:
    """Reports RW421 for a weighing that is not proved."""
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
        behind = "decides no more than the other" if not least[0] else f"is behind by {_points(-least[0])}"
        when = f" at step {least[1]}" if any(len(section.weights) > 1 for section in program.sections) else ""
        why = "what is clamped can swallow the difference" if clamps and least[0] > 0 else f"at worst it {behind}{when}"
        gains = f"'{promise.heavier.name}' decides at least {_points(heavy.least_difference() * heavy.section.weight_at(least[1]))}"
        gains += f", '{promise.lighter.name}' up to {written(light.most_difference() * light.section.weight_at(least[1]))}"
        checker.report("RW421", promise.span, f"not proved: {why}", gains)


class _Side:
    """A rule or section, its range, and the range of what else stands in its section."""

    def __init__(self, program: Program, prover: Prover, part: Part) -> None:
        self._prover, self._bounds = prover, ScoreBounds(prover)
        self._rule: Rule | None = None
        if part.kind == "rule":
            (rule,) = (rule for rule in program.rules if rule.name == part.name)
            name, self.own, self._rule = rule.section, rule.range, rule
            self.sure = _sure(rule)
            self.others = [other for other in program.rules if other.section == name and other is not rule]
        else:
            name = part.name
            self.own = self.sure = ZERO
            for rule in program.rules:
                if rule.section == name:
                    self.own, self.sure = self.own + rule.range, self.sure + _sure(rule)
            self.others = []
        (self.section,) = (section for section in program.sections if section.name == name)

    def least_difference(self) -> Fraction:
        """How much the part at its best is worth over itself at its worst, whatever else is in its section, at least."""
        return min(self._differences(self.sure.high, self.sure.low, self._shared_rest()))

    def most_difference(self) -> Fraction:
        """The same, at most."""
        return max(self._differences(self.own.high, self.own.low, self._rest()))

    def margin_against(self, light: _Side) -> Fraction:
        """Of two rules in one section: this at its best with the other at its worst, less the reverse, at least."""
        rest = Interval(self._rest().low - light.own.low, self._rest().high - light.own.high)
        return min(self._differences(self.sure.high + light.own.low, self.sure.low + light.own.high, rest))

    def _rest(self) -> Interval:
        rest = ZERO
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
        passed = self._prover.passed({})
        # What nobody could judge counts as what gives the row fewer points: as failed for an award, as held for a deduction.
        ends = (HOLDS, NOT_HELD) if self._rule.sign == "award" else (HOLDS | UNJUDGED, FAILS)
        for outcomes in ends:
            known = None if passed is None else self._prover.assume(passed, case.condition, outcomes)
            if known is not None:
                possible = ZERO
                for other in self.others:
                    possible = possible + self._bounds.rule_range(other, known)
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


def _sure(rule: Rule) -> Interval:
    """The range that the rule has (signed) whatever the params are: its best and worst for the params that bring them closest."""

    def sure(points: Points) -> Fraction:
        return points.range.low if _is_param(points) else points.range.high

    match rule.body:
        case WhenBody(cases=cases):
            most = max(sure(case.points) for case in cases)
            least = min(case.points.range.high if _is_param(case.points) else case.points.range.low for case in cases)
            least = least if cases[-1].condition is None else min(least, Fraction(0))
        case EachBody(points=points, each=each, limit=limit):
            items = len(each.operand.values) if each.find is None and isinstance(each.operand, meaning.NamedList) else None
            ends = [sure(limit)] if limit is not None else []
            ends += [items * sure(points)] if items is not None else []
            most, least = min(ends) if sure(points) else Fraction(0), Fraction(0)
        case _:
            most, least = sure(rule.body.points), Fraction(0)
    reach = Interval(min(least, most), most)
    return reach if rule.sign == "award" else -reach


def _is_param(points: Points) -> bool:
    return isinstance(points.value, meaning.ParamValue)
