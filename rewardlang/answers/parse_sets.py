r"""Sets of an answer: `(0, 1) ∪ [2, 3]`, `ℝ ∖ {0}`, `{x | x > 1}`, `]0, 1[`, `-[0, 1)`, and rays joined by "or" and "and"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rewardlang.answers.algebra import number
from rewardlang.answers.kinds import Expression, Family, Interval, Labelled, Listing, SetOf, Tuple_, Union, Unread, Value
from rewardlang.answers.parse_brackets import Reader, bracketed, parts_of, split
from rewardlang.answers.real_sets import INFINITY, REALS, Piece, UndecidedError, as_one_set, as_value, common, complement, normal, pieces_of
from rewardlang.answers.tokens import Token, any_of, joined
from rewardlang.verdict import Missing

WHOLE_NUMBERS = ("ℤ", "ℕ", "Z", "N")
MAX_LISTED = 20
_BUILDERS = ("|", ":")


_ZERO = number(0)
_HALVES: dict[str, Sequence[Piece]] = {"": REALS}
_HALVES |= dict.fromkeys(("^+", "^{+}", "_{>0}", "_{+}^{*}"), ((_ZERO, False, INFINITY, False),))
_HALVES |= dict.fromkeys(("^-", "^{-}", "_{<0}"), ((-INFINITY, False, _ZERO, False),))
_HALVES |= dict.fromkeys(("_{≥0}",), ((_ZERO, True, INFINITY, False),))
_HALVES |= dict.fromkeys(("_{≤0}",), ((-INFINITY, False, _ZERO, True),))
EXCEPT = ("except", "excluding")
"""Words behind which stands what a set does not have."""


def _all_but(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """`all real numbers except 2`."""
    cut = next(at for at, token in enumerate(tokens) if token.text in EXCEPT)
    rest = tokens[cut + 1 :]
    if rest and rest[0].text == "for":
        rest = rest[1:]
    if not cut or not rest or any_of(rest, EXCEPT):
        return None
    whole, without = read(tokens[:cut]), read(rest)
    if isinstance(whole, Missing) or isinstance(without, Missing):
        return None
    while isinstance(without, Labelled):
        without = without.value
    items = without.items if isinstance(without, Listing) else (without,)
    plain = tuple(item.value if isinstance(item, Labelled) else item for item in items)
    return _combined((whole, SetOf(plain)), "∖")


def sets_joined(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """Sets joined by ∪, ∩ and ∖, from left to right; ℝ alone."""
    if tokens[0].text == "ℝ" and (part := _HALVES.get(joined(tokens[1:]))) is not None:
        return as_value(part)
    if any_of(tokens, EXCEPT):
        return _all_but(tokens, read)
    if tokens[0].text == "ℝ" and any_of(tokens[1:2], ("-",)) and bracketed(tokens[2:]) is not None:
        tokens = [tokens[0], Token("sign", "∖"), *tokens[2:]]  # ℝ - {0}
    if not any_of(tokens, ("∪", "∖", "∩")):
        minus = tokens and tokens[0].text == "-" and bracketed(tokens[1:]) in ("[]", "[)", "(]")
        return _negative(read(tokens[1:])) if minus else None
    parts = split(tokens, ("∪",))
    if len(parts) > 1:
        items = parts_of(parts, read)
        return items if isinstance(items, Missing) else Union(items)
    for sign in ("∖", "∩"):
        parts = split(tokens, (sign,))
        if len(parts) > 1 and all(parts):
            items = parts_of(parts, read)
            return items if isinstance(items, Missing) else _combined(items, sign) or Unread(joined(tokens), "these sets are not computed")
    if len(parts) == 1 and tokens and tokens[0].text == "-" and bracketed(tokens[1:]) in ("[]", "[)", "(]"):
        return _negative(read(tokens[1:]))
    return None


def _combined(items: tuple[Value, ...], sign: str) -> Value | None:
    pieces = [pieces_of(item) for item in items]
    known = [piece for piece in pieces if piece is not None]
    if len(known) < len(items):
        return None
    try:
        result = normal(known[0])
        for other in known[1:]:
            result = common(result, normal(other) if sign == "∩" else complement(other))
        return as_value(result)
    except UndecidedError:
        return None


def _negative(value: Value | Missing) -> Value | None:
    if not isinstance(value, Interval):
        return None
    return Interval(Expression(-value.high.value), Expression(-value.low.value), value.with_high, value.with_low)


def built(inner: list[Token], read: Reader) -> Value | Missing | None:
    r"""What `\{x | …\}` holds, or None where no bar stands behind a name."""
    cut = next((at for at, token in enumerate(inner) if token.text in _BUILDERS), None)
    if cut is None or cut == 0 or cut == len(inner) - 1:
        return None
    name = inner[:cut]
    if (listed := _of_listed(name, inner[cut + 1 :], read)) is not None:
        return listed
    domain = split(name, ("∈",))
    if len(domain) == 2 and [token.text for token in domain[1]] not in (["ℝ"], ["R"]):
        return None
    if len(domain[0]) != 1 or domain[0][0].kind != "name":
        return None
    value = read(inner[cut + 1 :])
    while isinstance(value, Labelled) and value.label == domain[0][0].text:
        value = value.value
    if isinstance(value, Listing) and (both := as_one_set(value)) is not None:
        return both
    if isinstance(value, Listing):
        return SetOf(tuple(item.value if isinstance(item, Labelled) else item for item in value.items))
    if isinstance(value, Expression):
        return SetOf((value,))
    return (
        value
        if isinstance(value, Interval | Union | Tuple_ | SetOf | Family | Missing)
        else Unread(joined(inner), "this set is not computed")
    )


def _of_listed(formula: list[Token], condition: list[Token], read: Reader) -> Value | Missing | None:
    r"""`2k + 1 : k \in \mathbb{Z}` and `n^2 : n = 1, 2, 3`; None for a condition of another form."""
    texts = [token.text for token in condition[:2]]
    if len(formula) < 2 or len(condition) < 3 or condition[0].kind != "name" or texts[1] not in ("∈", "="):
        return None
    name, rest = texts[0], condition[2:]
    if any_of(rest, ("ℤ", "ℕ", "Z", "N")):
        family = read([*formula, Token("sign", ","), *condition])
        return family if isinstance(family, Family) else Unread(joined([*formula, *condition]), "this set is not computed")
    values = split(rest[1:-1] if bracketed(rest) == "⦃⦄" else rest, (",",))
    if not 1 <= len(values) <= MAX_LISTED or not all(values) or any_of(rest, ("…",)):
        return Unread(joined([*formula, *condition]), "this set is not computed")
    items = []
    for value in values:
        one = (Token("sign", "("), *value, Token("sign", ")"))
        item = read([part for token in formula for part in (one if token.text == name else (token,))])
        if not isinstance(item, Expression):
            return item if isinstance(item, Missing) else Unread(joined([*formula, *condition]), "this set is not computed")
        items.append(item)
    return SetOf(tuple(items))


def rays_joined(items: tuple[Value, ...], sign: str) -> Value | None:
    """`x < 1 or x > 2` as the union that it is, and "and" as what is common."""
    labels = {item.label for item in items if isinstance(item, Labelled)}
    named = [item.value for item in items if isinstance(item, Labelled) and isinstance(item.value, Interval | Union | Expression)]
    if len(named) < len(items) or len(labels) != 1 or len(items) < 2 or all(isinstance(value, Expression) for value in named):
        return None
    inner = [SetOf((value,)) if isinstance(value, Expression) else value for value in named]  # x = 0 or x ≥ 1
    pieces: list[list[Piece]] = [found for value in inner if (found := pieces_of(value)) is not None]
    try:
        result = normal(pieces[0])
        for other in pieces[1:]:
            result = normal([*result, *other]) if sign == "or" else common(result, normal(other))
    except UndecidedError:
        return None
    return Labelled(labels.pop(), as_value(result))


def with_usual_brackets(tokens: list[Token]) -> list[Token]:
    """`]0, 1[` as `(0, 1)`, wherever all brackets stand around two ends."""
    if not any_of(tokens, ("]", "[")):
        return tokens
    found = list(tokens)
    for part in _places(tokens):
        start, end = part
        one, other = tokens[start].text, tokens[end].text
        inner = [token.text for token in tokens[start + 1 : end]]
        if (one == "]" or other == "[") and sum(text in (",", ";") for text in inner) == 1 and not any(text in "[]" for text in inner):
            if one == "]":
                found[start] = Token("sign", "(", tokens[start].spaced)
            if other == "[":
                found[end] = Token("sign", ")", tokens[end].spaced)
    return found


def _places(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where the parts between ∪ signs begin and end that stand in square or round brackets."""
    cuts = [-1, *(at for at, token in enumerate(tokens) if token.text == "∪"), len(tokens)]
    spans = [(left + 1, right - 1) for left, right in pairwise(cuts) if right - left > 3]
    return [(start, end) for start, end in spans if tokens[start].text in "[](" and tokens[end].text in "[])"]


def without_conditions(parts: list[list[Token]]) -> list[list[Token]]:
    """Without `k ∈ ℤ` among the parts of a list: it says what a parameter is."""
    kept = [part for part in parts if not is_condition(part) and not _only_excludes(part, parts)]
    return kept if kept else parts


def _only_excludes(part: list[Token], parts: list[list[Token]]) -> bool:
    """`x ≠ 3` behind a formula; of several statements about `x` it is one."""
    if len(part) < 3 or part[0].kind != "name" or part[1].text != "≠":
        return False
    return all(other is part or not any_of(other, ("=", "<", ">", "≤", "≥", "≠", "∈")) for other in parts)


def is_condition(part: list[Token]) -> bool:
    """`k ∈ ℤ`, `where k is an integer`, also in brackets."""
    if bracketed(part) == "()":
        part = part[1:-1]
    texts = [token.text for token in part]
    if texts[:1] in (["where"], ["for"]):
        return "integer" in texts or "∈" in texts or "integers" in texts
    return len(part) == 3 and part[0].kind == "name" and texts[1] == "∈" and texts[2] in WHOLE_NUMBERS
