"""A plain plan as one function of Python, which goes through the rows of a batch once.

The function is written from the plan and compiled once. It says of a row what
`marking.row_values` and `marking.row_tests` say; that each step is a line of
one loop is what makes it quick: no columns are made between the steps, and in
a batch of 64 rows making those would take most of the time. Nothing of what a
file says is in its text, and nothing of what a model wrote: there are only the
numbers of steps, and names that values of the plan are bound to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from rewardlang import meaning
from rewardlang.engine.find_kernels import closing_tag_before, selected_blocks
from rewardlang.engine.plan import Found, Plan, Step
from rewardlang.engine.plan_from_program import is_cut
from rewardlang.engine.row_expressions import Lines, may_be_missing, shape_tested, shaped_steps
from rewardlang.engine.row_tags import (
    LONG_GAP,
    NOWHERE,
    ONE_BLOCK,
    UNTOUCHED,
    Tagged,
    behind_last,
    block_gap,
    gap_behind,
    how_touched,
    outside_all,
    outside_one,
)
from rewardlang.engine.tag_shapes import BEGIN, Facts
from rewardlang.engine.tags import tags_of


class Wanted(NamedTuple):
    """What is computed: a test of all rows, the gates in order; of rows that pass these: tests, and numbers up to one that is given."""

    success: int | None
    gates: tuple[int, ...]
    tests: tuple[int, ...]
    counts: tuple[tuple[int, int], ...]


class Rows(NamedTuple):
    """What was computed. `gates` has the gate that stopped each row, or −1; `keys` the numbers of the keys of the others."""

    success: list[bool]
    gates: list[int]
    keys: list[int]


class RowCode:
    """The function, and what it is given besides the columns.

    `times` has the steps that have a line; with `clocked` the function adds up
    the seconds and the rows of each, and is itself far slower.
    """

    def __init__(self, plan: Plan, wanted: Wanted, *, clocked: bool = False) -> None:
        writer = _Writer(plan, wanted, clocked=clocked)
        self.source, self._function = writer.made()
        self._columns, self._tagged, self._counted = tuple(writer.columns), tuple(writer.tagged.values()), tuple(writer.counted)
        self.times = writer.times

    def run(
        self,
        column: Callable[[str], Sequence[Any]],
        size: int,
        counts: Callable[[int], Mapping[str, int]],
        keys: Mapping[tuple[Any, ...], int],
    ) -> Rows:
        """What is wanted of the rows of a batch. `column` gives its columns, `counts` how often a step finds something in a
        text, `keys` a number for what is wanted of a row.
        """
        rows = Rows([], [], [])
        layouts = [tagged.given() for tagged in self._tagged]
        columns = [column(name) for name in self._columns]
        self._function(columns, layouts, list(map(counts, self._counted)), keys, *(part.append for part in rows))
        for tagged, (*_, others) in zip(self._tagged, layouts, strict=True):
            if 2 * len(others) > size:
                tagged.learn(others)
        return rows


class _OfShapes(Lines):
    """Lines that compute a step from a shape alone."""

    def code(self, index: int, step: Step) -> str:
        fact = basic_fact(self.plan, step)
        return super().code(index, step) if fact is None else f"{self.bind(fact)}(facts)"


def basic_fact(plan: Plan, step: Step) -> Callable[[Facts], Any] | None:
    """What a step asks of the shape of its text, if it asks for one thing."""
    match step.node:
        case meaning.Select(selector="count of", find=meaning.TagFind(tag=tag)):
            return lambda facts: facts.of(tag).openings
        case Found(find=meaning.TagFind(tag=tag)):
            return lambda facts: len(facts.of(tag).blocks)
    if (tested := shape_tested(plan, step)) is None:
        return None
    assert isinstance(step.node, meaning.TextTest)
    name, closing = tested
    if step.node.operator == "starts with":
        return lambda facts: facts.of(name).begins is closing
    return lambda facts: (facts.of(name).closings if closing else facts.of(name).openings) > 0


class _Writer(Lines):
    """Writes the loop: a step has a line where it is first needed."""

    def __init__(self, plan: Plan, wanted: Wanted, *, clocked: bool) -> None:
        super().__init__(plan, {})
        self._shaped, self._clocked = shaped_steps(plan), clocked
        self.columns: dict[str, str] = {"completion": "c0"}
        self.tagged: dict[int, Tagged] = {}
        self.counted: dict[int, str] = {}
        self.times: dict[int, tuple[float, int]] = {}
        if wanted.success is not None:
            self.lines.append(f"success({self.of(wanted.success)})")
        for place, gate in enumerate(wanted.gates):
            self.lines += [f"if not {self.of(gate)}:", f"    gate({place})", "    continue"]
        if wanted.gates:
            self.lines.append("gate(-1)")
        self._key = [*map(self.of, wanted.tests), *(self._capped(step, most) for step, most in wanted.counts)]

    def made(self) -> tuple[str, Callable[..., Any]]:
        """The function, with its text."""
        given = ["def rows(columns, layouts, counts, keys, success, gate, key):"]
        unpacked = []
        for names, of in ((self.counted.values(), "counts"), ([f"({_layout(text)})" for text in self.tagged], "layouts")):
            unpacked += [f"{''.join(f'{name}, ' for name in names)} = {of}"] if names else []
        loop = f"for {''.join(f'{name}, ' for name in self.columns.values())} in zip(*columns):"
        began = [f"last = {self.bind(time.perf_counter)}()"] if self._clocked else []
        self.lines = [*unpacked, loop, *(f"    {line}" for line in (*began, *self.lines))]
        return self.function(given, f"    key(keys[({''.join(f'{part}, ' for part in self._key)})])")

    def computed(self, index: int) -> None:
        self.times[index] = 0.0, 0
        if self._clocked:
            self.lines.append(f"last = {self.bind(partial(_tick, self.times, index))}(last)")

    def _capped(self, step: int, most: int) -> str:
        count, limit = self.of(step), self.bind(most)
        return f"{self._unless_missing(step, count, '0')}{count} if {count} < {limit} else {limit}"

    def _unless_missing(self, step: int, name: str, otherwise: str = "None") -> str:
        return f"{otherwise} if {name} is None else " if may_be_missing(self.plan, step) else ""

    # -------------------------------------------------------- steps

    def code(self, index: int, step: Step) -> str:
        node = step.node
        match node:
            case meaning.ColumnValue(name=name) | meaning.BuiltIn(name=name) | meaning.ParamValue(name=name):
                return self.columns.setdefault(name, f"c{len(self.columns)}")
            case Found(find=meaning.WordFind()):
                text = self.of(step.inputs[0])
                self.counted[index] = f"w{index}"
                return f"{self._unless_missing(step.inputs[0], text)}w{index}[{text}]"
            case meaning.Outside(tag=tag):
                return self._outside(step.inputs[0], tag)
            case meaning.Select(selector=selector, find=meaning.TagFind(tag=tag)) if selector != "count of":
                return self._gap(step.inputs[0], block_gap(selector, tag), (selector, tag), self._block(step.inputs[0], selector, tag))
            case meaning.Select() if is_cut(node) and (closing := closing_tag_before(node, self.plan.tags.get(step.inputs[0], ()))):
                return self._gap(step.inputs[0], gap_behind(closing), ("behind", closing), behind_last(closing))
        if index in self._shaped:
            return self._fact(self._shaped[index], index, self._from_shape(index))
        if (fact := basic_fact(self.plan, step)) is not None:
            code, text = self._fact(step.inputs[0], index, fact), self.of(step.inputs[0])
            return code if isinstance(node, meaning.TextTest) else f"None if {text} is None else {code}"
        return super().code(index, step)

    def _from_shape(self, index: int) -> Callable[[Facts], Any]:
        lines = _OfShapes(self.plan, {})
        result = lines.of(index)
        _, function = lines.function(["def of_shape(facts):"], f"return {result}")
        return function

    # -------------------------------------------------------- tags

    def _tags(self, text: int) -> Tagged:
        """The tags of a text: from here on `g…` are its gaps, `r…` is what is known of its shape, and `l…` the long gap of a layout."""
        if text not in self.tagged:
            value = self.of(text)
            self.tagged[text] = tagged = Tagged(self.plan.tags[text])
            shapes, cut, n = self.bind(tagged.shapes), self.bind(tagged.cut), text
            long = f"t{n}[f{n}.end(before{n}) if begins{n} is None else begins{n} : f{n}.start(after{n}) - behind{n}]"
            self.lines += [
                f"t{n} = {self._unless_missing(text, value, repr(''))}{value}",
                f"f{n} = match{n}(t{n})",
                f"if f{n} is not None and ({'<'!r} not in (l{n} := {long}) or inside{n}(l{n}) is None):",
                f"    g{n} = f{n}.groups()",
                f"    r{n} = known{n}",
                "else:",
                f"    others{n}.append(t{n})",
                f"    g{n} = {cut}(t{n})",
                f"    r{n} = {''!r}.join(g{n}[1::2])",
                f"    r{n} = {shapes}[r{n} if g{n}[0] or not r{n} else {BEGIN!r} + r{n}]",
                f"    g{n} = g{n}[::2]",
            ]
        return self.tagged[text]

    def _fact(self, text: int, key: int, ask: Callable[[Facts], Any]) -> str:
        place = self._tags(text).fact(key, ask)
        return f"r{text}[{place}]"

    def _gap(self, text: int, ask: Callable[[Facts], int], key: tuple[str, str], elsewhere: Callable[[str], str | None]) -> str:
        """A gap, trimmed, or what several make."""
        tagged = self._tags(text)
        place = tagged.gap(key, ask)
        return (
            f"g{text}[n].strip() if (n := r{text}[{place}]) >= 0 else None if n == {NOWHERE} "
            f"else l{text}.strip() if n == {LONG_GAP} else {self.bind(elsewhere)}(t{text})"
        )

    def _block(self, text: int, selector: str, tag: str) -> Callable[[str], str | None]:
        """A block of a text with other tags in it."""
        names = self.plan.tags[text]
        return lambda one: selected_blocks(selector, tag, tags_of([one], names))[0]

    def _outside(self, text: int, tag: str) -> str:
        place = self._tags(text).fact(("outside", tag), how_touched(tag))
        one, several = self.bind(outside_one(tag)), self.bind(outside_all(tag))
        return (
            f"{self._unless_missing(text, self.of(text))}t{text} if (n := r{text}[{place}]) == {UNTOUCHED} "
            f"else {one}(t{text}) if n == {ONE_BLOCK} else {several}(t{text})"
        )


def _layout(text: int) -> str:
    """The names of what `Tagged.given` gives."""
    return ", ".join(f"{name}{text}" for name in ("match", "inside", "begins", "before", "after", "behind", "known", "others"))


def _tick(times: dict[int, tuple[float, int]], index: int, last: float) -> float:
    seconds, rows = times[index]
    times[index] = seconds + time.perf_counter() - last, rows + 1
    return time.perf_counter()
