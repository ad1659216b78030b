"""What the tests of a file say about each other: this one implies that one, these two cannot both hold.

All of it is about tests after "a missing value makes a test false". Sound and
incomplete: two tests about which nothing is known are taken to be independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from rewardlang import meaning
from rewardlang.checking.comparisons import Comparisons
from rewardlang.checking.same_meaning import Keys
from rewardlang.record import replaced


class Axioms:
    """Implications and exclusions between single tests, given as `atoms`: key to test."""

    def __init__(self, keys: Keys, comparisons: Comparisons, atoms: Mapping[str, meaning.Expr]) -> None:
        self._keys = keys
        self._facts = {id(test): comparisons.facts(test) or () for test in atoms.values()}
        pairs = self.related(atoms)
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

    def related(self, atoms: Mapping[str, meaning.Expr]) -> list[tuple[str, str]]:
        """The pairs between which anything can be known: those that share what every rule below asks two tests to share.

        All pairs would do, but a file of 500 lines has 100,000 of them.
        """
        subjects: dict[tuple[object, ...], list[str]] = {}
        presences: dict[str, list[str]] = {}
        operands: dict[str, list[str]] = {}
        for name, test in atoms.items():
            for subject in self._subjects(test):
                subjects.setdefault(subject, []).append(name)
            for child in meaning.children(test):
                operands.setdefault(self._keys.key(child), []).append(name)
            if isinstance(test, meaning.Present):
                presences.setdefault(self._keys.key(test.operand), []).append(name)
        pairs = {(a, b): None for names in subjects.values() for a in names for b in names if a != b}
        for key, names in presences.items():
            for a in names:
                for b in operands.get(key, ()):
                    if a != b:
                        pairs |= {(a, b): None, (b, a): None}
        return list(pairs)

    def _subjects(self, test: meaning.Expr) -> Iterator[tuple[object, ...]]:
        """What a test is about, besides what must be present for it: its two sides, what a constant is compared with, its terms."""
        match test:
            case meaning.Equal(left=left, right=right) | meaning.NumberTest(left=left, right=right):
                yield "sides", frozenset((self._keys.key(left), self._keys.key(right)))
                for side, other in ((left, right), (right, left)):
                    if isinstance(side, meaning.Constant):
                        yield "constant", self._keys.key(other)
            case meaning.Within(operand=operand, target=target):
                yield "sides", frozenset((self._keys.key(operand), self._keys.key(target)))
        if isinstance(getattr(test, "negated", None), bool):
            yield "plain", self._keys.key(_without_negation(test))
        for fact in self._facts[id(test)]:
            yield "term", fact.term

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
        known, wanted = self._facts[id(a)], self._facts[id(b)]
        return bool(wanted) and all(any(x.term == y.term and x.range.inside(y.range) for x in known) for y in wanted)

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
        return any(x.term == y.term and x.range.apart(y.range) for x in self._facts[id(a)] for y in self._facts[id(b)])


def _is_opposite(a: meaning.Expr, b: meaning.Expr) -> bool:
    return type(a) is type(b) and getattr(a, "negated", None) != getattr(b, "negated", None)


def _without_negation(test: meaning.Expr) -> meaning.Expr:
    assert isinstance(test, (meaning.NumberTest, meaning.Between, meaning.Within, meaning.In, meaning.Predicate, meaning.Some))
    return replaced(test, negated=False)


def _constant(node: meaning.Expr) -> Fraction | None:
    return node.value if isinstance(node, meaning.Constant) and isinstance(node.value, Fraction) else None


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return found
