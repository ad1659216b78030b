r"""`boxed`: what stands in `\boxed{…}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@cache
def _marks() -> re.Pattern[str]:
    """A box's beginning, a brace, or an escaped character (an escaped brace opens and closes nothing)."""
    return re.compile(r"\\f?boxed\s{0,20}\{|\\.|[{}]", re.DOTALL)


@finder("boxed", cost="linear", version="1")
def boxed(texts: Sequence[str]) -> list[list[Finding[str]]]:
    r"""What a text puts in boxes.

    What it checks
    --------------
    Finds the content of each `\boxed{…}` (and `\fbox{…}`), trimmed, with nested braces matched; escaped braces (`\{`) do not
    count. A box that is not closed is no box. Of a box in a box the outer one is found.

    Why it earns reward
    -------------------
    A box is how most models are taught to mark their final answer. Exactly one box is a contract with the reader.

    Example
    -------
    `let value = only boxed in completion outside <think> as math`

    Known gaps
    ----------
    A model can box several answers and hope that one counts: `only` makes that missing, `last` pays for it. A box inside `<think>`
    counts unless the file says `outside <think>`. `\boxed 5` without braces is not found.
    """
    return [_boxes(text) for text in texts]


def _boxes(text: str) -> list[Finding[str]]:
    found: list[Finding[str]] = []
    open_braces: list[int] = []
    for match in _marks().finditer(text):
        mark = match[0]
        if mark == "}":
            if open_braces:
                start = open_braces.pop()
                if start >= 0:
                    while found and found[-1].start >= start:
                        found.pop()
                    found.append(_trimmed(text, start, match.start()))
        elif mark == "{":
            open_braces.append(-1)
        elif mark[-1] == "{" and len(mark) > 2:
            open_braces.append(match.end())
    return found


def _trimmed(text: str, start: int, end: int) -> Finding[str]:
    part = text[start:end]
    inner = part.strip()
    start += len(part) - len(part.lstrip()) if inner else 0
    return Finding(start, start + len(inner), inner)
