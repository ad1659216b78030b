"""Names that double at every step: the check ends, and says what is too much, where every name is written out."""

from __future__ import annotations

import pytest

from rewardlang.compiled import compile_text

HEAD = "rewardlang 1\nreward t\ncolumn gold: number\n"
SCORE = "\nscore between 0 and 1\nguarantee score at most 1\n"
TESTS = "".join(f"let a{n} = (a{n - 1} or gold > {n}) and (a{n - 1} or gold < {n})\n" for n in range(1, 40))
NUMBERS = "".join(f"let a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 40))
DEFINED = "".join(f"define a{n}(x: number) = a{n - 1}(x) and a{n - 1}(x + 1)\n" for n in range(1, 40))
WIDE = "let a0 = any of (" + "; ".join(f"gold > {n}" for n in range(1000)) + ")\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"let a0 = gold > 0\n{TESTS}rule r: award 1 point when a39", "'a9' has"),
        (f"let a0 = gold\n{NUMBERS}rule r: award 1 point when a39 > 1", "'a11' has"),
        (f"define a0(x: number) = x > 0\n{DEFINED}rule r: award 1 point when a39(gold)", "definitions are used 2,000 times"),
        (WIDE + "\n".join(f"rule r{n}: award 1 point when a0" for n in range(40)), "the rules up to here have over 100,000 parts"),
    ],
    ids=["tests", "numbers", "definitions", "rules"],
)
def test_what_doubles_is_refused(text: str, words: str) -> None:
    """Once, at the name that is too much."""
    errors = [error for error in compile_text(HEAD + text + SCORE).errors if error.code == "RW322"]
    assert len(errors) == 1
    assert words in errors[0].message


def test_a_name_may_be_used_often() -> None:
    """Forty rules over a let of some size are nothing unusual."""
    many = "let a0 = any of (" + "; ".join(f"gold > {n}" for n in range(40)) + ")\n"
    rules = "\n".join(f"rule r{n}: award 0.025 points when a0" for n in range(40))
    assert not compile_text(HEAD + many + rules + SCORE).errors
