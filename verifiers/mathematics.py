"""`math`: answers of mathematics, read from text and compared."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing, Refused, Verdict
from rewardlang.verifier import equivalence, reader

LIMITS = {"characters": 3_000, "parts": 400, "terms": 100, "bits": 10_000, "nesting": 30, "figures": 3_000}


@equivalence("math", cost="linear", version="1", limits=LIMITS)
def math(ones: Sequence[Answer], others: Sequence[Answer]) -> list[Verdict]:
    r"""Whether two answers of mathematics are the same.

    What it checks
    --------------
    Numbers (fractions, decimals, mixed, percent, powers, roots, π and e), formulas up to exact expansion, lists, sets, tuples,
    intervals and their unions, matrices, equations up to a constant factor, linear inequalities, ratios, degrees, units of length,
    mass, volume and time, labels (`x = 3` is 3), words. LaTeX or plain. "Yes" is said on proof only; "no" when exact forms, kinds
    or values at a point differ; the rest is *cannot judge*.

    Why it earns reward
    -------------------
    `1/2`, `0.5` and `\frac{1}{2}` are one answer. Comparing text loses right answers, and a loose comparison pays wrong ones.

    Example
    -------
    `award 2 points when only <answer> in completion as math equals gold`

    Known gaps
    ----------
    There is no symbolic solver yet: identities beyond sin² + cos² = 1, equations of different form, unions cut differently,
    periodic solutions and powers of more than 10,000 bits are *cannot judge* unless written alike. `\log` without a base is equal
    to itself only. A letter is not matched with the text of a multiple-choice option. Which answer counts is for the file to
    say: use `only`.
    """
    from rewardlang.answers.compare import compare_answers

    return [compare_answers(one, other) for one, other in zip(ones, others, strict=True)]


@reader("math", cost="linear", version="1", limits=LIMITS)
def as_math(texts: Sequence[str]) -> list[Answer | Missing | Refused]:
    """The answer that the whole trimmed text is; see the equivalence of the same word."""
    from rewardlang.answers.parse import read_answer

    return [read_answer(text) for text in texts]
