"""From the program to its plan: equal expressions become one step (hash-consing), and each step knows what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rewardlang import meaning, types
from rewardlang.engine.plan import EachPlan, Found, Gate, Item, Loop, Plan, RulePlan, ScaledPlan, Step, WhenPlan, gates_in_order
from rewardlang.meaning import Expr, Options, verifiers
from rewardlang.program import EachBody, Program, Rule, ScaledBody, WhenBody
from rewardlang.record import FrozenRecord, names_of, replaced
from rewardlang.verifier import Cost, Verifier, dearest

if TYPE_CHECKING:
    from collections.abc import Iterator

_TEXT_WORK = (*meaning.TEXT_WORK, Found)
_CUTS = (("after", "first"), ("after", "only"), ("after", "last"), ("before", "first"))
_SELECTED_FROM_TAGS = ("only", "first", "last", "count of")


def plan(program: Program) -> Plan:
    """The plan. It says the same as the program, in the order in which a batch is computed."""
    planner = _Planner(program)
    gates = tuple(Gate(require, planner.step(require.condition)) for require in gates_in_order(program))
    success = None if program.success is None else planner.step(program.success)
    rules = tuple(planner.rule(rule) for rule in program.rules)
    return planner.done(gates, success, rules)


class _Planner:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: list[Step] = []
        self._known: dict[Hashable, int] = {}
        self._times: dict[int, int] = defaultdict(int)
        self._items: list[tuple[str | None, int]] = []  # the loops around, innermost last
        self._loops: dict[int, Loop] = {}
        self._tags: dict[int, dict[str, None]] = defaultdict(dict)
        self._valued: set[int] = set()  # the steps of `Found` of which more than the number is wanted

    def done(self, gates: tuple[Gate, ...], success: int | None, rules: tuple[RulePlan, ...]) -> Plan:
        steps = []
        for index, step in enumerate(self._steps):
            node = replaced(step.node, wants="values" if index in self._valued else "count") if isinstance(step.node, Found) else step.node
            steps.append(replaced(step, node=node, times=self._times[index]))
        tags = {index: tuple(names) for index, names in self._tags.items()}
        return Plan(self._program, tuple(steps), self._loops, tags, gates, success, rules)

    # -------------------------------------------------------- rules

    def rule(self, rule: Rule) -> RulePlan:
        match rule.body:
            case WhenBody(cases=cases):
                steps = tuple((self.step(c.points.value), None if c.condition is None else self.step(c.condition)) for c in cases)
                return WhenPlan(rule, steps)
            case EachBody() as body:
                points = self.step(body.points.value)
                limit = None if body.limit is None else self.step(body.limit.value)
                loop = self._loop(body.each, values=body.where is not None or body.distinct)
                with self._inside(loop, body.each.name):
                    where = None if body.where is None else self.step(body.where)
                return EachPlan(rule, points, loop, where, body.distinct, limit)
            case ScaledBody(points=points_, measure=measure):
                return ScaledPlan(rule, self.step(points_.value), self.step(measure))

    # -------------------------------------------------------- expressions

    def step(self, node: Expr) -> int:
        """The step of an expression; an expression that is equal to an earlier one has its step."""
        match node:
            case meaning.LetValue(name=name):
                let = self._program.lets[name]
                if let.otherwise is None:
                    return self.step(let.value)
                return self._add(node, ("let", name), (self.step(let.value), self.step(let.otherwise)))
            case meaning.LoopValue(name=name):
                index = next(item for other, item in reversed(self._items) if other == name)
                self._times[index] += 1
                return index
            case meaning.Truth(operand=meaning.LetValue(name=name)) if is_test(self._program.lets[name].value):
                return self.step(self._program.lets[name].value)
            case meaning.Select():
                return self._select(node)
            case meaning.Some():
                return self._some(node)
            case meaning.Outside(operand=operand, tag=tag):
                text = self.step(operand)
                self._tags[text][tag] = None
                return self._add(node, ("outside", tag, text), (text,))
            case meaning.Constant(value=value):
                return self._add(node, ("constant", repr(value)), ())
            case meaning.NamedList(values=values):
                return self._add(node, ("list", values), ())
        inputs = tuple(self.step(child) for child in self._operands(node))
        options = self._options(getattr(node, "options", ()))
        key = (type(node).__name__, inputs, options, *(_parameter(getattr(node, name)) for name in names_of(node) if name != "span"))
        return self._add(node, key, inputs, options)

    def _operands(self, node: Expr) -> Iterator[Expr]:
        for name in names_of(node):
            value = getattr(node, name)
            if isinstance(value, Expr):
                yield value
            elif isinstance(value, tuple) and name != "options":
                yield from (item for item in value if isinstance(item, Expr))

    def _options(self, options: Options) -> tuple[tuple[str, int], ...]:
        return tuple((name, self.step(value)) for name, value in options)

    def _add(
        self,
        node: Expr,
        key: Hashable,
        inputs: tuple[int, ...],
        options: tuple[tuple[str, int], ...] = (),
        without: frozenset[int] = frozenset(),
    ) -> int:
        index = self._known.get(key)
        if index is None:
            index = self._known[key] = len(self._steps)
            given = [self._steps[other] for other in (*inputs, *(option for _, option in options))]
            cost = dearest([own_cost(node), *(step.cost for step in given)])
            lazy = _is_dear(node) or any(step.lazy for step in given)
            loops = frozenset(loop for step in given for loop in step.loops) - without
            self._steps.append(Step(node, inputs, options, cost, lazy, loops, 0))
        self._times[index] += 1
        return index

    # -------------------------------------------------------- finding

    def _select(self, node: meaning.Select) -> int:
        text = self.step(node.operand)
        if isinstance(node.find, meaning.TagFind):
            self._tags[text][node.find.tag] = None
            if node.selector in _SELECTED_FROM_TAGS:
                return self._add(node, ("tag", node.selector, node.find.tag, text), (text,))
        if is_cut(node):
            return self._add(node, ("cut", node.selector, _parameter(node.find), text), (text,))
        found = self._found(node.find, text, node)
        if node.selector != "count of":
            self._valued.add(found)
        return self._add(node, ("select", node.selector, found), (found,))

    def _found(self, find: meaning.Find, text: int, node: Expr) -> int:
        options = self._options(find.options) if isinstance(find, meaning.WordFind) else ()
        if isinstance(find, meaning.TagFind):
            self._tags[text][find.tag] = None
        found = Found(span=node.span, type=node.type, find=find, wants="count")
        return self._add(found, ("found", _parameter(find), text, options), (text,), options)

    def _loop(self, each: meaning.Each, *, values: bool) -> Loop:
        items = self.step(each.operand)
        if each.find is not None:
            items = self._found(each.find, items, each)
            if values or (isinstance(each.find, meaning.WordFind) and each.find.dimension is not None):
                self._valued.add(items)
        level = len(self._items)
        item = Item(span=each.span, type=each.item, name=each.name or "item", level=level)
        index = self._add(item, ("item", items, level), ())
        self._steps[index] = replaced(self._steps[index], loops=frozenset({index}), cost=self._steps[items].cost)
        return Loop(items, index, each.find)

    @contextmanager
    def _inside(self, loop: Loop, name: str | None) -> Iterator[None]:
        self._items.append((name, loop.item))
        yield
        self._items.pop()

    def _some(self, node: meaning.Some) -> int:
        loop = self._loop(node.each, values=True)
        with self._inside(loop, node.each.name):
            where = self.step(node.where)
        index = self._add(node, ("some", loop.items, loop.item, where, node.negated), (loop.items, where), without=frozenset({loop.item}))
        self._loops[index] = loop
        return index


def _parameter(value: Any) -> Hashable:
    """What tells a step from others, besides its inputs; expressions are inputs."""
    if isinstance(value, Expr) or value is None:
        return None
    if isinstance(value, Verifier):
        return value.kind, value.word
    if isinstance(value, FrozenRecord):
        return type(value).__name__, *(_parameter(getattr(value, name)) for name in names_of(value) if name != "options")
    if isinstance(value, tuple):
        return tuple(_parameter(item) for item in value)
    return value if isinstance(value, Hashable) else id(value)


def is_cut(node: meaning.Select) -> bool:
    """Whether a search or two give the selection: one text before or behind a marker, with nothing found that is not wanted."""
    find = node.find
    return isinstance(find, meaning.MarkerFind) and (find.kind, node.selector) in _CUTS


def is_test(node: Expr) -> bool:
    """Whether an expression is a test and no value."""
    return isinstance(node, meaning.TESTS)


def own_cost(node: Expr) -> Cost:
    """The class of what a step does itself, once it has its inputs."""
    own: list[Cost] = [verifier.cost for verifier in _asked(node)]
    return dearest([*own, "linear"] if isinstance(node, _TEXT_WORK) else own)


def _asked(node: Expr) -> Iterable[Verifier]:
    """The verifiers that a step asks itself; a selection asks none, because what it selects from is a step of its own."""
    if isinstance(node, Found):
        return [node.find.verifier] if isinstance(node.find, meaning.WordFind) else []
    return [] if isinstance(node, meaning.Select) else verifiers(node)


def _is_dear(node: Expr) -> bool:
    """Whether a step asks a verifier, or does more work on a row than one search in its text."""
    match node:
        case Found(find=meaning.TagFind() | meaning.MarkerFind()):
            return False
        case Found() | meaning.ShareOf():
            return True
        case meaning.Matches(pattern=pattern):
            return pattern.proved is None
        case meaning.NumberTest() | meaning.Between():
            return any(isinstance(bare(child.type), types.MathType) for child in meaning.children(node))
        case meaning.Arithmetic() | meaning.AsMath():
            return True
    return any(True for _ in _asked(node))


def bare(type_: types.Type) -> types.Type:
    """The type without `optional`."""
    return type_.item if isinstance(type_, types.OptionalType) else type_
