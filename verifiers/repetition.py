"""`repetition`: how much of a text repeats itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang.libraries import not_installed
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

Unit: TypeAlias = Literal["words", "chinese words", "characters", "lines"]
MAX_UNITS = 1_000_000
MAX_N = 20


@measure("repetition", cost="linear", version="2", limits={"units": MAX_UNITS, "n": MAX_N})
def repetition(texts: Sequence[str], *, n: Fraction = Fraction(3), unit: Unit = "words") -> list[Fraction | Missing | Refused]:
    """The share of a text's runs of `n` words that occurred before, from 0 to 1.

    What it checks
    --------------
    One minus the distinct runs over all runs. Words are what stands between white space, in lower case; a text with fewer than
    `n` words has no repetition. `unit = "lines"` takes trimmed lines that are not empty, `unit = "characters"` characters, and
    `unit = "chinese words"` the words that jieba's dictionary cuts a text without spaces into. Open-R1's
    `get_repetition_penalty_reward(n, p)` deducts up to -p points scaled by `repetition(completion, n = n)`, and TRL's is the same
    over tokens: give it the token ids, joined by spaces.

    Why it earns reward
    -------------------
    Policies that are paid for length, or that lose their way, say the same again and again.

    Example
    -------
    `let looped = repetition(completion, n = 4) else 1` and `rule loops: deduct up to 1 point scaled by looped`

    Known gaps
    ----------
    A word changed here and there breaks runs: smaller `n` see more and punish honest texts too. Legal formulas, tables and code repeat
    by nature. The larger a text, the more it repeats by chance. Japanese, Thai and other languages that are written without spaces
    need `unit = "characters"`.
    """
    if n.denominator != 1 or not 1 <= n <= MAX_N:
        return [Missing(f"n must be a whole number from 1 to {MAX_N}") for _ in texts]
    if unit == "chinese words":
        return [_of_chinese(text, int(n)) for text in texts]
    return [_share(_units(text, unit), int(n)) for text in texts]


def _of_chinese(text: str, n: int) -> Fraction | Refused:
    try:
        import rjieba
    except ImportError:
        return Refused(not_installed("rjieba", "text"))
    if len(text) > MAX_UNITS:
        return Refused(f"the text has more than {MAX_UNITS:,} characters")
    words = rjieba.cut(text.encode("utf-8", "replace").decode("utf-8"))
    return _share([word.lower() for word in words if not word.isspace()], n)


def _units(text: str, unit: Unit) -> Sequence[str]:
    if unit == "characters":
        return text
    return text.lower().split() if unit == "words" else [line.strip() for line in text.split("\n") if line.strip()]


def _share(units: Sequence[str], n: int) -> Fraction | Refused:
    if len(units) > MAX_UNITS:
        return Refused(f"the text has more than {MAX_UNITS:,} units")
    total = len(units) - n + 1
    if total < 1:
        return Fraction(0)
    return 1 - Fraction(len(set(zip(*(units[start:] for start in range(n)), strict=False))), total)
