"""Single tests that come out the same for every row, by what their values can be at all.

A count is never negative, a `one of` has no other value, a column lies within
its declared bounds. Sound, as far as the test is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from rewardlang import meaning, types
from rewardlang.checking.checker import bare
from rewardlang.checking.outcomes import HOLDS, NOT_HELD, Outcomes
from rewardlang.program import LetDecl
from rewardlang.record import NamedTuple


class Decided(NamedTuple):
    """How a test comes out for every row, and why."""

    holds: bool
    why: str


class Values:
    """What values can be, whatever the row is."""

    def __init__(self, lets: Mapping[str, LetDecl]) -> None:
        self._lets = lets

    def decided(self, test: meaning.Expr) -> Decided | None:
        """How a single test comes out for every row, if that follows from what its values can be. None for other expressions."""
        match test:
            case meaning.CoveredIn():
                return None
            case meaning.NumberTest(operator=operator, left=left, right=right, negated=negated):
                outcome = self._ordered(operator, left, right)
                return self._told(outcome, negated, (left, right))
            case meaning.Between(operand=operand, low=low, high=high, negated=negated):
                above, below = self._ordered(">=", operand, low), self._ordered("<=", operand, high)
                outcome = False if above is False or below is False else True if above and below else None
                return self._told(outcome, negated, (operand, low, high))
            case meaning.Equal(left=left, right=right, ignoring_case=ignoring_case, equivalence=None):
                texts = self._texts(left, ignoring_case), self._texts(right, ignoring_case)
                if texts[0] is not None and texts[1] is not None:
                    return self._told(False if not texts[0] & texts[1] else None, False, (left, right))
                return self._told(self._ordered("=", left, right), False, (left, right))
            case meaning.In(operand=operand, container=meaning.NamedList() as container, ignoring_case=ignoring_case, negated=negated):
                known = self._texts(operand, ignoring_case)
                if known is None:
                    return None
                members = container.folded if ignoring_case else container.members
                inside = len(known & members)
                return self._told(False if inside == 0 else True if inside == len(known) else None, negated, (operand,))
        return None

    def facts(self, atoms: Mapping[str, meaning.Expr]) -> dict[str, Outcomes]:
        """What is so decided of single tests, given by their keys, as far as they are judged."""
        found = ((key, self.decided(test)) for key, test in atoms.items())
        return {key: HOLDS if decided.holds else NOT_HELD for key, decided in found if decided is not None}

    def _told(self, outcome: bool | None, negated: bool, operands: tuple[meaning.Expr, ...]) -> Decided | None:
        """The outcome with its reason. A test over a missing value is false, whether negated or not."""
        if outcome is None:
            return None
        holds = outcome != negated
        if holds and any(bare(operand.type)[1] for operand in operands):
            return None
        shown = [words for operand in operands if (words := self._shown(operand)) is not None]
        return Decided(holds, " and ".join(shown) or "its values are fixed")

    def _shown(self, value: meaning.Expr) -> str | None:
        inner = bare(value.type)[0]
        match self._root(value):
            case meaning.Constant():
                return None
            case meaning.Select():
                return "a count is never below 0"
            case meaning.ShareOf():
                return "a share lies between 0 and 1"
            case meaning.ColumnValue(name=name) | meaning.ParamValue(name=name):
                from rewardlang.written import written

                if isinstance(inner, types.NumberType):
                    low, high = (written(end) if end is not None else "no bound" for end in (inner.low, inner.high))
                    return f"'{name}' lies between {low} and {high}"
                return f"'{name}' is {inner}"
        return None

    def _root(self, value: meaning.Expr) -> meaning.Expr:
        """A let without `else` is its value."""
        while isinstance(value, meaning.LetValue) and self._lets[value.name].otherwise is None:
            value = self._lets[value.name].value
        return value

    def _bounds(self, value: meaning.Expr) -> tuple[Fraction | None, Fraction | None] | None:
        """The least and the most that a number can be, where both the reading of data and the language hold it to that."""
        value = self._root(value)
        inner = bare(value.type)[0]
        if not isinstance(inner, types.NumberType):
            return None
        bounded = (meaning.Constant, meaning.ColumnValue, meaning.ParamValue, meaning.Select, meaning.ShareOf)
        return (inner.low, inner.high) if isinstance(value, bounded) else (None, None)

    def _ordered(self, operator: str, left: meaning.Expr, right: meaning.Expr) -> bool | None:
        first, second = self._bounds(left), self._bounds(right)
        if first is None or second is None:
            return None
        (low, high), (least, most) = first, second
        below = high is not None and least is not None and high < least
        above = low is not None and most is not None and low > most
        at_most = high is not None and least is not None and high <= least
        at_least = low is not None and most is not None and low >= most
        match operator:
            case "<":
                return True if below else False if at_least else None
            case "<=":
                return True if at_most else False if above else None
            case ">":
                return True if above else False if at_most else None
            case ">=":
                return True if at_least else False if below else None
        equal = True if at_most and at_least else False if below or above else None
        return equal if operator == "=" or equal is None else not equal

    def _texts(self, value: meaning.Expr, ignoring_case: bool) -> frozenset[str] | None:
        """All texts that a value can be, as `equals` compares them; None where they cannot be listed."""
        value = self._root(value)
        inner = bare(value.type)[0]
        if isinstance(value, meaning.Constant) and isinstance(value.value, str):
            texts: tuple[str, ...] = (value.value,)
        elif isinstance(inner, types.OneOfType) and isinstance(value, (meaning.ColumnValue, meaning.ParamValue)):
            texts = inner.values
        else:
            return None
        return frozenset(text.strip().casefold() if ignoring_case else text.strip() for text in texts)
