"""`define`: a condition with names for its parts, written once and used in several rules.

A use means the body with the arguments in the places of the names, so that
types, missing values and guarantees are checked at every use as if it had been
written out. Definitions may use one another, but not in a circle.
"""

from __future__ import annotations

from rewardlang import meaning
from rewardlang.checking.checker import Checker, Mistake, described
from rewardlang.checking.declarations import type_from_syntax
from rewardlang.checking.values import fitted
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.source import Span

MAX_USES = 2_000


class Definitions:
    """The definitions of a file."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._written: dict[str, syntax.Define] = {}
        self._open: list[str] = []
        self._uses = 0
        checker.use_of_definition = self.use

    def declare(self, node: syntax.Define) -> None:
        """Makes the name known."""
        self._checker.declare(node.name, "definition", lambda span: self._without_brackets(node, span))
        self._written.setdefault(node.name.text, node)

    def _without_brackets(self, node: syntax.Define, span: Span) -> meaning.Expr:
        formals = ", ".join(formal.name.text for formal in node.formals)
        self._checker.fail("RW301", span, f"'{node.name.text}' is a definition and needs its values", f"write: {node.name.text}({formals})")

    def use(self, node: ex.Call) -> meaning.Expr:
        """The meaning of a use: its body over its arguments. Raises `Mistake` when it has none."""
        checker, name = self._checker, node.function.text
        define = self._written[name]
        if name in self._open:
            chain = " uses ".join([*self._open[self._open.index(name) :], name])
            checker.fail("RW207", node.span, f"'{name}' is defined by itself: {chain}", "break the circle")
        self._uses += 1
        if self._uses == MAX_USES:
            what = f"definitions are used {MAX_USES:,} times up to here, those in definitions counted at every use; more are not checked"
            checker.fail("RW322", node.span, what, "a definition that uses another twice doubles it: say it once")
        if self._uses > MAX_USES:
            raise Mistake  # said once
        if node.options:
            checker.fail("RW206", node.options[0].span, f"'{name}' is a definition, and definitions take no options")
        if len(node.arguments) != len(define.formals):
            formals = ", ".join(formal.name.text for formal in define.formals)
            checker.fail(
                "RW301", node.span, f"'{name}' takes {len(define.formals)} values ({formals}), and {len(node.arguments)} are given"
            )
        bound = {}
        for written, formal in zip(node.arguments, define.formals, strict=True):
            wanted = type_from_syntax(checker, formal.type)
            sentence = f"'{name}' takes {described(wanted)} as its {formal.name.text}"
            place = [(formal.span, "declared here")]
            bound[formal.name.text] = fitted(checker, checker.value(written), wanted, sentence, place)
        self._open.append(name)
        try:
            with checker.inside_definition(bound):
                return checker.value(define.body)
        finally:
            self._open.pop()
