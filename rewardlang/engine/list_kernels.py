"""The steps of plain plans over lists. `marking.row_values` and `marking.row_tests` are the same for one row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import repeat
from typing import Any

from rewardlang import meaning, types
from rewardlang.engine.find_kernels import closing_tag_before, cut_texts, searched, selected_blocks
from rewardlang.engine.lists import ListKernel, ListKernels, Lists, TestKernel, Values
from rewardlang.engine.plan import Found, Plan, Step
from rewardlang.engine.plan_from_program import bare, is_cut, is_test
from rewardlang.engine.text_kernels import tag_holds, tested_tag, text_test
from rewardlang.engine.truth_kernels import COMPARE
from rewardlang.engine.value_kernels import same

_TEXTS = (types.TextType, types.OneOfType)
_SIMPLE = (*_TEXTS, types.NumberType, types.BooleanType)


class UnjudgedError(Exception):
    """A verifier broke, for which lists have no place."""


def has_lists(plan: Plan, step: Step) -> bool:
    """Whether there is a kernel here for a step; its inputs are another matter."""
    node = step.node
    if type(node) not in KERNELS.values and type(node) not in KERNELS.tests:
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
            return isinstance(container, meaning.NamedList) and _is_text(plan, step.inputs[0])
        case meaning.AtLeast():
            return not step.lazy  # whoever asks one test after the other asks the later ones of fewer rows
    return True


def _is_text(plan: Plan, index: int) -> bool:
    return isinstance(bare(plan.steps[index].node.type), _TEXTS)


def shaped_steps(plan: Plan) -> dict[int, int]:
    """The steps that depend on which tags follow each other in a text and on nothing else, with the step of the text."""
    shaped: dict[int, int] = {}
    for index, step in enumerate(plan.steps):
        match step.node:
            case meaning.Select(selector="count of", find=meaning.TagFind()) | Found(find=meaning.TagFind()):
                shaped[index] = step.inputs[0]
            case meaning.TextTest(operator=sign) if sign != "ends with" and tested_tag(plan, step) is not None:
                shaped[index] = step.inputs[0]
            case meaning.NumberTest() | meaning.Between() | meaning.Not() | meaning.AtLeast():
                given = [other for other in step.inputs if not isinstance(plan.steps[other].node, meaning.Constant)]
                texts = {shaped.get(other) for other in given}
                if len(texts) == 1 and (text := texts.pop()) is not None:
                    shaped[index] = text
    return shaped


# -------------------------------------------------------- values


def _constant(lists: Lists, step: Step) -> Values:
    assert isinstance(step.node, meaning.Constant)
    value = step.node.value
    return Values([value.numerator if type(value) is Fraction and value.denominator == 1 else value] * lists.size, False)


def _given(lists: Lists, step: Step) -> Values:
    assert isinstance(step.node, (meaning.ColumnValue, meaning.BuiltIn, meaning.ParamValue))
    return lists.column(step.node.name)


def _let(lists: Lists, step: Step) -> Values:
    value, otherwise = step.inputs
    values, holes = lists.values(value)
    if not holes:
        return Values(values, False)
    others, others_holes = lists.values(otherwise)
    return Values([other if one is None else one for one, other in zip(values, others, strict=True)], others_holes)


def _outside(lists: Lists, step: Step) -> Values:
    assert isinstance(step.node, meaning.Outside)
    (text,), tag = step.inputs, step.node.tag
    return _where_there(lists, text, lists.tags(text).outside(tag))


def _select(lists: Lists, step: Step) -> Values:
    node, (text,) = step.node, step.inputs
    assert isinstance(node, meaning.Select)
    if isinstance(node.find, meaning.TagFind):
        tag, tags = node.find.tag, lists.tags(text)
        return (
            _where_there(lists, text, tags.spread(tags.shapes.openings(tag)))
            if node.selector == "count of"
            else _with_holes(selected_blocks(node.selector, tag, tags))
        )
    if node.selector == "count of":
        return lists.values(text)
    assert isinstance(node.find, meaning.MarkerFind)
    closing = closing_tag_before(node, lists.plan.tags.get(text, ()))
    if closing is not None:
        return _with_holes(lists.tags(text).behind_last_closing(closing))
    return _with_holes(cut_texts(node.selector, node.find, lists.texts(text)))


def _with_holes(values: list[Any]) -> Values:
    return Values(values, None in values)


def _where_there(lists: Lists, index: int, values: list[Any]) -> Values:
    """What was made of the texts of a step, with None where a row has none."""
    texts, holes = lists.values(index)
    return Values([None if text is None else value for text, value in zip(texts, values, strict=True)] if holes else values, holes)


def _found(lists: Lists, step: Step) -> Values:
    """The number of findings in each text."""
    assert isinstance(step.node, Found)
    (text,), find = step.inputs, step.node.find
    texts = lists.texts(text)
    counts: list[Any]
    match find:
        case meaning.TagFind(tag=tag):
            counts = lists.tags(text).spread(lists.tags(text).shapes.counts(tag))
        case meaning.WordFind():
            return _counted(lists, find, *lists.values(text))
        case meaning.RegexFind(pattern=pattern):
            counts = pattern.counts(texts)
        case _:
            counts = [len(searched(find, text)) for text in texts]
    return _where_there(lists, text, counts)


def _counted(lists: Lists, find: meaning.WordFind, texts: list[Any], holes: bool) -> Values:
    there = [place for place, text in enumerate(texts) if text is not None] if holes else range(lists.size)
    said = lists.calls.counts(find.verifier, [texts[place] for place in there] if holes else texts)
    if said is None:
        raise UnjudgedError
    if not holes:
        return Values(said, False)
    counts: list[Any] = [None] * lists.size
    for place, count in zip(there, said, strict=True):
        counts[place] = count
    return Values(counts, True)


# -------------------------------------------------------- tests


def _over(lists: Lists, inputs: Sequence[int], negated: bool, test: Callable[..., Sequence[bool]]) -> list[bool]:
    """A test over values that are there; false over missing ones, negated or not. `test` is given lists."""
    columns = [lists.values(index) for index in inputs]
    if not any(column.holes for column in columns):
        held = test(*(column.values for column in columns))
        return list(map(operator.not_, held)) if negated else list(held)
    if len(columns) == 1:
        ((values, _),) = columns
        there = iter(test([value for value in values if value is not None]))
        return [value is not None and next(there) is not negated for value in values]
    rows = [place for place, values in enumerate(zip(*(column.values for column in columns), strict=True)) if None not in values]
    truths = [False] * lists.size
    for place, holds in zip(rows, test(*([column.values[place] for place in rows] for column in columns)), strict=True):
        truths[place] = holds is not negated
    return truths


def _equal(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.Equal)
    left, right = step.inputs
    if not _is_text(lists.plan, left):
        return _over(lists, step.inputs, False, lambda ones, others: list(map(operator.eq, ones, others)))
    ones, others = _stripped(lists, left), _stripped(lists, right)
    if step.node.ignoring_case:
        return [
            one is not None and other is not None and one.casefold() == other.casefold() for one, other in zip(ones, others, strict=True)
        ]
    held = list(map(operator.eq, ones, others))
    if lists.values(left).holes and lists.values(right).holes:  # two that are missing are not equal
        return [holds and one is not None for holds, one in zip(held, ones, strict=True)]
    return held


def _stripped(lists: Lists, index: int) -> list[Any]:
    """The texts of a step without white space around them."""
    values, holes = lists.values(index)
    node = lists.plan.steps[index].node
    if isinstance(node, meaning.Select) and (is_cut(node) or isinstance(node.find, meaning.TagFind)):
        return values  # those are cut that way
    return [None if text is None else text.strip() for text in values] if holes else [text.strip() for text in values]


def _text_test(lists: Lists, step: Step) -> list[bool]:
    node = step.node
    assert isinstance(node, meaning.TextTest)
    text, literal = step.inputs
    if (tag := tested_tag(lists.plan, step)) is not None:
        return tag_holds(node.operator, tag, lists.tags(text))
    constant = isinstance(lists.plan.steps[literal].node, meaning.Constant)

    def test(texts: list[str], wanted: list[str]) -> list[bool]:
        if node.ignoring_case:
            texts, wanted = list(map(str.casefold, texts)), list(map(str.casefold, wanted))
        return list(text_test(node.operator, texts, wanted, constant=constant))

    return _over(lists, step.inputs, False, test)


def _matches(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.Matches)
    holds = step.node.pattern.holds
    texts, holes = lists.values(step.inputs[0])
    if holes and not any(holds([""])):  # then an empty text is as good as one that is missing
        return holds([text or "" for text in texts])
    return _over(lists, step.inputs, False, holds)


def _number_test(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.NumberTest)
    sign = COMPARE[step.node.operator]
    return _over(lists, step.inputs, step.node.negated, lambda ones, others: list(map(sign, ones, others)))


def _between(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.Between)

    def test(values: list[Any], lows: list[Any], highs: list[Any]) -> list[bool]:
        return [low <= value <= high for value, low, high in zip(values, lows, highs, strict=True)]

    return _over(lists, step.inputs, step.node.negated, test)


def _present(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.Present)
    values, _ = lists.values(step.inputs[0])
    return [(value is not None) is step.node.present for value in values]


def _in(lists: Lists, step: Step) -> list[bool]:
    node = step.node
    assert isinstance(node, meaning.In)
    assert isinstance(node.container, meaning.NamedList)
    members = node.container.folded if node.ignoring_case else node.container.members
    return _over(lists, step.inputs[:1], node.negated, lambda texts: [same(text, node.ignoring_case) in members for text in texts])


def _truth(lists: Lists, step: Step) -> list[bool]:
    values, _ = lists.values(step.inputs[0])
    return list(map(bool, values))


def _not(lists: Lists, step: Step) -> list[bool]:
    return list(map(operator.not_, lists.tests(step.inputs[0])))


def _at_least(lists: Lists, step: Step) -> list[bool]:
    assert isinstance(step.node, meaning.AtLeast)
    parts, needed = [lists.tests(index) for index in step.inputs], step.node.count
    if needed in (1, len(parts)):
        join = operator.and_ if needed == len(parts) else operator.or_
        return reduce(lambda one, other: list(map(join, one, other)), parts)
    return list(map(operator.ge, map(sum, zip(*parts, strict=True)), repeat(needed)))


_VALUES: Mapping[type, ListKernel] = {
    meaning.Constant: _constant,
    meaning.ColumnValue: _given,
    meaning.BuiltIn: _given,
    meaning.ParamValue: _given,
    meaning.LetValue: _let,
    meaning.Outside: _outside,
    meaning.Select: _select,
    Found: _found,
}
_TESTS: Mapping[type, TestKernel] = {
    meaning.Equal: _equal,
    meaning.TextTest: _text_test,
    meaning.Matches: _matches,
    meaning.NumberTest: _number_test,
    meaning.Between: _between,
    meaning.Present: _present,
    meaning.In: _in,
    meaning.Truth: _truth,
    meaning.Not: _not,
    meaning.AtLeast: _at_least,
}
KERNELS = ListKernels(_VALUES, _TESTS)
