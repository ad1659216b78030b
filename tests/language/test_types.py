"""Types of values as a reader of messages meets them: what fits, what does not, and both places of a mismatch."""

from __future__ import annotations

import pytest

from rewardlang.compiled import compile_text
from rewardlang.errors import Diagnostic

FILE = """rewardlang 1
reward types
column counts: list of number between 0 and 10
column kinds: list of one of ("a", "b")
column n: number
column amount: quantity of mass
{statements}
score between -9 and 9
"""


def errors(statements: str) -> tuple[Diagnostic, ...]:
    """What is wrong with the file with some statements."""
    return compile_text(FILE.format(statements=statements)).errors


@pytest.mark.parametrize(
    "rule",
    [
        "award 1 point when min(n, 4, 3, count of word in completion) = max(1, 2, n)",
        "award up to 1 point scaled by exact_match(completion, kinds)",
        "award 1 point when countdown(completion, counts) = 3",
        "award 1 point when n is in counts",
        "award 1 point when only word in completion is in kinds",
    ],
)
def test_what_fits(rule: str) -> None:
    """`min` and `max` take two values or more; a list of some numbers is a list of numbers, and one of some texts one of texts."""
    assert errors(f"rule r: {rule}") == ()


@pytest.mark.parametrize(
    ("statements", "places"),
    [
        ('let v = only number in completion else "a"', ['"a"', "only number in completion"]),
        ("let v = only <a> in completion else 3", ["3", "only <a> in completion"]),
        ("define near(a: number) = a > 1\nlet v = near(amount)", ["amount", "a: number"]),
        ("let v = n equals completion", ["n equals completion", "n", "completion"]),
        ("let v = n < amount", ["n < amount", "n", "amount"]),
        ('list v = ["a", 1]', ["1", '"a"']),
    ],
)
def test_a_mismatch_names_both_places(statements: str, places: list[str]) -> None:
    """What is there, and what asks for something else."""
    (error,) = errors(f"{statements}\nrule r: award 1 point when v is present")
    assert error.code in ("RW301", "RW315")
    assert [error.source.cut(span) for span in (error.span, *(other.span for other in error.related))] == places


@pytest.mark.parametrize(
    ("statements", "code", "words"),
    [
        ("column o: optional optional text", "RW204", "'optional' is said twice"),
        ("let o = round(n, 2)", "RW301", "takes 1 value (numbers), and 2 are given"),
        ("let o = abs(n, 2, 3)", "RW301", "takes 1 value (numbers), and 3 are given"),
        ("let o = token_f1(completion)", "RW301", "takes 2 values (ones, others), and 1 is given"),
        ("let o = kinds = 3", "RW301", 'these are a list of one of ("a", "b") and a number'),
    ],
)
def test_what_does_not(statements: str, code: str, words: str) -> None:
    """In one sentence."""
    (error,) = errors(f"{statements}\nrule r: award 1 point when o is present")
    assert error.code == code
    assert words in error.message


def test_an_option_that_stands_among_the_values_is_named() -> None:
    """`round(n, 2)` is how other languages write it."""
    (error,) = errors("rule r: award 1 point when round(n, 2) = 3")
    assert error.help == "options are given by name: round(…, digits = …)"


def test_an_example_like_a_broken_one_has_no_mistake_of_its_own() -> None:
    """One mistake, one message."""
    (error,) = errors("""rule r: award 1 point when n > 1
example "a" like "nobody" model writes "x" expect score = 0
example "b" like "a" model writes "y" expect score = 0""")
    assert error.code == "RW506"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("round(n, digits = 0.5)", "digits must be a whole number"),
        ("overlap(completion, prompt, n = 0)", "n must be a whole number from 1 to 20"),
        ('script_share(completion, script = "Latni")', "no script is called 'Latni'"),
        ('(completion is written_in(language = "xx"))', "no language is known by the code 'xx'"),
        ('(completion is valid_csv(separator = "ab"))', "the separator must be one character"),
    ],
)
def test_options_with_which_nothing_is_judged_are_noticed(value: str, reason: str) -> None:
    """They would leave every row without a verdict, whatever the model writes."""
    (error,) = errors(f"let o = {value}\nrule r: award 1 point when o is present")
    assert error.code == "RW206"
    assert "judges nothing: " + reason in error.message
    assert error.source.cut(error.span).partition(" ")[0] in value


@pytest.mark.parametrize(
    "value", ["round(n, digits = 2)", "repetition(completion, n = 4)", "count of quotation(least_words = 5) in completion"]
)
def test_other_options_are_let_be(value: str) -> None:
    """Also those with which a short text has no answer."""
    assert errors(f"let o = {value}\nrule r: award 1 point when o > 0.5") == ()
