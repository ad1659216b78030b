"""What the prover draws from comparisons is true of every row."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import rewardlang
from rewardlang import meaning
from rewardlang.checking.axioms import Axioms
from rewardlang.checking.comparisons import Comparisons
from rewardlang.checking.judged import Judging
from rewardlang.checking.outcomes import FAILS, HOLDS, NOT_HELD
from rewardlang.checking.prover import Prover
from rewardlang.checking.same_meaning import Keys
from rewardlang.compiled import compile_path, compile_text
from rewardlang.program import Guarantee, WhenBody

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])
TERMS = [
    "a",
    "b",
    "c",
    "a * b",
    "b * a",
    "2 * a",
    "-1 * b",
    "3 * a * b",
    "b / 2",
    "c / -4",
    "-b",
    "a + b",
    "0 * c",
    "0",
    "1",
    "-2",
    "twice",
]
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "is at least", "is not more than", "equals"]
terms, operators = st.sampled_from(TERMS), st.sampled_from(OPERATORS)
comparisons = st.one_of(
    st.builds(lambda x, op, y: f"{x} {op} {y}", terms, operators, terms),
    st.builds(lambda x, y, z: f"{x} is between {y} and {z}", terms, terms, terms),
)
ROWS = list(product((-2, -1, 0, 1, 3), (-2, 0, 1, 2), (-1, 0, 2)))
COLUMNS = {name: [row[index] for row in ROWS] for index, name in enumerate("abc")}


@settings(deadline=None, max_examples=60)
@given(
    comparisons,
    comparisons,
    st.sampled_from(["", "require a > 0 else skip", "require a * b > 0 else skip", "require a > 0 and b >= 1 else skip"]),
)
def test_what_follows_from_a_comparison_holds_in_every_row(first: str, second: str, gate: str) -> None:
    """Of rows that get a score: where the first test holds, so does all that is said to follow from it."""
    assume(first != second)
    lines = ["rewardlang 1", "reward t", *(f"column {name}: number" for name in "abc"), "let twice = 2 * a", gate]
    lines += [
        f"rule one: award 1 point when {first}",
        f"rule two: award 1 point when {second}",
        "rule used: award 1 point when twice > c + b",
    ]
    text = "\n".join([*lines, "score between 0 and 3"])
    program = compile_text(text).program
    assume(program is not None)
    assert program is not None
    keys = Keys(program.lets)
    atoms: dict[str, meaning.Expr] = {}
    for rule in program.rules[:2]:
        assert isinstance(rule.body, WhenBody)
        condition = rule.body.cases[0].condition
        assert condition is not None
        atoms.setdefault(keys.key(condition), condition)
    assume(len(atoms) == 2)
    one, two = atoms
    axioms = Axioms(keys, Comparisons(keys, program.lets, program.requires), Judging(keys, program.lets), atoms)
    for known in (True, False):
        closed = axioms.closed({one: HOLDS if known else NOT_HELD})
        marked = rewardlang.loads(text).score([""] * len(ROWS), columns=COLUMNS).rows
        for row in marked:
            fired = {mark.rule: mark.fired for mark in row.marks}
            if row.score is not None and fired["one"] == known:
                assert closed is not None, (text, known)
                assert closed.get(two, HOLDS | FAILS) & (HOLDS if fired["two"] else FAILS), (text, known)


def _follows(gate: str, first: str, second: str) -> bool:
    file = f"rewardlang 1\nreward t\ncolumn a: number\ncolumn b: number\n{gate}\nrule one: award 1 point when {second}\n"
    file += "score between 0 and 1\n"
    return compile_text(f"{file}guarantee score at least 1 when {first}").program is not None


def test_multiples_of_a_term_whose_sign_is_known_are_in_order() -> None:
    """At least ten times a positive limit is more than the limit; without the sign nothing follows."""
    assert _follows("require a > 0 else skip", "b is at least 10 * a", "b is more than a")
    assert not _follows("", "b is at least 10 * a", "b is more than a")
    assert not _follows("require a > 0 else score 0", "b is at least 10 * a", "b is more than a")
    assert not _follows("require a > 0 else skip", "b is more than a", "b is at least 10 * a")


def test_bounds_of_a_negated_term_change_places() -> None:
    """`-b is between 1 and 5` says that b lies between -5 and -1, and no more."""
    assert _follows("", "-b is between 1 and 5", "b is between -6 and -1")
    assert not _follows("", "-b is between 1 and 5", "b is between 0 and 1")
    assert not _follows("require a > 0 else skip", "b = a", "-b is between a and a")


def test_opposite_comparisons_of_one_pair_exclude_each_other() -> None:
    """Whichever way round they are written."""
    assert _follows("", "b is more than a", "a < b")
    assert _follows("", "b is more than 2 * a", "not 2 * a >= b")
    assert not _follows("", "b is at least a", "a < b")


WEIGHED = """rewardlang 1
reward w
let v = (only <a> in completion) as number
{gate}
section one{cap}
rule heavy: {heavy} when {c0}
rule other: {other} when {c1}
rule third: {third} when {c2}
section two
rule light: {light} when {c3}
score between -20 and 20
"""
CONDITIONS = ["v is more than 2", "v is at least 5", "v > 7", "v < 4", "v is present", "v = 6", 'completion contains "x"', "not v > 3"]
values = st.sampled_from(["award 1 point", "award 2 points", "award 3 points", "deduct 1 point", "deduct 2 points", "deduct 3 points"])
COMPLETIONS = [f"{answer}{flag}" for answer in ("", *(f"<a>{n}</a>" for n in range(9))) for flag in ("", "x")]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.sampled_from(["require v is present else score -20", "require v is present and v > 1 else score -20"]),
    st.sampled_from([" at most 2", " at least -3 at most 0", " at least -2", " at least -4 at most 3"]),
    st.lists(values, min_size=4, max_size=4),
    st.lists(st.sampled_from(CONDITIONS), min_size=4, max_size=4),
)
def test_what_outweighs_decides_in_every_pair_of_rows(gate: str, cap: str, points: list[str], conditions: list[str]) -> None:
    """Rows alike in the other rules: the heavier at its best with the lighter at its worst scores more than the other way round."""
    named = dict(zip(("heavy", "other", "third", "light"), points, strict=True))
    text = WEIGHED.format(gate=gate, cap=cap, **named, **{f"c{index}": condition for index, condition in enumerate(conditions)})
    assume(compile_text(f"{text}guarantee rule heavy outweighs rule light\n").program is not None)
    rows = [row for row in rewardlang.loads(text).score(COMPLETIONS).rows if row.gate is None]
    marked = [({mark.rule: mark.points for mark in row.marks}, row.score or 0.0) for row in rows]
    ends = {
        name: sorted((Fraction(0), Fraction(value.split()[1]) * (1 if value.startswith("award") else -1))) for name, value in named.items()
    }
    best = [(p, s) for p, s in marked if (p["heavy"], p["light"]) == (ends["heavy"][1], ends["light"][0])]
    worst = [(p, s) for p, s in marked if (p["heavy"], p["light"]) == (ends["heavy"][0], ends["light"][1])]
    for points_one, score_one in best:
        for points_two, score_two in worst:
            if all(points_one[name] == points_two[name] for name in ("other", "third")):
                assert score_one > score_two, text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_only_pairs_that_are_not_looked_at_have_nothing_to_say(path: Path) -> None:
    """Between tests that share nothing no rule finds anything: looking at all pairs of a file gives the same."""
    program = compile_path(path).program
    assert program is not None
    bounds = [promise for promise in program.guarantees if isinstance(promise, Guarantee)]
    prover = Prover(program, tuple(promise.condition for promise in bounds if promise.condition is not None))
    axioms: Any = prover._axioms
    looked_at = set(axioms.related(prover.atoms))
    for a, first in prover.atoms.items():
        for b, second in prover.atoms.items():
            if a != b and (a, b) not in looked_at:
                assert not axioms._implies(first, second), (a, b)
                assert not axioms._excludes(first, second), (a, b)
