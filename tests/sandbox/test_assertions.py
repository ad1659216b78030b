"""Tests whose expected values stay outside of the sandbox: what is taken out of them, and that hostile reports pass nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.sandbox.assertions import all_met, split
from rewardlang.sandbox.child import plain

HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.complex_numbers(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(HASHABLE, inner, max_size=3),
        st.sets(HASHABLE, max_size=3),
    ),
    max_leaves=8,
)


def _judged(test: str, values: dict[str, Any]) -> bool:
    """What the test says of values that were handed over as the child hands them over."""
    parts = split(test)
    recorded: list[Any] = []
    names = {**values, parts.record: lambda number, value: recorded.append([number, plain(value)])}
    exec(parts.inside, names)
    return all_met(parts, json.dumps(recorded))


@settings(deadline=None, max_examples=50)
@given(VALUES, VALUES)
def test_values_are_compared_as_python_compares_them(one: Any, other: Any) -> None:
    """Whatever Python says of a value and a literal, on either side."""
    assert _judged(f"assert given == {one!r}", {"given": one})
    assert _judged(f"assert given == {other!r}", {"given": one}) is (one == other)
    assert _judged(f"assert {other!r} != given", {"given": one}) is (one != other)


@pytest.mark.parametrize(
    ("test", "inside"),
    [
        ("assert f(1) == 2", "value(0, f(1))"),
        ("assert 2 < f(1), 'too small'", "value(0, f(1))"),
        (
            "def check(g):\n    for n in (1, 2):\n        assert g(n) in [1, 2]\ncheck(f)",
            "def check(g):\n    for n in (1, 2):\n        value(0, g(n))\ncheck(f)",
        ),
        ("assert f(1)", "assert f(1)"),
        ("assert f(1) == g(2)", "assert f(1) == g(2)"),
        ("try:\n    assert f(1) == 2\nexcept AssertionError:\n    pass", "try:\n    assert f(1) == 2\nexcept AssertionError:\n    pass"),
        ("assert f(1) ==", "assert f(1) =="),
    ],
)
def test_what_is_taken_out(test: str, inside: str) -> None:
    """The literal is gone where there is one; a test that cannot be taken apart stays as it is."""
    parts = split(test)
    assert parts.inside.replace(parts.record, "value") == inside


@pytest.mark.parametrize(
    "recorded",
    [
        "",
        "[]",
        "{}",
        "[0]",
        "[[0]]",
        '[[0, ["int", "2"]]]',
        '[[1, ["int", "3"]]]',
        '[[0, ["?"]]]',
        '[[0, ["int", "3"], 1]]',
        '[[0, ["int", "3"]], [0, ["int", "4"]]]',
        '[[0, ["set", ["list"]]]]',
        '[["zero", ["int", "3"]]]',
        '[[-2, ["int", "3"]]]',
        "[" * 100_000,
        '[[0, ["float", "0x1p99999"]]]',
        "\ud800",
    ],
)
def test_hostile_reports_pass_nothing(recorded: str) -> None:
    """Whatever the program writes in place of the values: it passes with the right values only."""
    assert not all_met(split("assert f() == 3"), recorded)


def test_the_right_report_passes() -> None:
    """The same value, as the child writes it."""
    assert all_met(split("assert f() == 3"), '[[0, ["int", "3"]]]')
