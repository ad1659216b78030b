"""What the tests of a file say about each other: one implies another, two cannot both hold, one of several must.

All of it is about tests after "a missing value makes a test false". Sound and
incomplete: tests about which nothing is known are taken to be independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor

from rewardlang import meaning, types
from rewardlang.checking import text_tests
from rewardlang.checking.checker import bare
from rewardlang.checking.comparisons import Comparisons
from rewardlang.checking.equalities import triangles
from rewardlang.checking.judged import Judging
from rewardlang.checking.outcomes import FAILS, HOLDS, NOT_HELD, UNJUDGED, Known, Outcomes
from rewardlang.checking.same_meaning import Keys
from rewardlang.record import NamedTuple, replaced


class Cover(NamedTuple):
    """Tests of which one holds for every row in which the `optional` values are there."""

    tests: frozenset[str]
    optional: frozenset[str]


class Axioms:
    """Implications, exclusions and covers of single tests, given as `atoms`: key to test."""

    def __init__(self, keys: Keys, comparisons: Comparisons, judging: Judging, atoms: Mapping[str, meaning.Expr]) -> None:
        self._keys, self._atoms = keys, atoms
        self._facts = {id(test): comparisons.facts(test) or () for test in atoms.values()}
        self._said = {key: (*facts, *comparisons.consequences(facts)) for key, facts in self._facts.items()}
        self._comparisons = comparisons
        self._fallible = frozenset(key for key, test in atoms.items() if judging.fallible(test))
        self._there = {key: judging.there(test) for key, test in atoms.items()}
        self._there_by = {id(test): self._there[key] for key, test in atoms.items()}
        self._optional = {key: judging.optional(test) for key, test in atoms.items()}
        found = ((key, judging.needs(atoms[key])) for key in self._fallible)
        self._needs = {key: needed for key, needed in found if needed is not None}
        steps = {key: judging.steps(test) for key, test in atoms.items()}
        pairs = self.related(atoms)
        self._implied: dict[str, list[tuple[str, Outcomes]]] = {}
        for a, b in pairs:
            if self._implies(atoms[a], atoms[b]):
                judged = steps[b] <= steps[a] and not self._asks_again(atoms[a], atoms[b]) and not self._counts_again(atoms[a], atoms[b])
                self._implied.setdefault(a, []).append((b, HOLDS if judged else HOLDS | UNJUDGED))
        self._implying = _grouped((b, a) for a, found in self._implied.items() for b, outcomes in found if outcomes == HOLDS)
        apart = [(a, b) for a, b in pairs if a < b and self._excludes(atoms[a], atoms[b])]
        self._excluded = _grouped((*apart, *((b, a) for a, b in apart)))
        self._covers = [*self._pairs_that_cover(pairs), *self._whole_types(judging)]
        self._triangles = triangles(atoms, keys)

    def open(self, key: str) -> Outcomes:
        """The ways in which a single test can come out of which nothing is known."""
        return HOLDS | NOT_HELD if key in self._fallible else HOLDS | FAILS

    def linked(self) -> Iterator[tuple[str, str]]:
        """Pairs of tests of which one can say something about the other."""
        yield from ((a, b) for a, found in self._implied.items() for b, _ in found)
        yield from ((a, b) for a, found in self._excluded.items() for b in found)
        for cover in self._covers:
            first, *others = sorted(cover.tests)
            yield from ((first, other) for other in others)
        yield from ((one[0], other) for one in self._triangles for other in one[1:])

    def limits(self, each: meaning.Each, *, distinct: bool) -> list[tuple[str, int]]:
        """Tests that, where they hold, say how many things a loop finds at most."""
        if each.find is None:
            return []
        term = self._comparisons.count_term(each.find, each.operand, distinct=distinct)
        found = ((key, fact.range) for key, test in self._atoms.items() for fact in self._said[id(test)] if fact.term == term)
        return [
            (key, ceil(range_.high) - 1 if range_.high_open else floor(range_.high)) for key, range_ in found if range_.high is not None
        ]

    def closed(self, known: Known, more: Iterable[tuple[str, Outcomes]] = ()) -> dict[str, Outcomes] | None:
        """All that follows from what is known of some tests; None when it cannot be so. With `more`, `known` is closed already."""
        queue = list(more)
        closed: dict[str, Outcomes] = dict(known) if queue else {}
        queue = queue or list(known.items())
        while queue:
            while queue:
                key, outcomes = queue.pop()
                before = closed.get(key)
                now = (self.open(key) if before is None else before) & outcomes
                if not now:
                    return None
                closed[key] = now
                if now == before:
                    continue
                if now == HOLDS:
                    queue += self._implied.get(key, ())
                    queue += [(other, NOT_HELD) for other in self._excluded.get(key, ())]
                elif not now & HOLDS:
                    queue += [(other, NOT_HELD) for other in self._implying.get(key, ())]
            queue = list(self._following(closed))
        return closed

    def _following(self, closed: Known) -> Iterator[tuple[str, Outcomes]]:
        """What follows from several tests at once, if it is not known yet."""
        there = frozenset().union(*(self._there[key] for key, outcomes in closed.items() if outcomes == HOLDS))
        judged = set(there)
        for key, outcomes in closed.items():
            # A test that fails over values that are there has compared them; a missing one hides what was not judged.
            compared = outcomes == FAILS and self._optional[key] <= there
            if compared or (not outcomes & UNJUDGED and isinstance(self._atoms[key], meaning.Present)):
                judged |= self._needs.get(key, frozenset())
        for key, needed in self._needs.items():
            if closed.get(key, UNJUDGED) & UNJUDGED and needed <= judged:
                yield key, HOLDS | FAILS
        for cover in self._covers:
            if cover.optional <= there:
                left = [key for key in cover.tests if closed.get(key) != FAILS]
                if len(left) <= 1:
                    key = left[0] if left else next(iter(cover.tests))
                    if closed.get(key, FAILS) & FAILS:
                        yield key, HOLDS | UNJUDGED
        for three in self._triangles:
            held = [key for key in three if closed.get(key) == HOLDS]
            others = [key for key in three if key not in held]
            if len(held) == 2:
                yield others[0], HOLDS
            elif len(held) == 1 and any(not closed.get(key, HOLDS) & HOLDS for key in others):
                yield from ((key, NOT_HELD) for key in others if closed.get(key, HOLDS) & HOLDS)

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
            for key in self._there[name]:
                operands.setdefault(key, []).append(name)
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
        text = text_tests.subject(test, self._keys)
        if text is not None:
            yield "text", text
        if isinstance(getattr(test, "negated", None), bool):
            yield "plain", self._keys.key(_without_negation(test))
        for fact in self._said[id(test)]:
            yield "term", fact.term

    def _same(self, first: meaning.Expr, second: meaning.Expr) -> bool:
        return self._keys.key(first) == self._keys.key(second)

    def _same_pair(self, a: tuple[meaning.Expr, meaning.Expr], b: tuple[meaning.Expr, meaning.Expr]) -> bool:
        """Equality and nearness are symmetric as far as implications from `equals` go."""
        return (self._same(a[0], b[0]) and self._same(a[1], b[1])) or (self._same(a[0], b[1]) and self._same(a[1], b[0]))

    def _implies(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        if isinstance(b, meaning.Present) and b.present:
            return self._keys.key(b.operand) in self._there_by[id(a)]
        match a, b:
            case meaning.Equal(), meaning.Equal():
                return self._same_pair((a.left, a.right), (b.left, b.right)) and (b.ignoring_case or not a.ignoring_case)
            case ((meaning.Equal() | meaning.NumberTest(operator="=", negated=False)), meaning.Within(negated=False)):
                return self._same_pair((a.left, a.right), (b.operand, b.target)) and not bare(b.tolerance.type)[1]
            case meaning.Within(negated=False), meaning.Within(negated=False):
                near, wide = _constant(a.tolerance), _constant(b.tolerance)
                if near is not None and wide is not None and a.relative == b.relative and near <= wide:
                    return self._same(a.operand, b.operand) and self._same(a.target, b.target)
        if text_tests.implies(a, b, self._keys):
            return True
        known, wanted = self._said[id(a)], self._facts[id(b)]
        return bool(wanted) and all(any(x.term == y.term and x.range.inside(y.range) for x in known) for y in wanted)

    def _asks_again(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        """Whether the second asks a verifier about the same answers the other way round, which may then not be judged."""
        match a, b:
            case meaning.Equal(equivalence=e), meaning.Equal() if e is not None:
                return True
            case meaning.Equal(equivalence=e), meaning.Within() if e is not None:
                return not self._same(a.left, b.operand)
        return False

    def _counts_again(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        """Whether the second counts what the first did not, so that a verifier is asked once more."""
        known = {fact.term for fact in self._facts[id(a)]}
        return any(fact.term not in known and fact.term in {said.term for said in self._said[id(a)]} for fact in self._facts[id(b)])

    def _excludes(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        match a, b:
            case meaning.Present(), meaning.Present():
                gone, there = (a, b) if b.present else (b, a)
                return there.present and not gone.present and self._keys.key(gone.operand) in self._there_by[id(there)]
            case meaning.Present(present=False), _:
                return self._keys.key(a.operand) in self._there_by[id(b)]
            case _, meaning.Present(present=False):
                return self._keys.key(b.operand) in self._there_by[id(a)]
        if self._are_opposite(a, b) or text_tests.excludes(a, b, self._keys):
            return True
        return any(x.term == y.term and x.range.apart(y.range) for x in self._said[id(a)] for y in self._said[id(b)])

    def _are_opposite(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        """Whether one test is the other with its word for "not"; where every value is there, exactly one of them holds."""
        if isinstance(a, meaning.NumberTest) and isinstance(b, meaning.NumberTest) and a.negated == b.negated:
            return {a.operator, b.operator} == {"=", "!="} and self._same(a.left, b.left) and self._same(a.right, b.right)
        if type(a) is not type(b) or getattr(a, "negated", None) == getattr(b, "negated", None):
            return False
        return self._same(_without_negation(a), _without_negation(b))

    # -------------------------------------------------------- covers

    def _pairs_that_cover(self, pairs: Iterable[tuple[str, str]]) -> Iterator[Cover]:
        """Opposites, presence among them, and comparisons of one term that leave out no number."""
        for first, second in pairs:
            if first < second:
                a, b = self._atoms[first], self._atoms[second]
                both = frozenset((first, second))
                if isinstance(a, meaning.Present) and isinstance(b, meaning.Present):
                    if a.present != b.present and self._same(a.operand, b.operand):
                        yield Cover(both, frozenset())
                elif (self._are_opposite(a, b) or self._reach_everywhere(a, b)) and self._decides(a) and self._decides(b):
                    yield Cover(both, self._optional[first] | self._optional[second])

    def _decides(self, test: meaning.Expr) -> bool:
        """Whether a test that fails over values that are there has compared them: answers of mathematics may have no numeric value."""
        if isinstance(test, (meaning.Some, meaning.CoveredIn)):
            return False
        return not any(isinstance(bare(child.type)[0], types.MathType) for child in meaning.children(test))

    def _reach_everywhere(self, a: meaning.Expr, b: meaning.Expr) -> bool:
        one, other = self._facts[id(a)], self._facts[id(b)]
        return len(one) == len(other) == 1 and one[0].term == other[0].term and one[0].range.covers_with(other[0].range)

    def _whole_types(self, judging: Judging) -> Iterator[Cover]:
        """Of all values of a `one of`, one is the value."""
        tests: dict[str, dict[str, str]] = {}
        values: dict[str, tuple[frozenset[str], bool]] = {}
        for key, test in self._atoms.items():
            if isinstance(test, meaning.Equal) and test.equivalence is None:
                for side, other in ((test.left, test.right), (test.right, test.left)):
                    kind, optional = bare(side.type)
                    if not isinstance(judging.root(side), (meaning.ColumnValue, meaning.ParamValue)):
                        continue
                    if isinstance(kind, types.OneOfType) and isinstance(other, meaning.Constant) and isinstance(other.value, str):
                        subject = self._keys.key(side)
                        tests.setdefault(subject, {})[other.value.strip()] = key
                        values[subject] = frozenset(value.strip() for value in kind.values), optional
        for subject, (wanted, optional) in values.items():
            if wanted <= tests[subject].keys():
                chosen = frozenset(tests[subject][value] for value in wanted)
                yield Cover(chosen, frozenset((subject,)) if optional else frozenset())


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
