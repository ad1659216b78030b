"""Chains of `=` between quantities: `2.5 h = 150 min`, `1 h = 60`."""

from __future__ import annotations

from rewardlang.answers.algebra import number
from rewardlang.answers.compare_numbers import same_formula, same_number
from rewardlang.answers.kinds import Expression, Value
from rewardlang.answers.parse_brackets import Reader
from rewardlang.answers.physical_units import is_money, sizes_like, unit_of_words
from rewardlang.answers.tokens import Token
from rewardlang.verdict import Missing


def same_quantities(parts: list[list[Token]], read: Reader) -> Value | Missing | None:
    """`2.5 h = 150 min`: the last of several quantities, where all are the same; None where one is no number with a unit."""
    if any(part[0].kind != "number" or part[-1].kind not in ("word", "name", "sign") or len(part) < 2 for part in parts):
        return None
    if any(_is_letter(token) for part in parts for token in part):
        return None  # 3x = 6y
    found = [value for value in map(read, parts) if isinstance(value, Expression) and unit_of_words(value.unit) is not None]
    if len(found) < len(parts):
        return None
    same = all(same_number(found[0], other).holds for other in found[1:])
    return found[-1] if same else Missing("a chain of '=' whose members are not shown to be equal")


def in_another_unit(parts: list[list[Token]], read: Reader) -> Value | None:
    """The bare number that a quantity is in a unit that is not told: `1 h = 60`. Money has any rate: `\\frac12 \\$ = \\frac{10}{9}`."""
    if len(parts) != 2 or any(_is_letter(token) for part in parts for token in part) or any(token.kind == "word" for token in parts[1]):
        return None
    if not any(token.kind in ("word", "currency") or token.upright for token in parts[0]):
        return None
    quantity, bare = map(read, parts)
    if not isinstance(quantity, Expression) or not isinstance(bare, Expression) or bare.unit or bare.percent or bare.degree:
        return None
    unit, written = unit_of_words(quantity.unit) if quantity.unit else None, quantity.value.rational
    if unit is None or unit.zero or written is None or bare.value.rational is None or written * bare.value.rational <= 0:
        return None
    told = number(written * unit.size)
    fits = is_money(unit) or any(same_formula(told, bare.value * number(size)).holds for size in sizes_like(unit))
    return bare if fits else None


def _is_letter(token: Token) -> bool:
    """A letter that can be a name: neither apart from what stands before it nor upright."""
    return token.kind == "name" and not (token.spaced or token.upright)
