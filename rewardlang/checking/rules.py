"""The statements that give points: rules, sections, requires, success, and the ranges that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from rewardlang import meaning, types
from rewardlang.checking.checker import Checker
from rewardlang.checking.finders import each
from rewardlang.errors import instead
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.program import (
    Body,
    Bound,
    Case,
    EachBody,
    Guarantee,
    Interval,
    LetDecl,
    Outweighs,
    Part,
    Points,
    Require,
    Rule,
    ScaledBody,
    ScoreRange,
    Section,
    WhenBody,
)
from rewardlang.source import Span
from rewardlang.written import written

ZERO = Interval(Fraction(0), Fraction(0))
_TAINTED = ("completion", "messages", "truncated", "completion_tokens")


def points(checker: Checker, node: syntax.Points) -> Points:
    """A number of points: not negative, and with a known largest value."""
    value = checker.value(node.value)
    if not isinstance(value.type, types.NumberType):
        checker.fail("RW301", node.span, "points are a number, a param or a column of numbers that is never missing")
    low, high = value.type.low, value.type.high
    if not isinstance(value, (meaning.Constant, meaning.ParamValue, meaning.ColumnValue)):
        checker.fail(
            "RW405",
            node.span,
            "points are a number, a param or a column",
            "to scale points by a measure write: award up to 2 points scaled by …",
        )
    if low is None or high is None:
        name = getattr(value, "name", "")
        checker.fail(
            "RW405", node.span, f"nothing says how large '{name}' can be", f"declare it with a range: {name}: number between 0 and 1"
        )
    if low < 0:
        checker.fail(
            "RW405",
            node.span,
            "points are never negative: 'award' adds them and 'deduct' takes them away",
            "let its range begin at 0, and write 'deduct'",
        )
    return Points(value, Interval(low, high))


def rule(checker: Checker, node: syntax.Rule, section: str | None) -> Rule:
    """A rule with its range."""
    body: Body
    match node.body:
        case syntax.WhenBody(cases=cases):
            body, range_ = _when(checker, cases)
        case syntax.EachBody() as written:
            body, range_ = _each(checker, written)
        case syntax.ScaledBody() as written:
            measure, _ = checker.number(written.measure, "'scaled by' needs")
            most = points(checker, written.points)
            body, range_ = ScaledBody(most, measure), Interval(Fraction(0), most.range.high)
    if range_ == ZERO:
        checker.report(
            "RW408", node.span, f"the rule '{node.name.text}' can never give a point", "give it points, or take it out", severity="warning"
        )
    return Rule(node.name.text, section, node.sign, body, node.because, range_ if node.sign == "award" else -range_, node.span)


def _when(checker: Checker, cases: tuple[syntax.Case, ...]) -> tuple[WhenBody, Interval]:
    checked = []
    for case in cases:
        condition = checker.test(case.condition) if case.condition is not None else None
        checked.append(Case(points(checker, case.points), condition))
    range_ = checked[0].points.range
    for case_ in checked[1:]:
        range_ = range_.hull(case_.points.range)
    if checked[-1].condition is not None:
        range_ = range_.hull(ZERO)
    return WhenBody(tuple(checked)), range_


def _each(checker: Checker, node: syntax.EachBody) -> tuple[EachBody, Interval]:
    one = points(checker, node.points)
    loop, named = each(checker, node.finder, node.operand, node.span)
    with named:
        where = checker.test(node.where) if node.where is not None else None
    limit = points(checker, node.limit) if node.limit is not None else None
    fixed = len(loop.operand.values) if loop.find is None and isinstance(loop.operand, meaning.NamedList) else None
    if limit is None and fixed is None:
        checker.fail(
            "RW404",
            node.span,
            "nothing says how many points this rule can give at most: it gives points for each thing that it finds",
            "end it with a limit: …, up to 1 point",
        )
    ends = [end for end in (limit.range.high if limit else None, fixed * one.range.high if fixed is not None else None) if end is not None]
    return EachBody(one, node.distinct, loop, where, limit), Interval(Fraction(0), min(ends))


def section(checker: Checker, node: syntax.Section) -> Section:
    """A heading with its caps and its weight."""
    if (node.low is not None and node.low > 0) or (node.high is not None and node.high < 0):
        checker.report(
            "RW406",
            node.span,
            f"the caps of '{node.name.text}' leave out 0, so a completion for which no rule fires would still get points",
            "let the caps admit 0: 'at least' takes 0 or less, 'at most' 0 or more",
        )
    knees = node.weight.points if node.weight is not None else ((0, Fraction(1)),)
    steps = [step for step, _ in knees]
    if steps != sorted(set(steps)):
        checker.report(
            "RW409", node.span, "the steps of a schedule must rise", "put them in order: weight from 1 at step 0 to 0.2 at step 500"
        )
    if any(weight < 0 for _, weight in knees):
        checker.report("RW409", node.span, "a weight is never negative", "use 'deduct' in the rules for points that are taken away")
    return Section(node.name.text, node.low, node.high, tuple(sorted(knees)), node.because, node.span)


def section_range(section: Section, rules: list[Rule]) -> Interval:
    """The least and the most that a section can add to the score, over all steps of its schedule."""
    total = ZERO
    for item in rules:
        total = total + item.range
    capped = total.clip(section.low, section.high)
    ends = [end * weight for _, weight in section.weights for end in (capped.low, capped.high)]
    return Interval(min(ends), max(ends))


def require(checker: Checker, node: syntax.Require, lets: dict[str, LetDecl]) -> Require:
    """A gate; `else skip` may look at the data only."""
    condition = checker.test(node.condition)
    if isinstance(node.outcome, syntax.GateScore):
        return Require(condition, node.outcome.value, node.because, node.span)
    through = {name: let.value for name, let in lets.items()}
    tainted = next((e for e in meaning.walk(condition, through) if isinstance(e, meaning.BuiltIn) and e.name in _TAINTED), None)
    if tainted is not None:
        checker.fail(
            "RW304",
            node.span,
            "'else skip' depends on the completion here, so the model could choose not to be marked",
            "judge the completion with 'else score <n>'; 'else skip' is for rows of data that cannot be used",
            related=[(tainted.span, f"'{tainted.name}' comes from the model")],
        )
    return Require(condition, None, node.because, node.span)


def score(checker: Checker, nodes: list[syntax.ScoreRange], end: Span) -> ScoreRange | None:
    """The one `score` statement."""
    if not nodes:
        checker.report("RW401", end, "the file does not say between which bounds its score lies", "add a line like: score between -1 and 3")
        return None
    for again in nodes[1:]:
        checker.report(
            "RW401", again.span, "the bounds of the score are given twice", "keep one", related=[(nodes[0].span, "first given here")]
        )
    node = nodes[0]
    if node.low >= node.high:
        checker.report("RW401", node.span, "no score lies between these bounds", "write the smaller bound first")
        return None
    return ScoreRange(node.low, node.high, node.clamped, node.span)


def reachable(checker: Checker, sections: list[Section], rules: list[Rule], requires: list[Require], declared: ScoreRange) -> Interval:
    """The range that the score has over all rows if every rule can be at its best or worst by itself, the gates' scores included."""
    total = ZERO
    for item in sections:
        total = total + section_range(item, [rule for rule in rules if rule.section == item.name])
    for gate in requires:
        if gate.score is not None:
            if not declared.low <= gate.score <= declared.high:
                checker.report(
                    "RW403",
                    gate.span,
                    f"the gate gives {written(gate.score)}, outside the bounds of the score",
                    f"choose a value from {written(declared.low)} to {written(declared.high)}",
                )
            else:
                total = total.hull(Interval(gate.score, gate.score))
    return total


def leaves_bounds(declared: ScoreRange, total: Interval) -> bool:
    """Whether a range of the score goes beyond the declared one."""
    return not declared.clamped and (total.low < declared.low or total.high > declared.high)


def out_of_range(
    checker: Checker,
    declared: ScoreRange,
    sections: Sequence[Section],
    rules: Sequence[Rule],
    total: Interval,
    reached: Fraction,
    how: str = "",
) -> None:
    """Reports RW402: a score that can be reached lies outside the declared range."""
    side = "below" if reached < declared.low else "above"
    wide = f"score between {written(min(total.low, declared.low))} and {written(max(total.high, declared.high))}"
    parts = [(item.name, section_range(item, [rule for rule in rules if rule.section == item.name])) for item in sections]
    sums = ", ".join(f"{name or 'the rules before any section'} {written(i.low)} to {written(i.high)}" for name, i in parts)
    checker.report(
        "RW402",
        declared.span,
        f"the score can reach {written(reached)}, {side} the bound that is given",
        f"widen it to: {wide} ({sums})" + (f"; {how}" if how else ""),
        fix=instead(declared.span, wide, safe=False),
    )


def guarantee(
    checker: Checker, node: syntax.GuaranteeBound | syntax.GuaranteeOutweighs, names: Mapping[str, list[str]]
) -> Guarantee | Outweighs:
    """A promise, its names resolved; whether it holds is for `guarantees` to say."""
    if isinstance(node, syntax.GuaranteeBound):
        condition = checker.test(node.condition) if node.condition is not None else None
        return Guarantee(Bound(node.bound.low, node.bound.high), condition, node.span)
    for part in (node.heavier, node.lighter):
        if part.name.text not in names[part.kind]:
            checker.fail(
                "RW422",
                part.name.span,
                f"there is no {part.kind} called '{part.name.text}'",
                checker.suggest(part.name.text, names[part.kind]) or f"there are: {', '.join(names[part.kind])}",
            )
    heavier, lighter = (Part(part.kind, part.name.text) for part in (node.heavier, node.lighter))
    return Outweighs(heavier, lighter, node.span)


def unique(checker: Checker, seen: dict[str, Span], name: ex.Word, kind: str) -> bool:
    """Rules and sections share one namespace; a second use of a name is told with both places."""
    if name.text in seen:
        checker.report(
            "RW202",
            name.span,
            f"a second {kind} is called '{name.text}'",
            "rename one of the two",
            related=[(seen[name.text], "the first is here")],
        )
        return False
    seen[name.text] = name.span
    return True
