"""What is allowed and usually a mistake: rewards that a model can earn without being right.

Each lint is a warning of its own code; `check --strict` makes warnings count.
"""

from __future__ import annotations

from rewardlang import meaning
from rewardlang.checking.checker import Checker
from rewardlang.checking.examples import rule_expressions
from rewardlang.errors import instead
from rewardlang.program import EachBody, Program, Rule
from rewardlang.source import Span


def lint(checker: Checker, program: Program) -> None:
    """Adds the warnings of a program that has no errors."""
    lets = {name: let.value for name, let in program.lets.items()}
    roots = [*lets.values(), *(gate.condition for gate in program.requires), *([program.success] if program.success else [])]
    roots += [part for rule in program.rules for part in rule_expressions(rule)]
    for root in roots:
        for node in meaning.walk(root):
            _one_of_several(checker, node, lets)
    for rule in program.rules:
        if rule.sign == "award":
            _gold_anywhere(checker, rule, lets)
            _repeated(checker, rule, lets)


def _from_model(node: meaning.Expr, lets: dict[str, meaning.Expr]) -> bool:
    return meaning.uses(node, lets, lambda e: isinstance(e, meaning.BuiltIn) and e.name in ("completion", "messages"))


def _one_of_several(checker: Checker, node: meaning.Expr, lets: dict[str, meaning.Expr]) -> None:
    if (
        isinstance(node, meaning.Select)
        and node.selector in ("first", "last")
        and isinstance(node.find, meaning.TagFind)
        and _from_model(node.operand, lets)
    ):
        checker.report(
            "RW701",
            node.span,
            f"'{node.selector} {node.find}' lets a model write several answers and be marked on one of them",
            f"write: only {node.find} in …; then two answers are no answer",
            severity="warning",
            fix=instead(Span(node.span.start, node.span.start + len(node.selector)), "only", safe=False),
        )


def _whole(node: meaning.Expr, lets: dict[str, meaning.Expr]) -> bool:
    """Whether it is the whole completion, perhaps without some blocks, and not something cut out of it."""
    while isinstance(node, (meaning.LetValue, meaning.Outside)):
        node = lets[node.name] if isinstance(node, meaning.LetValue) else node.operand
    return isinstance(node, meaning.BuiltIn) and node.name == "completion"


def _from_row(node: meaning.Expr, lets: dict[str, meaning.Expr]) -> bool:
    return meaning.uses(node, lets, lambda e: isinstance(e, meaning.ColumnValue)) and not _from_model(node, lets)


def _gold_anywhere(checker: Checker, rule: Rule, lets: dict[str, meaning.Expr]) -> None:
    for part in rule_expressions(rule):
        for node in meaning.walk(part, lets):
            if (
                isinstance(node, meaning.TextTest)
                and node.operator == "contains"
                and _whole(node.left, lets)
                and _from_row(node.right, lets)
            ):
                checker.report(
                    "RW703",
                    node.span,
                    f"a completion that lists many answers contains the right one too, and '{rule.name}' pays for it",
                    "cut the one answer out first, and compare it: let final = only <answer> in completion … final equals …",
                    related=[(rule.span, "the rule that pays")] if not _inside(node, rule) else [],
                    severity="warning",
                )


def _inside(node: meaning.Expr, rule: Rule) -> bool:
    return rule.span.start <= node.span.start and node.span.end <= rule.span.end


def _repeated(checker: Checker, rule: Rule, lets: dict[str, meaning.Expr]) -> None:
    body = rule.body
    if isinstance(body, EachBody) and not body.distinct and body.each.find is not None and _from_model(body.each.operand, lets):
        checker.report(
            "RW702",
            rule.span,
            f"'{rule.name}' pays again for each repetition of the same {body.each.find}",
            f"write: for each distinct {body.each.find} in …",
            severity="warning",
        )
