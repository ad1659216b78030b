"""What people write who know other notations, and the advice that they get: it names what to write, and means what they meant."""

from __future__ import annotations

import pytest

from rewardlang.compiled import compile_text

ADVICE = [
    ('rule a: deduct 1 point when completion contains "might" or "perhaps"', 'say it in full: completion contains "perhaps"'),
    ('rule a: award 1 point when "x" != completion', "write 'not … equals …' for texts"),
    ("rule a: award 1 point when cited is in statutes", "some item in cited where item is in …"),
    ("rule a: award 1 point when completion is empty", "where nothing is there write: completion is missing"),
    ("let dose = only quantity in completion\nrule a: award 1 point when dose < 500", "write one behind the number, as 500 mg"),
    ('pattern v like "{name} v. {name}"\nrule a: award 1 point when count of v in completion > 1', "give each part a name of its own"),
]
HEAD = "rewardlang 1\nreward advice\ncolumn statutes: list of text\nlet cited = every citation in completion\n"
USED = "rule used: award 0 points when some item in cited where item is in statutes\nscore between -1 and 1\n"


@pytest.mark.parametrize(("written", "told"), ADVICE)
def test_the_advice_says_what_to_write(written: str, told: str) -> None:
    """In the help of the first error."""
    (error, *_) = compile_text(f"{HEAD}{written}\n{USED}").errors
    assert told in (error.help or "")


def test_what_stands_in_for_a_missing_choice_is_one_of_the_choices() -> None:
    """A text among the values of a `one of` is of its type; another text is not."""
    text = 'rewardlang 1\nreward advice\ncolumn level: optional one of ("easy", "hard")\nlet chosen = level else "{}"\n'
    text += 'rule a: award 1 point when chosen equals "hard"\nscore between 0 and 1\n'
    assert compile_text(text.format("easy")).program is not None
    assert [error.code for error in compile_text(text.format("normal")).errors] == ["RW301"]


def test_white_space_around_a_choice_does_not_matter() -> None:
    """`equals` does not see it, so the other side can be that value."""
    text = 'rewardlang 1\nreward advice\ncolumn level: one of ("easy ", "hard")\n'
    text += 'rule a: award 1 point when level equals "{}"\nscore between 0 and 1\n'
    assert compile_text(text.format("easy")).program is not None
    assert [error.code for error in compile_text(text.format("eas")).errors] == ["RW308"]


SAID = {
    'completion has "x"': "write 'contains'",
    'the completion contains "x"': "leave out 'the'",
    "a citation in completion is present": "leave out 'a'",
    'completion contains "x", "y" or "z"': "any of (completion contains",
    'completion contains any of "x", "y"': "any of (completion contains",
    'completion contains both "x" and "y"': "or all of (…)",
    'completion contains no "x"': "not completion contains",
    'completion does not contain "x"': "not completion contains",
    'completion contains "x" but not "y"': "and not completion contains",
    'completion starts with "x" and ends with "y"': "completion ends with",
    "word count of completion > 5": "count of word in completion",
    "number of words in completion > 5": "count of word in completion",
    "length of completion > 5": "length(completion) characters",
    "completion is shorter than 20 words": "count of word in completion is less than",
    "there is a <answer> in completion": "count of <answer> in completion is at least 1",
    "completion contains a citation": "count of citation in completion is at least 1",
    "completion contains exactly one <answer>": "count of <answer> in completion = 1",
    "completion contains at least two citations": "count of citation in completion is at least 2",
    "more than 2 citations in completion": "count of citation in completion is more than 2",
    'text after "A:" in completion is present': "write 'only text after … in …'",
    "match of /x/ in completion is present": "write 'only match of … in …'",
    'completion is equal to "x"': "completion equals",
    "sure is true": "a test itself: sure",
    "sure is false": "a test itself: not sure",
    "sure = true": "write 'equals'",
    'completion.contains("x")': "tests are written out",
}


@pytest.mark.parametrize(("condition", "told"), SAID.items())
def test_a_condition_as_people_say_it_is_told_as_it_is_written(condition: str, told: str) -> None:
    """One error, at the words that were said, and what to write."""
    text = f"rewardlang 1\nreward said\ncolumn sure: boolean\nrule a: award 1 point when {condition}\nscore between 0 and 1\n"
    (error,) = compile_text(text).errors
    assert told in (error.help or "")


def test_points_as_people_say_them() -> None:
    """`for every`, and `up to` before a condition."""
    for written, told in {
        "deduct 1 point for every misspelling in completion": "for each … in",
        'award up to 2 points when completion contains "x"': "award 2 point",
    }.items():
        (error,) = compile_text(f"rewardlang 1\nreward said\nrule a: {written}\nscore between -1 and 2\n").errors
        assert told in (error.help or "")


def test_a_value_may_be_called_a() -> None:
    """Then it is no article."""
    text = 'rewardlang 1\nreward said\nlet a = last word in completion\nrule r: award 1 point when a contians "x"\nscore between 0 and 1\n'
    (error,) = compile_text(text).errors
    assert error.help == "did you mean 'contains'?"


PRESENCE = {
    'award 1 point when end is present and not end contains "not"': True,
    'award 1 point when end contains "so" and not end contains "not"': True,
    'award 1 point when none of (end is missing; end contains "not")': True,
    'award 1 point when end is present or not end contains "not"': False,
    'award 1 point when end is missing or not end contains "not"': False,
    'award 1 point when at least 2 of (end is present; not end contains "not"; completion contains "so")': False,
    'deduct 1 point when end contains "not" and end contains "so"': False,
    'award 0 points when end contains "not" and end contains "so" else 1 point': False,
}


@pytest.mark.parametrize(("rule", "sound"), PRESENCE.items())
def test_the_advice_that_something_is_present_is_taken(rule: str, sound: bool) -> None:
    """Where one part of a condition needs the value, the others may be about it; not where its absence pays."""
    text = f"rewardlang 1\nreward advice\nlet end = last sentence in completion\nrule a: {rule}\nscore between -1 and 1\n"
    assert ("RW302" not in {error.code for error in compile_text(text).errors}) == sound


def test_success_takes_the_advice_too() -> None:
    """`… is present and …` before what is denied."""
    text = 'rewardlang 1\nreward advice\nlet end = last sentence in completion\nrule a: award 1 point when end contains "so"\n'
    text += 'success when {}not end contains "not"\nscore between 0 and 1\n'
    assert [error.code for error in compile_text(text.format("")).errors] == ["RW302"]
    assert compile_text(text.format("end is present and ")).program is not None


def test_what_a_mistake_takes_with_it_is_not_told_again() -> None:
    """An example that expects success is right, though what success is could not be read."""
    text = "rewardlang 1\nreward advice\nlet value = {}\nsuccess when value = 1\n"
    text += 'rule a: award 1 point when value = 1\nscore between 0 and 1\nexample "one" model writes "1" expect success\n'
    assert compile_text(text.format("only number in completion")).program is not None
    for broken in ("== only number in completion", "only numbr in completion"):
        assert len(compile_text(text.format(broken)).errors) == 1
