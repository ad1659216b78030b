"""Plain plans are marked over lists, every other plan over arrays: for a plain one both give the same numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang.compiled import compile_text
from rewardlang.engine.batch import Batch
from rewardlang.engine.batch_marks import BatchMarks
from rewardlang.engine.calls import Calls
from rewardlang.engine.plain import PlainMarks
from rewardlang.engine.run import run, run_columns
from rewardlang.engine.tag_layouts import Layout, layout_of
from rewardlang.engine.tag_shapes import BEGIN, literals
from rewardlang.registry import Registry, default_registry
from rewardlang.reward import Reward
from rewardlang.verdict import Finding
from rewardlang.verifier import finder
from tests.engine.agreement import agree
from tests.engine.files import GRAMMAR, batches, with_head, written

EXAMPLES = int(os.environ.get("REWARDLANG_EXAMPLES", "10"))
QUIET = [HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large]
SIZES = (1, 64, 192, 193, 1025)
"""On both sides of every size from which on something is done in another way."""

_TEXT = (
    *("completion", "reply", "final", "opening", "closing", "gold", "prompt", "(completion outside <b>)"),
    *(
        'last text after ":" in completion',
        'only text before ":" in reply',
        'last text after "</a>" in completion',
        'last text after "aa" in reply',
    ),
)
_NUMBER = ("n", "maybe", "0", "3", "0.1", "bonus", "completion_tokens", "count of {find} in {text}")
PLAIN = {
    **GRAMMAR,
    "text": list(_TEXT),
    "find": ["word", "<a>", "<b>", "year", 'text after ":"', "match of /[a-c]+/"],
    "number": list(_NUMBER),
    "test": [
        *("{number} {order} {number}", "{number} is {no}at least {number}", "{number} is {no}between {number} and {number}"),
        *("{text} {compare} {text}{fold}", '{text} {compare} "<a>"{fold}', '{text} {compare} "</a>"', '{text} contains "light blue"{fold}'),
        *("{text} matches /^\\d+$/", "{text} matches /b/i", "{text} is {no}in colours{fold}", "{text} is present", "{number} is missing"),
        *(
            "kind {compare} {text}{fold}",
            "flag",
            "truncated",
            "not ({test})",
            "{quick} and {quick}",
            "at least 2 of ({quick}; {quick}; {quick})",
        ),
    ],
    "quick": [
        *("count of <a> in {text} = {number}", "count of <b> in completion is more than 1", '{text} {compare} "<a>"', "{text} is present"),
        *('completion {compare} "</b>"', "n is at least {number}", "any of ({quick}; {quick})", "not ({quick})", "gold {compare} {text}"),
    ],
    "rule": [
        *("{sum} {fixed} points when {test}", "{sum} {fixed} points when {test} else {fixed} points when {quick} else 0.1 points"),
        *("{sum} {fixed} points for each {find} in {text}, up to 0.7", "{sum} {fixed} points"),
    ],
    "fixed": ["0.1", "0.333", "1", "2", "bonus"],
    "gate": ["require {quick} else score -3", "require {quick} else score 0.1", "require maybe is present else skip"],
}


@st.composite
def plain_rewards(draw: st.DrawFn) -> Reward:
    """A reward whose plan is plain."""
    statements = [written(draw, "gate", 0, PLAIN) for _ in range(draw(st.integers(0, 2)))]
    for section in ("one", "two"):
        statements.append(f"section {section}{written(draw, 'caps')}{written(draw, 'weight')}")
        statements += [f"rule {section}{index}: {written(draw, 'rule', 0, PLAIN)}" for index in range(draw(st.integers(1, 3)))]
    statements.append(f"success when {written(draw, 'quick', 0, PLAIN)}")
    end = draw(st.sampled_from(["score clamped between -3 and 1.1", "score between -90 and 90"]))
    compiled = compile_text(with_head(statements, end))
    assume(compiled.program is not None)
    reward = Reward(compiled)
    assume(reward._prepared.plain is not None)
    return reward


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
@given(plain_rewards(), batches, st.sampled_from([0, 3, 50]), st.sampled_from(SIZES))
def test_lists_and_arrays_give_the_same_numbers(reward: Reward, batch: list[tuple[str, dict[str, Any], str]], step: int, size: int) -> None:
    """In batches of any size, and of the scalar marking of each row."""
    completions, rows, prompts = (list(part) for part in zip(*batch, strict=True))
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    agree(reward, completions, columns, prompts, step)
    repeated = [index % len(batch) for index in range(size)]
    for _ in range(2):  # the second time it is known which layout most texts have
        both = _both(reward, completions, columns, prompts, step, repeated)
        assert isinstance(both[0], PlainMarks)
        _same(*both)


def _both(
    reward: Reward, completions: Sequence[str], columns: Mapping[str, Sequence[Any]], prompts: Sequence[str], step: int, rows: Sequence[int]
) -> tuple[BatchMarks, BatchMarks]:
    taken = {name: [values[row] for row in rows] for name, values in columns.items() if name in reward.columns}
    given_rows = Batch(reward.program, reward.registry, [completions[row] for row in rows], [prompts[row] for row in rows], taken)
    return run(reward._prepared, given_rows, step, Calls()), run_columns(reward._prepared, given_rows, step, Calls())


def _same(one: BatchMarks, other: BatchMarks) -> None:
    for name in ("score", "success", "clamping", "gates"):
        assert np.asarray(getattr(one, name)).tobytes() == np.asarray(getattr(other, name)).tobytes(), name
    for name in ("rules", "fired", "sections"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.keys() == right.keys()
        for key in left:
            assert left[key].tobytes() == right[key].tobytes(), (name, key)
    assert one.exact == other.exact
    assert one.failures == other.failures


_OF_TAGS = rewardlang.loads(
    "rewardlang 1\nreward r\ncolumn gold: text\n"
    'let one = only <a> in completion\nlet begin = first <a> in completion else "-"\nlet end = last <b> in completion\n'
    'let behind = last text after "</a>" in completion\nlet around = completion outside <b>\n'
    + "".join(
        f"section s{place}\nrule r{place}: award {2**-place} points when {test}\n"
        for place, test in enumerate(
            (
                *("one equals gold", "begin equals gold", "end equals gold", "behind equals gold", "around equals gold", "one is missing"),
                *("count of <a> in completion = 1", 'completion starts with "<a>"', 'completion contains "</b>"', 'around contains "x"'),
            )
        )
    )
    + "section s\nrule words: award 4 points for each word in behind, up to 12\nscore between 0 and 14\n"
)
_PIECES = ["<a>", "</a>", "<b>", "</b>", "<a>", "</a>", "<", "<c>", "a>", " x ", "x", "\n", "é", " x's y - z 1,5 " * 12]
_tagged = st.lists(st.sampled_from(_PIECES), max_size=7).map("".join)


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(
    st.lists(_tagged, min_size=1, max_size=6), st.lists(st.integers(0, 8), max_size=6), st.sampled_from(["x", "", "-", "é", "x x", "< x"])
)
def test_whatever_layouts_are_expected_the_same_is_found(texts: list[str], long: list[int], gold: str) -> None:
    """A layout says how a text is read, and never what is found in it: stray `<`, other tags, tags that are wanting or one too many."""
    plain = _OF_TAGS._prepared.plain
    assert plain is not None
    layouts = [_layout(text, gap) for text, gap in zip(texts, long, strict=False)]
    plain.code.expect(*(layout for layout in layouts if layout is not None))
    stray = [texts[0].replace("x", "< x"), texts[0] + "<", "<" + texts[0], texts[0].replace("<a>", "<a"), texts[0].replace("x", "<a>")]
    column = [*texts, *stray, "".join(texts), ""]
    agree(_OF_TAGS, column, {"gold": [gold] * len(column)})


def _layout(text: str, long: int) -> Layout | None:
    names = ("a", "b")
    tags = literals(names)[0].findall(text)
    begins = text.startswith(("<a>", "</a>", "<b>", "</b>"))
    return layout_of(names, BEGIN * begins + "".join(tags), min(long, len(tags)))


def test_the_layouts_of_a_batch_are_learned() -> None:
    """What several texts have is read in a way of its own from the second batch on, the most frequent first."""
    reward = rewardlang.loads(
        'rewardlang 1\nreward r\nlet one = only <a> in completion\nlet behind = last text after "</a>" in completion\n'
        'rule r: award 1 point when one matches /x/\nrule s: award 2 points when behind equals "y"\nscore between 0 and 3\n'
    )
    batch = ["<a>x</a>y", "<a>x", "<a>x</a>y", "<b>", "<a>x", "<a>", "a <a>x</a>y", "", "b <a>z</a>y", "</a>y<a>x</a>"]
    plain = reward._prepared.plain
    assert plain is not None
    for _ in range(2):
        assert reward.score(batch).values.tolist() == [3, 0, 3, 0, 0, 0, 3, 0, 2, 0]
        assert [layout.shape for layout in plain.code.layouts] == ["^<a>", "^<a></a>", "", "<a></a>"]
    agree(reward, batch)


class ModelFoundAWayError(RuntimeError):
    """What the finder here raises."""


def _counted(texts: Sequence[str], _most: int | None) -> list[int]:
    if any("!!" in text for text in texts):
        raise ModelFoundAWayError
    return [len(text.split()) for text in texts]


@finder("token", cost="linear", version="1", count=_counted)
def _token(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """Words; it breaks on a text with two exclamation marks."""
    _counted(texts, None)
    return [[Finding(0, 1, word) for word in text.split()] for text in texts]


def test_a_verifier_that_breaks_is_told() -> None:
    """Rows in which a count is not known are marked over arrays, where every row says what was not judged."""
    text = (
        'rewardlang 1\nreward r\nrequire completion contains "a" else score -1\n'
        "rule r: award 0.25 points for each token in completion, up to 1\nscore between -1 and 1\n"
    )
    reward = Reward(compile_text(text, registry=Registry([*default_registry(), _token.declaration])))  # type: ignore[attr-defined]
    assert reward._prepared.plain is not None
    scores = reward.score(["a", "a b", "a !!", "b !!"])
    assert scores.values.tolist() == [0.25, 0.5, 0.0, -1.0]
    assert list(scores.failures) == [2]
    assert scores.failures[2][0].verifier == "token"
    assert scores.failures[2][0].broke
    agree(reward, ["a", "a b", "a !!", "b !!"])


def test_a_verifier_that_nobody_asks_has_not_broken() -> None:
    """Batches in which there is nothing to count are scored as any other."""
    for _ in range(3):
        assert _OF_TAGS.score(["<a>"], columns={"gold": ["x"]}).rules["words"].tolist() == [0]


def test_the_code_has_nothing_of_the_file_in_it() -> None:
    """What a plan's function is written in are numbers of steps and names of values: no text, tag or number of the file."""
    text = (
        "rewardlang 1\nreward r\ncolumn gold: text\nlet tagged = only <zebra> in completion\n"
        'let behind = last text after "wombat" in completion else "ocelot"\n'
        'rule r: award 0.25 points when all of (tagged equals gold; behind contains "__import__"; tagged matches /quagga/)\n'
        "rule s: deduct 0.125 points for each word in behind, up to 7\nscore between -7 and 1\n"
    )
    reward = rewardlang.loads(text)
    plain = reward._prepared.plain
    assert plain is not None
    words = re.findall(r"[a-z_]{2,}", plain.code.source)
    assert set(words) <= {
        *("def", "rows", "columns", "counts", "other", "success", "gate", "number", "for", "in", "zip", "if", "else", "is", "not"),
        *("and", "or", "find", "start", "join", "strip", "None", "one", "alse", "len", "bool", "partition"),
    }
    assert not re.search(r"0\.25|0\.125|[^\w]7", plain.code.source)
    completion = "<zebra>quagga</zebra> wombat __import__ it"
    assert reward.score([completion] * 40, columns={"gold": ["quagga"] * 40}).values.tolist() == [0.25 - 0.25] * 40
    agree(reward, [completion] * 40, {"gold": ["quagga"] * 40})


def test_what_is_dear_is_asked_in_order() -> None:
    """A plan in which a later test spares rows a dear one is not plain, nor one whose gate is dear."""
    head = "rewardlang 1\nreward r\n"
    rule, end = 'rule r: award 1 point when completion contains "a"{}\n', "score between 0 and 1\n"
    for dear in (" and count of word in completion > 3", " else 0.5 points when count of word in completion > 3"):
        assert rewardlang.loads(head + rule.format(dear) + end)._prepared.plain is None
    gate = "require count of word in completion > 3 else score 0\n"
    assert rewardlang.loads(head + gate + rule.format("") + end)._prepared.plain is None
    assert rewardlang.loads(head + rule.format("") + "rule s: award 0 points when count of word in completion > 3\n" + end)._prepared.plain
