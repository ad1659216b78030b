"""What a comparison says: in which interval one term lies, or one term over another whose sign is known.

`10 * high * weight <= daily` says that `daily` over `high * weight` is at least
10, if `high * weight` is known to be positive. Terms are products of factors
with a number before them; sums and quotients of unknowns count as one factor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang import meaning, types
from rewardlang.checking.checker import bare
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import LetDecl, Require
from rewardlang.record import NamedTuple, replaced

_INFINITE = None
_Operator: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
_Factors: TypeAlias = tuple[str, ...]


class Range(NamedTuple):
    """The numbers for which a comparison holds; None is no bound."""

    low: Fraction | None
    low_open: bool
    high: Fraction | None
    high_open: bool

    def inside(self, other: Range) -> bool:
        """Whether every number here is one there."""
        low = other.low is None or (
            self.low is not None and (self.low > other.low or (self.low == other.low and (self.low_open or not other.low_open)))
        )
        high = other.high is None or (
            self.high is not None and (self.high < other.high or (self.high == other.high and (self.high_open or not other.high_open)))
        )
        return low and high

    def both(self, other: Range) -> Range:
        """The numbers in both; none at all where they are apart."""
        low = max(self, other, key=lambda r: (r.low is not None, r.low or 0, r.low_open))
        high = min(self, other, key=lambda r: (r.high is None, r.high or 0, not r.high_open))
        return Range(low.low, low.low_open, high.high, high.high_open)

    def apart(self, other: Range) -> bool:
        """Whether no number is in both."""
        return _before(self, other) or _before(other, self)

    def covers_with(self, other: Range) -> bool:
        """Whether every number is in one of the two."""
        return _reach(self, other) or _reach(other, self)


def _before(first: Range, second: Range) -> bool:
    if first.high is None or second.low is None:
        return False
    return first.high < second.low or (first.high == second.low and (first.high_open or second.low_open))


def _reach(first: Range, second: Range) -> bool:
    """Whether the first goes from minus infinity at least to where the second begins, which has no end."""
    if first.low is not None or second.high is not None:
        return False
    if first.high is None or second.low is None or first.high > second.low:
        return True
    return first.high == second.low and not (first.high_open and second.low_open)


class Fact(NamedTuple):
    """A term, by a key that equal terms share, lies in a range."""

    term: tuple[object, ...]
    range: Range


class _Product(NamedTuple):
    """A number, which is never 0 before factors, times factors by their keys, sorted."""

    number: Fraction
    factors: _Factors


class Comparisons:
    """The facts in the tests of one program."""

    def __init__(self, keys: Keys, lets: Mapping[str, LetDecl], requires: tuple[Require, ...]) -> None:
        """Signs are taken from `require … else skip` alone: every row that gets a score has passed those."""
        self._keys, self._lets = keys, lets
        self._counts: dict[str, meaning.Select] = {}
        self._positive: set[_Factors] = set()
        for gate in requires:
            if gate.score is None:
                self._learn(gate.condition)

    def _learn(self, test: meaning.Expr) -> None:
        if isinstance(test, meaning.AtLeast) and test.count == len(test.items):
            for item in test.items:
                self._learn(item)
        for (factors, *rest), range_ in self.facts(test) or ():
            if not rest and range_.low is not None and (range_.low > 0 or (range_.low == 0 and range_.low_open)):
                self._positive.add(factors)  # type: ignore[arg-type]

    def facts(self, test: meaning.Expr) -> tuple[Fact, ...] | None:
        """All that a test says, if it can be said so; None otherwise. Values that a true test compares are there."""
        match test:
            case meaning.Between(operand=operand, low=low, high=high, negated=False):
                lower, upper = self._fact(operand, ">=", low), self._fact(operand, "<=", high)
                if lower is None or upper is None:
                    return None
                return (Fact(lower.term, lower.range.both(upper.range)),) if lower.term == upper.term else (lower, upper)
            case meaning.NumberTest(left=left, operator=operator, right=right, negated=negated):
                fact = self._fact(left, _NEGATED[operator] if negated else operator, right)
            case meaning.Within(
                operand=operand,
                tolerance=meaning.Constant(value=Fraction() as tolerance),
                relative=relative,
                target=meaning.Constant(value=Fraction() as target),
                negated=False,
            ) if tolerance >= 0 and isinstance(bare(operand.type)[0], _EXACT):
                reach, side = tolerance * abs(target) if relative else tolerance, test.target
                low, high = (replaced(side, value=end) for end in (target - reach, target + reach))
                lower, upper = self._fact(operand, ">=", low), self._fact(operand, "<=", high)
                return None if lower is None or upper is None else (Fact(lower.term, lower.range.both(upper.range)),)
            case meaning.Equal(left=left, right=right) if all(isinstance(bare(side.type)[0], _EXACT) for side in (left, right)):
                fact = self._fact(left, "=", right)
            case _:
                return None
        return None if fact is None else (fact,)

    def consequences(self, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        """What follows from facts of counts: different things are no more than things."""
        found = []
        for (factors, *rest), range_ in facts:
            count = self._counts.get(factors[0]) if not rest and len(factors) == 1 else None  # type: ignore[arg-type, index]
            if count is not None and count.selector == "count of" and range_.high is not None:
                fewer = Range(_INFINITE, True, range_.high, range_.high_open)
                found.append(Fact(self.count_term(count.find, count.operand, distinct=True), fewer))
            elif count is not None and count.selector == "count of distinct" and range_.low is not None:
                more = Range(range_.low, range_.low_open, _INFINITE, True)
                found.append(Fact(self.count_term(count.find, count.operand, distinct=False), more))
        return tuple(found)

    def count_term(self, find: meaning.Find, operand: meaning.Expr, *, distinct: bool) -> tuple[object, ...]:
        """The term of how many things are found in a text."""
        selector: Literal["count of", "count of distinct"] = "count of distinct" if distinct else "count of"
        count = meaning.Select(span=operand.span, type=types.NUMBER, selector=selector, find=find, operand=operand)
        return ((self._keys.key(count),),)

    def _fact(self, left: meaning.Expr, operator: _Operator, right: meaning.Expr) -> Fact | None:
        one, other = self._product(left), self._product(right)
        if operator == "!=" or one.factors == other.factors:
            return None
        if not one.factors or (other.factors and self._is_below(one.factors, other.factors)):
            one, other, operator = other, one, _MIRRORED[operator]
        if one.number < 0:
            operator = _MIRRORED[operator]
        limit = other.number / one.number
        if not other.factors:
            return Fact((one.factors,), _RANGES[operator](limit))
        if self._is_positive(other.factors):
            return Fact((one.factors, other.factors), _RANGES[operator](limit))
        return Fact((one.factors, other.factors, limit), _RANGES[operator](Fraction(0)))

    def _is_below(self, factors: _Factors, others: _Factors) -> bool:
        """Whether the first stand below the line: those whose sign is known, or else the later ones by name."""
        first, second = self._is_positive(factors), self._is_positive(others)
        return first if first != second else factors > others

    def _is_positive(self, factors: _Factors) -> bool:
        return factors in self._positive or all((factor,) in self._positive for factor in factors)

    def _product(self, node: meaning.Expr) -> _Product:
        match node:
            case meaning.Constant(value=Fraction() as value):
                return _Product(Fraction(value), ())
            case meaning.LetValue(name=name) if self._lets[name].otherwise is None:
                return self._product(self._lets[name].value)
            case meaning.Arithmetic(operator="*", left=left, right=right):
                one, other = self._product(left), self._product(right)
                product = _Product(one.number * other.number, tuple(sorted(one.factors + other.factors)))
                return product if product.number or not product.factors else self._opaque(node)
            case meaning.Arithmetic(operator="/", left=left, right=meaning.Constant(value=Fraction() as divisor)) if divisor:
                product = self._product(left)
                return _Product(product.number / divisor, product.factors)
            case meaning.Arithmetic(operator="-", left=meaning.Constant(value=0), right=right):  # a sign before a term
                product = self._product(right)
                return _Product(-product.number, product.factors)
        return self._opaque(node)

    def _opaque(self, node: meaning.Expr) -> _Product:
        key = self._keys.key(node)
        if isinstance(node, meaning.Select):
            self._counts[key] = node
        return _Product(Fraction(1), (key,))


_EXACT = (types.NumberType, types.QuantityType)
_MIRRORED: Mapping[str, _Operator] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NEGATED: Mapping[str, _Operator] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_RANGES: Mapping[str, Callable[[Fraction], Range]] = {
    "=": lambda limit: Range(limit, False, limit, False),
    "<": lambda limit: Range(_INFINITE, True, limit, True),
    "<=": lambda limit: Range(_INFINITE, True, limit, False),
    ">": lambda limit: Range(limit, True, _INFINITE, True),
    ">=": lambda limit: Range(limit, False, _INFINITE, True),
}
