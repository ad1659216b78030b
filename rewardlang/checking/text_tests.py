"""What tests of texts say about each other: a beginning is also contained, and no text has two beginnings that differ.

Texts are compared as rows are marked: `equals` and `is in` without the white
space around, `contains` with every run of white space as one space, and each of
them with or without case. Case-folding goes letter by letter, so that what
holds of two texts holds of their folded forms.
"""

from __future__ import annotations

from rewardlang import meaning
from rewardlang.checking.same_meaning import Keys


def implies(a: meaning.Expr, b: meaning.Expr, keys: Keys) -> bool:
    """Whether every text that passes the first test passes the second."""
    if not isinstance(a, meaning.TextTest) or not isinstance(b, meaning.TextTest) or keys.key(a.left) != keys.key(b.left):
        return False
    if a.ignoring_case and not b.ignoring_case:
        return False
    if keys.key(a.right) == keys.key(b.right):
        return b.operator in (a.operator, "contains")
    one, other = _constant(a.right), _constant(b.right)
    if one is None or other is None:
        return False
    if b.ignoring_case:
        one, other = one.casefold(), other.casefold()
    if b.operator == "contains":
        return bool(other.strip()) and other in one
    if b.operator != a.operator:
        return False
    return one.startswith(other) if b.operator == "starts with" else one.endswith(other)


def excludes(a: meaning.Expr, b: meaning.Expr, keys: Keys) -> bool:
    """Whether no text passes both."""
    if isinstance(a, meaning.TextTest) and isinstance(b, meaning.TextTest):
        one, other = _constant(a.right), _constant(b.right)
        if a.operator != b.operator or a.operator == "contains" or one is None or other is None or keys.key(a.left) != keys.key(b.left):
            return False
        one, other = one.casefold(), other.casefold()
        if a.operator == "ends with":
            one, other = one[::-1], other[::-1]
        return not one.startswith(other) and not other.startswith(one)
    first, second = _only(a, keys), _only(b, keys)
    return first is not None and second is not None and first[0] == second[0] and first[1].isdisjoint(second[1])


def subject(test: meaning.Expr, keys: Keys) -> str | None:
    """What the test looks at, where something is known of such tests."""
    if isinstance(test, meaning.TextTest):
        return keys.key(test.left)
    found = _only(test, keys)
    return None if found is None else found[0]


def _only(test: meaning.Expr, keys: Keys) -> tuple[str, frozenset[str]] | None:
    """The value that is tested, and all texts, folded, that it can be if the test holds."""
    match test:
        case meaning.In(operand=operand, container=meaning.NamedList() as container, negated=False, equivalence=None):
            return keys.key(operand), container.folded
        case meaning.Equal(left=left, right=right, equivalence=None):
            for side, other in ((left, right), (right, left)):
                value = _constant(side)
                if value is not None:
                    return keys.key(other), frozenset((value.strip().casefold(),))
    return None


def _constant(node: meaning.Expr) -> str | None:
    return node.value if isinstance(node, meaning.Constant) and isinstance(node.value, str) else None
