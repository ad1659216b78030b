"""`length`: how long a text is, in characters."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure


@measure("length", cost="free", version="1")
def length(texts: Sequence[str]) -> list[Fraction | Missing | Refused]:
    """The number of characters (code points) of a text.

    What it checks
    --------------
    Counts everything, white space and line breaks too.

    Why it earns reward
    -------------------
    A limit on length is the simplest brake on answers that grow under training.

    Example
    -------
    `let long = ramp(length(reply), 2000, 4000) else 1` and `rule brief: deduct up to 0.5 points scaled by long`

    Known gaps
    ----------
    A letter with combining marks, and many emoji, are several code points. Length says nothing about content.
    """
    return [Fraction(len(text)) for text in texts]
