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
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import LONG, Shapes
from rewardlang.engine.tags import Tags, tags_of

_SHAPES_KEPT = 4096


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


class ListPlan:
    """A plan whose columns are lists. `shaped` are steps that only the shape of a text has a say in, with the step of the text."""

    def __init__(self, plan: Plan, kernels: ListKernels, shaped: Mapping[int, int]) -> None:
        self.plan, self.kernels, self.shaped = plan, kernels, shaped
        self._known: dict[int, dict[str, Any]] = {}
        self.layouts: dict[int, Layout | None] = {}
        """By the step of a text the layout that most texts of the last batch had: how they are read best, and no more."""

    def of_shapes(self, index: int, shapes: Shapes, compute: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """What a step has for each shape, in this batch as in those before."""
        known = self._known.setdefault(index, {})
        values = list(map(known.get, shapes))
        if None not in values:
            return values
        values = list(compute())
        if len(known) + len(shapes) <= _SHAPES_KEPT:
            known.update((shape, value) for shape, value in zip(shapes, values, strict=True) if len(shape) <= LONG)
        return values


class Lists:
    """Lists of some rows, of which `owners` are the places in the batch.

    Those of some of another's rows (`some`) take over what is known of these.
    Those of the shapes of texts have a row for each shape, and know nothing but
    that: what depends on nothing else is computed there.
    """

    def __init__(self, of: ListPlan, calls: Calls, owners: Sequence[int], given: Mapping[str, Column]) -> None:
        self.of, self.plan, self.kernels = of, of.plan, of.kernels
        self.calls, self.given = calls, given
        self.owners, self.size = owners, len(owners)
        self._outer: Lists | None = None
        self._places: Sequence[int] = ()
        self._is_shapes = False
        self._values: dict[int, Values] = {}
        self._tests: dict[int, list[bool]] = {}
        self._tags: dict[int, Tags] = {}
        self._by_shape: dict[int, Lists] = {}

    def some(self, places: Sequence[int]) -> Lists:
        """Some of the rows: what is known of them is not computed again, and what may be dear is computed for them alone."""
        lists = Lists(self.of, self.calls, [self.owners[place] for place in places], {})
        lists._outer, lists._places = self, places
        return lists

    def _shapes_of(self, text: int) -> Lists:
        if text not in self._by_shape:
            tags = self.tags(text)
            self._by_shape[text] = lists = Lists(self.of, self.calls, range(len(tags.shapes)), {})
            lists._is_shapes = True
            lists._values[text], lists._tags[text] = Values([""] * lists.size, False), tags.of_shapes
        return self._by_shape[text]

    def _from_outer(self, index: int) -> bool:
        return self._outer is not None and not self.plan.steps[index].lazy

    def _shaping(self, index: int) -> int | None:
        """The step of the text of which only the shape has a say in a step, if every row has one."""
        text = None if self._is_shapes else self.of.shaped.get(index)
        return None if text is None or self.values(text).holes else text

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
        if self._from_outer(index):
            assert self._outer is not None
            values, holes = self._outer.values(index)
            return Values([values[place] for place in self._places], holes)
        if (text := self._shaping(index)) is not None:
            tags, shapes = self.tags(text), self._shapes_of(text)
            return Values(tags.spread(shapes.values(index).values), False)
        return self.kernels.values[type(step.node)](self, step)

    def tests(self, index: int) -> list[bool]:
        """Whether a test holds in each row."""
        known = self._tests.get(index)
        if known is None:
            known = self._tests[index] = self._tested(index)
        return known

    def _tested(self, index: int) -> list[bool]:
        step = self.plan.steps[index]
        if self._from_outer(index):
            assert self._outer is not None
            tests = self._outer.tests(index)
            return [tests[place] for place in self._places]
        if (text := self._shaping(index)) is not None:
            tags = self.tags(text)
            return tags.spread(self.of.of_shapes(index, tags.shapes, lambda: self._shapes_of(text).tests(index)))
        return self.kernels.tests[type(step.node)](self, step)

    def texts(self, index: int) -> list[str]:
        """The texts of a step, empty where there is none."""
        values, holes = self.values(index)
        return ["" if text is None else text for text in values] if holes else values

    def tags(self, index: int) -> Tags:
        """The tags in the texts of a step."""
        if index not in self._tags:
            layouts = self.of.layouts
            self._tags[index] = tags = tags_of(self.texts(index), self.plan.tags[index], layouts.get(index))
            layouts[index] = tags.layout
        return self._tags[index]

    def column(self, name: str) -> Values:
        """A column of the batch."""
        column = self.given[name]
        if column.state is None:
            return Values(column.values, False)
        there = column.state.tolist()
        return Values([value if state == THERE else None for value, state in zip(column.values, there, strict=True)], True)
