"""No completion may earn by leaving something out.

A test over a missing value is false. Where false gives more points than true
(a deduction, `not`, `none of`, a later `else` that pays more), a model earns by
writing less. Here every such place is found and refused, unless a `require`
that costs at least as much has made sure that the value is there, or a
`let … else` stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang import meaning
from rewardlang.checking.checker import Checker, bare
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import EachBody, Program, Require, Rule, ScaledBody, WhenBody
from rewardlang.record import NamedTuple

Sign: TypeAlias = Literal[1, -1, 0]
"""1: true gives the row more; -1: false gives it more; 0: either may."""


class _Place(NamedTuple):
    """A value that may be missing, at a place where missing gives more points."""

    value: meaning.Expr
    test: meaning.Expr


def check_polarity(checker: Checker, program: Program) -> None:
    """Reports RW302 at every place where a missing value would raise the score, or count as success."""
    polarity = _Polarity(program)
    for rule in program.rules:
        lowest = _lowest(program, rule)
        present = polarity.proved(gate for gate in program.requires if gate.score is None or gate.score <= lowest)
        for place in _once(polarity.rule_places(rule, present)):
            words = " ".join(checker.source.cut(place.value.span).split())
            escape = "the model escapes this deduction" if rule.sign == "deduct" else f"'{rule.name}' pays all the same"
            checker.report("RW302", place.test.span, f"when {words} is missing, {escape}", _advice(words, lowest))
    if program.success is not None:
        for place in _once(polarity.places(program.success, 1, polarity.proved(program.requires))):
            words = " ".join(checker.source.cut(place.value.span).split())
            checker.report("RW302", place.test.span, f"when {words} is missing, this counts as success", f"add: {words} is present and …")


def _once(places: Iterable[_Place]) -> Iterable[_Place]:
    return {(place.value.span, place.test.span): place for place in places}.values()


def _advice(words: str, lowest: Fraction) -> str:
    number = f"{float(lowest):g}"
    return f"put before it: require {words} is present else score {number} (or less), or give it a value with 'let … else'"


def _lowest(program: Program, rule: Rule) -> Fraction:
    """The least that the rule can add to the score: a gate must not be a better deal."""
    (section,) = (section for section in program.sections if section.name == rule.section)
    return min(rule.range.low * weight for _, weight in section.weights)


class _Polarity:
    def __init__(self, program: Program) -> None:
        self._lets = program.lets
        self._key = Keys(program.lets).key

    # -------------------------------------------------------- where missing gives more

    def rule_places(self, rule: Rule, present: frozenset[str]) -> Iterator[_Place]:
        """The places of a rule, given what is known to be present."""
        body, deducts = rule.body, rule.sign == "deduct"
        match body:
            case WhenBody(cases=cases):
                for index, case in enumerate(cases):
                    if case.condition is not None:
                        sign = sign_of_case(body, index)
                        yield from self.places(case.condition, _flipped(sign) if deducts else sign, present)
            case EachBody(each=each, where=where):
                if deducts:
                    yield from self._missing(each, (each.operand,), present)
                if where is not None:
                    yield from self.places(where, -1 if deducts else 1, present)
            case ScaledBody(measure=measure):
                if deducts:
                    yield from self._missing(measure, (measure,), present)

    def places(self, test: meaning.Expr, sign: Sign, present: frozenset[str]) -> Iterator[_Place]:
        """The places of a test whose truth has that sign."""
        match test:
            case meaning.Not(operand=operand):
                yield from self.places(operand, _flipped(sign), present)
            case meaning.AtLeast(count=count, items=items):
                for item in items:
                    others = [other for other in items if other is not item]
                    if sign == 1 and count == len(items):  # where one of the others is false, so is the whole
                        yield from self.places(item, sign, present.union(*map(self._needed, others)))
                    elif sign == -1 and count == 1:  # where one of the others is true, so is the whole
                        yield from self.places(item, sign, present.union(*map(self._needed_to_fail, others)))
                    else:
                        yield from self.places(item, sign, present)
            case meaning.Some(each=each, where=where, negated=negated):
                if sign != 1:
                    yield from self._missing(test, (each.operand,), present)
                yield from self.places(where, _flipped(sign) if negated else sign, present)
            case meaning.Truth(operand=meaning.LetValue(name=name)) if self._lets[name].otherwise is None and _is_test(
                self._lets[name].value
            ):
                yield from self.places(self._lets[name].value, sign, present)
            case meaning.Present():
                return
            case _:
                if sign != 1:
                    yield from self._missing(test, tuple(meaning.children(test)), present)
                for operand in meaning.children(test):
                    if _is_test(operand):
                        yield from self.places(operand, 0, present)

    def _missing(self, test: meaning.Expr, operands: tuple[meaning.Expr, ...], present: frozenset[str]) -> Iterator[_Place]:
        return (_Place(operand, test) for operand in operands if self._may_be_missing(operand, present))

    def _may_be_missing(self, value: meaning.Expr, present: frozenset[str]) -> bool:
        if not bare(value.type)[1] or self._key(value) in present:
            return False
        match value:
            case meaning.LetValue(name=name):
                return self._may_be_missing(self._lets[name].value, present)
            case meaning.Arithmetic(operator=operator, left=left, right=right):
                if operator == "/" and not isinstance(right, meaning.Constant):
                    return True
                return self._may_be_missing(left, present) or self._may_be_missing(right, present)
            case meaning.Outside(operand=operand) | meaning.AsMath(operand=operand) | meaning.AsWritten(operand=operand):
                return self._may_be_missing(operand, present)
            case meaning.Select(selector="every" | "count of" | "count of distinct", operand=operand):
                return self._may_be_missing(operand, present)
        return True

    # -------------------------------------------------------- what a passed gate proves

    def proved(self, gates: Iterable[Require]) -> frozenset[str]:
        """What is present once all these gates are passed."""
        return frozenset(key for gate in gates for key in self._needed(gate.condition))

    def _needed(self, test: meaning.Expr) -> Iterator[str]:
        """Keys of the values without which the test cannot be true."""
        match test:
            case meaning.Not():
                return
            case meaning.AtLeast(count=count, items=items):
                if count == len(items):
                    for item in items:
                        yield from self._needed(item)
            case meaning.Present(operand=operand, present=present):
                if present:
                    yield from self._implied(operand)
            case meaning.Some(each=each):
                yield from self._implied(each.operand)
            case meaning.Truth(operand=meaning.LetValue(name=name)) if _is_test(self._lets[name].value):
                yield from self._needed(self._lets[name].value)
            case _:
                for operand in meaning.children(test):
                    yield from self._implied(operand)

    def _needed_to_fail(self, test: meaning.Expr) -> Iterator[str]:
        """Keys of the values without which the test cannot be false."""
        if isinstance(test, meaning.Present) and not test.present:
            yield from self._implied(test.operand)

    def _implied(self, value: meaning.Expr) -> Iterator[str]:
        """Keys of the value and of all that must be there for it to be there."""
        yield self._key(value)
        if isinstance(value, meaning.LetValue):
            let = self._lets[value.name]
            if let.otherwise is None:
                yield from self._implied(let.value)
        elif isinstance(value, (meaning.Arithmetic, meaning.Read, meaning.Outside, meaning.AsMath, meaning.Select, meaning.Measure)):
            for child in meaning.children(value):
                yield from self._implied(child)


def sign_of_case(body: WhenBody, index: int) -> Sign:
    """Whether a case gives more points, unsigned, than what comes after it."""
    cases = body.cases
    rest = [later.points.range for later in cases[index + 1 :]]
    lows, highs = [r.low for r in rest], [r.high for r in rest]
    if cases[-1].condition is not None:
        lows.append(Fraction(0))
        highs.append(Fraction(0))
    more = cases[index].points.range.low >= max(highs)
    less = cases[index].points.range.high <= min(lows)
    return 0 if more == less and not (more and less) else 1 if more else -1


def _flipped(sign: Sign) -> Sign:
    return -1 if sign == 1 else 1 if sign == -1 else 0


def _is_test(node: meaning.Expr) -> bool:
    return isinstance(node, meaning.TESTS)
