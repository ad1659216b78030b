"""Tests of one row: what holds, what does not, and what nobody could judge.

`holds` is True, False or None. A test over a missing value is False. None is
kept for a verdict that was not reached, and goes through `and`, `or` and `not`
as in Kleene's logic, so that whoever gives points can take the side that gives
the row fewer. `leaves` are the tests that decided, for the explanation.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from rewardlang import meaning
from rewardlang.answers.values import Answer
from rewardlang.marking.piece import Piece
from rewardlang.marking.row_values import ABSENT, TOO_MANY, Row, Value, folded, identity, spaced, too_many
from rewardlang.marks import Failure
from rewardlang.record import NamedTuple
from rewardlang.verdict import Missing, Refused, Verdict
from rewardlang.verifier import Verifier


class Leaf(NamedTuple):
    """A single test: what it compared, with its values, and where in the completion it looked."""

    node: meaning.Expr
    holds: bool | None
    reason: str
    compared: tuple[tuple[meaning.Expr, Value], ...]
    places: tuple[tuple[int, int], ...] = ()


class Truth(NamedTuple):
    """See the module's docstring."""

    holds: bool | None
    leaves: tuple[Leaf, ...]


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class JudgedRow(Row):
    """A row whose tests can be asked too."""

    def value(self, node: meaning.Expr) -> Value:
        """The value of an expression; a test's value is its truth, refused where nobody could judge."""
        if type(node) not in _TRUTHS:
            return super().value(node)
        truth = self.truth(node)
        return Refused(truth.leaves[0].reason if truth.leaves else "not judged") if truth.holds is None else truth.holds

    def truth(self, node: meaning.Expr) -> Truth:
        """Whether a test holds."""
        return _TRUTHS[type(node)](self, node)

    # -------------------------------------------------------- single tests

    def _leaf(
        self,
        node: meaning.Expr,
        operands: tuple[meaning.Expr, ...],
        decide: Callable[..., bool | Verdict | Missing],
        *,
        negated: bool = False,
    ) -> Truth:
        """A test over values that are there; missing ones make it false, refused ones leave it open."""
        values = tuple(self.value(operand) for operand in operands)
        compared = tuple((o, v) for o, v in zip(operands, values, strict=True) if not isinstance(o, meaning.Constant))
        places = tuple(place for operand in operands for place in self._places(operand))
        for kind, holds in ((Missing, False), (Refused, None)):
            for value in values:
                if isinstance(value, kind):
                    return _single(Leaf(node, holds, value.reason, compared, places))
        decided = decide(*values)
        if isinstance(decided, Missing):
            return _single(Leaf(node, False, decided.reason, compared, places))
        verdict = decided if isinstance(decided, Verdict) else Verdict(decided)
        holds = verdict.holds if verdict.holds is None else verdict.holds != negated
        return _single(Leaf(node, holds, verdict.reason, compared, places))

    def _places(self, operand: meaning.Expr) -> tuple[tuple[int, int], ...]:
        """Where the text that an operand was taken or read from stands in the completion."""
        if isinstance(operand, meaning.LetValue):
            return self._places(self.lets[operand.name].value)
        if isinstance(operand, meaning.Read):
            return self._places(operand.operand)
        value = None if type(operand) in _TRUTHS else self.value(operand)
        return value.pieces if isinstance(value, Piece) and value.pieces and len(value.pieces) == 1 else ()

    def _verdict(self, verifier: Verifier, arguments: tuple[Value, ...], options: meaning.Options = ()) -> Verdict:
        verdict = self.call(verifier, arguments, options)
        if isinstance(verdict, Refused):
            return Verdict(None, verdict.reason)
        assert isinstance(verdict, Verdict)
        return verdict

    def _number_test(self, node: meaning.NumberTest) -> Truth:
        def decide(left: Value, right: Value) -> bool | Missing:
            numbers = _numbers(left, right)
            return numbers if isinstance(numbers, Missing) else _COMPARE[node.operator](*numbers)

        return self._leaf(node, (node.left, node.right), decide, negated=node.negated)

    def _between(self, node: meaning.Between) -> Truth:
        def decide(*values: Value) -> bool | Missing:
            numbers = _numbers(*values)
            return numbers if isinstance(numbers, Missing) else numbers[1] <= numbers[0] <= numbers[2]

        return self._leaf(node, (node.operand, node.low, node.high), decide, negated=node.negated)

    def _within(self, node: meaning.Within) -> Truth:
        def decide(value: Value, tolerance: Fraction, target: Value) -> bool | Verdict | Missing:
            equal = self._verdict(node.equivalence, (value, target)) if node.equivalence is not None else Verdict(value == target)
            if equal.holds:
                return equal
            numbers = _numbers(value, target)
            if isinstance(numbers, Missing):
                return equal if equal.holds is None else numbers
            return bool(abs(numbers[0] - numbers[1]) <= tolerance * (abs(numbers[1]) if node.relative else 1))

        return self._leaf(node, (node.operand, node.tolerance, node.target), decide, negated=node.negated)

    def _equal(self, node: meaning.Equal) -> Truth:
        def decide(left: Value, right: Value) -> bool | Verdict:
            if node.equivalence is not None:
                return self._verdict(node.equivalence, (left, right))
            if isinstance(left, Piece):
                return folded(left.text.strip(), node.ignoring_case) == folded(right.text.strip(), node.ignoring_case)
            return bool(left == right)

        return self._leaf(node, (node.left, node.right), decide)

    def _text_test(self, node: meaning.TextTest) -> Truth:
        def decide(left: Piece, right: Piece) -> bool:
            text, wanted = folded(left.text, node.ignoring_case), folded(right.text, node.ignoring_case)
            if node.operator == "contains":
                return wanted in text or spaced(wanted) in spaced(text)
            return text.startswith(wanted) if node.operator == "starts with" else text.endswith(wanted)

        return self._leaf(node, (node.left, node.right), decide)

    def _matches(self, node: meaning.Matches) -> Truth:
        return self._leaf(node, (node.operand,), lambda text: node.pattern.search(text.text) is not None)

    def _present(self, node: meaning.Present) -> Truth:
        value = self.value(node.operand)
        if isinstance(value, Refused):
            return _single(Leaf(node, None, value.reason, ((node.operand, value),)))
        missing = isinstance(value, Missing)
        reason = value.reason if isinstance(value, Missing) else ""
        return _single(Leaf(node, missing != node.present, reason, ((node.operand, value),)))

    def _in(self, node: meaning.In) -> Truth:
        container = node.container
        if isinstance(container, meaning.NamedList):
            members = container.folded if node.ignoring_case else container.members
            return self._leaf(
                node, (node.operand,), lambda item: identity(item, ignoring_case=node.ignoring_case) in members, negated=node.negated
            )

        def decide(item: Value, items: tuple[Value, ...]) -> bool | Verdict:
            if node.equivalence is None:
                wanted = identity(item, ignoring_case=node.ignoring_case)
                return any(identity(other, ignoring_case=node.ignoring_case) == wanted for other in items)
            if too_many((item,), items):
                self.fail(node.equivalence, TOO_MANY, broke=False)
                return Verdict(None, TOO_MANY)
            verdicts = [self._verdict(node.equivalence, (item, other)) for other in items]
            return next((v for wanted in (True, None) for v in verdicts if v.holds is wanted), Verdict(False))

        return self._leaf(node, (node.operand, container), decide, negated=node.negated)

    def _covered_in(self, node: meaning.CoveredIn) -> Truth:
        """Membership as far as the list covers; beyond it the test counts as false, and that is recorded."""
        value = self.value(node.operand)
        beyond = node.outside(value.text) if isinstance(value, Piece) else None
        if beyond is None:
            return self._in(node)
        assert isinstance(node.container, meaning.NamedList)
        record = Failure(node.container.name, False, beyond)
        if record not in self.failures:
            self.failures.append(record)
        return _single(Leaf(node, False, beyond, ((node.operand, value),), self._places(node.operand)))

    def _predicate(self, node: meaning.Predicate) -> Truth:
        return self._leaf(node, (node.operand,), lambda value: self._verdict(node.verifier, (value,), node.options), negated=node.negated)

    def _truth(self, node: meaning.Truth) -> Truth:
        operand = node.operand
        if isinstance(operand, meaning.LetValue) and type(self.lets[operand.name].value) in _TRUTHS:
            return self.truth(self.lets[operand.name].value)
        return self._leaf(node, (operand,), bool)

    # -------------------------------------------------------- joined tests

    def _not(self, node: meaning.Not) -> Truth:
        inner = self.truth(node.operand)
        return Truth(None if inner.holds is None else not inner.holds, inner.leaves)

    def _at_least(self, node: meaning.AtLeast) -> Truth:
        """Cheap tests first, until they decide; told in the order of the file."""
        needed, spare = node.count, len(node.items) - node.count
        judged: dict[bool | None, dict[int, Truth]] = {True: {}, False: {}, None: {}}
        for place in node.order:
            truth = self.truth(node.items[place])
            judged[truth.holds][place] = truth
            if len(judged[True]) >= needed or len(judged[False]) > spare:
                break
        if len(judged[True]) >= needed:
            holds: bool | None = True
        else:
            holds = False if len(judged[False]) > spare else None
        return Truth(holds, tuple(leaf for _, truth in sorted(judged[holds].items()) for leaf in truth.leaves))

    def _some(self, node: meaning.Some) -> Truth:
        items = self.each(node.each)
        if isinstance(items, ABSENT):
            return _single(Leaf(node, None if isinstance(items, Refused) else False, items.reason, ()))
        around = self.item(node.each.name)
        try:
            return self._first_item(node, items)
        finally:
            self.with_loop(node.each.name, around)  # an outer loop may use the same name

    def _first_item(self, node: meaning.Some, items: Iterator[tuple[Piece | None, Value, str]]) -> Truth:
        open_reason: str | None = None
        for place, value, _ in items:
            self.with_loop(node.each.name, value)
            truth = self.truth(node.where)
            if truth.holds:
                places = tuple(place.pieces or ()) if place is not None else ()
                return _single(Leaf(node, not node.negated, "", ((node.each, value),), places))
            if truth.holds is None:
                open_reason = truth.leaves[0].reason
        return _single(Leaf(node, node.negated if open_reason is None else None, open_reason or "", ()))


def _numeric_value(answer: Answer) -> Fraction | None:
    from rewardlang.answers.compare import numeric_value

    return numeric_value(answer)


def _single(leaf: Leaf) -> Truth:
    return Truth(leaf.holds, (leaf,))


def _numbers(*values: Value) -> tuple[Fraction, ...] | Missing:
    """The values as numbers; answers by their numeric value, which can be missing."""
    numbers = []
    for value in values:
        number = value if isinstance(value, Fraction) else _numeric_value(value)
        if number is None:
            return Missing(f"{value.written} has no numeric value")
        numbers.append(number)
    return tuple(numbers)


_TRUTHS: Mapping[type, Callable[[JudgedRow, Any], Truth]] = {
    meaning.NumberTest: JudgedRow._number_test,
    meaning.Between: JudgedRow._between,
    meaning.Within: JudgedRow._within,
    meaning.Equal: JudgedRow._equal,
    meaning.TextTest: JudgedRow._text_test,
    meaning.Matches: JudgedRow._matches,
    meaning.Present: JudgedRow._present,
    meaning.In: JudgedRow._in,
    meaning.CoveredIn: JudgedRow._covered_in,
    meaning.Predicate: JudgedRow._predicate,
    meaning.Truth: JudgedRow._truth,
    meaning.Not: JudgedRow._not,
    meaning.AtLeast: JudgedRow._at_least,
    meaning.Some: JudgedRow._some,
}
