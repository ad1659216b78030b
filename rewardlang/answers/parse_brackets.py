r"""Brackets of an answer: tuples and intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from rewardlang.answers.kinds import Expression, Interval, Tuple_, Unread, Value
from rewardlang.answers.tokens import Token, any_of, joined
from rewardlang.verdict import Missing

Reader: TypeAlias = Callable[[list[Token]], Value | Missing]
"""What reads a part; passed in, because parts of brackets are answers again."""

_OPENING = ("(", "[", "{", "⦃")
_CLOSING = (")", "]", "}", "⦄")


def split(tokens: list[Token], signs: Sequence[str]) -> list[list[Token]]:
    """The parts between signs that stand outside all brackets and environments."""
    if not any_of(tokens, signs):
        return [tokens]
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.text in _OPENING or token.text == "\\begin":
            depth += 1
        elif token.text in _CLOSING or token.text == "\\end":
            depth -= 1
        if depth <= 0 and token.text in signs:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def have_several_names(parts: list[list[Token]]) -> bool:
    """Whether each of several parts gives values to two names or more: `x = 1, y = 2` or `x = 3, y = 4`."""
    named = [split(part, (",",)) for part in parts]
    return len(parts) > 1 and all(len(ones) > 1 and all([token.text for token in one[1:2]] == ["="] for one in ones) for ones in named)


def each_unequal(tokens: list[Token]) -> list[Token]:
    """`x ≠ 0, 1` as `x ≠ 0 and x ≠ 1`; other tokens as they are."""
    if len(tokens) < 5 or tokens[1].text != "≠" or any(token.text in "=≠<>≤≥" for token in tokens[2:]):
        return tokens
    values = split(tokens[2:], (",", "and"))
    if len(values) < 2 or not all(values):
        return tokens
    joined = [[Token("word", "and"), *tokens[:2], *value] for value in values]
    return [token for part in joined for token in part][1:]


def bracketed(tokens: list[Token]) -> str | None:
    """The two brackets around all of the tokens (`[)` for a half-open interval), or None."""
    if len(tokens) < 2 or tokens[0].text not in _OPENING or tokens[-1].text not in _CLOSING:
        return None
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if depth == 0 and index < len(tokens) - 1:
            return None
    return tokens[0].text + tokens[-1].text if depth == 0 else None


def parts_of(parts: list[list[Token]], read: Reader) -> tuple[Value, ...] | Missing:
    """The values of several parts; missing when one is."""
    values: list[Value] = []
    for part in parts:
        value = read(part)
        if isinstance(value, Missing):
            return value
        values.append(value)
    return tuple(values)


def tuple_or_interval(tokens: list[Token], read: Reader) -> Value | Missing:
    """What a bracket with commas in it is."""
    kind = bracketed(tokens) or ""
    inner = split(tokens[1:-1], (",", ";")) if len(tokens) > 2 else []
    if inner and not inner[-1]:
        inner = inner[:-1]
    items = parts_of(inner, read)
    if isinstance(items, Missing):
        return items
    if kind == "()":
        return Tuple_(items)
    ends = [item for item in items if isinstance(item, Expression)]
    if len(items) == 2 and len(ends) == 2 and kind in ("[]", "[)", "(]"):
        return Interval(ends[0], ends[1], kind[0] == "[", kind[1] == "]")
    if kind == "[]" and len(items) > 2:
        return Tuple_(items)  # as programs write a vector
    if kind == "[]" and len(items) < 2:
        return items[0] if items else Tuple_(())
    return Unread(joined(tokens), "these brackets are not read")
