r"""Vectors by their unit vectors: `2\mathbf{i} - 3\mathbf{j}` has the components (2, -3)."""

from __future__ import annotations

from fractions import Fraction

from rewardlang.answers.algebra import Atom, Product, Quotient, Sum
from rewardlang.answers.forms import ACCENTS

_AXES = "ijk"


def components(of: Quotient, size: int) -> list[Quotient] | None:
    """The components of a sum in i, j, k; None where it is none, and for one that can as well be a complex number."""
    if of.under.rational != 1 or size not in (2, 3):
        return None
    parts: list[dict[Product, Fraction]] = [{}, {}, {}]
    certain = False
    for product, value in of.over.terms:
        axes = [(_axis(atom), atom, exponent) for atom, exponent in product if _axis(atom)]
        if len(axes) != 1 or axes[0][2] != 1:
            return None
        axis, atom, _ = axes[0]
        certain = certain or atom[0] == "symbol"
        parts[_AXES.index(axis)][tuple(factor for factor in product if factor[0] != atom)] = value
    if not certain or (size == 2 and parts[2]):
        return None
    return [Quotient(Sum(tuple(part.items()))) for part in parts[:size]]


def _axis(atom: Atom) -> str:
    """The letter of the unit vector that an atom is, with or without a mark above it; else nothing."""
    kind, argument = atom
    if kind == "i":
        return "i"
    if kind != "symbol":
        return ""
    accent, _, letter = str(argument).rpartition(" ")
    return letter if letter in tuple(_AXES) and (not accent or accent in ACCENTS) else ""


def multiple_of_identity(of: Quotient, size: int) -> Fraction | None:
    """The number before an identity matrix, by its usual name (`I`, `I_2`, `-3I`); None for anything else."""
    if of.under.rational != 1 or len(of.over.terms) != 1:
        return None
    ((product, value),) = of.over.terms
    named = len(product) == 1 and product[0][1] == 1 and product[0][0] in (("symbol", "I"), ("symbol", f"I_{size}"))
    return value if named else None
