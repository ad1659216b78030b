"""Writes the lines of a plain plan's function (`row_code`): a step has a line where it is first needed.

From where tags are first looked for there are two ways to go on. `Writer`
writes the one for any text, which is cut at its tags; `LayoutWriter` the one
for texts of the layout that most have: what depends on which tags there are is
known when the line is written, and only the gaps that are read are captured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from typing import Any, NamedTuple

from rewardlang import meaning
from rewardlang.engine.find_kernels import closing_tag_before
from rewardlang.engine.plan import Found, Plan, Step
from rewardlang.engine.plan_from_program import is_cut
from rewardlang.engine.row_expressions import Lines, function_of, indented, may_be_missing, shape_tested, shaped_steps
from rewardlang.engine.row_layouts import LayoutHead, LayoutTail
from rewardlang.engine.row_tags import (
    ONE_BLOCK,
    UNTOUCHED,
    Span,
    Tagged,
    behind_last,
    block,
    from_pieces,
    how_touched,
    outside_all,
    outside_one,
)
from rewardlang.engine.tag_layouts import Layout
from rewardlang.engine.tag_shapes import Facts, facts_of, literals


class Wanted(NamedTuple):
    """What is computed: a test of all rows, the gates in order; of rows that pass these: tests, and numbers up to one that is given."""

    success: int | None
    gates: tuple[int, ...]
    tests: tuple[int, ...]
    counts: tuple[tuple[int, int], ...]
    most: Mapping[int, int]
    """Numbers that are given no higher."""


class Given:
    """What a function is given: by name its values and the columns; by step the tables of counts, and the seconds and rows of each."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}
        self.columns: dict[str, str] = {"completion": "c0"}
        self.counted: dict[int, str] = {}
        self.times: dict[int, tuple[float, int]] = {}


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


class Writer(Lines):
    """The lines for any text. `main` is the step of the text whose tags are looked for first; `before` that are the same lines whatever
    its tags are, and `after` it others.
    """

    def __init__(self, plan: Plan, wanted: Wanted, given: Given, *, clocked: bool) -> None:
        super().__init__(plan, given.bound)
        self._shaped, self._most, self._given, self._clocked = shaped_steps(plan), wanted.most, given, clocked
        self._tagged: dict[int, Tagged] = {}
        self.main: int | None = None
        self._reached = 0
        if wanted.success is not None:
            self.lines.append(f"success({self.of(wanted.success)})")
        for place, gate in enumerate(wanted.gates):
            self.lines += [f"if not {self.of(gate)}:", f"    gate({place})", "    continue"]
        if wanted.gates:
            self.lines.append("gate(-1)")
        key = [*map(self.of, wanted.tests), *(self._capped(step, most) for step, most in wanted.counts)]
        self.lines.append(f"key(keys[({''.join(f'{part}, ' for part in key)})])")

    @property
    def before(self) -> list[str]:
        """All lines where no tags are looked for."""
        return self.lines if self.main is None else self.lines[: self._reached]

    @property
    def after(self) -> list[str]:
        """Those from the first tag on."""
        return self.lines[len(self.before) :]

    def computed(self, index: int) -> None:
        """Notes the time of a step, if times are wanted."""
        self._given.times[index] = 0.0, 0
        if self._clocked:
            self.lines.append(f"last = {self.bind(partial(_tick, self._given.times, index))}(last)")

    def _capped(self, step: int, most: int) -> str:
        count, limit = self.of(step), self.bind(most)
        capped = count if self._most.get(step) == most else f"{count} if {count} < {limit} else {limit}"
        return self._unless_missing(step, count, "0") + capped

    def _unless_missing(self, step: int, name: str, otherwise: str = "None") -> str:
        return f"{otherwise} if {name} is None else " if may_be_missing(self.plan, step, self.there) else ""

    # -------------------------------------------------------- steps

    def code(self, index: int, step: Step) -> str:
        """What computes a step."""
        node = step.node
        match node:
            case meaning.ColumnValue(name=name) | meaning.BuiltIn(name=name) | meaning.ParamValue(name=name):
                return self._given.columns.setdefault(name, f"c{len(self._given.columns)}")
            case Found(find=meaning.WordFind()):
                text = self.of(step.inputs[0])
                self._given.counted[index] = f"w{index}"
                return f"{self._unless_missing(step.inputs[0], text)}w{index}[{text}]"
            case meaning.Outside(tag=tag):
                return self._outside(step.inputs[0], tag)
            case meaning.Select(selector=selector, find=meaning.TagFind(tag=tag)) if selector != "count of":
                return self.span(index, step.inputs[0], (selector, tag), block(selector, tag))
            case meaning.Select() if is_cut(node) and (closing := closing_tag_before(node, self.plan.tags.get(step.inputs[0], ()))):
                return self.span(index, step.inputs[0], ("behind", closing), behind_last(closing))
        if index in self._shaped:
            return self.fact(self._shaped[index], index, self._from_shape(index))
        if (fact := basic_fact(self.plan, step)) is not None:
            code, text = self.fact(step.inputs[0], index, fact), self.of(step.inputs[0])
            return code if isinstance(node, meaning.TextTest) else f"None if {text} is None else {code}"
        return super().code(index, step)

    def _from_shape(self, index: int) -> Callable[[Facts], Any]:
        bound: dict[str, Any] = {}
        writer = _OfShapes(self.plan, bound)
        result = writer.of(index)
        return function_of(["def of_shape(facts):", *indented([*writer.lines, f"return {result}"])], bound)

    def _outside(self, text: int, tag: str) -> str:
        touched, value = self.fact(text, ("outside", tag), how_touched(tag)), self.text(text)
        one, several = self.bind(outside_one(tag)), self.bind(outside_all(tag))
        return (
            f"{self._unless_missing(text, self.of(text))}{value} if (n := {touched}) == {UNTOUCHED} "
            f"else {one}({value}) if n == {ONE_BLOCK} else {several}({value})"
        )

    # -------------------------------------------------------- tags

    def text(self, text: int) -> str:
        """The name of a text whose tags are looked for; the text is empty where it is missing."""
        return f"t{text}" if may_be_missing(self.plan, text, self.there) else self.of(text)

    def reach(self, text: int) -> None:
        """Called where the tags of a text are first looked for."""
        value, name = self.of(text), self.text(text)
        if name != value:
            self.lines.append(f"{name} = {''!r} if {value} is None else {value}")
        if self.main is None:
            self.main, self._reached = text, len(self.lines)

    def cut(self, text: int) -> Tagged:
        """The tags of a text: from here on `p…` are its pieces, `r…` is what is known of its shape."""
        if text not in self._tagged:
            self.reach(text)
            self._tagged[text] = tagged = Tagged(self.plan.tags[text])
            self.lines += [
                f"p{text} = {self.bind(tagged.cut)}({self.text(text)})",
                f"r{text} = {self.bind(tagged.shapes)}[{''!r}.join(p{text}[1::2])][not p{text}[0]]",
            ]
        return self._tagged[text]

    def fact(self, text: int, key: Hashable, ask: Callable[[Facts], Any]) -> str:
        """What is known of the shape of a text; equal keys say that the same is asked."""
        return f"r{text}[{self.cut(text).fact(key, ask)}]"

    def span(self, _index: int, text: int, key: Hashable, ask: Callable[[Facts], Span]) -> str:
        """What stands in some gaps of a text, trimmed: the value of a step."""
        found = self.fact(text, key, lambda facts: from_pieces(ask(facts)))
        return f"None if (n := {found}) is None else n(p{text}).strip()"


class LayoutWriter(Writer):
    """The lines for texts of a layout; `told` is the line that asks whether a text has it, and stands before them.

    The first `<` of the long gap is found by `find`, thirty times as fast as a
    pattern: behind the tags that stand before it, which are `h`. At that place
    `f` matches the end of the text, from the tag behind the long gap on. What
    both try is linear in the length of a text.
    """

    def __init__(self, plan: Plan, wanted: Wanted, given: Given, layout: Layout, text: int, *, clocked: bool) -> None:
        self._layout, self._text, self._facts = layout, text, facts_of(layout.names, layout.shape)
        self._head, self._tail = LayoutHead(layout), LayoutTail(layout)
        super().__init__(plan, wanted, given, clocked=clocked)
        given.bound |= {f"x{gap}": group for part in (self._head, self._tail) for gap, group in part.groups.items()}
        self.told = f"if {' and '.join(self._conditions(self.text(text)))}:"

    def _conditions(self, value: str) -> list[str]:
        layout, conditions = self._layout, []
        if self._head.literal:
            conditions = [f"{value}.startswith({self.bind(self._head.literal)})"]
        elif layout.long > 0:
            conditions = [f"(h := {self.bind(self._head.match)}({value})) is not None"]
        found = f"(e := {value}.find({'<'!r}, {self._begins()}))"
        if layout.long < layout.last:
            return [*conditions, f"{found} > 0", f"(f := {self.bind(self._tail.match)}({value}, e)) is not None"]
        return [*conditions, f"({found} < 0 or {self.bind(layout.inside)}({value}, e) is None)"]

    def _begins(self) -> str:
        """Where the long gap begins."""
        return "h.end()" if self._layout.long > 0 and not self._head.literal else self.bind(len(self._head.literal))

    def fact(self, text: int, key: Hashable, ask: Callable[[Facts], Any]) -> str:
        """A value."""
        if text != self._text:
            return super().fact(text, key, ask)
        if self.main is None:
            self.reach(text)
        return self.bind(ask(self._facts))

    def span(self, index: int, text: int, key: Hashable, ask: Callable[[Facts], Span]) -> str:
        """A group of a match, the long gap, or pieces of the text where there are tags in the span."""
        if text != self._text:
            return super().span(index, text, key, ask)
        if self.main is None:
            self.reach(text)
        span, value, layout = ask(self._facts), self.text(text), self._layout
        if span is None:
            return self.bind(None)
        self.there.add(index)
        first, last = span
        if first < last:
            return f"{self.bind(from_pieces(span))}({self.bind(literals(layout.names)[0].split)}({value})).strip()"
        if first == layout.long:
            end = f"f.start({self._tail.group(layout.long)})" if layout.long < layout.last else ""
            return f"{value}[{self._begins()}:{end}].strip()"
        return f"h[{self._head.group(first)}].strip()" if first < layout.long else f"f[{self._tail.group(first)}].strip()"


def _tick(times: dict[int, tuple[float, int]], index: int, last: float) -> float:
    seconds, rows = times[index]
    times[index] = seconds + time.perf_counter() - last, rows + 1
    return time.perf_counter()
