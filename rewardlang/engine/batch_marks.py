"""The numbers of a batch as arrays; what the score does not need is put together when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows
from rewardlang.engine.plan import Plan
from rewardlang.engine.rule_points import Given
from rewardlang.marks import Failure

Floats: TypeAlias = "NDArray[np.float64]"
Flags: TypeAlias = "NDArray[np.bool_]"


class Part(NamedTuple):
    """The numbers of some rows that follow each other.

    `alive` are the rows that no gate stopped, None: all of them; `found`,
    `sections` and `clamping` are of those. `skipped`: None, if no row was.
    """

    size: int
    alive: Rows | None
    skipped: Flags | None
    score: Floats
    success: Floats | None
    gates: NDArray[np.int16]
    found: Sequence[Given]
    sections: Sequence[Floats]
    clamping: Floats | None

    def points(self, numbers: Floats | None) -> Floats:
        """Points of the rows alive, put among all: NaN for rows that were skipped, 0 for those that a gate stopped."""
        if self.alive is None and numbers is not None:
            return numbers
        spread = np.zeros(self.size)
        if self.skipped is not None:
            spread[self.skipped] = np.nan
        if numbers is not None:
            spread[self.alive] = numbers
        return spread

    def fractions(self, place: int) -> list[Fraction]:
        """The exact points of a rule, put among all rows."""
        numbers = self.found[place].points.fractions() if self.found else []
        if self.alive is None:
            return numbers
        spread = [Fraction(0)] * self.size
        for row, points in zip(self.alive.tolist(), numbers, strict=True):
            spread[row] = points
        return spread

    def flags(self, flags: Flags | None) -> Flags:
        """Whether something holds, put among all rows."""
        if self.alive is None and flags is not None:
            return flags
        spread = np.zeros(self.size, bool)
        if flags is not None:
            spread[self.alive] = flags
        return spread


class BatchMarks:
    """The numbers of B rows: NaN where a row was skipped, 0 from rules and sections where a gate stopped it.

    `gates` is the place of the gate that stopped a row among the plan's gates,
    or −1. `failures` has the verdicts that were not reached, by row;
    `unjudged` are all rows in which anything was not judged.
    """

    def __init__(self, plan: Plan, parts: Sequence[Part], failures: Mapping[int, tuple[Failure, ...]], unjudged: frozenset[int]) -> None:
        self._plan, self._made = plan, parts
        self.failures, self.unjudged = failures, unjudged

    @cached_property
    def score(self) -> Floats:
        """The score of each row."""
        score: Floats = self._joined(lambda part: part.score)
        return score

    def floats(self) -> list[float | None]:
        """The score of each row, None where it was skipped."""
        return [None if score != score else score for score in self.score.tolist()]  # noqa: PLR0124 - NaN is not itself

    @cached_property
    def gates(self) -> NDArray[np.int16]:
        """The gate that stopped each row, or −1."""
        gates: NDArray[np.int16] = self._joined(lambda part: part.gates)
        return gates

    @cached_property
    def success(self) -> Floats | None:
        """1 or 0; None when the file has no `success`."""
        return None if self._plan.success is None else self._joined(lambda part: part.success)

    @cached_property
    def rules(self) -> Mapping[str, Floats]:
        """The points of each rule."""
        return self._by_rule(lambda part, place: part.points(part.found[place].doubles() if part.found else None))

    @cached_property
    def exact(self) -> Mapping[str, list[Fraction]]:
        """The points of each rule as they are added up; 0 where a gate decided."""
        return {
            rule.rule.name: [points for part in self._parts for points in part.fractions(place)]
            for place, rule in enumerate(self._plan.rules)
        }

    @cached_property
    def fired(self) -> Mapping[str, Flags]:
        """Whether each rule applied."""
        return self._by_rule(lambda part, place: part.flags(part.found[place].fired if part.found else None))

    @cached_property
    def sections(self) -> Mapping[str, Floats]:
        """What each section adds."""
        names = [section.name or "" for section in self._plan.program.sections]
        return self._by_name(names, lambda part, place: part.points(part.sections[place] if part.sections else None))

    @cached_property
    def clamping(self) -> Floats:
        """What was added so that a score lies in its range."""
        clamping: Floats = self._joined(_clamping)
        return clamping

    @property
    def _parts(self) -> Sequence[Part]:
        return self._made

    def _by_rule(self, of: Callable[[Part, int], Any]) -> Mapping[str, Any]:
        return self._by_name([rule.rule.name for rule in self._plan.rules], of)

    def _by_name(self, names: Sequence[str], of: Callable[[Part, int], Any]) -> Mapping[str, Any]:
        return {name: self._joined(partial(_at, of, place)) for place, name in enumerate(names)}

    def _joined(self, of: Callable[[Part], Any]) -> Any:
        return of(self._parts[0]) if len(self._parts) == 1 else np.concatenate([of(part) for part in self._parts])


def _clamping(part: Part) -> Floats:
    clamping = np.zeros(part.size)
    if part.clamping is not None:
        clamping[slice(None) if part.alive is None else part.alive] = part.clamping
    return clamping


def _at(of: Callable[[Part, int], Any], place: int, part: Part) -> Any:
    return of(part, place)
