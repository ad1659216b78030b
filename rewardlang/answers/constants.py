r"""Constants that an answer leaves open, under other names: `y = C_1e^x + C_2e^{-x}` and `y = Ae^x + Be^{-x}`."""

from __future__ import annotations

from itertools import permutations

from rewardlang.answers.algebra import Atom, LimitError, Quotient, difference, symbol
from rewardlang.answers.numeric import symbols_of
from rewardlang.answers.substitution import changed

MAX_CONSTANTS = 3
_NAMES = frozenset((*"ABCDKck", "C_0", "C_1", "C_2", "C_3", "c_0", "c_1", "c_2", "c_3", "K_1", "K_2"))
_USUAL = frozenset(("C", "C_1", "C_2", "C_3", "c_1", "c_2", "c_3"))


def same_with_constants(one: Quotient, other: Quotient) -> bool:
    """Whether two formulas with a variable are equal after renaming their constants, one for one; on one side the names are the usual."""
    left, right = sorted(symbols_of(one) & _NAMES), sorted(symbols_of(other) & _NAMES)
    rest = symbols_of(one) - _NAMES
    if len(left) != len(right) or not 1 <= len(left) <= MAX_CONSTANTS or not rest or rest != symbols_of(other) - _NAMES:
        return False
    if not (_USUAL.issuperset(left) or _USUAL.issuperset(right)):
        return False
    return any(_same_renamed(one, other, dict(zip(right, names, strict=True))) for names in permutations(left))


def _same_renamed(one: Quotient, other: Quotient, names: dict[str, str]) -> bool:
    def renamed(part: Atom) -> Quotient | None:
        return symbol(names[part[1]]) if part[0] == "symbol" and part[1] in names else None

    try:
        return not difference(one, changed(other, renamed)).terms
    except (LimitError, ZeroDivisionError):
        return False
