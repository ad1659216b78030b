"""What is said around an answer in words: a bound (`at least 42`), a denial, a hedge in brackets, a reason."""

from __future__ import annotations

from rewardlang.answers.kinds import Expression, Interval, Value
from rewardlang.answers.parse_brackets import Reader
from rewardlang.answers.real_sets import INFINITY
from rewardlang.answers.tokens import Token, any_of
from rewardlang.verdict import Missing

_SIGNS_OF_BOUNDS = {sign: sign for sign in "<>≤≥"} | {"over": ">", "above": ">", "under": "<", "below": "<"}
_BOUNDS = dict.fromkeys(("more than", "greater than", "larger than"), ">") | dict.fromkeys(("less than", "fewer than", "smaller than"), "<")
_BOUNDS |= {"at least": "≥", "at most": "≤", "up to": "≤"}
MAX_TOKENS = 60
_HEDGED = ("or", "maybe", "perhaps", "possibly")
_CONDITIONS = ("≠", "<", ">", "≤", "≥", "∈")
_REASONS = ("since", "because")
_GIVEN = ("as", "given")
"""Reasons in brackets; elsewhere these are other words."""


def bound(tokens: list[Token], read: Reader) -> Value | Missing | None:
    """`at least 42`, `> 3`: all numbers on one side; `not 42`: no answer."""
    first = tokens[0].text.lower()
    if (tokens[0].kind != "word" and first not in _SIGNS_OF_BOUNDS) or len(tokens) > MAX_TOKENS:
        return None
    if first == "not" and len(tokens) > 1:
        denied = read(tokens[1:])
        return Missing("the answer says what it is not") if isinstance(denied, Expression) else None
    length = 1 if first in _SIGNS_OF_BOUNDS else 2
    sign = _SIGNS_OF_BOUNDS.get(first) or _BOUNDS.get(" ".join(token.text.lower() for token in tokens[:2]))
    if sign is None or len(tokens) <= length:
        return None
    end = read(tokens[length:])
    if not isinstance(end, Expression):
        return None
    infinite = Expression(INFINITY if sign in ">≥" else -INFINITY)
    return Interval(end, infinite, sign == "≥", False) if sign in ">≥" else Interval(infinite, end, False, sign == "≤")


def with_hedge(tokens: list[Token]) -> list[Token]:
    """`42 (or 43)` without the brackets."""
    if tokens[-1].text != ")" or not any_of(tokens, _HEDGED):
        return tokens
    start = next((at for at in range(len(tokens) - 2, 0, -1) if tokens[at].text == "("), 0)
    return [*tokens[:start], *tokens[start + 1 : -1]] if start and tokens[start + 1].text in _HEDGED else tokens


def without_reason(tokens: list[Token]) -> list[Token]:
    r"""`x = 5\text{ (since }x > 0)` without the reason, `0.05, i.e. 5%` without what it says again."""
    tokens = _without_condition(tokens)
    said = next((at for at in range(1, len(tokens) - 1) if tokens[at].text == "(" and tokens[at + 1].text in _GIVEN), 0)
    tokens = tokens[:said] if said and tokens[-1].text == ")" else tokens
    texts = [token.text for token in tokens]
    nearest = next((at for at, text in enumerate(texts) if text == "to" and texts[at : at + 3] == ["to", "the", "nearest"]), 0)
    if nearest:
        tokens, texts = _without_comma(tokens[:nearest]), texts[:nearest]
    again = next((at for at, text in enumerate(texts) if text == "i" and texts[at : at + 4] == ["i", ".", "e", "."]), 0)
    if not again and not any_of(tokens, _REASONS):
        return tokens
    at = again or next(at for at, token in enumerate(tokens) if token.text in _REASONS)
    return _without_comma(tokens[:at]) or tokens


def _without_condition(tokens: list[Token]) -> list[Token]:
    """`x - 3 (x ≠ -3)` without what stands apart in brackets and says where it holds."""
    if tokens[-1].text != ")" or not any_of(tokens, _CONDITIONS):
        return tokens
    start = next((at for at in range(len(tokens) - 2, 0, -1) if tokens[at].text == "("), 0)
    inside = tokens[start + 1 : -1]
    apart = start and tokens[start].spaced and len(inside) > 2 and inside[0].kind == "name" and inside[1].text in _CONDITIONS
    return tokens[:start] if apart and any_of(tokens[:start], ("=", "/", "\\frac", "+", "-")) else tokens


def _without_comma(kept: list[Token]) -> list[Token]:
    while kept and kept[-1].text in ("(", ",", "rounded"):
        kept = kept[:-1]
    return kept
