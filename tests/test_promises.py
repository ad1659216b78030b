"""What the checker accepts about a score holds for every completion; what it cannot prove, it refuses with a number.

Files are put together from parts that interact (gates, caps, weights,
schedules, `not`, `else`), promises are drawn at random, and every promise that
is accepted is held against completions that were made to break it. The longer
run: `REWARDLANG_EXAMPLES=5000 pytest tests/test_promises.py`.
"""

from __future__ import annotations

import os
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang.compiled import compile_text

HEAD = """rewardlang 1
reward promises
column gold: number
let final = only <a> in completion
let v = final as number
success when v = gold
"""

CONDITIONS = [
    "v = gold",
    "v is within 10% of gold",
    "v is at least 5",
    "v is more than 7",
    "not v = gold",
    "final is present",
    "final is missing",
    'completion contains "x"',
    'not completion contains "x"',
    "v = gold and final is present",
    'any of (v is at least 5; completion contains "x")',
    'none of (completion contains "x"; completion contains "y")',
    'v = gold or completion contains "y"',
    'some word in completion where word equals "x"',
    'no word in completion where word equals "x"',
    "v is less than 5",
    "v != gold",
    'completion starts with "x"',
    'completion starts with "y"',
    'completion is "valid_json"',
    'not completion is "valid_json"',
    'completion contains "x" or completion is "valid_json"',
    'completion is not "valid_json" and not completion contains "x"',
]
BOUNDS = [*(f"at most {n}" for n in ("-0.5", "0", "0.5", "1", "2", "3")), *(f"at least {n}" for n in ("-3", "-2", "-1", "0", "0.5"))]
conditions = st.sampled_from(CONDITIONS)
points = st.sampled_from(["0.5", "1", "2"])
gates = st.one_of(
    st.just("require v is present else score -3"),
    st.just(""),
    st.builds(lambda c, g: f"require {c} else score {g}", conditions, st.sampled_from(["-3", "-1", "0"])),
)
caps = st.sampled_from(["", " at most 1", " at least -1 at most 1.5", " weight 0.5", " weight from 1 at step 0 to 0.2 at step 10"])
FRAGMENTS = ["<a>", "</a>", "<a>7</a>", "<a>5</a>", "<a>6.5</a>", "<a>z</a>", "7", "x", "y", " ", "word ", "{}", "[" * 250]
"""The last is what a predicate declines to judge."""
completions = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join)

SETTINGS = settings(
    max_examples=int(os.environ.get("REWARDLANG_EXAMPLES", "40")), deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


def rules(conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """What stands after the name of a rule."""
    return st.one_of(
        st.builds(lambda p, c: f"award {p} points when {c}", points, conditions),
        st.builds(lambda p, c: f"deduct {p} points when {c}", points, conditions),
        st.builds(lambda p, c, q, d: f"award {p} points when {c} else {q} points when {d}", points, conditions, points, conditions),
        st.builds(lambda p, c, q: f"award {p} points when {c} else {q} points", points, conditions, points),
        st.just("deduct 0.5 points for each word in completion, up to 1.5"),
    )


@st.composite
def files(draw: st.DrawFn, conditions: st.SearchStrategy[str] = conditions) -> str:
    """A file that compiles."""
    lines = [HEAD, draw(gates), f"section one{draw(caps)}"]
    lines += [f"rule a{index}: {rule}" for index, rule in enumerate(draw(st.lists(rules(conditions), min_size=1, max_size=2)))]
    lines += [f"section two{draw(caps)}"]
    lines += [f"rule b{index}: {rule}" for index, rule in enumerate(draw(st.lists(rules(conditions), min_size=1, max_size=2)))]
    text = "\n".join([*lines, "score between -20 and 20"])
    assume(compile_text(text).program is not None)
    return text


@SETTINGS
@given(
    files(), conditions, st.lists(st.tuples(completions, st.sampled_from([7, 5, 0])), min_size=8, max_size=16), st.sampled_from([0, 3, 50])
)
def test_an_accepted_promise_is_never_broken(text: str, condition: str, rows: list[tuple[str, int]], step: int) -> None:
    """No completion of any row, at any step, is a counterexample to a promise that was accepted."""
    accepted = [bound for bound in BOUNDS if compile_text(f"{text}\nguarantee score {bound} when {condition}").program is not None]
    marked = rewardlang.loads(text).score([completion for completion, _ in rows], columns={"gold": [gold for _, gold in rows]}, step=step)
    for row, holds in zip(marked.rows, _holds(condition, rows), strict=True):
        for bound in accepted if holds else []:
            assert row.score is not None
            _, side, number = bound.split()
            kept = row.score <= float(number) + 1e-9 if side == "most" else row.score >= float(number) - 1e-9
            assert kept, (text, bound, row.completion)


def _holds(condition: str, rows: list[tuple[str, int]]) -> list[bool]:
    """Whether the condition holds, asked of a file that pays for nothing else: what nobody could judge does not."""
    if " and not " in condition:
        one, other = condition.split(" and not ")
        return [a and not b for a, b in zip(_holds(one, rows), _holds(other, rows), strict=True)]
    if condition.startswith("not "):
        return [not holds for holds in _holds(condition.removeprefix("not "), rows)]
    if condition.startswith("none of"):
        return [not holds for holds in _holds(condition.replace("none of", "any of"), rows)]
    probe = rewardlang.loads(f"{HEAD}\nrule probe: award 1 point when {condition}\nscore between 0 and 1\n")
    asked = probe.score([completion for completion, _ in rows], columns={"gold": [gold for _, gold in rows]})
    return [bool(value) for value in asked.rules["probe"]]


@SETTINGS
@given(files(), st.lists(st.tuples(completions, st.sampled_from([7, 5])), min_size=4, max_size=12), st.sampled_from([0, 4, 50]))
def test_the_reachable_range_holds(text: str, rows: list[tuple[str, int]], step: int) -> None:
    """`reachable` bounds every score, at every step."""
    reward = rewardlang.loads(text)
    reachable = reward.program.reachable
    for row in reward.score([completion for completion, _ in rows], columns={"gold": [gold for _, gold in rows]}, step=step).rows:
        assert row.score is not None
        assert reachable.low - Fraction(1, 10**9) <= Fraction(row.score) <= reachable.high + Fraction(1, 10**9)


@SETTINGS
@given(
    files(),
    st.tuples(st.integers(-4, 1), st.integers(1, 8)),
    st.lists(st.tuples(completions, st.sampled_from([7, 5])), min_size=8, max_size=16),
    st.sampled_from([0, 4, 7, 50]),
)
def test_an_accepted_range_is_never_left(text: str, ends: tuple[int, int], rows: list[tuple[str, int]], step: int) -> None:
    """A narrower range than the rules add up to is accepted only where their tests exclude one another."""
    text = text.replace("score between -20 and 20", f"score between {ends[0]} and {ends[1]}")
    assume(compile_text(text).program is not None)
    reward = rewardlang.loads(text)
    reachable = reward.program.reachable
    assert ends[0] <= reachable.low <= reachable.high <= ends[1]
    for row in reward.score([completion for completion, _ in rows], columns={"gold": [gold for _, gold in rows]}, step=step).rows:
        assert row.score is not None
        assert reachable.low - Fraction(1, 10**9) <= Fraction(row.score) <= reachable.high + Fraction(1, 10**9)


ANSWERED = st.sampled_from([condition for condition in CONDITIONS if "final is" not in condition])


@SETTINGS
@given(
    files(ANSWERED).filter(lambda text: "missing" not in text and "for each word" not in text),
    completions,
    completions,
    st.sampled_from([7, 5]),
)
def test_leaving_the_answer_out_never_pays(text: str, before: str, after: str, gold: int) -> None:
    """Without a test for what is missing: for each completion without an answer some answer scores at least as much."""
    assume("<a>" not in before + after and "</a>" not in before + after)
    silent = f"{before} {after}"
    answers = [f"{before} <a>{answer}</a> {after}" for answer in (gold, "z", "1", "5", "6.5", "8", "-1")]
    scores = rewardlang.loads(text).score([silent, *answers], columns={"gold": [gold] * 8}).values
    assert scores[0] <= max(scores[1:]) + 1e-9


WEIGHED = (
    HEAD
    + """
section one{one}
rule heavy: award 2 points when v = gold
rule other: award 1 point when completion contains "x"
section two
rule light: award {light} points when completion contains "y"
score between -9 and 9
guarantee rule heavy outweighs rule light
"""
)


@pytest.mark.parametrize(
    ("one", "light", "proved"),
    [
        ("", "1.5", True),
        ("", "2", False),
        (" at most 2", "1.5", False),
        (" at most 2", "0.5", True),
        (" weight 0.5", "1", False),
        (" weight 0.5", "0.9", True),
    ],
)
def test_a_cap_or_weight_can_swallow_what_outweighs(one: str, light: str, proved: bool) -> None:
    """With a cap of 2 and another rule worth 1 in the section, the heavy rule decides over 1 point only."""
    codes = {diagnostic.code for diagnostic in compile_text(WEIGHED.format(one=one, light=light)).errors}
    assert codes == (set() if proved else {"RW421"})


def test_lists_written_where_they_are_used_are_told_apart() -> None:
    """Two conditions that differ in such a list alone are two conditions: what holds of one is not taken to hold of the other."""
    text = (
        "rewardlang 1\nreward t\ncolumn x: text\n"
        'rule one: award 1 point when x is in ["a", "c"]\nrule two: award 1 point when x is in ["b", "d"]\n'
        'score between 0 and 2\nguarantee score at least {low} when x is in ["a", "c"]\n'
    )
    assert compile_text(text.format(low=1)).program is not None
    assert [found.code for found in compile_text(text.format(low=2)).diagnostics if found.severity == "error"] == ["RW420"]
