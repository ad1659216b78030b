"""Texts that a pattern of the file matches, made from the pattern: what a policy learns to write where a pattern pays."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rewardlang import meaning
from rewardlang.patterns.pattern import LikePattern
from rewardlang.patterns.spelled import SpelledPattern
from rewardlang.patterns.tree import Assert, Chars, Either, Group, Repeat, Sequence_, Tree

_PART = re.compile(r"\{[^{}:]*(?::([^{}]*))?\}")
_LONGEST = 2_000
_USUAL = "ax1 "  # preferred characters, in this order: what is easiest to read


def matching_texts(found: meaning.RegexFind | meaning.SpelledFind | meaning.Matches, most: int) -> Iterator[str]:
    """Up to `most` different texts in which the pattern is found."""
    told: set[str] = set()
    pattern = found.pattern.pattern if isinstance(found.pattern, SpelledPattern) else found.pattern
    for variant in range(most):
        if isinstance(pattern, LikePattern):
            text = _PART.sub(lambda part, number=variant: _part(part[1], number), pattern.example)  # type: ignore[misc]
            fits = any(True for _ in pattern.finditer(text))
        else:
            text = _text(pattern.tree, variant, _LONGEST)
            fits = pattern.search(text) is not None
        if fits and text not in told:
            told.add(text)
            yield text


def _part(kind: str | None, variant: int) -> str:
    """A value for a part in braces; a part without a kind takes numbers too."""
    return chr(ord("a") + variant % 26) * 2 if kind in ("letters", "word") else str(variant + 1)


def _text(tree: Tree, variant: int, room: int) -> str:
    """A match of the tree, except where its asserted places forbid it; `room` is the most characters."""
    match tree:
        case Chars(ranges):
            return _character(ranges, variant)
        case Assert():
            return ""
        case Sequence_(items):
            text = ""
            for item in items:
                text += _text(item, variant, room - len(text))
            return text
        case Group(item, _):
            return _text(item, variant, room)
        case Either(items):
            return _text(items[variant % len(items)], variant // len(items), room)
        case Repeat(item, low, high, _):
            most = low + 3 if high is None else high
            one = _text(item, variant, room)
            times = min(most, max(low, 1) + variant % 2)
            return one * min(times, room // max(1, len(one)))


def _character(ranges: tuple[tuple[int, int], ...], variant: int) -> str:
    usual = [character for character in _USUAL if any(low <= ord(character) <= high for low, high in ranges)]
    if usual:
        character = usual[0]
        following = chr(ord(character) + variant % 8)
        return following if following.isalnum() and any(low <= ord(following) <= high for low, high in ranges) else character
    low, high = next(((low, high) for low, high in ranges if high >= 0x20), ranges[0])
    return chr(min(high, max(low, 0x21)))
