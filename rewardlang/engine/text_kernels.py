"""The columns of tests of texts: equality, what they contain, patterns. `marking.row_tests` is the same for one row."""

from __future__ import annotations

import operator
from collections.abc import Mapping

import numpy as np

from rewardlang import meaning
from rewardlang.engine.column import TRUE, Codes, Column, Constant, Rows, truths
from rewardlang.engine.frame import Frame, TruthKernel
from rewardlang.engine.judging import Places, leaf, verdicts
from rewardlang.engine.plan import Step
from rewardlang.engine.tags import tag_of
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
        match node.operator:
            case "contains":
                if isinstance(right, Constant) and len(right) and _is_one_word(word := wanted[0]):
                    return truths([word in text for text in texts])
                return truths(map(_contains, texts, wanted))
            case "starts with":
                return truths(map(str.startswith, texts, wanted))
            case "ends with":
                return truths(map(str.endswith, texts, wanted))

    return leaf(frame, rows, step.inputs, decide, asks=False)


def _tag_test(frame: Frame, step: Step, rows: Rows) -> Codes | None:
    """A test for a literal that is a tag, where the tags of that name have been looked for already; None for any other."""
    assert isinstance(step.node, meaning.TextTest)
    (text, literal), operator_ = step.inputs, step.node.operator
    node = frame.plan.steps[literal].node
    tag = tag_of(node.value) if isinstance(node, meaning.Constant) and isinstance(node.value, str) else None
    if tag is None or step.node.ignoring_case or tag[0] not in frame.plan.tags.get(text, ()):
        return None
    events = frame.events(text, tag[0])
    if events is None or (column := frame.values(text, frame.all)).state is not None:
        return None
    chosen = events.closes == tag[1]
    if operator_ == "starts with":
        chosen &= events.start == 0
    elif operator_ == "ends with":
        chosen &= events.end == np.array(list(map(len, column.values)))[events.row]
    truth: Codes = np.zeros(frame.size, np.int8)
    truth[events.row[chosen]] = TRUE
    return truth if rows is frame.all else truth[rows]


def _contains(text: str, wanted: str) -> bool:
    """As it stands, or with every run of white space as one space; only for the latter can white space in `wanted` matter."""
    if wanted in text:
        return True
    if _is_one_word(wanted):
        return False
    return all(word in text for word in wanted.split()) and spaced(wanted) in spaced(text)


def _is_one_word(text: str) -> bool:
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
