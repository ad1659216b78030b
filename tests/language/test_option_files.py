"""Options whose text stands in a file beside the reward."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang import lock
from rewardlang.compiled import Compiled, compile_path
from rewardlang.examples import run_program_examples

FILE = """rewardlang 1
reward forms
rule form: award 1 point when completion is valid_json(schema = "parts/dose.json")
score between 0 and 1
example "with a dose" model writes \"\"\"{"dose": 3}\"\"\" expect score = 1
example "without" model writes "{}" expect score = 0
"""
SCHEMA = '{"type": "object", "required": ["dose"]}'


def compiled(folder: Path, schema: str | None = SCHEMA, text: str = FILE) -> Compiled:
    """The file, with the schema in a folder beside it."""
    (folder / "parts").mkdir(exist_ok=True)
    if schema is not None:
        (folder / "parts" / "dose.json").write_text(schema, encoding="utf-8")
    (folder / "forms.reward").write_text(text, encoding="utf-8")
    return compile_path(folder / "forms.reward")


def test_the_schema_is_that_of_the_file(tmp_path: Path) -> None:
    """It judges the examples, is among the files that were read, and is part of the fingerprint."""
    result = compiled(tmp_path)
    assert result.program is not None
    assert not [failure for example in run_program_examples(result.program, result.registry) for failure in example.failures]
    assert result.locked == ("parts/dose.json",)
    other = compiled(tmp_path, SCHEMA.replace("dose", "doses"))
    assert other.program is not None
    assert other.program.identity.fingerprint != result.program.identity.fingerprint


@pytest.mark.parametrize(
    ("schema", "code", "words"),
    [
        (None, "RW312", "'parts/dose.json' cannot be read"),
        ("dose", "RW206", "the schema is not valid"),
        ('{"type": "objekt"}', "RW206", "the schema is not valid"),
    ],
)
def test_a_file_that_is_no_schema_is_told_at_its_name(tmp_path: Path, schema: str | None, code: str, words: str) -> None:
    """When the file is checked, not row by row."""
    (error,) = compiled(tmp_path, schema).errors
    assert error.code == code
    assert words in error.message
    assert '"parts/dose.json"' in error.source.cut(error.span)


def test_a_changed_schema_is_an_error_until_it_is_locked_anew(tmp_path: Path) -> None:
    """As a list is."""
    (path,) = compiled(tmp_path).locked
    held = lock.text_of({path: lock.sha256_of((tmp_path / path).read_bytes())}, {})
    (tmp_path / "rewardlang.lock").write_text(held, encoding="utf-8")
    assert compiled(tmp_path).errors == ()
    assert [error.code for error in compiled(tmp_path, '{"type": "object"}').errors] == ["RW319"]


def test_a_schema_of_an_imported_file_lies_beside_that_file(tmp_path: Path) -> None:
    """Paths are relative to the file in which they stand."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "common.reward").write_text(
        'rewardlang 1\nreward common\nlet formed = completion is valid_json(schema = "dose.json")\n', encoding="utf-8"
    )
    text = FILE.replace("reward forms\n", 'reward forms\nimport "parts/common.reward" as common\n')
    text = text.replace('completion is valid_json(schema = "parts/dose.json")', "common.formed")
    result = compiled(tmp_path, text=text)
    assert result.errors == ()
    assert set(result.locked) == {"parts/common.reward", "parts/dose.json"}
