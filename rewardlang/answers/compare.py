"""Whether two answers are the same: yes, no, or cannot judge, with a reason.

"Yes" is given on proof only: one exact form, or the same text. "No" is given
when forms differ that cannot differ for one value, when kinds or shapes
exclude each other, or when the values clearly differ at a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.answers.algebra import number
from rewardlang.answers.compare_numbers import MIN_FIGURES, same_formula, same_number
from rewardlang.answers.compare_rare import by_rare_shape, in_other_base, unless_flat
from rewardlang.answers.compare_relations import (
    all_of,
    as_interval,
    either,
    open_interval,
    same_equation,
    same_inequality,
    same_interval,
    same_ratio,
)
from rewardlang.answers.constants import same_with_constants
from rewardlang.answers.families import implied, in_family, same_family, same_implied
from rewardlang.answers.figures import named_alike
from rewardlang.answers.kinds import (
    Day,
    Equation,
    Expression,
    Family,
    Figure,
    Flat,
    InBase,
    Inequality,
    Interval,
    Labelled,
    Listing,
    Matrix,
    MatrixPower,
    Option,
    Piecewise,
    Proposition,
    Ratio,
    SetOf,
    Time,
    Tuple_,
    Union,
    Unread,
    Value,
    Words,
)
from rewardlang.answers.matrix_powers import same_power
from rewardlang.answers.options import letter_of
from rewardlang.answers.piecewise import same_function
from rewardlang.answers.real_sets import as_one_set, same_set
from rewardlang.answers.sequences import has_dots, same_sequence
from rewardlang.answers.times import same_time
from rewardlang.answers.values import Answer
from rewardlang.answers.vectors import components, multiple_of_identity
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_ITEMS = 40


def compare_answers(one: Answer, other: Answer) -> Verdict:
    """Whether two answers are the same. Symmetric; not transitive (0.28 = 28 %, 28 % = 28, but 0.28 ≠ 28)."""
    left, right = one.value, other.value
    if type(left) is Expression and type(right) is Expression and not (left.percent or right.percent or left.degree or right.degree):
        a, b = left.value.rational, right.value.rational
        if a is not None and b is not None and not (left.unit or right.unit or left.figures >= MIN_FIGURES or right.figures >= MIN_FIGURES):
            return no("different values") if a != b else yes("the same" if left == right else "the same number")
    if left == right:
        return yes("the same")
    return same_value(one.value, other.value)


def numeric_value(answer: Answer) -> Fraction | None:
    """The rational number that an answer is; None for any other answer, and for one with a unit."""
    value = answer.value
    while isinstance(value, Labelled):
        value = value.value
    return value.value.rational if isinstance(value, Expression) and not value.unit and not value.degree else None


def same_value(one: Value, other: Value) -> Verdict:
    """`compare_answers` for values."""
    for left, right in ((one, other), (other, one)):
        verdict = _by_kind(left, right)
        if verdict is not None:
            return verdict
    if isinstance(one, Unread) or isinstance(other, Unread):
        if isinstance(one, Unread) and isinstance(other, Unread) and one.text == other.text:
            return yes("the same text")
        unread = one if isinstance(one, Unread) else other
        return cannot_judge(unread.reason if isinstance(unread, Unread) else "")
    return no(f"{_kind(one)} is not {_kind(other)}")


def _kind(value: Value) -> str:
    return _KINDS.get(type(value), "an answer")


_KINDS: dict[type, str] = {
    Expression: "a number or formula",
    Words: "text",
    Listing: "a list",
    SetOf: "a set",
    Tuple_: "a tuple",
    Interval: "an interval",
    Union: "a union",
    Matrix: "a matrix",
    MatrixPower: "a power of a matrix",
    Equation: "an equation",
    Inequality: "an inequality",
    Ratio: "a ratio",
    Piecewise: "a function by cases",
    Family: "a family of numbers",
    Time: "a time of day",
    InBase: "a number in a base",
    Day: "a day",
    Figure: "a figure of geometry",
    Proposition: "a formula of logic",
    Flat: "a line or plane",
}


def _by_kind(one: Value, other: Value) -> Verdict | None:
    """The verdict when `one` is of the kind that decides; tried in both orders."""
    match one, other:
        case Expression(), Expression():
            return same_number(one, other)
        case Option(), _:
            return _options(one, other)
        case _, Option():
            return None
        case Labelled(), Labelled():
            return _labels(one, other)
        case Labelled(), Equation():
            if one.equation is None:
                return cannot_judge("a named value and an equation")
            return same_equation(one.equation, other.form)
        case Labelled(), Flat():
            return by_rare_shape(other, one)
        case Labelled(), Expression() if one.choices is not None:
            return same_number(one.choices, other)
        case Labelled(), _:
            return same_value(one.value, other)
        case Family(), Family():
            return same_family(one, other)
        case Family(), Expression() | Listing() | SetOf():
            return _about_family(one, other)
        case Words(), Words():
            return _words(one.text, other.text)
        case Listing(), Expression() if one.decimal is not None:
            return same_number(one.decimal, other)
        case Listing(), Listing() if _differently_named(one) != _differently_named(other):
            plain, numbered = (other, one) if _differently_named(one) else (one, other)
            if _numbers(numbered, plain):
                return _unordered(_without_labels(one), _without_labels(other))
            return _ordered(one.items, other.items)
        case Listing(), SetOf() if _differently_named(one):
            return no("values of several names are no set")
        case Listing(), Listing() | SetOf() | Expression() if (same := same_implied(one, other)) is not None:
            return same
        case Listing(), Listing() | SetOf() if has_dots(one.items) or has_dots(other.items):
            return same_sequence(one.items, other.items, _ordered(one.items, other.items))
        case Listing(), Listing() | SetOf():
            return _unordered(one.items, other.items)
        case Listing(), Interval() | Union() | Tuple_() if (joined := as_one_set(one)) is not None:
            return _unions(joined, other)
        case Listing(), Tuple_() if one.spoken and not _differently_named(one):
            return _unordered(one.items, (other,))
        case Listing(), Tuple_():
            return either(_ordered(one.items, other.items), _unordered(one.items, (other,)))
        case Listing(), Words() if (letters := "".join(letter_of(item) for item in one.items)) and len(letters) == len(one.items):
            return yes("the same letters") if sorted(letters) == sorted(other.text.upper()) else no("different letters")
        case Listing(), Ratio() | Words() | Matrix():
            return _unordered(one.items, (other,))
        case Listing(), Expression() | Interval() | Union():
            return _unordered(one.items, (other,))
    return _by_shape(one, other)


def _by_shape(one: Value, other: Value) -> Verdict | None:
    """The same for sets, tuples, intervals, matrices, relations and what is rarer."""
    match one, other:
        case SetOf(), SetOf() if has_dots(one.items) or has_dots(other.items):
            return same_sequence(one.items, other.items, _ordered(one.items, other.items))
        case SetOf(), SetOf():
            return _unordered(one.items, other.items)
        case SetOf(), Expression():
            return _unordered(one.items, (other,))
        case Tuple_(), Tuple_():
            return unless_flat(_ordered(one.items, other.items), one, other)
        case Tuple_(), Interval():
            return open_interval(one, other)
        case Interval(), Interval():
            return same_interval(one, other)
        case Union(), Union() | Interval() | Tuple_() | SetOf():
            return _unions(one, other)
        case Interval(), SetOf():
            return _unions(one, other)
        case Matrix(), Tuple_() if 1 in (len(one.rows), len(one.rows[0])):
            return _ordered([item for row in one.rows for item in row], other.items)
        case Matrix(), Interval() if one.rows and len(one.rows[0]) == 1 and other.with_low and other.with_high:
            return _ordered([row[0] for row in one.rows], (other.low, other.high))
        case Inequality(), Interval() | Union() | Tuple_() | SetOf():
            return cannot_judge("the solutions of this inequality are not computed")
        case Matrix(), Expression() if len(one.rows) == len(one.rows[0]) == 1:
            return same_value(one.rows[0][0], other)
        case MatrixPower(), Matrix():
            return same_power(one, other)
        case MatrixPower(), MatrixPower():
            return cannot_judge("two powers of matrices are compared as they are written")
        case Expression(), Tuple_() | Matrix():
            return _vectors(one, other)
        case Matrix(), Matrix():
            return unless_flat(_matrices(one, other), one, other)
        case Equation(), Equation():
            return same_equation(one.form, other.form)
        case Inequality(), Inequality():
            return same_inequality(one, other)
        case InBase(), InBase():
            return same_formula(number(_in_base(one)), number(_in_base(other)))
        case InBase(), Expression() if (figure := in_other_base(other)) is not None:
            return same_formula(number(_in_base(one)), number(figure))
        case InBase(), Expression():
            if other.value.rational is not None and str(other.value.rational) == one.figures:
                return yes("the same figures; base not stated")
            return same_formula(number(_in_base(one)), other.value)
        case Piecewise(), Piecewise() | Expression():
            return same_function(one, other)
        case Time(), Time() | Ratio() | Expression():
            return same_time(one, other)
        case Ratio(), Ratio():
            return same_ratio(one, other)
        case Ratio(), Expression() if len(one.items) == 2 and not one.clock and not one.goes_on and not other.unit:
            return same_value(Expression(one.items[0] / one.items[1]), other) if one.items[1].over.terms else None
    return by_rare_shape(one, other)


def _options(one: Option, other: Value) -> Verdict:
    """An option against another one, a letter, or what may be its text."""
    letter = other.letter if isinstance(other, Option) else letter_of(other)
    if letter and letter != one.letter:
        return no(f"option {one.letter} is not {letter}")
    if isinstance(other, Option):
        return same_value(one.value, other.value)
    return yes("the letter of the option") if letter else same_value(one.value, other)


def _vectors(one: Expression, other: Tuple_ | Matrix) -> Verdict | None:
    """A sum of unit vectors against its components, `I_2` against its entries; None for any other formula."""
    if isinstance(other, Matrix) and len(other.rows) == len(other.rows[0]) > 1:
        factor = None if one.unit else multiple_of_identity(one.value, len(other.rows))
        if factor is None:
            return None
        unit = [[Expression(number(factor if row == column else 0)) for column in range(len(other.rows))] for row in range(len(other.rows))]
        return _matrices(Matrix(tuple(map(tuple, unit))), other)
    if isinstance(other, Matrix) and 1 not in (len(other.rows), len(other.rows[0])):
        return None
    items = other.items if isinstance(other, Tuple_) else [item for row in other.rows for item in row]
    found = components(one.value, len(items)) if not one.unit else None
    return None if found is None else _ordered([Expression(value) for value in found], items)


def _about_family(one: Family, other: Expression | Listing | SetOf) -> Verdict:
    """A family, and what may be one though it does not say so."""
    if (same := implied(other, with_pi=False)) is not None:
        return same_family(one, same._replace(whole=one.whole))
    if other == SetOf(()):
        return no("a family of numbers is not empty")
    if isinstance(other, Expression) and not other.value.atoms():
        return in_family(other.value, one)
    return cannot_judge("a family of numbers, and something that may be one")


def _differently_named(of: Listing) -> bool:
    """`x = 1, y = 2`: names, and not one name for all. Against bare values the order then counts."""
    return len({item.label for item in of.items if isinstance(item, Labelled)}) > 1


def _numbers(numbered: Listing, plain: Listing) -> bool:
    """Whether the names on one side are those on the other with numbers: `x_1 = 2, x_2 = 3` and `x = 2 or x = 3`."""
    names = {item.label for item in plain.items if isinstance(item, Labelled)}
    return len(names) == 1 and all(
        isinstance(item, Labelled) and item.label.rstrip("0123456789") == f"{min(names)}_" for item in numbered.items
    )


def _without_labels(of: Listing) -> list[Value]:
    return [item.value if isinstance(item, Labelled) else item for item in of.items]


def _in_base(of: InBase) -> int:
    return int(of.figures, of.base)


_FILLING = ("is", "are", "the", "a", "an")


def _words(one: str, other: str) -> Verdict:
    if one == other:
        return yes("the same words")
    plain = [[word for word in text.split() if word not in _FILLING] for text in (one, other)]
    if plain[0] == plain[1] and len("".join(plain[0])) > 2:
        return yes("the same words but for articles")
    if len(one) == len(other) <= 3 and sorted(one) == sorted(other):
        return cannot_judge("the same letters in another order: words, or products")
    return no("different words")


def _have_same_constants(one: Labelled, other: Labelled) -> bool:
    """Whether the values of a function are the same but for the names of open constants."""
    values = [side.value.value for side in (one, other) if isinstance(side.value, Expression) and not side.value.unit]
    return len(values) == 2 and one.label in ("y", "function()", "u", "z") and same_with_constants(*values)


def _labels(one: Labelled, other: Labelled) -> Verdict:
    if named_alike(one.label, other.label):
        verdict = same_value(one.renamed or one.value, other.renamed or other.value)
        if one.label == "function()" and isinstance(one.value, Flat) and verdict.holds and one.value != other.value:
            return cannot_judge("the same line, run through in another way")
        if verdict.holds:
            return verdict
        if _have_same_constants(one, other):
            return yes("equal after renaming the constants")
        if one.choices is not None and other.choices is not None and same_number(one.choices, other.choices).holds is not False:
            return cannot_judge("different points, or equal numbers of choices")
    elif {one.label, other.label} == {"y", "function()"}:
        return same_value(one.value, other.value)  # y = 2x + 1 and f(x) = 2x + 1
    else:
        verdict = no(f"{one.label} is not {other.label}")
    if one.equation is not None and other.equation is not None:
        return either(same_equation(one.equation, other.equation), verdict) if one.label != other.label else verdict
    return verdict


def _unordered(one: Sequence[Value], other: Sequence[Value]) -> Verdict:
    """Every item of each has its equal in the other; what occurs twice counts once."""
    if len(one) > MAX_ITEMS or len(other) > MAX_ITEMS:
        return cannot_judge(f"more than {MAX_ITEMS} items")
    rows = [[yes() if left == right else same_value(left, right) for right in other] for left in one]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(other)
    verdicts = []
    for line in (*rows, *columns):
        if any(verdict.holds for verdict in line):
            verdicts.append(yes())
        else:
            undecided = [verdict for verdict in line if verdict.holds is None]
            verdicts.append(undecided[0] if undecided else no("an item has no equal on the other side"))
    return all_of(verdicts)


def _ordered(one: Sequence[Value], other: Sequence[Value]) -> Verdict:
    if len(one) != len(other):
        return no(f"{len(one)} and {len(other)} parts")
    return all_of([yes() if left == right else same_value(left, right) for left, right in zip(one, other, strict=True)])


def _unions(one: Value, other: Value) -> Verdict:
    same = same_set(one, other)
    if same is not None:
        return yes("the same set of numbers") if same else no("different sets of numbers")
    if isinstance(one, Union) and isinstance(other, Union):
        left, right = ([as_interval(item) or item for item in side.items if not isinstance(item, Union)] for side in (one, other))
        if len(left) == len(one.items) and len(right) == len(other.items) and _unordered(left, right).holds:
            return yes("equal in every part")
    return cannot_judge("ends that are not ordered; unions are then compared part by part")


def _matrices(one: Matrix, other: Matrix) -> Verdict:
    if len(one.rows) != len(other.rows):
        return no("different numbers of rows")
    return all_of([_ordered(left, right) for left, right in zip(one.rows, other.rows, strict=True)])
