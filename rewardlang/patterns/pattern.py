r"""Patterns of a `.reward` file, compiled: regular expressions in RE2's syntax, and patterns given by an example.

Every pattern reads every text in linear time. Python's `re` runs those for
which that is proved (`pattern_linear`), our own machine the others
(`pattern_run`). A lone surrogate counts as U+FFFD; spans are code points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from rewardlang.patterns.linear import first_character, linear_pattern
from rewardlang.patterns.parse import PatternError, parse_pattern
from rewardlang.patterns.run import Machine, TooLargeError
from rewardlang.patterns.tree import Assert, Chars, Repeat, Sequence_, Tree
from rewardlang.verdict import Finding

if TYPE_CHECKING:
    from rewardlang.patterns.gaps import Gaps

_SURROGATES = 0xD800
_FEW = 64
_SURROGATE = "[\ud800-\udfff]"


@dataclass(frozen=True)
class Pattern:
    """A compiled regular expression."""

    pattern: str
    flags: str
    tree: Tree = field(compare=False, repr=False)
    proved: str | None = field(compare=False, repr=False)
    """The equal pattern for `re`, where linear time is proved."""

    @cached_property
    def _fast(self) -> re.Pattern[str] | None:
        return re.compile(self.proved, re.ASCII) if self.proved is not None else None

    @cached_property
    def _machine(self) -> Machine:
        first = first_character(self.tree)
        return Machine(self.tree, re.compile(first) if first is not None else None)

    @cached_property
    def _gaps(self) -> Gaps | None:
        from rewardlang.patterns.gaps import gaps_of

        return gaps_of(self.tree)

    @cached_property
    def _found_in(self) -> Callable[[str], bool]:
        """Whether there is a match in a text, where linear time is not proved for `re`."""
        gaps = self._gaps
        return (lambda text: self._machine.find(text, 0) is not None) if gaps is None else gaps.found_in

    @cached_property
    def _literal(self) -> str | None:
        """The one text that the pattern matches; None where it can be another, or empty."""
        return None if self._gaps is None else self._gaps.literal

    @cached_property
    def only(self) -> str | None:
        """The characters of a pattern such as ^[0-9]+$, which wants a whole text of few different ones; None for any other."""
        match self.tree:
            case Sequence_((Assert("text start"), Repeat(Chars(ranges), 1, None), Assert("text end"))):
                count = sum(high - low + 1 for low, high in ranges)
                if count <= _FEW and ranges[-1][1] < _SURROGATES:
                    return "".join(chr(code) for low, high in ranges for code in range(low, high + 1))
        return None

    def search(self, text: str) -> tuple[int, int] | None:
        """The leftmost match as [start, end), or None."""
        text = readable(text)
        if self._fast is None:
            return self._machine.find(text, 0)
        found = self._fast.search(text)
        return found.span() if found else None

    def holds(self, texts: Sequence[str]) -> list[bool]:
        """Whether each of some texts has a match."""
        if self.only is not None:
            only = self.only
            return [text != "" and not text.strip(only) for text in texts]
        if self._fast is None:
            found_in = self._found_in
            known = {text: found_in(readable(text)) for text in dict.fromkeys(texts)}
            return [known[text] for text in texts]
        search = self._fast.search
        return [search(text if text.isascii() else readable(text)) is not None for text in texts]

    def holds_in(self, text: str) -> bool:
        """Whether a text has a match."""
        return self._found_in(readable(text)) if self._fast is None else self._fast.search(readable(text)) is not None

    def counts(self, texts: Sequence[str]) -> list[int]:
        """How many matches each of some texts has."""
        literal = self._literal
        if literal is None:
            return [sum(1 for _ in self.finditer(text)) for text in texts]
        return [(text if text.isascii() else readable(text)).count(literal) for text in texts]

    def finditer(self, text: str) -> Iterator[tuple[int, int]]:
        """The matches from left to right, without overlaps; none is empty right behind the one before."""
        text = readable(text)
        if self._fast is None:
            yield from self._machine.find_all(text)
            return
        last_end = -1
        for found in self._fast.finditer(text):
            start, end = found.span()
            if start < end or end != last_end:
                yield start, end
            last_end = end


def readable(text: str) -> str:
    """The text as patterns look at it, character for character: a lone surrogate counts as U+FFFD."""
    return text if text.isascii() else re.sub(_SURROGATE, "\ufffd", text)


def compile_pattern(pattern: str, flags: str = "") -> Pattern:
    """Compiles a regular expression; raises PatternError."""
    tree = parse_pattern(pattern, flags)
    compiled = Pattern(pattern, flags, tree, linear_pattern(tree))
    try:
        if compiled.proved is None:
            _ = compiled._machine
    except TooLargeError:
        raise PatternError("the pattern is too large: repetitions inside repetitions multiply", 0, len(pattern)) from None
    return compiled


class SpellingError(ValueError):
    """A spelling `as "…"` that does not fit its pattern: `message` is a sentence without a full stop; offsets are into the spelling."""

    def __init__(self, message: str, start: int, end: int) -> None:
        self.message, self.start, self.end = message, start, end
        super().__init__(message, start, end)


@dataclass(frozen=True)
class LikePattern:
    """A pattern given by an example with named parts; a finding's value is its spelling."""

    example: str
    spelling: str
    parts: tuple[str, ...]
    _pattern: re.Pattern[str] = field(compare=False, repr=False)

    def finditer(self, text: str) -> Iterator[Finding[str]]:
        """What looks like the example, from left to right; the value is written in the pattern's `as` spelling."""
        for found in self._pattern.finditer(text):
            yield Finding(found.start(), found.end(), self._spelled(found))

    def _spelled(self, found: re.Match[str]) -> str:
        if not self.spelling:
            return found[0]
        return _PART.sub(lambda part: found[part[1].strip()], self.spelling)


_PART = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
MAX_PART = 40
_KINDS = {
    "integer": "[0-9]{1,20}+",
    "number": r"(?:[0-9]{1,20}+(?:,[0-9]{3})*+(?:\.[0-9]{1,20}+)?+)",
    "letters": rf"[^\W\d_]{{1,{MAX_PART}}}+",
    "word": rf"[^\W_]{{1,{MAX_PART}}}+(?:[-'’][^\W_]{{1,{MAX_PART}}}+){{0,4}}+",
    "": rf"[^\W_]{{1,{MAX_PART}}}+(?:[-–./:'’][^\W_]{{1,{MAX_PART}}}+|\([^\W_]{{1,8}}\)){{0,8}}+",
}


def compile_like(example: str, spelling: str | None = None) -> LikePattern:
    """Compiles an example such as `{title:integer} U.S.C. § {section}`.

    A part in braces stands for an integer, a number, letters, a word, or
    (without a kind) a run of letters and digits that may be joined by `- . / : '`
    and end in short brackets, as in `1983(b)(1)`. Any white space stands for
    any white space. Every part is of bounded length, so that finding is linear.
    Raises PatternError with offsets into the example, SpellingError with
    offsets into the spelling.
    """
    pieces: list[str] = []
    names: list[str] = []
    at = 0
    for part in _PART.finditer(example):
        pieces.append(_fixed(example, at, part.start()))
        name, kind = part[1].strip(), (part[2] or "").strip()
        if not name.isidentifier():
            raise PatternError("a part is written {name} or {name:kind}", part.start(), part.end())
        if name in names:
            raise PatternError(f"two parts are called '{name}'", part.start(), part.end())
        if kind not in _KINDS:
            raise PatternError(f"there is no kind '{kind}'; there are {', '.join(filter(None, _KINDS))}", part.start(), part.end())
        if at == part.start() and names:
            raise PatternError("something must stand between two parts", part.start(), part.end())
        pieces.append(f"(?P<{name}>{_KINDS[kind]})")
        names.append(name)
        at = part.end()
    pieces.append(_fixed(example, at, len(example)))
    if not names:
        raise PatternError("an example names at least one part in braces, like {section}", 0, len(example))
    for part in _PART.finditer(spelling or ""):
        if part[1].strip() not in names:
            raise SpellingError(f"the spelling names '{part[1].strip()}', which the example does not", part.start(), part.end())
    return LikePattern(example, spelling or "", tuple(names), re.compile(rf"(?<!\w){''.join(pieces)}(?!\w)"))


def _fixed(example: str, start: int, end: int) -> str:
    """What stands between the parts, literally; white space is any white space, at most 20 characters."""
    text = example[start:end]
    for brace in "{}":
        if brace in text:
            place = start + text.index(brace)
            raise PatternError(f"this {brace} belongs to no part; a part is written {{name}} or {{name:kind}}", place, place + 1)
    return r"\s{1,20}+".join(re.escape(word) for word in re.split(r"\s+", text))
