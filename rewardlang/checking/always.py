"""Conditions that come out the same for every row, cases that are never reached, sections that add nothing.

Sound: what is told here is so for every row there could be. A single test is
decided by what its values can be at all (a count is never negative, a `one of`
has no other value); a whole condition by what the tests of the gates and of the
cases before it leave open, with the axioms of the proofs.
"""

from __future__ import annotations

from rewardlang import meaning
from rewardlang.checking.checker import Checker
from rewardlang.checking.decided import Values
from rewardlang.checking.examples import rule_expressions
from rewardlang.checking.outcomes import HOLDS, NOT_HELD, Known
from rewardlang.checking.prover import Prover
from rewardlang.checking.rules import ZERO, section_range
from rewardlang.program import EachBody, Program, Rule, WhenBody
from rewardlang.record import NamedTuple, replaced
from rewardlang.source import Span

_HELP = "take it out, or correct what it looks at"


def check_always(checker: Checker, program: Program) -> None:
    """Adds the warnings RW704, RW705 and RW706."""
    values = Values(program.lets)
    told: set[Span] = set()
    roots = [*(let.value for let in program.lets.values()), *(gate.condition for gate in program.requires)]
    roots += [part for rule in program.rules for part in rule_expressions(rule)] + ([program.success] if program.success else [])
    for node in (node for root in roots for node in meaning.walk(root)):
        decided = values.decided(node)
        if decided is not None and node.span not in told:
            told.add(node.span)
            _tell(checker, node.span, decided.holds, decided.why)
    _gates(checker, program, values, told)
    for rule in program.rules:
        _rule(checker, program, rule, values, told)
    for section in program.sections:
        inside = [rule for rule in program.rules if rule.section == section.name]
        if section_range(section, inside) == ZERO and any(rule.range != ZERO for rule in inside):
            advice = "its weight or its bounds leave nothing of the points of its rules; change them, or take the section out"
            checker.report("RW706", section.span, f"the section '{section.name}' adds nothing to any score", advice, severity="warning")


def _tell(checker: Checker, span: Span, holds: bool, why: str) -> None:
    checker.report("RW704", span, f"this {'always' if holds else 'never'} holds: {why}", _HELP, severity="warning")


# ---------------------------------------------------------------- whole conditions


class _Known(NamedTuple):
    """A prover for some conditions, and what is known of their tests for every row that is asked about."""

    prover: Prover
    known: Known | None

    def fixed(self, condition: meaning.Expr) -> bool | None:
        """How a condition comes out for all these rows; None where that is open."""
        if self.known is None:
            return None
        if self.prover.assume(self.known, condition, HOLDS) is None:
            return False
        return True if self.prover.assume(self.known, condition, NOT_HELD) is None else None

    def with_(self, condition: meaning.Expr, holds: bool) -> _Known:
        """The same for the rows for which the condition comes out so."""
        outcomes = HOLDS if holds else NOT_HELD
        return _Known(self.prover, None if self.known is None else self.prover.assume(self.known, condition, outcomes))


def _all_rows(program: Program, rules: tuple[Rule, ...], values: Values) -> _Known:
    """What is known of every row before the first gate, for a prover that knows the gates and some rules."""
    wheres = tuple(rule.body.where for rule in rules if isinstance(rule.body, EachBody) and rule.body.where is not None)
    prover = Prover(replaced(program, rules=rules), wheres)
    return _Known(prover, prover.closed(values.facts(prover.atoms)))


def _part_told(span: Span, told: set[Span]) -> bool:
    """Whether a part of a condition has been told, of which the rest follows."""
    return any(span.start <= other.start and other.end <= span.end for other in told)


def _in_order(program: Program) -> list[meaning.Expr]:
    """The conditions of the gates as a row meets them."""
    return [gate.condition for skips in (True, False) for gate in program.requires if (gate.score is None) == skips]


def _gates(checker: Checker, program: Program, values: Values, told: set[Span]) -> None:
    if not program.requires:
        return
    rows = _all_rows(program, (), values)
    for condition in _in_order(program):
        fixed = rows.fixed(condition)
        if fixed is not None and not _part_told(condition.span, told):
            why = "this gate stops no row that the gates before it let through" if fixed else "no row passes this gate, so no rule is read"
            _tell(checker, condition.span, fixed, why)
        rows = rows.with_(condition, True)


def _rule(checker: Checker, program: Program, rule: Rule, values: Values, told: set[Span]) -> None:
    """Conditions of a rule that the gates, or the cases before them, decide."""
    conditions = _conditions(rule)
    if not conditions or (not program.requires and len(conditions) == 1 and not isinstance(conditions[0], (meaning.AtLeast, meaning.Not))):
        return
    rows = _all_rows(program, (rule,), values)
    for gate in _in_order(program):
        rows = rows.with_(gate, True)
    for index, condition in enumerate(conditions):
        if rows.known is None:
            return
        fixed = rows.fixed(condition)
        if fixed is not None and not _part_told(condition.span, told):
            told.add(condition.span)
            _tell(checker, condition.span, fixed, _why(fixed, index > 0, bool(program.requires)))
        rest = _rest(rule, index)
        if fixed and rest is not None:
            message = f"this case of '{rule.name}' is never reached: the one before it always holds"
            checker.report("RW705", rest, message, "take it out, or correct the condition before it", severity="warning")
            return
        rows = rows.with_(condition, False)


def _why(holds: bool, behind_others: bool, behind_gates: bool) -> str:
    """Why a whole condition comes out the same."""
    if behind_others:
        return "so it does for every row that the cases before it leave" if holds else "the cases before it leave no row for which it could"
    if behind_gates:
        return "every row that passes the gates does so" if holds else "no row that passes the gates does so"
    return "its tests leave nothing else" if holds else "its tests exclude one another"


def _conditions(rule: Rule) -> list[meaning.Expr]:
    match rule.body:
        case WhenBody(cases=cases):
            return [case.condition for case in cases if case.condition is not None]
        case EachBody(where=where) if where is not None:
            return [where]
    return []


def _rest(rule: Rule, index: int) -> Span | None:
    """The points of the case behind one, if there is another."""
    if not isinstance(rule.body, WhenBody) or index + 1 >= len(rule.body.cases):
        return None
    return rule.body.cases[index + 1].points.value.span
