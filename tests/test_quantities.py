"""Laws of units and dimensions, and what is refused: unlike compared with unlike, units that are not known, data without a unit."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rewardlang
from rewardlang.answers.quantities import NAMED, combined, fitted_to, known_units, read_quantity, shown_quantity, unit_of
from rewardlang.answers.values import Dimension, Measured, Quantity
from rewardlang.checking.dimensions import Dimensions, unknowns
from rewardlang.compiled import compile_text
from rewardlang.registry import default_registry
from rewardlang.written import written

SINGLE = [name for name in known_units() if unit_of(name) is not None]
units = st.lists(st.sampled_from(SINGLE), min_size=1, max_size=3).map("/".join)
amounts = st.integers(0, 10**6).flatmap(lambda n: st.sampled_from([Fraction(n), Fraction(n, 100)]))
dimensions = st.lists(st.tuples(st.sampled_from(sorted(NAMED)), st.integers(-2, 2)), max_size=3).map(
    lambda powers: _product([(NAMED[name], power) for name, power in powers])
)


def _product(parts: list[tuple[Dimension, int]]) -> Dimension:
    whole: Dimension = ()
    for dimension, power in parts:
        whole = combined(whole, dimension, power)
    return whole


@given(amounts, units)
def test_a_written_quantity_is_read_as_its_number_times_its_unit(amount: Fraction, unit: str) -> None:
    """The value is exact, in base units."""
    found = read_quantity(f"{written(amount)} {unit}")
    known = unit_of(unit)
    assert known is not None
    assert isinstance(found, Quantity)
    assert (found.value, found.dimensions) == (amount * known.size, known.dimensions)


@given(amounts, units)
def test_what_is_shown_reads_back_as_the_same_quantity(amount: Fraction, unit: str) -> None:
    """Conversion to a unit of handy size and back is exact, wherever the decimals end."""
    known = unit_of(unit)
    assert known is not None
    value = amount * known.size
    for dimension in known.dimensions:
        shown = shown_quantity(value, dimension)
        found = read_quantity(shown)
        if "≈" not in shown and "/" not in shown.split(" ")[0] and unit_of(shown.split(" ")[-1]) is not None:
            assert isinstance(found, Quantity), shown
            assert found.value == value
            assert fitted_to(found, dimension) == value


@pytest.mark.parametrize(("unit", "shown"), [("kg/mcg", "2000 kg/mg"), ("mL/mg", "2 mL/mg"), ("mg/kg", "2 mg/kg"), ("g/mg", "2000")])
def test_body_mass_for_a_mass_is_not_shown_as_a_mass_for_body_mass(unit: str, shown: str) -> None:
    """`kg/kg` would be read as the other one; what has no dimension is a number."""
    known = unit_of(unit)
    assert known is not None
    dimension = known.dimensions[0] if unit == "g/mg" else known.dimensions[-1]
    assert shown_quantity(2 * known.size, dimension) == shown


@given(dimensions, dimensions)
def test_dimensions_are_a_group(one: Dimension, other: Dimension) -> None:
    """Products commute, and a quotient undoes a product."""
    assert combined(one, other) == combined(other, one)
    assert combined(combined(one, other), other, -1) == one
    assert combined(one, one, -1) == ()


@given(dimensions, dimensions, st.integers(-3, 3))
def test_one_equation_is_solved_exactly_when_it_can_be(one: Dimension, other: Dimension, power: int) -> None:
    """x^n · a = b has a solution in whole exponents if and only if n divides every exponent of b / a."""
    known = Dimensions()
    unknown = known.fresh()
    quotient = combined(other, one, -1)
    solvable = (power != 0 and all(exponent % power == 0 for _, exponent in quotient)) or not quotient
    assert known.equate(combined(one, unknown, power), other) == solvable
    if solvable and power:
        assert known.resolved(combined(one, unknown, power)) == other


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), dimensions), max_size=3))
def test_equations_that_were_accepted_stay_true(equations: list[tuple[int, int, Dimension]]) -> None:
    """Whatever is equated later, x^n · y^m = d holds once it was accepted; a refused one changes nothing."""
    known = Dimensions()
    x, y = known.fresh(), known.fresh()
    accepted = []
    for n, m, dimension in equations:
        left = combined(combined((), x, n), y, m)
        if known.equate(left, dimension):
            accepted.append((left, dimension))
        assert all(not unknowns(known.resolved(one)) and known.resolved(one) == other for one, other in accepted)


HEAD = """rewardlang 1
reward demo
column dose: quantity of mass
column rate: quantity of mass per time
column weight: quantity of body_mass in kg
column n: number
"""
TAIL = "\nscore between 0 and 1\n"


def _codes(statements: str) -> list[str]:
    return [d.code for d in compile_text(HEAD + statements + TAIL).diagnostics if d.severity == "error"]


@pytest.mark.parametrize(
    "condition",
    [
        "dose is more than rate",
        "dose is more than n",
        "dose equals weight",
        "dose is between 1 mg and 5 mL",
        "dose is within 5 mL of 1 g",
        "dose + rate is more than 1 g",
        "dose / weight is more than 5 mg",
        "n * dose is in [1 mL, 2 mL]",
        "weight is more than 3 mg",
        "only quantity in completion is more than dose and only quantity in completion * 1 is more than rate / n",
    ],
)
def test_unlike_is_not_compared(condition: str) -> None:
    """A mass and a mass per time, a number, a volume: RW315, and no other error, except where the second use is another quantity."""
    wrong = _codes(f"rule r: award 1 point when {condition}")
    assert wrong == ([] if condition.startswith("only") else ["RW315"])


def test_two_uses_of_one_found_quantity_must_agree() -> None:
    """A let is one quantity: a mass in one rule cannot be a volume in another, and both places are shown."""
    file = HEAD + "let found = only quantity in completion\nrule a: award 0.5 points when found is more than dose\n"
    compiled = compile_text(file + "rule b: award 0.5 points when found is more than 5 mL" + TAIL)
    (error,) = [d for d in compiled.diagnostics if d.severity == "error"]
    assert (error.code, [related.message for related in error.related]) == ("RW315", ["mass", "volume"])


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("rule r: award 1 point when dose is more than 5 mgg", "RW314"),
        ("rule r: award 1 point when dose is more than 5 mg/tablet", "RW314"),
        ("rule r: award 1 point when 38 °C is more than 5 °C", "RW314"),
        ("column other: quantity of weight", "RW314"),
        ("column other: quantity of mass in mL", "RW315"),
        ("let found = only quantity in completion\nrule r: award 1 point when found is present", "RW316"),
        ("let found = only quantity in completion\nrule r: award 1 point when found * found is more than 5", "RW316"),
        ("let found = only quantity in completion\nrule r: award 1 point when found / dose is more than rate", "RW316"),
        ("rule r: award 1 point when some quantity in completion where quantity is at most quantity", "RW316"),
        ("rule r: award 1 point when completion is at most 5 mg", "RW301"),
        ("rule r: award 1 point when dose is between 5 g and 1 mg", "RW310"),
        ("rule r: award up to 1 point scaled by dose", "RW301"),
        ("rule r: award 1 point when dose contains completion", "RW301"),
        ("param most: quantity of mass = 5 mL", "RW301"),
    ],
)
def test_what_cannot_be_meant_is_refused(statement: str, code: str) -> None:
    """Each mistake has its code."""
    assert code in _codes(statement)


@pytest.mark.parametrize(
    ("column", "raw", "message"),
    [
        ("dose", "5 mL", "volume"),
        ("dose", 5, "no unit"),
        ("dose", "5", "cannot be read"),
        ("dose", "five mg", "cannot be read"),
        ("dose", True, "true"),
        ("dose", None, "no value"),
        ("weight", "5 mg", "is mass"),
        ("weight", float("inf"), "finite"),
    ],
)
def test_data_that_is_no_such_quantity_names_column_and_row(column: str, raw: object, message: str) -> None:
    """A row that does not fit is told before anything is marked."""
    statement = "rule r: award 1 point when dose / weight * 1 kg is at most n * 1 mg and rate is at least 0 mg/day"
    reward = rewardlang.loads(HEAD + statement + TAIL)
    row: dict[str, object] = {"dose": "5 mg", "rate": "5 mg/day", "weight": 20, "n": 1}
    columns = {name: [value, raw if name == column else value] for name, value in row.items()}
    with pytest.raises(rewardlang.DataError, match=message) as error:
        reward.score(["", ""], columns=columns)
    assert (error.value.column, error.value.row) == (column, 1)


def test_a_bare_number_has_the_unit_of_its_column() -> None:
    """In JSON a number, in CSV a text of figures."""
    reward = rewardlang.loads(
        "rewardlang 1\nreward w\ncolumn weight: quantity of body_mass in kg\nrule r: award 1 point when weight equals 20 kg" + TAIL
    )
    assert list(reward.score([""] * 4, columns={"weight": [20, "20", "20000 g", 21.0]}).values) == [1, 1, 1, 0]


ACCEPTED = [
    ("define large(d: quantity of mass) = d is more than 1 g\nrule r: award 1 point when large(only quantity in completion)", "2 g", 1),
    ("list doses = [250 mg, 0.5 g]\nrule r: award 1 point when (only quantity in completion) is in doses", "500 mg", 1),
    ("rule r: award up to 1 point scaled by (only quantity in completion) / 1 kg", "250 g", 0.25),
    ("rule r: award up to 1 point scaled by ramp((only quantity in completion) / 1 mg, 0, 2)", "1000 mcg", 0.5),
    ("rule r: award up to 1 point scaled by count of quantity in completion", "1 mg/tablet", 1),
    ("rule r: award 1 point when -(only quantity in completion) = -1 * 5 mL", "0.5 cL", 1),
    ("param most: quantity of mass per area = 2 mg/m2\nrule r: award 1 point when only quantity in completion = most", "2 mg/m²", 1),
    ("let side = only quantity in completion\nrule r: award 1 point when side * side equals 4 m2", "2 m", 1),
    ("rule r: award 1 point for each distinct quantity in completion, up to 1 point", "", 0),
    ("rule r: award 0.5 points for each distinct quantity in completion, up to 1 point", "1 g, 1000 mg, 1 L", 1),
]


@pytest.mark.parametrize(("statement", "completion", "score"), ACCEPTED, ids=range(len(ACCEPTED)))
def test_quantities_stand_wherever_numbers_do(statement: str, completion: str, score: float) -> None:
    """In definitions, lists, params, measures of their quotients, and squared."""
    reward = rewardlang.loads("rewardlang 1\nreward q\n" + statement + TAIL)
    assert reward.score_one(completion) == score


def test_a_measured_value_survives_copying() -> None:
    """Copies and pickles keep the value and the words."""
    value = Measured("1/3", "a third")
    for again in (copy.copy(value), copy.deepcopy([value])[0], pickle.loads(pickle.dumps(value))):
        assert (again, again.written) == (value, "a third")


HOSTILE = ["1 mg/", "1-", "5 mg per ", "1,", "1 to ", "/mg", "1 mg-", " mg", "1.1", "1/", "2x"]


@pytest.mark.parametrize("part", HOSTILE)
def test_long_texts_are_read_in_linear_time(part: str) -> None:
    """A hundred thousand characters of what could make a search go back and forth."""
    finder = default_registry().get("finder", "quantity")
    assert finder is not None
    assert len(finder([part * 20_000, "1" + part * 20_000 + " mg"])) == 2
