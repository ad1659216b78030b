"""Which tests can be left unjudged, and what must be there or judged once a test has come out.

A verifier can decline or break, and exact arithmetic of many values has a limit
of digits: what depends on either may not be judged. A test that holds has had all its
values before it, so that other tests over the same values were judged as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rewardlang import meaning
from rewardlang.checking.checker import bare
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import LetDecl
from rewardlang.record import replaced

_PLAIN = (meaning.NumberTest, meaning.Between, meaning.TextTest, meaning.Matches, meaning.Truth, meaning.Present)
_BUILT = (meaning.Arithmetic, meaning.Read, meaning.Outside, meaning.AsMath, meaning.Select, meaning.Measure)
_SHORT = 8
"""Values of which a formula stays below the limit of digits, if each of them does so by far (`row_values.MAX_BITS`)."""


class Judging:
    """What the single tests of one program depend on."""

    def __init__(self, keys: Keys, lets: Mapping[str, LetDecl]) -> None:
        self._keys, self._lets = keys, lets
        self._fallible: dict[str, bool] = {}
        self._known: dict[str, frozenset[str]] = {}  # what is there with a value, by the value's key

    def fallible(self, node: meaning.Expr) -> bool:
        """Whether a value or test can stay unjudged for some row."""
        key = self._keys.key(node)
        if key not in self._fallible:
            below = list(meaning.children(node))
            if isinstance(node, meaning.LetValue):
                let = self._lets[node.name]
                below += [let.value] if let.otherwise is None else [let.value, let.otherwise]
            elif isinstance(node, meaning.Some):
                below.append(node.each.operand)
            own = self._is_long(node) or any(True for _ in _called(node))
            self._fallible[key] = own or any(self.fallible(child) for child in below)
        return self._fallible[key]

    def needs(self, test: meaning.Expr) -> frozenset[str] | None:
        """Values that, once judged, leave no way for the test to stay unjudged; None where there is no such set."""
        plain = isinstance(test, _PLAIN) or (isinstance(test, (meaning.Equal, meaning.Within, meaning.In)) and test.equivalence is None)
        if not plain:
            return None
        return frozenset(key for child in meaning.children(test) for key in self._judged_by(child))

    def there(self, test: meaning.Expr) -> frozenset[str]:
        """Values that are there, and judged, for every row for which the test holds."""
        if isinstance(test, meaning.Some):
            return self._implied(test.each.operand)
        if isinstance(test, meaning.Present) and not test.present:
            return frozenset()
        return frozenset(key for child in meaning.children(test) for key in self._implied(child))

    def optional(self, test: meaning.Expr) -> frozenset[str]:
        """Values without which a value of the test may be missing."""
        return frozenset(key for child in meaning.children(test) for key in self._present_by(child))

    def _judged_by(self, value: meaning.Expr) -> Iterator[str]:
        """Values that, once judged, leave this one judged: steps that never fail are looked through."""
        value = self.root(value)
        if isinstance(value, (meaning.AsMath, meaning.Outside)) or (isinstance(value, meaning.Arithmetic) and not self._is_long(value)):
            for child in meaning.children(value):
                yield from self._judged_by(child)
        elif self.fallible(value):
            yield self._keys.key(value)

    def _present_by(self, value: meaning.Expr) -> Iterator[str]:
        """Values that, once there, leave this one there."""
        value = self.root(value)
        divides = isinstance(value, meaning.Arithmetic) and value.operator == "/" and not isinstance(value.right, meaning.Constant)
        if isinstance(value, (meaning.AsMath, meaning.Outside, meaning.Arithmetic)) and not divides:
            for child in meaning.children(value):
                yield from self._present_by(child)
        elif bare(value.type)[1]:
            yield self._keys.key(value)

    def steps(self, test: meaning.Expr) -> frozenset[str]:
        """The sums and products in a test that can pass the limit of digits."""
        return frozenset(self._arithmetic(test))

    def _is_long(self, node: meaning.Expr) -> bool:
        return isinstance(node, meaning.Arithmetic) and self._values(node) > _SHORT

    def _values(self, node: meaning.Expr) -> int:
        """From how many values a formula is put together."""
        if isinstance(node, meaning.LetValue):
            return self._values(self._lets[node.name].value)
        if isinstance(node, (meaning.Arithmetic, meaning.Measure)):
            return max(1, sum(self._values(child) for child in meaning.children(node)))
        return 1

    def root(self, value: meaning.Expr) -> meaning.Expr:
        """A let without `else` is its value."""
        while isinstance(value, meaning.LetValue) and self._lets[value.name].otherwise is None:
            value = self._lets[value.name].value
        return value

    def _implied(self, value: meaning.Expr) -> frozenset[str]:
        key = self._keys.key(value)
        if key not in self._known:
            below: list[meaning.Expr] = []
            if isinstance(value, meaning.LetValue):
                below = [self._lets[value.name].value] if self._lets[value.name].otherwise is None else []
            elif isinstance(value, _BUILT):
                below = list(meaning.children(value))
            if isinstance(value, meaning.Select) and value.selector == "only" and not isinstance(value.find, meaning.WordFind):
                below += [replaced(value, selector="first"), replaced(value, selector="last")]  # a word would be looked for again
            self._known[key] = frozenset((key, *(other for child in below for other in self._implied(child))))
        return self._known[key]

    def _arithmetic(self, node: meaning.Expr) -> Iterator[str]:
        if self._is_long(node):
            yield self._keys.key(node)
        if isinstance(node, meaning.LetValue):
            yield from self._arithmetic(self._lets[node.name].value)
        for child in meaning.children(node):
            yield from self._arithmetic(child)


def _called(node: meaning.Expr) -> Iterator[object]:
    yield from meaning.verifiers(node)
    if isinstance(node, meaning.Some):
        yield from (node.each.find.verifier,) if isinstance(node.each.find, meaning.WordFind) else ()
