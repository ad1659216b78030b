r"""`\boxed{…}` in a text: where the boxes stand and what they hold."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Box(NamedTuple):
    """A box: [start, end) with its command and braces, and the trimmed content, which begins at `inner`."""

    start: int
    end: int
    inner: int
    content: str


@cache
def _marks() -> re.Pattern[str]:
    """A box's beginning, a brace, or an escaped character (an escaped brace opens and closes nothing).

    Texts that were written into JSON by hand have two backslashes for one.
    """
    return re.compile(r"\\{1,2}(?:begin)?f?boxed\s{0,20}\{|\\.|[{}]", re.DOTALL)


def boxes(text: str) -> list[Box]:
    """The closed boxes of a text, in order; of a box in a box the outer one."""
    found: list[tuple[int, int, int]] = []
    open_braces: list[tuple[int, int] | None] = []
    for match in _marks().finditer(text):
        mark = match[0]
        if mark == "}":
            opened = open_braces.pop() if open_braces else None
            if opened is not None:
                while found and found[-1][0] >= opened[0]:
                    found.pop()
                found.append((*opened, match.start()))
        elif mark == "{":
            open_braces.append(None)
        elif len(mark) > 2:
            open_braces.append(match.span())
    return [_box(text, *box) for box in found]


def _box(text: str, start: int, inner: int, close: int) -> Box:
    part = text[inner:close]
    content = part.strip()
    return Box(start, close + 1, inner + (len(part) - len(part.lstrip()) if content else 0), content)
