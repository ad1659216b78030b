"""`math`: answers of mathematics, read from text and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from rewardlang.answers.numerals import Notation
from rewardlang.answers.values import Answer
from rewardlang.verdict import Missing, Refused, Verdict
from rewardlang.verifier import equivalence, reader

LIMITS = {
    "characters": 3_000,
    "parts": 400,
    "terms": 100,
    "bits": 10_000,
    "nesting": 30,
    "figures": 3_000,
    "symbolic_parts": 400,
    "symbolic_questions": 12,
    "symbolic_seconds": 2,
}


@equivalence("math", cost="symbolic", version="6", limits=LIMITS)
def math(ones: Sequence[Answer], others: Sequence[Answer]) -> list[Verdict]:
    r"""Whether two answers of mathematics are the same.

    What it checks
    --------------
    Numbers (fractions, decimals, repeating and mixed, percent, powers, roots, π and e, complex), formulas, lists, sets, tuples,
    intervals and their unions, matrices (sums, products, powers, inverses, determinants), equations up to a constant factor,
    inequalities, functions by cases, ratios, times of day, days, degrees, physical units (also of temperature and of data), labels
    (`x = 3` is 3), numbers in words, numbers of choices (`C(5,2)`), families (`2k\pi`, k whole; `3 (mod 5)`, `2x ≡ 3 (mod 5)`), lines and
    planes with parameters (`(1,2,3) + t(1,0,0)`), formulas of logic (by their truth tables), figures by their letters (`\angle ABC`),
    options with their text (`(B) 42`), words. LaTeX or plain. Exact forms decide nearly all; what they leave open (identities,
    integrals, sums, inequalities of higher degree) is asked of sympy in a worker process, within limits. "Yes" is said on proof only;
    "no" when exact forms, kinds or values at a point differ; the rest is *cannot judge*.

    Why it earns reward
    -------------------
    `1/2`, `0.5` and `\frac{1}{2}` are one answer. Comparing text loses right answers, and a loose comparison pays wrong ones.

    Example
    -------
    `award 2 points when only <answer> in completion as math equals gold`

    Known gaps
    ----------
    What sympy does not prove within 2 s of computing is *cannot judge*, and so are how `…` goes on, towers of powers, `n!!` (unlike
    `(2n)!!`), conditions that are no intervals ("n even"), families that are not `a + b·k`, congruences that are not linear, logic in
    words, with quantifiers or more than 8 names, Boolean algebra (`AB + A'`), a line against its equation, `(t, 2t)` against `(2t, 4t)`
    (nothing says that t is free), `\overline{AB}` against `\overline{BA}` (a segment, or figures), an angle by its vertex, relations of
    figures (`∥`, `≅`), days in figures (`3/5/2020`), 2 GB against 2048 MB (1,000 or 1,024), counts of different things; without sympy
    (`pip install "rewardlang[math]"`) all identities are. `\log` without a base has base 10 or e: where these differ, cannot judge.

    Numbers, times and days in words are English; `3rd` equals 3, and `\frac{\pi}{4} + k\pi` speaks of all whole k though nothing says so.
    `x^2 = 4` is not `x = ±2`, `|x| = 3` is not 3 (`|z|`, `|w|`, `|u|`, `|v|` are), and an equation with a denominator is the one
    multiplied out. A unit, a modulus, a base or a year that only one side states is not compared, nor is AM or PM; `AB` is whatever has
    these letters; `0 K` is 0. An integral without limits is not what it is with `+ C`. What an integral or sum is said to equal is taken
    as the answer, right or wrong. A letter in italics behind a plain number can be its unit (`5 m`, not `5 t`); elsewhere it is a name
    (`\pi r^2 h`). An amount of money equals any bare number (`2 \$ = 3` is 3): its rate is not told. A decimal of six figures or more
    equals the number that it rounds; a shorter one does not: `agreeing_decimals` says how close it is. `42,0` and `42%` equal 42. A
    letter is not matched with the text of a multiple-choice option. Which answer counts is for the file to say: use `only`.
    """
    decide = _decide()
    return [decide(one, other) for one, other in zip(ones, others, strict=True)]


@cache
def _decide() -> Callable[[Answer, Answer], Verdict]:
    from rewardlang.answers.symbolic import decide

    return decide


@reader("math", cost="linear", version="6", limits=LIMITS)
def as_math(texts: Sequence[str], *, written: Notation = "1,234.5") -> list[Answer | Missing | Refused]:
    """The answer that the whole trimmed text is; see the equivalence of the same word."""
    read = _read()
    return [read(text, written) for text in texts]


@cache
def _read() -> Callable[[str, str], Answer | Missing | Refused]:
    """Looked up once: columns of data are read value by value."""
    from rewardlang.answers.notation import read_answer_in

    return read_answer_in
