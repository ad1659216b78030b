"""Texts that are not read at all: too long, too deeply nested, or holding characters that no file should hold."""

from __future__ import annotations

import re

from rewardlang import codes
from rewardlang.errors import Diagnostic
from rewardlang.source import Source, Span

MAX_LENGTH = 1_000_000
MAX_BRACKETS = 100

_REFUSED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_BRACKETS = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|#[^\r\n]*|[()\[\]]')
_FIRST = re.compile(r"(?:[\s\ufeff]+|#[^\r\n]*)*(\S?[^\s#]*)")


def refusals(source: Source) -> tuple[Diagnostic, ...]:
    """The reasons not to read a text; empty for a text that can be parsed."""
    if len(source.text) > MAX_LENGTH:
        length = f"{len(source.text):,}"
        place = Source(source.name, source.text[:200])
        return (codes.diagnostic("RW116", f"the file has {length} characters; at most {MAX_LENGTH:,} are read", place, Span(0, 1)),)
    character = _REFUSED.search(source.text)
    if character:
        number = f"U+{ord(character[0]):04X}"
        span = Span(*character.span())
        shown = Source(source.name, _REFUSED.sub("\ufffd", source.text))
        message, advice = f"the character {number} cannot stand in a file", "delete it; a file is plain text in UTF-8"
        return (codes.diagnostic("RW115", message, shown, span, help=advice),)
    return _too_deep(source)


def _too_deep(source: Source) -> tuple[Diagnostic, ...]:
    depth = 0
    for match in _BRACKETS.finditer(source.text):
        if match[0] in "([":
            depth += 1
            if depth > MAX_BRACKETS:
                message = f"brackets are nested more than {MAX_BRACKETS} levels deep"
                return (codes.diagnostic("RW117", message, source, Span(*match.span()), help="name a part of it with 'let'"),)
        elif match[0] in ")]":
            depth = max(0, depth - 1)
    return ()


def first_word(source: Source) -> Span:
    """The place of the first word after white space and comments; empty at the end of a file without any."""
    match = _FIRST.match(source.text)
    return Span(*match.span(1)) if match else Span(0, 0)
