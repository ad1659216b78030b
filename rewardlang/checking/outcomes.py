"""How a test can come out for a row, as far as is known: it holds, it fails, or nobody could judge it.

A set of outcomes is a number of three bits. A test over a missing value fails.
What was not judged goes through `and`, `or` and `not` as in Kleene's logic, as
it does where rows are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from rewardlang import meaning
from rewardlang.checking.same_meaning import Keys
from rewardlang.program import LetDecl
from rewardlang.record import NamedTuple

Outcomes: TypeAlias = int
HOLDS, FAILS, UNJUDGED = 1, 2, 4
NOT_HELD = FAILS | UNJUDGED
Known: TypeAlias = Mapping[str, Outcomes]
"""What is known of single tests, by their keys; of the others nothing is."""


class Negated(NamedTuple):
    """`not`."""

    part: Tree


class Joined(NamedTuple):
    """At least `needed` of the parts: all for `and`, one for `or`."""

    needed: int
    parts: tuple[Tree, ...]


Tree: TypeAlias = "str | Negated | Joined"
"""How a condition is built from single tests, which stand as their keys."""


def tree(test: meaning.Expr, keys: Keys, lets: Mapping[str, LetDecl], atoms: dict[str, meaning.Expr]) -> Tree:
    """The condition as a tree; its single tests are added to `atoms`. A name of a test is the test."""
    match test:
        case meaning.Not(operand=operand):
            return Negated(tree(operand, keys, lets, atoms))
        case meaning.AtLeast(count=count, items=items):
            return Joined(count, tuple(tree(item, keys, lets, atoms) for item in items))
        case meaning.Truth(operand=meaning.LetValue(name=name)) if isinstance(lets[name].value, meaning.TESTS):
            return tree(lets[name].value, keys, lets, atoms)
    key = keys.key(test)
    atoms.setdefault(key, test)
    return key


def leaves(condition: Tree) -> Iterator[str]:
    """The keys of the single tests, in the order of the file, as often as they occur."""
    if isinstance(condition, str):
        yield condition
    elif isinstance(condition, Negated):
        yield from leaves(condition.part)
    else:
        for part in condition.parts:
            yield from leaves(part)


def possible(condition: Tree, of: Callable[[str], Outcomes]) -> Outcomes:
    """The ways in which a condition can come out, given those of single tests. Never too few; too many where tests depend on each other."""
    if isinstance(condition, str):
        return of(condition)
    if isinstance(condition, Negated):
        return flipped(possible(condition.part, of))
    parts = [possible(part, of) for part in condition.parts]
    spare = len(parts) - condition.needed
    found = 0
    if sum(1 for part in parts if part & HOLDS) >= condition.needed:
        found |= HOLDS
    if sum(1 for part in parts if part & FAILS) > spare:
        found |= FAILS
    if any(part & UNJUDGED for part in parts) and parts.count(HOLDS) < condition.needed and parts.count(FAILS) <= spare:
        found |= UNJUDGED
    return found


def flipped(outcomes: Outcomes) -> Outcomes:
    """The outcomes of the negated test."""
    return (outcomes & UNJUDGED) | (FAILS if outcomes & HOLDS else 0) | (HOLDS if outcomes & FAILS else 0)


def forced(condition: Tree, outcomes: Outcomes) -> Iterator[tuple[str, Outcomes]]:
    """How single tests must come out if the condition comes out in one of these ways."""
    if isinstance(condition, str):
        yield condition, outcomes
    elif isinstance(condition, Negated):
        yield from forced(condition.part, flipped(outcomes))
    else:
        for part in condition.parts:
            if condition.needed == len(condition.parts) and not outcomes & FAILS:
                yield from forced(part, HOLDS if outcomes == HOLDS else HOLDS | UNJUDGED)
            if condition.needed == 1 and not outcomes & HOLDS:
                yield from forced(part, FAILS if outcomes == FAILS else NOT_HELD)
