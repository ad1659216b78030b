"""Conditions that come out the same for every row (RW704), cases never reached (RW705), sections that add nothing (RW706).

The claims are held against rows that were made to break them. The longer run:
`REWARDLANG_EXAMPLES=5000 pytest tests/test_always.py`.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rewardlang.compiled import Compiled, compile_text
from rewardlang.marking.intake import example_row
from rewardlang.marking.scorer import Scorer
from rewardlang.marks import RowMarks
from rewardlang.program import Program, WhenBody
from rewardlang.source import Span

HEAD = """rewardlang 1
reward always
column gold: number between 0 and 10
column kind: one of ("sum", "Product")
column hint: optional number between 1 and 2
param share: number between 0 and 0.5 = 0.5
list kinds = ["sum", "Product", "root"]
list roots = ["root"]
let final = only <a> in completion
let v = final as number
let n = count of word in completion
let told = share of kinds found in completion
"""
USED = "rule used: award 0 points when any of (final is missing; v is missing; gold = share; hint = 1; kind is in roots; n = 3; told = 1)\n"


def compiled(rules: str, bounds: str = "-20 and 20") -> Compiled:
    """A file with the declarations above, each of them used."""
    return compile_text(f"{HEAD}{USED}{rules}\nscore between {bounds}\n")


def told(result: Compiled, *codes: str) -> list[tuple[str, str, str]]:
    """Code, words and outcome of the warnings, without those about the rule that uses everything."""
    return [
        (d.code, result.source.cut(d.span), "always" if "always holds" in d.message else "never")
        for d in result.diagnostics
        if d.code in (codes or ("RW704", "RW705", "RW706")) and d.span.start >= len(HEAD + USED)
    ]


ALWAYS = [
    "n >= 0",
    "n is at least 0",
    "told <= 1",
    "gold is between 0 and 10",
    "kind is in kinds",
    "share < 1",
    "gold >= 0",
    "kind is not in roots",
]
NEVER = [
    "n < 0",
    "told > 1",
    "gold = 11",
    "gold > 10",
    "kind is in roots",
    "share > gold - gold + 1",
    "hint > 2",
    "kind is not in kinds",
]
OPEN = ["n > 0", "told = 1", "gold = 10", 'kind equals "product" ignoring case', "hint >= 1", "share = gold", "v >= 0"]
NEVER.remove("share > gold - gold + 1")


@pytest.mark.parametrize(("condition", "outcome"), [*((c, "always") for c in ALWAYS), *((c, "never") for c in NEVER)])
def test_a_single_test_is_decided_by_what_its_values_can_be(condition: str, outcome: str) -> None:
    """A count, a share, a declared range, the values of a `one of`: wherever the test stands in a condition."""
    assert told(compiled(f'rule a: award 1 point when completion contains "x" and {condition}')) == [("RW704", condition, outcome)]


@pytest.mark.parametrize("condition", OPEN)
def test_what_can_come_out_both_ways_is_no_finding(condition: str) -> None:
    """An optional value makes even a true range open, because a test over a missing value is false."""
    assert told(compiled(f"rule a: award 1 point when {condition}")) == []


WHOLE = [
    ("rule a: award 1 point when n > 5 and n < 3", "RW704", "n > 5 and n < 3", "never"),
    ("rule a: award 1 point when n > 5 or n <= 5", "", "", ""),
    ("rule a: award 2 points when n > 5 else 1 point when n > 7", "RW704", "n > 7", "never"),
    ("rule a: award 2 points when n > 5 else 1 point when n > 3", "", "", ""),
    ("rule a: award 2 points when v = gold else 1 point when v is within 1% of gold", "", "", ""),
    ("rule a: award 2 points when v is within 1% of gold else 1 point when v = gold", "RW704", "v = gold", "never"),
    ("require final is present else score 0\nrule a: award 1 point when final is present", "RW704", "final is present", "always"),
    ("require n > 5 else score 0\nrule a: award 1 point when n > 3", "RW704", "n > 3", "always"),
    ("require n > 5 else score 0\nrequire n > 3 else score -1", "RW704", "n > 3", "always"),
    ("require n > 5 else score 0\nrequire n < 3 else score -1", "RW704", "n < 3", "never"),
    ("rule a: award 1 point for each distinct word in completion where n > 5 and n < 3, up to 1", "RW704", "n > 5 and n < 3", "never"),
]


@pytest.mark.parametrize(("rules", "code", "words", "outcome"), WHOLE)
def test_whole_conditions_follow_from_gates_and_earlier_cases(rules: str, code: str, words: str, outcome: str) -> None:
    """What stands before a condition can decide it."""
    found = told(compiled(rules))
    assert found == ([(code, words, outcome)] if code else [])


def test_a_case_behind_one_that_always_holds_is_never_reached() -> None:
    """Both are told: the condition, and the case."""
    rules = "require n > 5 else score 0\nrule a: award 2 points when n > 3 else 0.5 points"
    assert [(code, words) for code, words, _ in told(compiled(rules))] == [("RW704", "n > 3"), ("RW705", "0.5")]


@pytest.mark.parametrize(
    ("head", "sign", "found"),
    [
        ("weight 0", "award", True),
        ("at most 0", "award", True),
        ("at least 0", "deduct", True),
        ("weight 0.1", "award", False),
        ("weight from 0 at step 0 to 1 at step 9", "award", False),
    ],
)
def test_a_section_that_adds_nothing(head: str, sign: str, found: bool) -> None:
    """A weight of nothing at every step, or a cap that swallows everything."""
    result = compiled(f'section form {head}\nrule a: {sign} 1 point when completion contains "x"')
    assert bool(told(result, "RW706")) == found


# ---------------------------------------------------------------- soundness

TESTS = [
    *ALWAYS,
    *NEVER,
    *OPEN,
    "v = gold",
    "v is within 10% of gold",
    "v > 7",
    "n > 5",
    "n < 3",
    "n = 4",
    "final is present",
    'completion contains "x"',
]
JOINED = st.one_of(
    st.sampled_from(TESTS),
    st.builds("{} and {}".format, st.sampled_from(TESTS), st.sampled_from(TESTS)),
    st.builds("any of ({}; {})".format, st.sampled_from(TESTS), st.sampled_from(TESTS)),
    st.builds("none of ({}; {})".format, st.sampled_from(TESTS), st.sampled_from(TESTS)),
    st.builds("not {}".format, st.sampled_from(TESTS)),
)
GATES = st.one_of(st.just(""), st.builds("require {} else score -20\n".format, JOINED))
COMPLETIONS = st.lists(
    st.sampled_from(["<a>7</a>", "<a>5</a>", "<a>0</a>", "<a>z</a>", "x", " sum ", " Product root ", " one two three"]), max_size=4
).map("".join)
ROWS = st.fixed_dictionaries(
    {"gold": st.sampled_from([0, 5, 7, 10]), "kind": st.sampled_from(["sum", "Product"]), "hint": st.sampled_from([None, 1, 2])}
)


def marked(program: Program, result: Compiled, completion: str, values: dict[str, Any]) -> RowMarks:
    """One row."""
    (row,) = Scorer(program).mark([example_row(program, result.registry, completion, values)], 0)
    return row


@settings(max_examples=int(os.environ.get("REWARDLANG_EXAMPLES", "60")), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(GATES, GATES, JOINED, JOINED, st.lists(st.tuples(COMPLETIONS, ROWS), min_size=6, max_size=12))
def test_no_row_contradicts_what_is_told(first: str, second: str, one: str, two: str, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """A condition that always holds makes its case fire on every row that is marked; one that never holds, on none."""
    result = compiled(f"{first}{second}rule a: award 4 points when {one} else 1 point when {two}")
    assume(result.program is not None)
    assert result.program is not None
    claims = {d.span: "always" in d.message for d in result.diagnostics if d.code == "RW704"}
    (rule,) = (rule for rule in result.program.rules if rule.name == "a")
    assert isinstance(rule.body, WhenBody)
    first_case, second_case = (claims.get(case.condition.span) for case in rule.body.cases if case.condition is not None)
    for completion, values in rows:
        row = marked(result.program, result, completion, values)
        if row.gate is not None:
            assert claims.get(_condition(result.program, row.gate.span)) is not True
            continue
        assert not any(claims.get(gate.condition.span) is False for gate in result.program.requires)
        (points,) = (mark.points for mark in row.marks if mark.rule == "a")
        assert first_case is None or (points == 4) == first_case
        assert second_case is None or points == 4 or (points == 1) == second_case


def _condition(program: Program, gate: Span) -> Span:
    """The condition of a gate."""
    return next(require.condition.span for require in program.requires if require.span == gate)
