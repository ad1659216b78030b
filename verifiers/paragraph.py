"""`paragraph`: blocks of lines between blank lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("paragraph", cost="linear", version="1")
def paragraph(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The paragraphs of a text, trimmed.

    What it checks
    --------------
    Finds blocks of text between blank lines; a line of white space is blank.

    Why it earns reward
    -------------------
    A letter or memo is expected in paragraphs, and a wall of text is hard to read.

    Example
    -------
    `rule shape: award 0.5 points when count of paragraph in reply is between 3 and 6`

    Known gaps
    ----------
    Headings, list items and code blocks between blank lines count as paragraphs. A model can cut anywhere: limit words too.
    """
    return [_paragraphs(text) for text in texts]


def _paragraphs(text: str) -> list[Finding[str]]:
    found: list[Finding[str]] = []
    start = 0
    ends = [match.span() for match in re.finditer(r"(?:\r\n?|\n)[^\S\r\n]*+(?:\r\n?|\n)\s*+", text)]
    for end, after in (*ends, (len(text), len(text))):
        part = text[start:end]
        inner = part.strip()
        if inner:
            begin = start + len(part) - len(part.lstrip())
            found.append(Finding(begin, begin + len(inner), inner))
        start = after
    return found
