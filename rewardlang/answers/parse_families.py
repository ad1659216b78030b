r"""What says that an answer holds for every whole number: `k ∈ ℤ`, "where k is an integer"; and residues: `x ≡ 3 (mod 5)`."""

from __future__ import annotations

import math
from fractions import Fraction

from rewardlang.answers.algebra import atom, number
from rewardlang.answers.families import family_of
from rewardlang.answers.kinds import Expression, Family, Labelled, Listing, SetOf, Unread, Value
from rewardlang.answers.parse_brackets import Reader, bracketed, split
from rewardlang.answers.tokens import Token, any_of, joined
from rewardlang.verdict import Missing

_WHOLE = ("ℤ", "Z", "integer", "integers")
_NATURAL = ("ℕ", "N", "natural")
_BEGINNING = (",", "(", ";", "where", "for", "with")
_FILLING = frozenset(
    [",", "(", ")", ";", "where", "for", "with", "any", "all", "every", "some", "each", "an", "a", "is", "are", "∈", "number", "numbers"]
)
_RESIDUES = ("≡", "\\pmod", "\\mod", "\\bmod", "mod")
MAX_TOKENS = 200
MAX_CONDITION = 12
MAX_MODULUS = 8


def with_condition(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """What the tokens are when they end with a condition on a whole number; None when they do not."""
    if not any_of(tokens, (*_WHOLE, *_NATURAL)) or len(tokens) > MAX_TOKENS:
        return None
    for start in range(max(1, len(tokens) - MAX_CONDITION), len(tokens) - 1):
        if tokens[start].text not in _BEGINNING and (start + 3 != len(tokens) or tokens[start + 1].text != "∈" or not tokens[start].spaced):
            continue
        found = _condition(tokens[start:])
        if found is not None:
            value = read(tokens[:start])
            return value if isinstance(value, Missing) else family_of(value, *found)
    return None


def _condition(tokens: list[Token]) -> tuple[str, bool] | None:
    """The name, and whether it is any whole number or only a natural one."""
    texts = [token.text for token in tokens]
    whole, natural = ([text for text in texts if text in domain] for domain in (_WHOLE, _NATURAL))
    if bool(whole) == bool(natural) or texts.count("(") != texts.count(")"):
        return None
    names = {token.text for token in tokens if token.text not in (*_FILLING, *whole, *natural)}
    if len(names) != 1:
        return None
    (name,) = names
    one_letter = len(name) == 1 and name.isalpha() and texts.count(name) == 1
    said = texts[texts.index(name) + 1 : texts.index(name) + 2] == ["∈"] or any(text in (*_WHOLE[2:], "natural") for text in texts)
    return (name, bool(whole)) if one_letter and said else None


def residues(tokens: list[Token], read: Reader) -> Value | Missing | None:
    r"""`x \equiv 3 \pmod 5`, `3 \pmod{5}`; None for what speaks of no modulus."""
    if not any_of(tokens, _RESIDUES):
        return None
    sides = split(tokens, ("≡",))
    cut = _modulus(sides[-1])
    if len(sides) > 2 or cut is None or not all(sides):
        return None
    residue, modulus = cut
    if len(sides) == 1 and tokens[len(residue)].text not in ("(", "\\pmod"):
        return None  # 7 mod 3 is a remainder
    value, period = read(residue), read(modulus)
    if isinstance(value, Missing) or not isinstance(period, Expression) or period.value.rational is None or period.value.rational < 1:
        return Unread(joined(tokens), "this congruence is compared as it is written")
    items = value.items if isinstance(value, Listing) else (value,)
    if not all(isinstance(item, Expression) and item.value.rational is not None for item in items):
        return Unread(joined(tokens), "this congruence is compared as it is written")
    numbers = [item.value for item in items if isinstance(item, Expression)]
    family = Family(
        tuple(part + period.value * atom("symbol", "k") for part in numbers), "k", True, numbers[0].rational if len(numbers) == 1 else None
    )
    if len(sides) == 1:
        return family
    if len(sides[0]) != 1 or sides[0][0].kind != "name":
        solved = _solved(read(sides[0]), numbers[0].rational, period.value.rational) if len(numbers) == 1 else None
        return solved or Unread(joined(tokens), "this congruence is compared as it is written")
    return Labelled(sides[0][0].text, family)


def _solved(left: Value | Missing, residue: Fraction | None, modulus: Fraction | None) -> Value | None:
    """The solutions of `2x + 1 ≡ 3 (mod 5)`; None for what is not linear in one letter with whole numbers."""
    if not isinstance(left, Expression) or left.unit or left.value.under.rational != 1 or residue is None or modulus is None:
        return None
    terms = dict(left.value.over.terms)
    constant = terms.pop((), Fraction(0)) - residue
    if len(terms) != 1 or constant.denominator != 1 or modulus.denominator != 1:
        return None
    ((product, slope),) = terms.items()
    if len(product) != 1 or product[0][0][0] != "symbol" or product[0][1] != 1 or slope.denominator != 1:
        return None
    common = math.gcd(int(slope), int(modulus))
    if int(constant) % common:
        return SetOf(())
    period = int(modulus) // common
    first = -int(constant) // common * pow(int(slope) // common, -1, period) % period
    return Labelled(str(product[0][0][1]), Family((number(first) + number(period) * atom("symbol", "k"),), "k", True, Fraction(first)))


def _modulus(tokens: list[Token]) -> tuple[list[Token], list[Token]] | None:
    """What stands before the modulus, and the modulus."""
    at = next((index for index, token in enumerate(tokens) if token.text in _RESIDUES[1:]), None)
    if not at or at == len(tokens) - 1:
        return None
    residue, modulus = tokens[:at], tokens[at + 1 :]
    if residue[-1].text == "(" and modulus[-1].text == ")":
        residue, modulus = residue[:-1], modulus[:-1]
    if bracketed(modulus) in ("{}", "()"):
        modulus = modulus[1:-1]
    elif modulus[0].text in ("{", "("):
        return None  # 3 \\pmod{5} + 1
    if residue and residue[-1].text == ",":
        residue = residue[:-1]
    fits = 0 < len(modulus) <= MAX_MODULUS and not any_of(modulus, _RESIDUES)
    return (residue, modulus) if residue and fits else None


def as_equation(tokens: list[Token]) -> list[Token]:
    """`≡` without a modulus as `=`."""
    return [Token("sign", "=", token.spaced) if token.text == "≡" else token for token in tokens]
