r"""`boxed`: what stands in `\boxed{…}`."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.verdict import Finding
from rewardlang.verifier import finder


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
    from rewardlang.answers.boxes import boxes

    return [[Finding(box.inner, box.inner + len(box.content), box.content) for box in boxes(text)] for text in texts]
