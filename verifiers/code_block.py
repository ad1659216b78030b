"""`code_block`: fenced blocks of code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@cache
def _fence() -> re.Pattern[str]:
    """A line that opens or closes a block: three or more backquotes or tildes, and a word of the language."""
    return re.compile(r"^[ \t]{0,3}(`{3,}|~{3,})[ \t]*([^\s`]{0,40})[^\n`]{0,200}$", re.MULTILINE)


@finder("code_block", cost="linear", version="1")
def code_block(texts: Sequence[str], *, language: str = "") -> list[list[Finding[str]]]:
    """The fenced blocks of code in a text, without the fences.

    What it checks
    --------------
    Finds blocks between fences of three or more backquotes or tildes, each on a line of its own; the closing fence has no
    language and is at least as long as the opening one. With `language = "python"` only blocks marked so, in any case.
    An unclosed block is none.

    Why it earns reward
    -------------------
    A programming answer must be cut out of its explanation before it can be parsed or run; `only` asks for exactly one block.

    Example
    -------
    `let program = only code_block(language = "python") in completion outside <think>`

    Known gaps
    ----------
    The language is what the model wrote beside the fence; the content is not looked at. Blocks by indentation are not found.
    """
    return [_blocks(text, language.casefold()) for text in texts]


def _blocks(text: str, language: str) -> list[Finding[str]]:
    found: list[Finding[str]] = []
    opening: re.Match[str] | None = None
    for fence in _fence().finditer(text):
        if opening is None:
            opening = fence
        elif fence[1].startswith(opening[1]) and not fence[2]:
            start, end = min(opening.end() + 1, fence.start()), fence.start()
            end = max(start, end - 1) if text[end - 1 : end] == "\n" else end
            if not language or opening[2].casefold() == language:
                found.append(Finding(start, end, text[start:end]))
            opening = None
    return found
