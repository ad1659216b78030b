"""No completion may earn by breaking a function: what `on error` gives must be the value that costs the row most.

Each use of such a function is followed from the points down, with the direction
in which a larger value (or a true test) gives the row more. Where the direction
is plain, the value must be the end of the declared range that pays least; where
it is not, `on error` is refused, because without it the break counts as
whichever verdict gives fewer points.
"""

from __future__ import annotations

from collections.abc import Iterator

from rewardlang import meaning, types
from rewardlang.checking.checker import Checker, bare
from rewardlang.checking.polarity import Sign, sign_of_case
from rewardlang.program import EachBody, Program, ScaledBody, WhenBody

_RISING = {">": 1, ">=": 1, "<": -1, "<=": -1}


def check_error_values(checker: Checker, program: Program) -> None:
    """Reports RW318 for each use of a function whose `on error` pays more than the worst that it could say."""
    walk = _Walk(program)
    found = dict.fromkeys(use.span for root, sign in _roots(program) for use in walk.paying(root, sign))
    for span in found:
        words = " ".join(checker.source.cut(span).split())
        checker.report(
            "RW318",
            span,
            f"when {words} breaks, its 'on error' may pay more than an answer would",
            "give the end of its range that pays least, or leave 'on error' out: a break then counts as the verdict that pays less",
        )


def _roots(program: Program) -> Iterator[tuple[meaning.Expr, Sign]]:
    """What decides points, with the direction that gives the row more."""
    for gate in program.requires:
        yield gate.condition, 1
    if program.success is not None:
        yield program.success, 1
    for rule in program.rules:
        sign: Sign = 1 if rule.sign == "award" else -1
        match rule.body:
            case WhenBody(cases=cases):
                for index, case in enumerate(cases):
                    if case.condition is not None:
                        yield case.condition, _times(sign_of_case(rule.body, index), sign)
            case EachBody(each=each, where=where):
                yield each.operand, 0
                if where is not None:
                    yield where, sign
            case ScaledBody(measure=measure):
                yield measure, sign


class _Walk:
    def __init__(self, program: Program) -> None:
        self._lets = program.lets

    def paying(self, node: meaning.Expr, sign: Sign) -> Iterator[meaning.Measure]:
        """The uses whose `on error` is not the worst for the row."""
        if isinstance(node, meaning.Measure) and node.on_error is not None:
            inner = bare(node.type)[0]
            worst = None
            if isinstance(inner, types.NumberType) and sign != 0:
                worst = inner.low if sign == 1 else inner.high
            if node.on_error != worst:
                yield node
        if isinstance(node, meaning.LetValue):
            yield from self.paying(self._lets[node.name].value, sign)
        for child, direction in _children(node):
            yield from self.paying(child, _times(direction, sign))


def _children(node: meaning.Expr) -> Iterator[tuple[meaning.Expr, Sign]]:
    """The parts of an expression, and which way it moves when they grow."""
    match node:
        case meaning.Arithmetic(operator="+", left=left, right=right):
            yield from ((left, 1), (right, 1))
        case meaning.Arithmetic(operator="-", left=left, right=right):
            yield from ((left, 1), (right, -1))
        case meaning.Arithmetic(operator="*" | "/", left=left, right=meaning.Constant(value=value)) if value > 0:
            yield left, 1
        case meaning.NumberTest(operator=operator, left=left, right=right) if operator in _RISING:
            rising: Sign = 1 if _RISING[operator] == 1 else -1
            yield from ((left, rising), (right, _times(rising, -1)))
        case meaning.Not(operand=operand):
            yield operand, -1
        case meaning.AtLeast(items=items):
            yield from ((item, 1) for item in items)
        case meaning.Truth(operand=operand):
            yield operand, 1
        case meaning.Some(each=each, where=where, negated=negated):
            yield from ((each.operand, 0), (where, -1 if negated else 1))
        case _:
            yield from ((child, 0) for child in meaning.children(node))


def _times(first: Sign, second: Sign) -> Sign:
    return 0 if first == 0 or second == 0 else 1 if first == second else -1
