"""What the tests of a file say about each other: this one implies that one, these two cannot both hold.

All of it is about tests after "a missing value makes a test false". Sound and
incomplete: two tests about which nothing is known are taken to be independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from rewardlang import meaning
from rewardlang.same_meaning import Keys

_INFINITE = None
_Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]


class _Span(NamedTuple):
    """The numbers for which a test of one term against constants holds; None is no bound."""

    low: Fraction | None
    low_open: bool
    high: Fraction | None
    high_open: bool

    def inside(self, other: _Span) -> bool:
        """Whether every number here is one there."""
        low = other.low is None or (
            self.low is not None and (self.low > other.low or (self.low == other.low and (self.low_open or not other.low_open)))
        )
        high = other.high is None or (
            self.high is not None and (self.high < other.high or (self.high == other.high and (self.high_open or not other.high_open)))
        )
        return low and high

    def apart(self, other: _Span) -> bool:
        """Whether no number is in both."""
        return _before(self, other) or _before(other, self)


def _before(first: _Span, second: _Span) -> bool:
    if first.high is None or second.low is None:
        return False
    return first.high < second.low or (first.high == second.low and (first.high_open or second.low_open))


class Axioms:
    """Implications and exclusions between single tests, given as `atoms`: key to test."""

    def __init__(self, keys: Keys, atoms: Mapping[str, meaning.Expr]) -> None:
        self._keys = keys
        pairs = [(a, b) for a in atoms for b in atoms if a != b]
        self._implied = _grouped((a, b) for a, b in pairs if self._implies(atoms[a], atoms[b]))
        self._implying = _grouped((b, a) for a, found in self._implied.items() for b in found)
        self._excluded = _grouped((a, b) for a, b in pairs if self._excludes(atoms[a], atoms[b]))

    def closed(self, known: Mapping[str, bool]) -> dict[str, bool] | None:
        """All that follows from what is known of some tests; None when it cannot be so."""
        closed: dict[str, bool] = {}
        queue = list(known.items())
        while queue:
            key, holds = queue.pop()
            if key in closed:
                if closed[key] != holds:
                    return None
                continue
            closed[key] = holds
            if holds:
                queue += [(other, True) for other in self._implied.get(key, ())]
                queue += [(other, False) for other in self._excluded.get(key, ())]
            else:
                queue += [(other, False) for other in self._implying.get(key, ())]
        return closed

    # -------------------------------------------------------- pairs

    def _same(self, first: meaning.Expr, second: meaning.Expr) -> bool:
        return self._keys.key(first) == self._keys.key(second)

    def _same_pair(self, a: tuple[meaning.Expr, meaning.Expr], b: tuple[meaning.Expr, meaning.Expr]) -> bool:
        """Equality and nearness are symmetric as far as implications from `equals` go."""
        return (self._same(a[0], b[0]) and self._same(a[1], b[1])) or (self._same(a[0], b[1]) and self._same(a[1], b[0]))

    def _implies(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        if isinstance(b, meaning.Present) and b.present:
            return not isinstance(a, meaning.Present) and any(self._same(child, b.operand) for child in meaning.children(a))
        match a, b:
            case meaning.Equal(), meaning.Equal():
                return self._same_pair((a.left, a.right), (b.left, b.right)) and (b.ignoring_case or not a.ignoring_case)
            case ((meaning.Equal() | meaning.NumberTest(operator="=", negated=False)), meaning.Within(negated=False)):
                return self._same_pair((a.left, a.right), (b.operand, b.target))
            case meaning.Within(negated=False), meaning.Within(negated=False):
                wider = _constant(b.tolerance), _constant(a.tolerance)
                if wider[0] is None or wider[1] is None or a.relative != b.relative or wider[1] > wider[0]:
                    return False
                return self._same(a.operand, b.operand) and self._same(a.target, b.target)
        first, second = self._bounded(a), self._bounded(b)
        return first is not None and second is not None and self._same(first[0], second[0]) and first[1].inside(second[1])

    def _excludes(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        match a, b:
            case meaning.Present(), meaning.Present():
                return a.present != b.present and self._same(a.operand, b.operand)
            case meaning.Present(present=False), _:
                return any(self._same(child, a.operand) for child in meaning.children(b))
            case _, meaning.Present(present=False):
                return any(self._same(child, b.operand) for child in meaning.children(a))
            case meaning.Equal(equivalence=None), meaning.Equal(equivalence=None):
                texts = [(side, other) for node in (a, b) for side, other in ((node.left, node.right), (node.right, node.left))]
                constants = [
                    (other, side.value) for side, other in texts if isinstance(side, meaning.Constant) and isinstance(side.value, str)
                ]
                if len(constants) == 2 and self._same(constants[0][0], constants[1][0]):
                    return bool(constants[0][1].strip().casefold() != constants[1][1].strip().casefold())
        if _is_opposite(a, b) and self._same(_without_negation(a), _without_negation(b)):
            return True
        first, second = self._bounded(a), self._bounded(b)
        return first is not None and second is not None and self._same(first[0], second[0]) and first[1].apart(second[1])

    def _bounded(self, test: meaning.Expr) -> tuple[meaning.Expr, _Span] | None:
        """The term that a test holds against constants, and where it then lies."""
        if isinstance(test, meaning.Between) and not test.negated:
            low, high = _constant(test.low), _constant(test.high)
            return None if low is None or high is None else (test.operand, _Span(low, False, high, False))
        if not isinstance(test, meaning.NumberTest):
            return None
        term, limit = test.left, _constant(test.right)
        operator: _Operator = test.operator
        if limit is None:
            term, operator, limit = test.right, _MIRRORED[test.operator], _constant(test.left)
        operator = _NEGATED[operator] if test.negated else operator
        if limit is None or operator == "!=":
            return None
        return term, _SPANS[operator](limit)


def _is_opposite(a: meaning.Expr, b: meaning.Expr) -> bool:
    return type(a) is type(b) and getattr(a, "negated", None) != getattr(b, "negated", None)


def _without_negation(test: meaning.Expr) -> meaning.Expr:
    assert isinstance(test, (meaning.NumberTest, meaning.Between, meaning.Within, meaning.In, meaning.Predicate, meaning.Some))
    return replace(test, negated=False)


_MIRRORED: Mapping[str, _Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED: Mapping[str, _Operator] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SPANS: Mapping[str, Callable[[Fraction], _Span]] = {
    "=": lambda limit: _Span(limit, False, limit, False),
    "<": lambda limit: _Span(_INFINITE, True, limit, True),
    "<=": lambda limit: _Span(_INFINITE, True, limit, False),
    ">": lambda limit: _Span(limit, True, _INFINITE, True),
    ">=": lambda limit: _Span(limit, False, _INFINITE, True),
}


def _constant(node: meaning.Expr) -> Fraction | None:
    return node.value if isinstance(node, meaning.Constant) and isinstance(node.value, Fraction) else None


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return found
