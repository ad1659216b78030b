"""A plain plan as one function of Python, which goes through the rows of a batch once.

The function is written from the plan and compiled, once for any text and again
when it is known which layout most texts have. It says of a row what
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
from rewardlang.engine.row_writer import Given, LayoutWriter, Wanted, Writer
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tags import tags_of

_SAMPLE = 64


class Rows(NamedTuple):
    """What was computed. `gates` has the gate that stopped each row, or −1; `keys` the numbers of the keys of the others."""

    success: list[bool]
    gates: list[int]
    keys: list[int]


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

    Which layout most texts of the last batches had decides how a text is read, and never what is found in it.
    """

    def __init__(self, plan: Plan, wanted: Wanted, *, clocked: bool = False) -> None:
        self._plan, self._wanted, self._clocked = plan, wanted, clocked
        self._function = self._written(None)
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
        keys: Mapping[tuple[Any, ...], int],
    ) -> Rows:
        """What is wanted of the rows of a batch. `portions` give columns of some rows after the other, `counts` how often a step
        finds something in a text, `keys` a number for what is wanted of a row.
        """
        others: list[str] = []
        function, rows = self._function, Rows([], [], [])
        tables = list(map(counts, function.counted))
        for column in portions:
            columns = [column(name) for name in function.columns]
            function.call(columns, tables, keys, others.append, rows.success.append, rows.gates.append, rows.keys.append)
        if 2 * len(others) > size:
            self._learn(others)
        return rows

    def _learn(self, others: list[str]) -> None:
        """Takes the layout of texts that have another than the one that is known; ever more rarely, because they may have none."""
        self._tries += 1
        main = self._function.main
        if self._tries & (self._tries - 1) or main is None:
            return
        layout = tags_of(others[:_SAMPLE], self._plan.tags[main]).layout
        if layout is not None:
            self.expect(layout)

    def expect(self, layout: Layout) -> None:
        """Has a way of its own for texts of a layout from now on."""
        self._function = self._written(layout)

    def _written(self, layout: Layout | None) -> _Function:
        given = Given()
        writer = Writer(self._plan, self._wanted, given, clocked=self._clocked)
        main = writer.main if writer.main is not None and not may_be_missing(self._plan, writer.main) else None
        lines = writer.after
        if main is not None:
            lines = [f"other({writer.text(main)})", *lines]
            if layout is not None:
                of_layout = LayoutWriter(self._plan, self._wanted, given, layout, main, clocked=self._clocked)
                lines = [of_layout.told, *indented(of_layout.after), "else:", *indented(lines)]
        began = [f"last = {writer.bind(time.perf_counter)}()"] if self._clocked else []
        tables = [f"{''.join(f'{name}, ' for name in given.counted.values())} = counts"] if given.counted else []
        loop = f"for {''.join(f'{name}, ' for name in given.columns.values())} in zip(*columns):"
        head = "def rows(columns, counts, keys, other, success, gate, key):"
        body = [*tables, loop, *indented([*began, *writer.before, *lines])]
        source = [head, *indented(body), ""]
        return _Function("\n".join(source), function_of(source, given.bound), tuple(given.columns), tuple(given.counted), given.times, main)
