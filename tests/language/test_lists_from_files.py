"""Lists that are read from files: of texts, numbers, quantities and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.compiled import Compiled, compile_text
from rewardlang.examples import run_program_examples

FILE = """rewardlang 1
reward lists
list known: {type} from "known.txt"
rule known: award 1 point when {found} is in known
score between 0 and 1
example "x" model writes "{completion}" expect score = {score}
"""


def compiled(folder: Path, text: str, items: str, **parts: object) -> Compiled:
    """A file with its list."""
    (folder / "known.txt").write_text(items, encoding="utf-8")
    return compile_text(text.format(**parts), folder=str(folder))


@pytest.mark.parametrize(
    ("kind", "found", "items", "completion", "score"),
    [
        ("text", "first line in completion", "Zoe\u0308\n", "Zoë", 1),
        ("number", "only number in completion", "1,000\n2.50\n", "It is 2.5", 1),
        ("number", "only number in completion", "1,000\n2.50\n", "It is 3", 0),
        ("number between 0 and 5", "only number in completion", "1\n2\n", "It is 2", 1),
        ("quantity of mass", "only quantity in completion", "500 mg\n2 g\n", "Give 0.5 g", 1),
        ("quantity of mass", "only quantity in completion", "500 mg\n2 g\n", "Give 1 g", 0),
        ("math", "only <a> in completion as math", "1/2\nx^2\n", "<a>x*x</a>", 1),
    ],
)
def test_items_are_compared_by_their_meaning(tmp_path: Path, kind: str, found: str, items: str, completion: str, score: int) -> None:
    """`is in` uses the equality of the declared type."""
    result = compiled(tmp_path, FILE, items, type=kind, found=found, completion=completion, score=score)
    assert result.program is not None, [error.render() for error in result.errors]
    (example,) = run_program_examples(result.program, result.registry)
    assert not example.failures, [failure.render() for failure in example.failures]


def test_numbers_are_written_as_the_file_says(tmp_path: Path) -> None:
    """With `numbers written "1.234,5"` the list is read so too."""
    text = FILE.replace("reward lists\n", 'reward lists\nnumbers written "1.234,5"\n')
    result = compiled(tmp_path, text, "2,5\n", type="number", found="only number in completion", completion="2,50", score=1)
    assert result.program is not None
    assert not run_program_examples(result.program, result.registry)[0].failures


@pytest.mark.parametrize(
    ("kind", "items", "code"),
    [
        ("number", "1\nten\n", "RW301"),
        ("number between 0 and 1", "2\n", "RW301"),
        ("boolean", "true\n", "RW204"),
        ("optional text", "a\n", "RW204"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, kind: str, items: str, code: str) -> None:
    """An item of another kind, a value out of range, a type that no list holds."""
    result = compiled(tmp_path, FILE, items, type=kind, found="only number in completion", completion="", score=0)
    assert code in {error.code for error in result.errors}


def test_the_fingerprint_knows_the_items(tmp_path: Path) -> None:
    """Another number, another fingerprint."""
    parts = {"type": "number", "found": "only number in completion", "completion": "1", "score": 1}
    first, second = (compiled(tmp_path, FILE, items, **parts).program for items in ("1\n", "1\n2\n"))
    assert first is not None
    assert second is not None
    assert first.fingerprint != second.fingerprint


@pytest.mark.parametrize(
    ("table", "words", "advice"),
    [
        ("cite,cite\na,b\n", "has 2 columns called 'cite'", "its columns are: cite, cite"),
        ("id;cite\n1;a\n", "has no column called 'cite'", "columns are separated by commas"),
        ("id,cites\n1,a\n", "has no column called 'cite'", "did you mean 'cites'?"),
    ],
)
def test_a_column_of_a_table_is_one_column(tmp_path: Path, table: str, words: str, advice: str) -> None:
    """Which of two is meant is not guessed, and a table that is cut otherwise is noticed."""
    text = FILE.replace('from "known.txt"', 'from column "cite" of "known.txt"')
    (error,) = compiled(tmp_path, text, table, type="text", found="only word in completion", completion="a", score=1).errors
    assert error.code == "RW312"
    assert words in error.message
    assert error.help == advice
