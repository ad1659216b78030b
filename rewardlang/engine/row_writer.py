"""Writes the lines of a plain plan's function (`row_code`): a step has a line where it is first needed.

These are the lines for any text, which is cut at its tags. `row_layout_writer`
has those for texts of layouts that many have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from math import prod
from typing import Any, NamedTuple

from rewardlang import meaning
from rewardlang.engine.find_kernels import closing_tag_before
from rewardlang.engine.plan import Found, Plan, Step
from rewardlang.engine.plan_from_program import is_cut
from rewardlang.engine.row_expressions import Lines, function_of, indented, may_be_missing, shape_tested, shaped_steps
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
from rewardlang.engine.tag_shapes import Facts


class Wanted(NamedTuple):
    """What is computed: a test of all rows, the gates in order; of rows that pass these: tests, and numbers up to one that is given."""

    success: int | None
    gates: tuple[int, ...]
    tests: tuple[int, ...]
    counts: tuple[tuple[int, int], ...]
    most: Mapping[int, int]
    """Numbers that are given no higher."""

    @property
    def weights(self) -> list[int]:
        """What each count, and then each test that holds, adds to the one number that says all of them."""
        radixes = [most + 1 for _, most in self.counts] + [2] * len(self.tests)
        return [prod(radixes[:place]) for place in range(len(radixes))]

    def outcomes(self, number: int) -> tuple[dict[int, bool], dict[tuple[int, int], int]]:
        """What a row's number says: of each test whether it holds, and the counts."""
        counts = {}
        for step, most in self.counts:
            number, counts[step, most] = divmod(number, most + 1)
        return {test: bool(number >> place & 1) for place, test in enumerate(self.tests)}, counts


class Given:
    """What a function is given: by name its values and the columns; by step the tables of counts, and the seconds and rows of each."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}
        self.columns: dict[str, str] = {"completion": "c0"}
        self.counted: dict[int, str] = {}
        self.times: dict[int, tuple[float, int]] = {}
        self.of_shape: dict[int, Callable[[Facts], Any]] = {}
        """Of steps what a shape says of them."""


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
        self._number(wanted)

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

    def _number(self, wanted: Wanted) -> None:
        """Lines that make a row's number and hand it on; what is known when they are written is added up here."""
        weights, parts, tests, known = wanted.weights, [], [], 0
        for (step, most), weight in zip(wanted.counts, weights, strict=False):
            capped = self._capped(step, most)
            parts.append(capped if capped.isidentifier() and weight == 1 else f"({capped}) * {self.bind(weight)}")
        for name, weight in zip(map(self.of, wanted.tests), weights[len(wanted.counts) :], strict=True):
            if name not in self.bound:
                tests += [f"if {name}:", f"    o += {self.bind(weight)}"]
            elif self.bound[name]:
                known += weight
        if known or not parts:
            parts.append(self.bind(known))
        self.lines += [f"o = {' + '.join(parts)}", *tests, "number(o)"]

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
        if index not in self._given.of_shape:
            bound: dict[str, Any] = {}
            writer = _OfShapes(self.plan, bound)
            result = writer.of(index)
            lines = ["def of_shape(facts):", *indented([*writer.lines, f"return {result}"])]
            self._given.of_shape[index] = function_of(lines, bound)
        return self._given.of_shape[index]

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


def _tick(times: dict[int, tuple[float, int]], index: int, last: float) -> float:
    seconds, rows = times[index]
    times[index] = seconds + time.perf_counter() - last, rows + 1
    return time.perf_counter()
