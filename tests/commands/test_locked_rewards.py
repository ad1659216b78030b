"""What a reward says is locked with its version: a statement that says something else is warned of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rewardlang
from rewardlang.checking.as_locked import locked
from rewardlang.compiled import compile_text
from rewardlang.lock import LockedReward
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.parsing.text_from_syntax import format_text
from rewardlang.source import Source
from tests.commands.conftest import Run
from tests.language.shared import GOOD, read

LETTER = """rewardlang 1
reward letter version "1.2.0" about "A short letter."
param most: number between 1 and 9 = 5
let body = only <letter> in completion
require body is present else score -1
section form
rule brief: deduct 1 point when count of word in completion is not between 1 and most because "short"
rule polite: award 1 point when body contains "please" ignoring case
score between -1 and 1
guarantee score at most 0 when not body contains "please" ignoring case
example "polite"
  model writes "<letter>please</letter>"
  expect score = 1
"""
WARNED = [
    ("count of word", "count of distinct word", "changed: rule brief"),
    ('"please" ignoring case\nscore', '"please"\nscore', "changed: rule polite"),
    ("at most 0 when", "at most 1 when", "changed: guarantee 1"),
    ("number between 1 and 9 = 5", "number between 1 and 9 = 6", "changed: param most"),
    ("section form", "section fom", "changed: rule brief, rule polite; new: section fom; gone: section form"),
    ("rule brief", "rule bref", "new: rule bref; gone: rule brief"),
    ("reward letter", "reward leter", "changed: reward"),
    ('"<letter>please</letter>"', '"<letter>please </letter>"', 'changed: example "polite"'),
    ("require body is present else score -1\n", "require body is present else score 0\n", "changed: require 1"),
    ("score between -1 and 1", "score between -2 and 2", "changed: score"),
]
SAME = [
    ('"A short letter."', '"A letter."'),
    ('because "short"', 'because "no rambling"'),
    ("section form", "# as on paper\n\nsection   form"),
    ('version "1.2.0"', 'version "1.2.1"'),
]


@pytest.fixture
def letter(tmp_path: Path, run: Run) -> Path:
    """A reward that is locked."""
    path = tmp_path / "letter.reward"
    path.write_text(LETTER, encoding="utf-8")
    assert run("lock", "letter.reward").out == "rewardlang.lock: 1 reward locked (new: letter.reward)\n"
    assert run("check", "letter.reward", "--json").json["findings"] == []
    return path


@pytest.mark.parametrize(("before", "after", "told"), WARNED, ids=[told for _, _, told in WARNED])
def test_a_statement_that_says_something_else_is_warned_of(run: Run, letter: Path, before: str, after: str, told: str) -> None:
    """What has changed is named; writing the lock anew says that it is meant."""
    letter.write_text(LETTER.replace(before, after), encoding="utf-8")
    result = run("check", "letter.reward", "--json")
    (finding,) = result.json["findings"]
    message = f"the file is not what version 1.2.0 was when rewardlang.lock was written ({told})"
    assert (result.code, finding["code"], finding["severity"], finding["message"]) == (0, "RW711", "warning", message)
    assert run("check", "letter.reward", "--strict").code == 1
    assert run("lock", "letter.reward", "--check").code == 1
    assert f"  letter.reward: {told} (version 1.2.0 as before)\n" in run("lock", "letter.reward").out
    assert run("check", "letter.reward", "--strict").code == 0


@pytest.mark.parametrize(("before", "after"), SAME, ids=[before for before, _ in SAME])
def test_what_bears_on_no_score_is_not_told(run: Run, letter: Path, before: str, after: str) -> None:
    """Reasons, descriptions, comments, layout, and a version that rises alone."""
    letter.write_text(LETTER.replace(before, after), encoding="utf-8")
    assert run("check", "letter.reward", "--json").json["findings"] == []
    assert run("fmt", "letter.reward").code in (0, 1)
    assert run("check", "letter.reward", "--json").json["findings"] == []


def test_the_place_is_shown_and_the_next_version_is_offered(run: Run, letter: Path) -> None:
    """The first statement that differs, the others beside it; a raised version still has to be locked."""
    text = LETTER.replace("count of word", "count of distinct word").replace("at most 0 when", "at most 1 when")
    letter.write_text(text, encoding="utf-8")
    (finding,) = run("check", "letter.reward", "--json").json["findings"]
    assert (finding["line"], [other["line"] for other in finding["related"]]) == (7, [10])
    assert finding["help"] == "if that is meant, raise the version and write the lock anew: rewardlang lock letter.reward"
    assert (finding["fix"]["title"], finding["fix"]["safe"]) == ('write version "2.0.0"', False)
    letter.write_text(text.replace("1.2.0", "2.0.0"), encoding="utf-8")
    (finding,) = run("check", "letter.reward", "--json").json["findings"]
    assert "not what version 1.2.0 was" in finding["message"]
    assert finding["help"] == "if that is meant, write the lock anew: rewardlang lock letter.reward"
    assert finding["fix"] is None
    assert "(version 1.2.0 -> 2.0.0)" in run("lock", "letter.reward").out
    assert run("check", "letter.reward", "--json").json["findings"] == []


def test_whoever_uses_the_file_is_told(run: Run, letter: Path, tmp_path: Path) -> None:
    """Commands that mark, on standard error; `test`; and Python code, in `warnings`."""
    letter.write_text(LETTER.replace("count of word", "count of distinct word"), encoding="utf-8")
    (tmp_path / "samples.jsonl").write_text('{"prompt": "", "completion": "x"}\n', encoding="utf-8")
    assert "RW711" in run("score", "letter.reward", "--samples", "samples.jsonl", "--out", "scored.jsonl").err
    assert "RW711" in run("explain", "letter.reward", "--samples", "samples.jsonl", "--row", "1").err
    assert "RW711" in run("test", "letter.reward").out
    assert [finding["code"] for finding in run("test", "letter.reward", "--json").json[0]["findings"]] == ["RW711"]
    assert [warning.code for warning in rewardlang.load(letter).warnings] == ["RW711"]


def test_a_file_that_the_lock_does_not_name_is_free(run: Run, letter: Path, tmp_path: Path) -> None:
    """Another reward of the folder, and a lock that holds lists alone."""
    (tmp_path / "other.reward").write_text(LETTER, encoding="utf-8")
    assert run("check", "other.reward", "--json").json["findings"] == []
    lock = tmp_path / "rewardlang.lock"
    lock.write_text(json.dumps({"lock": 1, "sha256": {}}), encoding="utf-8")
    letter.write_text(LETTER.replace("count of word", "count of distinct word"), encoding="utf-8")
    assert run("check", "letter.reward", "--json").json["findings"] == []


@pytest.mark.parametrize("text", ["<<<<<<< ours", '{"lock": 1, "sha256": {}, "rewards": {"letter.reward": 3}}'])
def test_a_lock_that_cannot_be_read_is_told(run: Run, letter: Path, tmp_path: Path, text: str) -> None:
    """A merge that went wrong does not take the lock away unseen."""
    assert letter.is_file()
    (tmp_path / "rewardlang.lock").write_text(text, encoding="utf-8")
    (finding,) = run("check", "letter.reward", "--json").json["findings"]
    assert finding["code"] == "RW711"
    assert "cannot be held against rewardlang.lock" in finding["message"]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_statement_is_held_and_layout_is_not(path: Path) -> None:
    """Each statement of every construct has a place of its own in the lock; laid out anew, the file is the same."""
    source = Source(path.name, read(path))
    file, laid_out = parse(source).file, parse(Source(path.name, format_text(source))).file
    assert file is not None
    assert laid_out is not None
    assert len(locked(file).statements) == len(file.statements) + 1
    assert locked(laid_out) == locked(file)


def test_a_lock_of_today_is_read_tomorrow() -> None:
    """The hashes stay what they are, so that a lock that stands in version control outlives a new release of the package.

    Where this fails, the syntax tree has changed its form: give the lock a new edition, and say so when an old one is met.
    """
    compiled = compile_text(LETTER)
    assert compiled.syntax is not None
    assert locked(compiled.syntax) == LockedReward(
        "1.2.0",
        {
            "reward": "3ecb1fd3976bbbda",
            "param most": "3bcf3bc1beb61a47",
            "let body": "82856c6b74d0e388",
            "require 1": "f62eefc21e4c734c",
            "section form": "8674d789ab139850",
            "rule brief": "96c82db9513e8272",
            "rule polite": "04c156dc762a2eee",
            "score": "961d639519b90966",
            "guarantee 1": "bd9cf0104ce4f8af",
            'example "polite"': "a7e6f73ba11e9eb1",
        },
    )
