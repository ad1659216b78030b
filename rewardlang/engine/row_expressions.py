"""The steps of plain plans as expressions of Python over the values of one row; `marking.row_values` and `row_tests` say what they mean.

In a plain plan nothing is refused: a value is there or None, a test holds or
does not. Every text and number of the file is bound to a name and never
written into the code, and names are made of the numbers of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from types import CodeType, FunctionType
from typing import Any

from rewardlang import meaning, types
from rewardlang.engine.find_kernels import closing_tag_before, cut_texts, searched
from rewardlang.engine.plan import Found, Plan, Step
from rewardlang.engine.plan_from_program import bare, is_cut, is_test
from rewardlang.engine.text_kernels import contains, is_one_word, tested_tag
from rewardlang.engine.value_kernels import same

_TEXTS = (types.TextType, types.OneOfType)
_SIMPLE = (*_TEXTS, types.NumberType, types.BooleanType)
_SIGNS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_BUILT_IN = {"bool": bool, "len": len, "zip": zip}
"""All that a function may call by a name that is not bound."""
_NODES = (
    *(meaning.Constant, meaning.ColumnValue, meaning.BuiltIn, meaning.ParamValue, meaning.LetValue, meaning.Outside, meaning.Select, Found),
    *(meaning.Equal, meaning.TextTest, meaning.Matches, meaning.NumberTest, meaning.Between, meaning.Present, meaning.In),
    *(meaning.Truth, meaning.Not, meaning.AtLeast),
)


def has_expression(plan: Plan, step: Step) -> bool:
    """Whether there is an expression for a step; its inputs are another matter."""
    node = step.node
    if not isinstance(node, _NODES):
        return False
    if not is_test(node) and not isinstance(node, Found) and not isinstance(bare(node.type), _SIMPLE):
        return False
    match node:
        case meaning.Select(selector=selector, find=find):
            return selector == "count of" or is_cut(node) or (isinstance(find, meaning.TagFind) and selector in ("only", "first", "last"))
        case Found(find=meaning.WordFind(verifier=verifier, dimension=dimension), wants=wants):
            return wants == "count" and verifier.count is not None and dimension is None and not step.options
        case Found(wants=wants):
            return wants == "count"
        case meaning.Equal(equivalence=equivalence):
            return equivalence is None
        case meaning.In(container=container):
            return isinstance(container, meaning.NamedList) and is_text(plan, step.inputs[0])
        case meaning.AtLeast():
            return not step.lazy  # whoever asks one test after the other asks the later ones of fewer rows
    return True


def is_text(plan: Plan, index: int) -> bool:
    """Whether a step is a text."""
    return isinstance(bare(plan.steps[index].node.type), _TEXTS)


def may_be_missing(plan: Plan, index: int, there: Collection[int] = ()) -> bool:
    """Whether a value can be None; those of the steps `there` cannot."""
    if index in there:
        return False
    step = plan.steps[index]
    match step.node:
        case node if is_test(node):
            return False
        case meaning.Constant() | meaning.ParamValue() | meaning.BuiltIn(name="completion"):
            return False
        case meaning.ColumnValue(type=type_):
            return isinstance(type_, types.OptionalType)
        case meaning.BuiltIn():
            return True
        case meaning.LetValue():
            return all(may_be_missing(plan, other, there) for other in step.inputs)
        case meaning.Select(selector=selector) if selector != "count of":
            return True
    return may_be_missing(plan, step.inputs[0], there)


def shaped_steps(plan: Plan) -> dict[int, int]:
    """The steps that depend on which tags follow each other in a text and on nothing else, with the step of the text."""
    shaped: dict[int, int] = {}
    for index, step in enumerate(plan.steps):
        match step.node:
            case meaning.Select(selector="count of", find=meaning.TagFind()) | Found(find=meaning.TagFind()):
                shaped[index] = step.inputs[0]
            case meaning.TextTest() if shape_tested(plan, step) is not None:
                shaped[index] = step.inputs[0]
            case meaning.NumberTest() | meaning.Between() | meaning.Not() | meaning.AtLeast():
                given = [other for other in step.inputs if not isinstance(plan.steps[other].node, meaning.Constant)]
                texts = {shaped.get(other) for other in given}
                if len(texts) == 1 and (text := texts.pop()) is not None:
                    shaped[index] = text
    return {index: text for index, text in shaped.items() if not may_be_missing(plan, text)}


def shape_tested(plan: Plan, step: Step) -> tuple[str, bool] | None:
    """The tag that a test looks for, where the shape of the text decides it; and whether it closes."""
    return tested_tag(plan, step) if isinstance(step.node, meaning.TextTest) and step.node.operator != "ends with" else None


class Lines:
    """Lines that compute steps, each once, and the names of their values; `bound` has the values behind names of no step.

    `there` are steps whose values are known not to be missing where these lines stand, whatever the plan says.
    """

    def __init__(self, plan: Plan, bound: dict[str, Any]) -> None:
        self.plan, self.bound = plan, bound
        self.lines: list[str] = []
        self.there: set[int] = set()
        self._names: dict[int, str] = {}
        self._expressions = Expressions(plan, self.bind, self.of, self.there)

    def bind(self, value: Any) -> str:
        """A name for a value."""
        name = f"k{len(self.bound)}"
        self.bound[name] = value
        return name

    def of(self, index: int) -> str:
        """The name of a step's value, which is computed above."""
        if index not in self._names:
            code = self.code(index, self.plan.steps[index])
            self._names[index] = code if code.isidentifier() else f"v{index}"
            if not code.isidentifier():
                self.lines.append(f"v{index} = {code}")
                self.computed(index)
        return self._names[index]

    def code(self, _index: int, step: Step) -> str:
        """What computes a step."""
        return self._expressions.of(step)

    def computed(self, index: int) -> None:
        """Called when a step has its line."""


def function_of(lines: Sequence[str], bound: Mapping[str, Any]) -> Callable[..., Any]:
    """The function that lines define, whose only names besides its own are those that are bound."""
    module = compile("\n".join(lines), "<a plan>", "exec")
    (code,) = (constant for constant in module.co_consts if isinstance(constant, CodeType))
    return FunctionType(code, {"__builtins__": _BUILT_IN, **bound})


def indented(lines: Sequence[str]) -> list[str]:
    """Lines one level further in."""
    return [f"    {line}" for line in lines]


class Expressions:
    """The expressions of a plan's steps. `bind` gives a value a name, `of` gives that of another step's value; `there` are steps
    whose values are not missing.
    """

    def __init__(self, plan: Plan, bind: Callable[[Any], str], of: Callable[[int], str], there: Collection[int]) -> None:
        self._plan, self._bind, self._of, self._there_anyway = plan, bind, of, there

    def of(self, step: Step) -> str:
        """What computes a step from its inputs; tags of a text and counts of a verifier are no matter of expressions."""
        node, inputs = step.node, step.inputs
        match node:
            case meaning.Constant(value=value):
                return self._bind(value.numerator if type(value) is Fraction and value.denominator == 1 else value)
            case meaning.LetValue():
                value = self._of(inputs[0])
                if not may_be_missing(self._plan, inputs[0], self._there_anyway):
                    return value
                otherwise = self._of(inputs[1])
                return f"{otherwise} if {value} is None else {value}"
            case meaning.Select(selector="count of"):
                return self._of(inputs[0])
            case meaning.Select():
                return self._cut(node, inputs[0])
            case Found(find=find):
                return self._there(inputs, self._count(find, self._of(inputs[0])))
            case meaning.Present(present=present):
                return f"{self._of(inputs[0])} is {'not ' if present else ''}None"
            case meaning.Truth():
                return f"bool({self._of(inputs[0])})"
            case meaning.Not():
                return f"not {self._of(inputs[0])}"
            case meaning.AtLeast(count=count):
                parts = list(map(self._of, inputs))
                if count in (1, len(parts)):
                    return (" and " if count == len(parts) else " or ").join(parts)
                return f"{' + '.join(parts)} >= {self._bind(count)}"
        return self._test(step)

    def _there(self, inputs: tuple[int, ...], code: str, otherwise: str = "None") -> str:
        """The code where all inputs are there."""
        missing = [f"{self._of(index)} is None" for index in inputs if may_be_missing(self._plan, index, self._there_anyway)]
        return f"{otherwise} if {' or '.join(missing)} else {code}" if missing else code

    def _cut(self, node: meaning.Select, index: int) -> str:
        find, text = node.find, self._of(index)
        assert isinstance(find, meaning.MarkerFind)
        assert closing_tag_before(node, self._plan.tags.get(index, ())) is None
        if find.kind == "before":
            marker = self._bind(find.marker)
            code = f"{text}.partition({marker})[0].strip() if {marker} in {text} else None"
        else:
            selector = node.selector
            code = f"{self._bind(lambda one: cut_texts(selector, find, [one])[0])}({text})"
        return self._there((index,), f"({code})")

    def _count(self, find: meaning.Find, text: str) -> str:
        if isinstance(find, meaning.RegexFind):
            return f"{self._bind(find.pattern.counts)}([{text}])[0]"
        return f"len({self._bind(searched)}({self._bind(find)}, {text}))"

    # -------------------------------------------------------- tests

    def _test(self, step: Step) -> str:
        node, inputs = step.node, step.inputs
        negated = ""
        match node:
            case meaning.Equal():
                code = self._equal(node, inputs)
            case meaning.TextTest():
                code = self._text_test(node, inputs)
            case meaning.Matches(pattern=pattern):
                (text,) = map(self._of, inputs)
                only = pattern.only
                code = f"{self._bind(pattern.holds_in)}({text})"
                if only == "0123456789":
                    code = f"{text}.isdigit() and {text}.isascii()"
                elif only is not None:
                    code = f"{text} != {self._bind('')} and not {text}.strip({self._bind(only)})"
            case meaning.NumberTest(operator=sign, negated=is_negated):
                left, right = map(self._of, inputs)
                code, negated = f"{left} {_SIGNS[sign]} {right}", "not " * is_negated
            case meaning.Between(negated=is_negated):
                value, low, high = map(self._of, inputs)
                code, negated = f"({low} <= {value} <= {high})", "not " * is_negated
            case meaning.In():
                assert isinstance(node.container, meaning.NamedList)
                inputs = inputs[:1]
                members = self._bind(node.container.folded if node.ignoring_case else node.container.members)
                found = f"{self._bind(same)}({self._of(inputs[0])}, {node.ignoring_case})"
                code = f"{found} {'not ' * node.negated}in {members}"
            case _:
                raise AssertionError(f"{node} has no expression")
        return self._there(inputs, negated + code, "False")

    def _equal(self, node: meaning.Equal, inputs: tuple[int, ...]) -> str:
        if not is_text(self._plan, inputs[0]):
            left, right = map(self._of, inputs)
            return f"{left} == {right}"
        fold = ".casefold()" if node.ignoring_case else ""
        left, right = (f"{self._stripped(index)}{fold}" for index in inputs)
        return f"{left} == {right}"

    def _stripped(self, index: int) -> str:
        node = self._plan.steps[index].node
        is_trimmed = isinstance(node, meaning.Select) and (is_cut(node) or isinstance(node.find, meaning.TagFind))
        return self._of(index) if is_trimmed else f"{self._of(index)}.strip()"

    def _text_test(self, node: meaning.TextTest, inputs: tuple[int, ...]) -> str:
        text, wanted = map(self._of, inputs)
        literal = self._plan.steps[inputs[1]].node
        if node.ignoring_case:
            text, wanted = f"{text}.casefold()", f"{wanted}.casefold()"
        if node.operator == "starts with":
            return f"{text}.startswith({wanted})"
        if node.operator == "ends with":
            return f"{text}.endswith({wanted})"
        value = literal.value if isinstance(literal, meaning.Constant) else None
        if isinstance(value, str) and is_one_word(value):
            return f"{wanted} in {text}"
        return f"{self._bind(contains)}({text}, {wanted})"
