"""The plan of a program: every distinct expression is one step, computed once for a batch.

A step is a column over the rows of a batch, or over the items of a loop. Steps
stand in an order in which each follows its inputs. What asks a verifier, or is
dear for another reason, is `lazy`: it is computed for the rows that need it and
no others; gates, cases and `and` decide which those are. Everything else is
computed for all rows at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from rewardlang.meaning import AtLeast, Expr, Find
from rewardlang.program import Program, Require, Rule, cheap_first
from rewardlang.record import PlainRecord
from rewardlang.verifier import COSTS, Cost


class Found(Expr):
    """What a finder finds in a text, shared by all that select from it: their number, or their values as well."""

    find: Find
    wants: Literal["count", "values"]


class Item(Expr):
    """The item that a loop looks at; its step is the name of the loop. `level` is the number of loops around it."""

    name: str
    level: int


class Step(PlainRecord):
    """One column. `node` is the first expression that it stands for, `times` says how many of the file's expressions it serves.

    `loops` are the item steps that it depends on; outside loops there are none.
    """

    node: Expr
    inputs: tuple[int, ...]
    options: tuple[tuple[str, int], ...]
    cost: Cost
    lazy: bool
    loops: frozenset[int]
    times: int


class Loop(PlainRecord):
    """What a loop goes over (the step of a list, or of what was found), and the step of its item."""

    items: int
    item: int
    find: Find | None


class Gate(PlainRecord):
    """A `require`: rows for which its test does not hold go no further."""

    require: Require
    test: int


class WhenPlan(PlainRecord):
    """The steps of points and condition of each case; a condition of None is a closing `else`."""

    rule: Rule
    cases: tuple[tuple[int, int | None], ...]


class EachPlan(PlainRecord):
    """The steps of a rule `for each`."""

    rule: Rule
    points: int
    loop: Loop
    where: int | None
    distinct: bool
    limit: int | None


class ScaledPlan(PlainRecord):
    """The steps of a rule `scaled by`."""

    rule: Rule
    points: int
    measure: int


RulePlan: TypeAlias = WhenPlan | EachPlan | ScaledPlan


class Plan(PlainRecord):
    """`loops` are by the step of the `some` that they belong to; `tags` says which tags are looked for in a step's texts."""

    program: Program
    steps: tuple[Step, ...]
    loops: Mapping[int, Loop]
    tags: Mapping[int, tuple[str, ...]]
    gates: tuple[Gate, ...]
    success: int | None
    rules: tuple[RulePlan, ...]


def gates_in_order(program: Program) -> tuple[Require, ...]:
    """The gates as they decide: those that say that a row of data cannot be used come first."""
    return tuple(sorted(program.requires, key=lambda require: require.score is not None))


def check_laws(plan: Plan) -> None:
    """What holds of every plan; raises AssertionError."""
    for index, step in enumerate(plan.steps):
        given = [*step.inputs, *(option for _, option in step.options)]
        assert all(other < index for other in given), f"step {index} uses what comes after it"
        costs = [COSTS.index(plan.steps[other].cost) for other in given]
        assert COSTS.index(step.cost) >= max(costs, default=0), f"step {index} is cheaper than what it needs"
        loop = plan.loops.get(index)
        inside = frozenset({loop.item}) if loop is not None else frozenset()
        below = frozenset(name for other in given for name in plan.steps[other].loops) - inside
        own = frozenset({index}) if isinstance(step.node, Item) else frozenset()
        assert step.loops == below | own, f"step {index} depends on {below}, and says {step.loops}"
        if isinstance(step.node, AtLeast):
            assert step.node.order == cheap_first(step.node.items, plan.program.lets.get), f"step {index} asks what is dear first"
        assert step.lazy or not any(plan.steps[other].lazy for other in given), f"step {index} would ask for rows that nobody needs"
    assert tuple(gate.require for gate in plan.gates) == gates_in_order(plan.program), "unusable data come before a judgement"
    for index in _outer(plan):
        assert not plan.steps[index].loops, f"step {index} is used outside the loop that it depends on"


def _outer(plan: Plan) -> list[int]:
    """The steps that gates, rules and success ask for outside loops."""
    outer = [gate.test for gate in plan.gates] + ([plan.success] if plan.success is not None else [])
    for rule in plan.rules:
        match rule:
            case WhenPlan(cases=cases):
                outer += [step for case in cases for step in case if step is not None]
            case EachPlan(points=points, loop=loop, limit=limit):
                outer += [points, loop.items, *([limit] if limit is not None else [])]
            case ScaledPlan(points=points, measure=measure):
                outer += [points, measure]
    return outer
