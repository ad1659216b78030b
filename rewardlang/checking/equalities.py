"""Equality through a third value: if a is b and b is c, then a is c; and if one of the three fails, another does."""

from __future__ import annotations

from collections.abc import Mapping

from rewardlang import meaning, types
from rewardlang.checking.checker import bare
from rewardlang.checking.same_meaning import Keys

_MOST = 200
"""Tests of equality of one kind; of more, nothing is said."""
_NUMBERS = (types.NumberType, types.QuantityType)
_TEXTS = (types.TextType, types.OneOfType)


def triangles(atoms: Mapping[str, meaning.Expr], keys: Keys) -> list[tuple[str, str, str]]:
    """The keys of three tests that compare three values with each other, exactly and in the same way."""
    kinds: dict[str, dict[frozenset[str], str]] = {}
    for name, test in atoms.items():
        kind = _kind(test)
        if kind is not None and isinstance(test, (meaning.Equal, meaning.NumberTest)):
            sides = frozenset((keys.key(test.left), keys.key(test.right)))
            if len(sides) == 2:
                kinds.setdefault(kind, {}).setdefault(sides, name)
    found: dict[frozenset[str], tuple[str, str, str]] = {}
    for tests in kinds.values():
        pairs = list(tests.items()) if len(tests) <= _MOST else []
        for number, (first, one) in enumerate(pairs):
            for second, other in pairs[number + 1 :]:
                third = tests.get(first ^ second) if len(first & second) == 1 else None
                if third is not None and len({one, other, third}) == 3:
                    found.setdefault(frozenset((one, other, third)), (one, other, third))
    return list(found.values())


def _kind(test: meaning.Expr) -> str | None:
    """How a test of equality compares, where that carries over from one to the next: nearness and mathematics do not."""
    match test:
        case meaning.Equal(equivalence=None, left=left, right=right, ignoring_case=ignoring):
            kinds = bare(left.type)[0], bare(right.type)[0]
            if all(isinstance(kind, _TEXTS) for kind in kinds):
                return "texts without case" if ignoring else "texts"
            return "numbers" if all(isinstance(kind, _NUMBERS) for kind in kinds) else None
        case meaning.NumberTest(operator="=", negated=False, left=left, right=right):
            return "numbers" if all(isinstance(bare(side.type)[0], _NUMBERS) for side in (left, right)) else None
    return None
