"""`line`: the lines of a text that are not empty."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


@finder("line", cost="linear", version="1")
def line(texts: Sequence[str]) -> list[list[Finding[str]]]:
    """The lines of a text that hold anything but white space, trimmed.

    What it checks
    --------------
    Finds what stands between line breaks (LF, CR LF or CR).

    Why it earns reward
    -------------------
    Lists, poems and code have a form in lines; `last line in reply` is a simple contract for where an answer stands.

    Example
    -------
    `let conclusion = last line in completion outside <think>`

    Known gaps
    ----------
    How a screen wraps a text makes no lines. A model can put everything on one line, or each word on its own.
    """
    return [[Finding(match.start(), match.end(), match[0]) for match in re.finditer(r"[^\s](?:[^\r\n]*[^\s])?", text)] for text in texts]
