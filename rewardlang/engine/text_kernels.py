"""The columns of tests of texts: equality, what they contain, patterns. `marking.row_tests` is the same for one row."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence

from rewardlang import meaning
from rewardlang.engine.column import Codes, Column, Constant, Rows, truths
from rewardlang.engine.frame import Frame, TruthKernel
from rewardlang.engine.judging import Places, leaf, verdicts
from rewardlang.engine.plan import Plan, Step
from rewardlang.engine.tags import Tags, tag_of
from rewardlang.marking.row_values import spaced


def _equal(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Equal)
    node = step.node

    def decide(places: Places, columns: list[Column]) -> Codes:
        left, right = columns
        if node.equivalence is not None:
            return verdicts(frame, step, node.equivalence, rows[places], [left.values, right.values])
        if len(left) and isinstance(left.values[0], str):
            ones, others = left.stripped, right.stripped
            if node.ignoring_case:
                return truths(map(operator.eq, map(str.casefold, ones), map(str.casefold, others)))
            return truths(map(operator.eq, ones, others))
        return truths(map(operator.eq, left.values, right.values))

    return leaf(frame, rows, step.inputs, decide, asks=node.equivalence is not None)


def _text_test(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.TextTest)
    node = step.node
    if (tested := _tag_test(frame, step, rows)) is not None:
        return tested

    def decide(_places: Places, columns: list[Column]) -> Codes:
        left, right = columns
        texts, wanted = (left.folded, right.folded) if node.ignoring_case else (left.values, right.values)
        return truths(text_test(node.operator, texts, wanted, constant=isinstance(right, Constant)))

    return leaf(frame, rows, step.inputs, decide, asks=False)


def text_test(sign: str, texts: Sequence[str], wanted: Sequence[str], *, constant: bool) -> Iterable[bool]:
    """Whether each text contains, starts or ends with what is wanted of it; `constant`: that is the same for all."""
    if sign == "starts with":
        return map(str.startswith, texts, wanted)
    if sign == "ends with":
        return map(str.endswith, texts, wanted)
    if constant and wanted and is_one_word(word := wanted[0]):
        return [word in text for text in texts]
    return map(contains, texts, wanted)


def _tag_test(frame: Frame, step: Step, rows: Rows) -> Codes | None:
    """A test for a literal that is a tag, where the tags of that name have been looked for already; None for any other."""
    assert isinstance(step.node, meaning.TextTest)
    if (tag := tested_tag(frame.plan, step)) is None:
        return None
    text = step.inputs[0]
    tags = frame.tags(text)
    if tags is None or frame.values(text, frame.all).state is not None:
        return None
    truth = truths(tag_holds(step.node.operator, tag, tags))
    return truth if rows is frame.all else truth[rows]


def tested_tag(plan: Plan, step: Step) -> tuple[str, bool] | None:
    """The tag that a test of a text looks for, if tags of that name are looked for in the text anyway, and whether it closes."""
    assert isinstance(step.node, meaning.TextTest)
    text, literal = step.inputs
    node = plan.steps[literal].node
    tag = tag_of(node.value) if isinstance(node, meaning.Constant) and isinstance(node.value, str) else None
    return None if tag is None or step.node.ignoring_case or tag[0] not in plan.tags.get(text, ()) else tag


def tag_holds(sign: str, tag: tuple[str, bool], tags: Tags) -> list[bool]:
    """Whether each text contains, starts or ends with a tag."""
    name, closing = tag
    if sign == "ends with":
        return tags.end(name, closing=closing)
    return tags.spread((tags.shapes.contain if sign == "contains" else tags.shapes.begin)(name, closing=closing))


def contains(text: str, wanted: str) -> bool:
    """Whether a text contains another, as it stands, or with every run of white space as one space.

    Only for the latter can white space in `wanted` matter.
    """
    if wanted in text:
        return True
    if is_one_word(wanted):
        return False
    return all(word in text for word in wanted.split()) and spaced(wanted) in spaced(text)


def is_one_word(text: str) -> bool:
    """Whether there is no white space in a text, and something else."""
    words = text.split()
    return len(words) == 1 and len(words[0]) == len(text)


def _matches(frame: Frame, _index: int, step: Step, rows: Rows) -> Codes:
    assert isinstance(step.node, meaning.Matches)
    pattern = step.node.pattern

    def decide(_places: Places, columns: list[Column]) -> Codes:
        return truths(pattern.holds(columns[0].values))

    return leaf(frame, rows, step.inputs, decide, asks=False)


TEXT_TRUTHS: Mapping[type, TruthKernel] = {
    meaning.Equal: _equal,
    meaning.TextTest: _text_test,
    meaning.Matches: _matches,
}
