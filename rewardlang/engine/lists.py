"""The columns of some rows as lists: all that a plain plan needs, in which nothing is refused and a test holds or does not.

A list of values has None where a row has none; a list of truths has True and
False. What a step gives is kept, and is of all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from rewardlang.engine.calls import Calls
from rewardlang.engine.column import THERE, Column
from rewardlang.engine.plan import Plan, Step
from rewardlang.engine.plan_from_program import is_test
from rewardlang.engine.tags import Tags


class Values(NamedTuple):
    """One value a row, and whether None may be among them."""

    values: list[Any]
    holes: bool


ListKernel: TypeAlias = "Callable[[Lists, Step], Values]"
TestKernel: TypeAlias = "Callable[[Lists, Step], list[bool]]"


class ListKernels(NamedTuple):
    """The functions that compute steps, by the class of the step's node."""

    values: Mapping[type, ListKernel]
    tests: Mapping[type, TestKernel]


class Lists:
    """Lists of `size` rows; `owners` are their places in the batch. The rows of one may be some of the rows of an `outer` one."""

    __slots__ = ("_outer", "_places", "_tags", "_tests", "_values", "calls", "given", "kernels", "owners", "plan", "size")

    def __init__(
        self, plan: Plan, kernels: ListKernels, calls: Calls, owners: Sequence[int], given: Mapping[str, Column] | None, outer: Lists | None
    ) -> None:
        self.plan, self.kernels, self.calls = plan, kernels, calls
        self.owners, self.size = owners, len(owners)
        self.given: Mapping[str, Column] = {} if given is None else given
        self._outer = outer
        self._places: Sequence[int] = ()
        self._values: dict[int, Values] = {}
        self._tests: dict[int, list[bool]] = {}
        self._tags: dict[int, Tags] = {}

    def some(self, places: Sequence[int]) -> Lists:
        """Some of the rows: what is known of them is not computed again, and what is computed is computed for them alone."""
        lists = Lists(self.plan, self.kernels, self.calls, [self.owners[place] for place in places], None, self)
        lists._places = places
        return lists

    def values(self, index: int) -> Values:
        """The values of a step; of a test, whether it holds."""
        known = self._values.get(index)
        if known is None:
            known = self._values[index] = self._computed(index)
        return known

    def _computed(self, index: int) -> Values:
        step = self.plan.steps[index]
        if is_test(step.node):
            return Values(self.tests(index), False)
        if self._outer is None or step.lazy:
            return self.kernels.values[type(step.node)](self, step)
        values, holes = self._outer.values(index)
        return Values([values[place] for place in self._places], holes)

    def tests(self, index: int) -> list[bool]:
        """Whether a test holds in each row."""
        known = self._tests.get(index)
        if known is None:
            step = self.plan.steps[index]
            if self._outer is None or step.lazy:
                known = self.kernels.tests[type(step.node)](self, step)
            else:
                whole = self._outer.tests(index)
                known = [whole[place] for place in self._places]
            self._tests[index] = known
        return known

    def texts(self, index: int) -> list[str]:
        """The texts of a step, empty where there is none."""
        values, holes = self.values(index)
        return ["" if text is None else text for text in values] if holes else values

    def tags(self, index: int) -> Tags:
        """The tags in the texts of a step."""
        if index not in self._tags:
            self._tags[index] = Tags(self.texts(index), self.plan.tags[index])
        return self._tags[index]

    def column(self, name: str) -> Values:
        """A column of the batch."""
        column = self.given[name]
        if column.state is None:
            return Values(column.values, False)
        there = column.state.tolist()
        return Values([value if state == THERE else None for value, state in zip(column.values, there, strict=True)], True)
