"""Laws of formulas of logic, of lines and planes with parameters, and of congruences."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from rewardlang.answers.compare import compare_answers
from rewardlang.answers.parse import read_answer
from rewardlang.answers.values import Answer

_Formula = tuple[str, tuple[bool, ...]]
"""A formula of logic, and its values in the eight rows of a table over p, q and r."""

_NAMES: list[_Formula] = [(name, tuple(bool(row >> bit & 1) for row in range(8))) for bit, name in enumerate("pqr")]
_SIGNS: dict[str, Callable[[bool, bool], bool]] = {
    r"\land": lambda a, b: a and b,
    r"\lor": lambda a, b: a or b,
    r"\to": lambda a, b: b or not a,
    r"\leftrightarrow": lambda a, b: a is b,
}


def _negated(of: _Formula) -> _Formula:
    return rf"\neg ({of[0]})", tuple(not value for value in of[1])


def _joined(of: tuple[_Formula, str, _Formula]) -> _Formula:
    (one, left), sign, (other, right) = of
    return f"({one}) {sign} ({other})", tuple(_SIGNS[sign](a, b) for a, b in zip(left, right, strict=True))


_FORMULAS = st.recursive(
    st.sampled_from(_NAMES),
    lambda inner: st.one_of(inner.map(_negated), st.tuples(inner, st.sampled_from(sorted(_SIGNS)), inner).map(_joined)),
    max_leaves=6,
)


def _same(one: str, other: str) -> bool | None:
    left, right = read_answer(one), read_answer(other)
    assert isinstance(left, Answer), left
    assert isinstance(right, Answer), right
    verdict, mirrored = compare_answers(left, right), compare_answers(right, left)
    assert verdict.holds is mirrored.holds
    return verdict.holds


@given(_FORMULAS, _FORMULAS)
def test_formulas_of_logic_are_the_same_when_their_truth_tables_are(one: _Formula, other: _Formula) -> None:
    """Against tables filled in row by row."""
    if len(one[0]) > 1 and len(other[0]) > 1:  # a name by itself is a symbol like any other
        assert _same(one[0], other[0]) is (one[1] == other[1])


_WHOLE = st.integers(-9, 9)
_VECTOR = st.tuples(_WHOLE, _WHOLE, _WHOLE)


def _written(vector: tuple[object, ...]) -> str:
    return f"({', '.join(map(str, vector))})"


@given(_VECTOR, _VECTOR.filter(any), _WHOLE, st.integers(1, 5), st.booleans())
def test_a_line_is_the_same_from_any_of_its_points_at_any_speed(
    point: tuple[int, int, int], step: tuple[int, int, int], times: int, speed: int, back: bool
) -> None:
    """`p + t·d` is `p + n·d + s·(k·d)`, and no line through a point beside it."""
    factor = Fraction(-speed if back else speed, 3)
    other_point = tuple(a + times * b for a, b in zip(point, step, strict=True))
    other = f"{_written(other_point)} + s{_written(tuple(factor * item for item in step))}"
    one = f"{_written(point)} + t{_written(step)}"
    assert _same(one, other) is True
    axis = next(at for at in range(3) if any(item for place, item in enumerate(step) if place != at))
    beside = [value + (place == axis) for place, value in enumerate(other_point)]
    assert _same(one, f"{_written(tuple(beside))} + s{_written(step)}") is False


@given(st.integers(-12, 12).filter(bool), st.integers(-20, 20), st.integers(2, 12))
def test_a_linear_congruence_is_its_solutions(slope: int, rest: int, modulus: int) -> None:
    """Found by trying every residue."""
    found = [residue for residue in range(modulus) if (slope * residue - rest) % modulus == 0]
    congruence = rf"{slope}x \equiv {rest} \pmod{{{modulus}}}"
    solutions = rf"x \equiv {', '.join(map(str, found))} \pmod{{{modulus}}}" if found else "no solution"
    if slope not in (1, -1):
        assert _same(congruence, solutions) is True
    if len(found) < modulus:
        wrong = next(residue for residue in range(modulus) if residue not in found)
        assert _same(congruence, rf"x \equiv {wrong} \pmod{{{modulus}}}") is False
