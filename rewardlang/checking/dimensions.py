"""Dimensions that are not known yet: those of quantities found in a text, and of `20 kg`, which is a mass or a body mass.

An unknown is a base dimension whose name begins with `?`. Every use of a
quantity says that two dimensions are equal, and these equations are solved
over the whole numbers as they come (the free abelian group: A. Kennedy,
"Relational parametricity and units of measure", 1997).
"""

from __future__ import annotations

from rewardlang.answers.quantities import combined
from rewardlang.answers.values import Dimension
from rewardlang.source import Span


def unknowns(dimension: Dimension) -> list[tuple[str, int]]:
    """The unknowns in a dimension, with their exponents."""
    return [(base, power) for base, power in dimension if base.startswith("?")]


class Dimensions:
    """What is known so far of the dimensions of one file."""

    def __init__(self) -> None:
        self._solved: dict[str, Dimension] = {}
        self._count = 0
        self._choices: list[tuple[Dimension, tuple[Dimension, ...], Span]] = []
        self.found: list[tuple[Dimension, Span]] = []  # of quantities selected from a text, which must be known in the end

    def fresh(self) -> Dimension:
        """A new unknown."""
        self._count += 1
        return ((f"?{self._count}", 1),)

    def one_of(self, candidates: tuple[Dimension, ...], span: Span) -> Dimension:
        """One of the candidates, the first where nothing else decides."""
        if len(candidates) == 1:
            return candidates[0]
        dimension = self.fresh()
        self._choices.append((dimension, candidates, span))
        return dimension

    def resolved(self, dimension: Dimension) -> Dimension:
        """The dimension with all that is known put in."""
        for base, power in dimension:
            if base in self._solved:
                rest: Dimension = tuple(pair for pair in dimension if pair[0] != base)
                return self.resolved(combined(rest, self._solved[base], power))
        return dimension

    def candidates(self, dimension: Dimension) -> tuple[Dimension, ...]:
        """What an unknown can be, where its unit leaves a choice."""
        resolved = self.resolved(dimension)
        return next((candidates for choice, candidates, _ in self._choices if self.resolved(choice) == resolved), ())

    def equate(self, first: Dimension, second: Dimension) -> bool:
        """Makes two dimensions equal; False when they cannot be, and then nothing has changed."""
        before = dict(self._solved)
        if self._solve(combined(first, second, -1)) and all(self._open(dimension, among) for dimension, among, _ in self._choices):
            return True
        self._solved = before
        return False

    def _open(self, dimension: Dimension, candidates: tuple[Dimension, ...]) -> bool:
        resolved = self.resolved(dimension)
        return bool(unknowns(resolved)) or resolved in candidates

    def _solve(self, dimension: Dimension) -> bool:
        """Makes a dimension that of a number."""
        while True:
            dimension = self.resolved(dimension)
            if not unknowns(dimension):
                return not dimension
            base, power = min(unknowns(dimension), key=lambda pair: abs(pair[1]))
            rest = [pair for pair in dimension if pair[0] != base]
            if all(other % power == 0 for _, other in rest):
                self._solved[base] = tuple((name, -(other // power)) for name, other in rest)
                return True
            if len(unknowns(dimension)) == 1:
                return False
            quotients: Dimension = tuple((name, other // power) for name, other in rest if other // power)
            self._solved[base] = combined(self.fresh(), quotients, -1)

    def settle(self) -> Span | None:
        """Decides what is still a choice; the place of one for which no candidate is left, or None."""
        for dimension, candidates, span in self._choices:
            if unknowns(self.resolved(dimension)) and not any(self.equate(dimension, candidate) for candidate in candidates):
                return span
        return None
