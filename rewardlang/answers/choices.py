r"""Numbers of choices in the notations of schools: `C(5,2)`, `{}_5C_2`, `5C2`, `^5C_2`, `C_5^2`, `P(5,2)`.

Written numbers only become numbers; with symbols, choices become `\binom{n}{k}`.
Alone, `C(5, 2)` can also be a point with its name, which `count_of_point` leaves to the other side.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rewardlang.answers.algebra import LimitError, Quotient, number
from rewardlang.answers.functions import MAX_FACTORIAL, binomial
from rewardlang.answers.kinds import Expression, Tuple_
from rewardlang.answers.tokens import Token, any_of

_COUNTS: dict[str, Callable[[int, int], int]] = {"C": math.comb, "P": math.perm, "nCr": math.comb, "nPr": math.perm}


def with_choices(tokens: list[Token]) -> list[Token]:
    """The tokens with such forms replaced, each by its number in brackets."""
    if not any_of(tokens, _COUNTS):
        return tokens
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        read = _before_and_after(tokens, at) or _below_and_above(tokens, at) or _in_brackets(tokens, at)
        if read is None:
            found.append(tokens[at])
            at += 1
        else:
            written, at = read
            found.extend(written)
    return found


def count_of_point(name: str, place: Tuple_) -> Expression | None:
    """The number that `C(5, 2)` is, if it is no point."""
    parts = [item.value for item in place.items if isinstance(item, Expression)]
    if name not in _COUNTS or len(parts) != 2 or len(place.items) != 2:
        return None
    n, k = (part.rational for part in parts)
    if n is None or k is None:
        return _chosen(*parts) if name == "C" else None
    if n.denominator != 1 or k.denominator != 1 or not 0 <= k <= n <= MAX_FACTORIAL:
        return None
    return Expression(number(_COUNTS[name](int(n), int(k))))


def _chosen(n: Quotient, k: Quotient) -> Expression | None:
    try:
        return Expression(binomial(n, k))
    except LimitError:
        return None


def _before_and_after(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """`{}_5C_2`, `^{10}P_{3}`, `5C2`, from `at` on."""
    begin = at
    if [token.text for token in tokens[at : at + 2]] == ["{", "}"]:
        at += 2
    marked = tokens[at].text in ("_", "^") if at < len(tokens) else False
    if marked and at == begin and begin and (tokens[begin - 1].kind in ("number", "name", "command") or tokens[begin - 1].text in ")]}|"):
        return None  # an index or a power of what stands before
    above = _group(tokens, at + marked)
    if above is None:
        return None
    n, at = above
    name = tokens[at].text if at < len(tokens) else ""
    if name not in ("C", "P"):
        return None
    indexed = at + 1 < len(tokens) and tokens[at + 1].text == "_"
    below = _group(tokens, at + 1 + indexed)
    if below is None or (not marked and (indexed or tokens[at].spaced)):  # in `2C_1` the letter is a constant
        return None
    return _written(name, n, below[0]), below[1]


def _below_and_above(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """`C_5^2`, `P_{10}^{3}`, `C^2_5`: whole numbers, of which the lower one is not the smaller."""
    if tokens[at].text not in ("C", "P") or at + 3 >= len(tokens) or {tokens[at + 1].text} - {"_", "^"}:
        return None
    one = _group(tokens, at + 2)
    if one is None or one[1] >= len(tokens) or {tokens[at + 1].text, tokens[one[1]].text} != {"_", "^"}:
        return None
    other = _group(tokens, one[1] + 1)
    if other is None:
        return None
    n, k = (one[0], other[0]) if tokens[at + 1].text == "_" else (other[0], one[0])
    if any(len(part) != 1 or part[0].kind != "number" for part in (n, k)):
        return None
    written = _written(tokens[at].text, n, k)
    return (written, other[1]) if written[0].text == "(" else None


def _in_brackets(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """`C(n, k)`, `nCr(5, 2)`, with one token in each place."""
    name, rest = tokens[at].text, tokens[at + 1 : at + 6]
    if name not in _COUNTS or [token.text for token in rest[0::2]] != ["(", ",", ")"]:
        return None
    n, k = [rest[1]], [rest[3]]
    if any(part[0].kind not in ("number", "name") for part in (n, k)):
        return None
    return _written("C" if name == "nCr" else "P" if name == "nPr" else name, n, k), at + 6


def _group(tokens: list[Token], at: int) -> tuple[list[Token], int] | None:
    """One number or letter, or what stands in braces, and where it ends."""
    if at >= len(tokens):
        return None
    if tokens[at].text != "{":
        return ([tokens[at]], at + 1) if tokens[at].kind in ("number", "name") else None
    end = next((index for index in range(at + 1, min(len(tokens), at + 8)) if tokens[index].text in "{}"), None)
    if end is None or end == at + 1 or tokens[end].text != "}":
        return None
    return tokens[at + 1 : end], end + 1


def _written(name: str, n: list[Token], k: list[Token]) -> list[Token]:
    """The number in brackets, or a binomial where there is none to write; tokens that no formula reads for anything else."""
    texts = [part[0].text if len(part) == 1 and part[0].kind == "number" else "" for part in (n, k)]
    if all(text.isascii() and text.isdigit() and len(text) <= 4 for text in texts) and int(texts[1]) <= int(texts[0]) <= MAX_FACTORIAL:
        counted = _COUNTS[name](int(texts[0]), int(texts[1]))
        return [Token("sign", "("), Token("number", str(counted)), Token("sign", ")")]
    if name == "C":
        return [Token("command", "\\binom"), Token("sign", "{"), *n, Token("sign", "}"), Token("sign", "{"), *k, Token("sign", "}")]
    return [Token("sign", "a number of arrangements of symbols")]
