"""Whether two formulas or numbers are the same, with what can stand around them: percent, degrees, a unit, decimals given."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from rewardlang.answers.algebra import LimitError, Product, Quotient, Sum, atom, decides, difference, number
from rewardlang.answers.angles import same_after_angles
from rewardlang.answers.data_sizes import bits_of
from rewardlang.answers.families import same_implied
from rewardlang.answers.functions import PI
from rewardlang.answers.inverse_angles import same_angles
from rewardlang.answers.kinds import Expression
from rewardlang.answers.large_factorials import same_factorials
from rewardlang.answers.large_powers import same_powers
from rewardlang.answers.logarithms import same_logarithms
from rewardlang.answers.numeric import differ, magnitudes_differ, symbols_of, value_at
from rewardlang.answers.physical_units import same_unit_name, unit_of_words
from rewardlang.answers.roots_of_products import same_roots
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MIN_FIGURES = 6
MOST_FLOAT_FIGURES = 12
FLOAT_ERROR = Fraction(2, 10**15)
"""Of a value that is computed in floating point, as a share of it; it counts where more figures are given than above."""
MAX_LETTERS = 8
"""Characters of a unit that can be a product of names."""


def same_formula(one: Quotient, other: Quotient) -> Verdict:
    """Whether two formulas have the same value wherever both have one."""
    a, b = one.rational, other.rational
    if a is not None and b is not None:
        return yes("the same number") if a == b else no("different values")
    large = same_powers(one, other)
    if large is not None:
        return yes("the same powers of primes") if large else no("different powers of primes")
    try:
        gap = difference(one, other)
    except LimitError as error:
        return no("clearly different at a point") if differ(one, other) else cannot_judge(f"{error}: not expanded")
    if not gap.terms:
        return yes("equal after exact simplification")
    if decides(gap.atoms()) or _is_never_zero(gap):
        return no("different values")
    if differ(one, other):
        return no("clearly different at a point")
    same = same_after_angles(one, other)
    if same is not None:
        return yes("equal after rewriting the angles") if same else no("different after rewriting the angles")
    if same_angles(one, other):
        return yes("equal as sums of angles")
    if same_logarithms(one, other):
        return yes("equal after writing out the logarithms")
    if same_roots(one, other):
        return yes("equal after taking the roots apart")
    if same_factorials(one, other):
        return yes("equal after writing out the factorials")
    if magnitudes_differ(one, other):
        return no("clearly different in size")
    return cannot_judge("neither shown to be equal nor to differ")


def _is_never_zero(of: Sum) -> bool:
    """Whether a form is one power of a number other than 0, with factors that are numbers: `2 (-1)^n`."""
    factors = [factor for product, _ in of.terms for factor, _ in product]
    known = all(kind in ("constant", "prime", "i", "exp") or (kind == "power" and argument[0].rational) for kind, argument in factors)
    return len(of.terms) == 1 and known


def same_number(one: Expression, other: Expression) -> Verdict:
    """Whether two expressions are the same, by what is written around them."""
    one, other = _with_letter_as_unit(one, other), _with_letter_as_unit(other, one)
    if one.unit and other.unit and one.unit != other.unit:
        return _quantities(one, other)
    for angle, measured in ((one, other), (other, one)):
        if angle.degree and (unit := unit_of_words(measured.unit)) is not None and unit.dimension == (("angle", 1),):
            return same_formula(angle.value * PI / number(180), measured.value * number(unit.size))
        if measured.unit and (angle.percent or (angle.degree and not measured.unit.startswith("°"))) and not angle.unit:
            return no(f"{'percent' if angle.percent else 'degrees'} are not {measured.unit}")
    if one.degree != other.degree:
        return _degrees(one, other) if one.degree else _degrees(other, one)
    if one.percent != other.percent:
        return _percent(one, other) if one.percent else _percent(other, one)
    verdict = same_formula(one.value, other.value)
    if verdict.holds is False and not one.unit and (same := same_implied(one, other)) is not None:
        return same
    if verdict.holds is not True and (renamed := _with_its_constant(one, other)) is not None and same_formula(one.value, renamed).holds:
        return yes("equal after renaming the constant of integration")
    if verdict.holds is not True and _rounded(one, other):
        verdict = yes("equal to all decimals given")
    if verdict.holds and bool(one.unit) != bool(other.unit):
        return yes("equal; unit not stated")
    return verdict


def _with_letter_as_unit(one: Expression, other: Expression) -> Expression:
    """`298 K` as a number of kelvins, when the other side has a unit: alone the letter is as likely a symbol; so are those of `2mg`."""
    if one.unit or not other.unit or one.value.under.rational != 1 or len(one.value.over.terms) != 1:
        return one
    product, coefficient = one.value.over.terms[0]
    if len(other.unit) <= MAX_LETTERS and product and product == _product_of_letters(other.unit):
        return Expression(number(coefficient), unit=other.unit)
    if len(product) != 1 or product[0][0][0] != "symbol" or product[0][1] != 1 or unit_of_words(product[0][0][1]) is None:
        return one
    return Expression(number(coefficient), unit=product[0][0][1])


def _product_of_letters(unit: str) -> Product:
    """What a unit is when its letters are names: `mg`, `m^2`; nothing for other units."""
    powers: dict[str, int] = {}
    for letter, power in re.findall(r"([A-Za-z])(?:\^\{?([23])\}?)?", unit):
        powers[letter] = powers.get(letter, 0) + int(power or 1)
    plain = re.fullmatch(r"(?:[A-Za-z](?:\^\{?[23]\}?)? ?)+", unit) is not None
    return tuple((("symbol", letter), Fraction(power)) for letter, power in sorted(powers.items())) if plain else ()


_CONSTANTS = frozenset(("C", "c", "K", "k", "C_1", "c_1", "C_0", "c_0"))
_USUAL_CONSTANTS = frozenset(("C", "C_1"))


def _with_its_constant(one: Expression, other: Expression) -> Quotient | None:
    """The other formula with the added constant of the first: `x² + C` for `x² + K`. None where not both add one, under two
    names of which one is the usual one."""
    left, right = (_added_constant(side.value) for side in (one, other))
    if not left or not right or left == right or not {left, right} & _USUAL_CONSTANTS:
        return None
    return other.value - atom("symbol", right) + atom("symbol", left)


def _added_constant(of: Quotient) -> str:
    """The name of the constant that is added to a formula with other symbols, and stands in it once; else nothing."""
    if of.under.rational != 1 or len(of.over.terms) < 2:
        return ""
    alone = [product[0][0][1] for product, value in of.over.terms if value == 1 and len(product) == 1 and product[0][1] == 1]
    names = [name for name in alone if name in _CONSTANTS]
    if len(names) != 1 or len(symbols_of(of)) < 2:
        return ""
    (name,) = names
    return name if name not in symbols_of(of - atom("symbol", name)) else ""


def _percent(percent: Expression, other: Expression) -> Verdict:
    verdict = same_formula(percent.value, other.value)
    if verdict.holds is not False:
        return verdict
    value = other.value.rational
    if value is not None and abs(value) > 1 and not other.unit and not percent.unit:
        bare = same_formula(percent.value * number(100), other.value)
        return yes("equal as a number of percent") if bare.holds else bare
    return verdict


def _degrees(degrees: Expression, other: Expression) -> Verdict:
    """Degrees against a bare number: as radians when it has π in it, else as a number of degrees."""
    if other.value.rational is not None:
        return same_formula(degrees.value, other.value)
    return same_formula(degrees.value * PI / number(180), other.value)


def _quantities(one: Expression, other: Expression) -> Verdict:
    left, right = unit_of_words(one.unit), unit_of_words(other.unit)
    if left is None or right is None:
        sizes, other_sizes = bits_of(one.unit), bits_of(other.unit)
        if sizes is not None and other_sizes is not None:
            pairs = zip(sizes, other_sizes, strict=True)
            by_tens, by_twos = (same_formula(one.value * number(a), other.value * number(b)) for a, b in pairs)
            return by_tens if by_tens.holds is by_twos.holds else cannot_judge("a kilobyte of 1,000 or of 1,024 bytes")
        if same_unit_name(one.unit, other.unit):
            return same_formula(one.value, other.value)
        return cannot_judge(f"the units {one.unit} and {other.unit} are not converted")
    if left.dimension != right.dimension and {one.unit.lower().rstrip("s"), other.unit.lower().rstrip("s")} == {"£", "pound"}:
        return same_formula(one.value, other.value)
    if left.dimension != right.dimension:
        return no(f"{one.unit} and {other.unit} measure different things")
    sides = [side.value * number(unit.size) + number(unit.zero) for side, unit in ((one, left), (other, right))]
    verdict = same_formula(*sides)
    if verdict.holds is False:
        for decimal, exact, unit in ((one, sides[1], left), (other, sides[0], right)):
            if _rounded(decimal, Expression((exact - number(unit.zero)) / number(unit.size))):
                return yes("equal to all decimals given")
    return verdict


def _rounded(one: Expression, other: Expression) -> bool:
    """Six or more significant figures, within less than one unit in the last place of a number that has no finite decimals."""
    for decimal, exact in ((one, other), (other, one)):
        if decimal.figures < MIN_FIGURES or exact.figures or decimal.unit_in_last_place in (0, 1):
            continue
        value = exact.value.rational
        if value is None:
            near, written = value_at(exact.value, {}), decimal.value.rational
            if near is not None and written is not None and math.isfinite(near):
                by_floats = 0 if decimal.figures <= MOST_FLOAT_FIGURES else Fraction(max(1.0, abs(near))) * FLOAT_ERROR
                return abs(Fraction(near) - written) < max(decimal.unit_in_last_place, by_floats)
        elif not _terminates(value) and decimal.value.rational is not None:
            return abs(value - decimal.value.rational) < decimal.unit_in_last_place
    return False


def _terminates(value: Fraction) -> bool:
    below = value.denominator
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    return below == 1
