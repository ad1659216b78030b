"""The plan of a reward for people: what is computed in which order, what it costs, and what a gate spares the rows that it stops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from rewardlang import meaning
from rewardlang.engine.plan import EachPlan, Found, Item, Plan, ScaledPlan, WhenPlan
from rewardlang.engine.plan_from_program import own_cost
from rewardlang.record import PlainRecord
from rewardlang.verifier import COSTS, Cost

if TYPE_CHECKING:
    from rewardlang.engine.plan import RulePlan
    from rewardlang.source import Source, Span

_GIVEN = (meaning.Constant, meaning.NamedList, meaning.ColumnValue, meaning.BuiltIn, meaning.ParamValue, Item)
_DEAR = COSTS[COSTS.index("dictionary") :]


class PlanLine(PlainRecord):
    """A step: its words, the class of its own work, whether all rows have it or only those that ask, and how often the file uses it."""

    step: int
    words: str
    cost: Cost
    lazy: bool
    in_loop: bool
    uses: int


class Stage(PlainRecord):
    """A gate, `success` or a rule, with the steps that it needs first. `spared` are the dear steps that rows stopped here never ask."""

    name: str
    where: str
    words: str
    lines: tuple[PlanLine, ...]
    spared: tuple[int, ...]
    reordered: tuple[tuple[str, ...], ...]


def stages_of(plan: Plan) -> tuple[Stage, ...]:
    """The stages in the order in which a batch goes through them."""
    return _Outline(plan).stages()


class _Outline:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._source: Source = plan.program.source
        self._told: set[int] = set()

    def stages(self) -> tuple[Stage, ...]:
        plan = self._plan
        written: list[tuple[str, Span, list[int], bool | None]] = [
            ("gate", gate.require.span, [gate.test], gate.require.score is None) for gate in plan.gates
        ]
        if plan.success is not None:
            written.append(("success", plan.steps[plan.success].node.span, [plan.success], None))
        written += [(f"rule {rule.rule.name}", rule.rule.span, asked_by(rule), None) for rule in plan.rules]
        told = [(name, span, list(self._new(steps)), skips) for name, span, steps, skips in written]
        stages = []
        for index, (name, span, new, skips) in enumerate(told):
            later = [step for other, _, steps, _ in told[index + 1 :] if skips or other != "success" for step in steps]
            spared = tuple(step for step in later if self._is_dear(step)) if name == "gate" else ()
            lines = tuple(map(self._line, filter(self._is_shown, new)))
            words = self._cut(span).removeprefix(f"{name}: ")
            stages.append(Stage(name, self._source.where(span), words, lines, spared, tuple(self._reordered(new))))
        return tuple(stages)

    def _new(self, steps: Iterable[int]) -> Iterator[int]:
        """The steps below these that no stage has told yet, in the order in which they are computed."""
        for index in steps:
            if index in self._told:
                continue
            self._told.add(index)
            step = self._plan.steps[index]
            given = [step.inputs[place] for place in step.node.order] if isinstance(step.node, meaning.AtLeast) else list(step.inputs)
            yield from self._new([*given, *(option for _, option in step.options)])
            yield index

    def _is_dear(self, index: int) -> bool:
        step = self._plan.steps[index]
        return step.lazy and own_cost(step.node) in _DEAR

    def _is_shown(self, index: int) -> bool:
        return not isinstance(self._plan.steps[index].node, _GIVEN)

    def _line(self, index: int) -> PlanLine:
        step = self._plan.steps[index]
        return PlanLine(index, self.words(index), own_cost(step.node), step.lazy, bool(step.loops), step.times)

    def words(self, index: int) -> str:
        """The words of a step, as the file has them."""
        step = self._plan.steps[index]
        if isinstance(step.node, Found):
            options = ", ".join(f"{name} = {self.words(index)}" for name, index in step.options)
            return f"every {step.node.find}{f'({options})' if options else ''} in {self.words(step.inputs[0])}"
        if isinstance(step.node, meaning.AsMath):
            return f"{self.words(step.inputs[0])} as math"
        return self._cut(step.node.span)

    def _cut(self, span: Span) -> str:
        return " ".join(self._source.cut(span).split())

    def _reordered(self, new: Iterable[int]) -> Iterator[tuple[str, ...]]:
        """The tests of each joined test that are asked in another order than they are written."""
        for index in new:
            step = self._plan.steps[index]
            if isinstance(step.node, meaning.AtLeast) and step.lazy and list(step.node.order) != sorted(step.node.order):
                yield tuple(self._cut(step.node.items[place].span) for place in step.node.order)


def asked_by(rule: RulePlan) -> list[int]:
    """The steps that a rule asks for itself, conditions before points."""
    match rule:
        case WhenPlan(cases=cases):
            return [step for points, condition in cases for step in (condition, points) if step is not None]
        case EachPlan(points=points, loop=loop, where=where, limit=limit):
            return [step for step in (loop.items, where, points, limit) if step is not None]
        case ScaledPlan(points=points, measure=measure):
            return [measure, points]


def to_json(plan: Plan, stages: Iterable[Stage], times: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """The stages as plain data; `times` gives what was measured of a step."""
    outline = _Outline(plan)
    return [
        {
            "stage": stage.name,
            "where": stage.where,
            "words": stage.words,
            "computed": [
                {
                    "words": line.words,
                    "cost": line.cost,
                    "for": "the rows that ask" if line.lazy else "all rows",
                    "in_loop": line.in_loop,
                    "uses": line.uses,
                    **times(line.step),
                }
                for line in stage.lines
            ],
            "spared": [outline.words(step) for step in stage.spared],
            "asked_in_order": [list(order) for order in stage.reordered],
        }
        for stage in stages
    ]
