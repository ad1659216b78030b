"""`script_share`: how much of a text is written in a script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from rewardlang.scripts import listed, script_of
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure


@measure("script_share", cost="linear", version="1")
def script_share(texts: Sequence[str], *, script: str = "Latin") -> list[Fraction | Missing | Refused]:
    """The share of a text's letters that belong to a script, from 0 to 1.

    What it checks
    --------------
    Looks up each letter in Unicode's table of scripts: `Latin`, `Cyrillic`, `Greek`, `Han`, `Hiragana`, `Katakana`, `Hangul`, `Arabic`,
    `Hebrew`, `Devanagari`, `Thai` and twenty more. Japanese is three of them: add the shares. Figures and punctuation do not count;
    without letters there is no value. The language is not looked at (`written_in` does that).

    Why it earns reward
    -------------------
    Policies that are trained on answers alone begin to mix scripts in the middle of a sentence.

    Example
    -------
    `let han = script_share(completion, script = "Han") else 0` and `rule one_script: deduct up to 1 point scaled by han`

    Known gaps
    ----------
    A foreign word that is written in Latin letters is not seen; Greek letters of formulas are. A text of figures alone has no value.
    Look-alike letters of another script count for that script: `lookalike` finds them.
    """
    if script not in listed():
        return [Missing(f"no script is called '{script}'; there are: {', '.join(sorted(listed()))}") for _ in texts]
    return [_share(text, script) for text in texts]


def _share(text: str, script: str) -> Fraction | Missing:
    letters = Counter({letter: times for letter, times in Counter(text).items() if letter.isalpha()})
    if not letters:
        return Missing("no letters")
    return Fraction(sum(times for letter, times in letters.items() if script_of(letter) == script), letters.total())
