"""A matrix of numbers to the power of a symbol, against a matrix with formulas in it.

`A^n = M(n)` for all n ≥ 1 is proved by induction: M(1) = A and M(n + 1) = A·M(n), both by exact forms.
"""

from __future__ import annotations

from rewardlang.answers.algebra import LimitError, Quotient, atom, difference, number
from rewardlang.answers.compare_numbers import same_formula
from rewardlang.answers.kinds import Expression, Matrix, MatrixPower
from rewardlang.answers.matrices import Entries, times, to_power
from rewardlang.answers.numeric import symbols_of
from rewardlang.answers.reading import UnreadError
from rewardlang.answers.substitution import with_value
from rewardlang.verdict import Verdict, cannot_judge, no, yes

_TRIED = (1, 2, 3)


def same_power(one: MatrixPower, other: Matrix) -> Verdict:
    """Whether the power is the matrix for every n from 1 on."""
    if len(one.rows) != len(other.rows) or len(one.rows[0]) != len(other.rows[0]):
        return no("matrices of different shapes")
    formulas = [[item.value if isinstance(item, Expression) and not item.unit else None for item in row] for row in other.rows]
    entries = tuple(tuple(item for item in row if item is not None) for row in formulas)
    if any(len(row) < len(one.rows) for row in entries) or any(symbols_of(item) - {one.name} for row in entries for item in row):
        return cannot_judge("a matrix with other symbols in it")
    try:
        for n in _TRIED:
            verdict = _same(to_power(one.rows, n), _at(entries, one.name, number(n)))
            if verdict is False:
                return no(f"different for {one.name} = {n}")
        step = _same(times(one.rows, entries), _at(entries, one.name, atom("symbol", one.name) + number(1)))
        first = _same(one.rows, _at(entries, one.name, number(1)))
    except (LimitError, UnreadError, ZeroDivisionError) as error:
        return cannot_judge(str(error) or "a division by zero")
    if step and first:
        return yes("equal for every whole number, by induction")
    return cannot_judge("neither shown to be equal nor to differ")


def _at(entries: Entries, name: str, value: Quotient) -> Entries:
    return tuple(tuple(with_value(item, name, value) for item in row) for row in entries)


def _same(one: Entries, other: Entries) -> bool | None:
    """Whether all entries are equal: False where one clearly differs, None where one is not shown to be."""
    equal: bool | None = True
    for left, right in zip((item for row in one for item in row), (item for row in other for item in row), strict=True):
        if not difference(left, right).terms:
            continue
        if same_formula(left, right).holds is False:
            return False
        equal = None
    return equal
