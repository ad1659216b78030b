"""The marked scripts inside a file: what they give the row, and what they expect of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, TypeVar

from rewardlang import meaning
from rewardlang.beside import Beside, why_unreadable
from rewardlang.checking.checker import BUILT_INS, Checker, Mistake
from rewardlang.checking.declarations import raw_literal
from rewardlang.errors import DataError
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.program import ColumnDecl, Example, Expectation, LetDecl, ParamDecl, Rule, ScaledBody, WhenBody
from rewardlang.rows import value_from_data
from rewardlang.source import Span

N = TypeVar("N")
T = TypeVar("T")
_TOLERANCE = Fraction(1, 10**9)
_MADE_OF = {
    "completion": "the completion comes after 'model writes'",
    "messages": "the messages are 'system' and 'prompt', where they are given, and the completion",
}


class Examples:
    """Checks examples one after the other; `like` may name one that came before."""

    def __init__(
        self,
        checker: Checker,
        columns: Mapping[str, ColumnDecl],
        params: Mapping[str, ParamDecl],
        lets: Mapping[str, LetDecl],
        rules: Mapping[str, Rule | None],
        *,
        has_success: bool,
        beside: Beside,
    ) -> None:
        self._checker, self._columns, self._params, self._lets, self._rules = checker, columns, params, lets, rules
        self._has_success, self._beside = has_success, beside
        self._values: dict[str, tuple[Span, dict[str, Any]]] = {}

    def check(self, node: syntax.Example) -> Example:
        """One example. Raises `Mistake` when it cannot be run."""
        if node.title.value in self._values:
            self._checker.report(
                "RW202",
                node.title.span,
                "two examples have the same title",
                "give each its own, so that a failure names the right one",
                related=[(self._values[node.title.value][0], "the first is here")],
            )
        try:
            values = self._inherited(node)
        except Mistake:
            self._values.setdefault(node.title.value, (node.title.span, {}))  # whoever is like this one has made no mistake
            raise
        before = len(self._checker.diagnostics)
        for given in node.values:
            values[given.name.text] = self._tried(self._given, given)
        self._values.setdefault(node.title.value, (node.title.span, dict(values)))
        step = values.pop("step", 0)
        tried = [self._tried(lambda expect: self._expectation(expect, values), expect) for expect in node.expects]
        if len(self._checker.diagnostics) > before or any(expectation is None for expectation in tried):
            raise Mistake
        expectations = tuple(expectation for expectation in tried if expectation is not None)
        return Example(node.kind, node.title.value, values, step, self._completion(node), expectations, node.span)

    @staticmethod
    def _tried(make: Callable[[N], T], node: N) -> T | None:
        """The result, or None after a mistake, so that one example tells all of its mistakes."""
        try:
            return make(node)
        except Mistake:
            return None

    def _inherited(self, node: syntax.Example) -> dict[str, Any]:
        if node.like is None:
            return {}
        if node.like.value not in self._values:
            self._checker.fail(
                "RW506",
                node.like.span,
                f'no example before this one is called "{node.like.value}"',
                self._checker.suggest(node.like.value, self._values) or "'like' takes over the 'with' values of an earlier example",
            )
        return dict(self._values[node.like.value][1])

    def _given(self, given: syntax.With) -> Any:
        checker, name = self._checker, given.name.text
        raw = raw_literal(checker, given.value)
        if name == "step" and name not in self._columns:
            if not isinstance(given.value, ex.Number) or given.value.value.denominator != 1:
                checker.fail("RW502", given.value.span, "a step is a whole number")
            return int(given.value.value)
        column, param = self._columns.get(name), self._params.get(name)
        if name in BUILT_INS and name not in ("completion", "messages"):
            type_ = BUILT_INS[name]
        elif column is not None:
            type_ = column.type
        elif param is not None:
            type_ = param.type
        elif name in checker.lost or name in checker.names:  # its declaration has a mistake of its own
            raise Mistake
        else:
            known = [
                *(n for n, d in checker.names.items() if d.kind in ("column", "param")),
                *(word for word in BUILT_INS if word not in ("completion", "messages")),
                "step",
            ]
            advice = _MADE_OF.get(name) or checker.suggest(name, known)
            checker.fail("RW501", given.name.span, f"no column or param is called '{name}'", advice or f"declare it: column {name}: text")
        try:
            value_from_data(type_, raw, checker.registry, column.separator if column else None, checker.notation)
        except DataError as error:
            checker.fail("RW502", given.value.span, f"this does not fit '{name}': {error.message}")
        return raw

    def _completion(self, node: syntax.Example) -> str:
        if not node.completion_file:
            return node.completion.value
        try:
            return self._beside.text(node.completion.value)
        except (OSError, UnicodeDecodeError) as error:
            reason = why_unreadable(error)
            self._checker.fail(
                "RW312", node.completion.span, f"'{node.completion.value}' cannot be read: {reason}", "paths are relative to this file"
            )

    def _expectation(self, node: syntax.Expect, given: Mapping[str, Any]) -> Expectation:
        match node:
            case syntax.ExpectScore(bound=bound):
                return Expectation("score", None, *self._bound(bound), True, node.span)
            case syntax.ExpectSkip():
                return Expectation("skip", None, None, None, True, node.span)
            case syntax.ExpectSuccess(success=success):
                if not self._has_success:
                    self._checker.fail(
                        "RW503", node.span, "the file does not say what success is", "add a line like: success when value equals gold"
                    )
                return Expectation("success", None, None, None, success, node.span)
            case syntax.ExpectRule(rule=rule, bound=bound):
                self._needs(rule, given)
                return Expectation("points", rule.text, *self._bound(bound), True, node.span)
            case syntax.ExpectFires(rule=rule, fires=fires):
                self._needs(rule, given)
                return Expectation("fires", rule.text, None, None, fires, node.span)

    @staticmethod
    def _bound(bound: syntax.Bound) -> tuple[Fraction | None, Fraction | None]:
        """The bounds, each let out by the tolerance of 1e-9 within which points compare."""
        low, high = bound.low, bound.high
        return (low - _TOLERANCE if low is not None else None, high + _TOLERANCE if high is not None else None)

    def _needs(self, name: ex.Word, given: Mapping[str, Any]) -> None:
        """The rule must exist, and every column that it looks at must be given."""
        if name.text not in self._rules:
            self._checker.fail("RW503", name.span, f"there is no rule called '{name.text}'", self._checker.suggest(name.text, self._rules))
        rule = self._rules[name.text]
        if rule is None:  # it has a mistake of its own
            return
        missing = sorted(needed_columns(rule, self._lets) - set(given))
        if missing:
            named = ", ".join(f"'{column}'" for column in missing)
            self._checker.fail(
                "RW504",
                name.span,
                f"the rule '{name.text}' looks at {named}, which this example does not give",
                f"add: with {missing[0]} = …",
                related=[(rule.span, "the rule")],
            )


def needed_columns(rule: Rule, lets: Mapping[str, LetDecl]) -> set[str]:
    """The columns that a rule looks at, through lets."""
    through = {name: let.value for name, let in lets.items()}
    return {node.name for part in rule_expressions(rule) for node in meaning.walk(part, through) if isinstance(node, meaning.ColumnValue)}


def rule_expressions(rule: Rule) -> list[meaning.Expr]:
    """Every expression that stands in a rule, in the order of the text."""
    body = rule.body
    if isinstance(body, WhenBody):
        return [part for case in body.cases for part in (case.points.value, case.condition) if part is not None]
    if isinstance(body, ScaledBody):
        return [body.points.value, body.measure]
    parts = [body.points.value, body.each, body.where, body.limit.value if body.limit else None]
    return [part for part in parts if part is not None]
