"""A plain plan as one function of Python, which goes through the rows of a batch once.

The function is written from the plan and compiled, once for any text and again
when it is known which layouts many texts have. It says of a row what
`marking.row_values` and `marking.row_tests` say; that each step is a line of
one loop is what makes it quick: no columns are made between the steps, and in
a batch of 64 rows making those would take most of the time. Nothing of what a
file says is in its text, and nothing of what a model wrote: there are only the
numbers of steps, and names that values of the plan are bound to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rewardlang.engine.plan import Plan
from rewardlang.engine.row_expressions import function_of, indented, may_be_missing
from rewardlang.engine.row_layout_writer import ways_alike
from rewardlang.engine.row_layouts import alike
from rewardlang.engine.row_writer import Given, Wanted, Writer
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tags import layouts_met

_SAMPLE = 256
_MANY = 16
"""Of so many texts one may have a layout that is not known, before it is asked which these are."""
_MOST_LAYOUTS = 8


class Rows(NamedTuple):
    """What was computed. `gates` has the gate that stopped each row, or −1; `numbers` what is wanted of the others (`Wanted.weights`)."""

    success: list[bool]
    gates: list[int]
    numbers: list[int]


class _Function(NamedTuple):
    """The function with its text, and what it is given; `main` is the step of the text whose layout can be learned."""

    source: str
    call: Callable[..., None]
    columns: tuple[str, ...]
    counted: tuple[int, ...]
    times: dict[int, tuple[float, int]]
    main: int | None


class RowCode:
    """The function. With `clocked` it adds up what each step takes, and is itself far slower.

    Which layouts many texts of the last batches had decides how a text is read, and never what is found in it.
    """

    def __init__(self, plan: Plan, wanted: Wanted, *, clocked: bool = False) -> None:
        self._plan, self._wanted, self._clocked = plan, wanted, clocked
        self.layouts: tuple[Layout, ...] = ()
        """Those for which there is a way of its own."""
        self._function = self._written()
        self._tries = 0

    @property
    def source(self) -> str:
        """The text of the function."""
        return self._function.source

    @property
    def times(self) -> dict[int, tuple[float, int]]:
        """The steps that have a line; with `clocked` the seconds and the rows of each."""
        return self._function.times

    def run(
        self,
        portions: Iterable[Callable[[str], Sequence[Any]]],
        size: int,
        counts: Callable[[int], Mapping[str, int]],
    ) -> Rows:
        """What is wanted of the rows of a batch. `portions` give columns of some rows after the other, `counts` how often a step
        finds something in a text.
        """
        others: list[str] = []
        function, rows = self._function, Rows([], [], [])
        tables = list(map(counts, function.counted))
        for column in portions:
            columns = [column(name) for name in function.columns]
            function.call(columns, tables, others.append, rows.success.append, rows.gates.append, rows.numbers.append)
        if _MANY * len(others) > size:
            self._learn(others, size)
        return rows

    def _learn(self, others: list[str], size: int) -> None:
        """Takes the layouts of texts that have none of those that are known; ever more rarely, because they may have none."""
        self._tries += 1
        main = self._function.main
        if self._tries & (self._tries - 1) or main is None:
            return
        known = self.layouts if 2 * len(others) < size else ()
        half = _MOST_LAYOUTS // 2
        found = layouts_met(others[:: -(-len(others) // _SAMPLE)], self._plan.tags[main])
        if found:
            self.expect(*known[:half], *found, *known[half:])

    def expect(self, *layouts: Layout) -> None:
        """Has a way of its own for texts of each layout from now on; the more of them have one, the sooner it should stand here."""
        self.layouts = tuple({(layout.shape, layout.long): layout for layout in layouts}.values())[:_MOST_LAYOUTS]
        self._function = self._written()

    def _written(self) -> _Function:
        given = Given()
        writer = Writer(self._plan, self._wanted, given, clocked=self._clocked)
        main = writer.main if writer.main is not None and not may_be_missing(self._plan, writer.main) else None
        lines = writer.after
        if main is not None:
            ways: list[str] = []
            for layouts in alike(self.layouts):
                for told, own in ways_alike(self._plan, self._wanted, given, layouts, main, clocked=self._clocked):
                    ways += [f"{'elif' if ways else 'if'} {told}:", *indented(own)]
            lines = [f"other({writer.text(main)})", *lines]
            lines = [*ways, "else:", *indented(lines)] if ways else lines
        began = [f"last = {writer.bind(time.perf_counter)}()"] if self._clocked else []
        tables = [f"{''.join(f'{name}, ' for name in given.counted.values())} = counts"] if given.counted else []
        loop = f"for {''.join(f'{name}, ' for name in given.columns.values())} in zip(*columns):"
        head = "def rows(columns, counts, other, success, gate, number):"
        body = [*tables, loop, *indented([*began, *writer.before, *lines])]
        source = [head, *indented(body), ""]
        return _Function("\n".join(source), function_of(source, given.bound), tuple(given.columns), tuple(given.counted), given.times, main)
