"""Definition, references and rename across the files that import one another, over a session of `rewardlang lsp`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.editor.client import Client, Page, Refused

SHARED = """rewardlang 1
reward shared
column gold: number
param limit: number between 10 and 50 = 20
list years = ["1066", "1492"]
pattern year like "{y:integer} AD"
define near(a: number, b: number) = a is within 5% of b
let many = count of word in completion
section form at most 1
rule brief: award 0.5 points when many < limit
rule polite: award 0.5 points when completion contains "please"
"""
USER = """rewardlang 1
reward user
import "parts/shared.reward" as common
column gold: number
let value = only number in completion
rule right: award 3 points when common.near(value, gold)
rule dated: award 0.5 points when some common.year in completion where completion contains "x"
rule known: award 0.5 points when common.many < common.limit and completion is in common.years
include common.form
score between 0 and 5
guarantee rule right outweighs rule polite
example "one" with gold = 3 model writes "3" expect polite = 0 expect score at least 3
"""


@pytest.fixture
def two(client: Client, tmp_path: Path) -> tuple[Page, Path]:
    """A file that is open, and one beside it that it imports; a third imports nothing."""
    (tmp_path / "parts").mkdir()
    shared = tmp_path / "parts" / "shared.reward"
    shared.write_text(SHARED, encoding="utf-8")
    (tmp_path / "other.reward").write_text("rewardlang 1\nreward other\nparam limit: number between 0 and 1 = 0\n", encoding="utf-8")
    page = client.open(tmp_path / "user.reward", USER)
    assert page.checked() == []
    return page, shared


def _edited(page: Page, edits: list[dict[str, Any]]) -> str:
    text = page.text
    for edit in sorted(edits, key=lambda edit: (edit["range"]["start"]["line"], edit["range"]["start"]["character"]), reverse=True):
        start, end = page.offset(edit["range"]["start"]), page.offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


def _everywhere(page: Page, shared: Path, words: str, new: str) -> tuple[str, str]:
    """Both texts after a rename."""
    changes = page.ask("rename", page.after(words), newName=new)["changes"]
    other = Page(page.client, shared.resolve().as_uri(), shared.read_text(encoding="utf-8"))
    assert set(changes) <= {page.uri, other.uri}
    return _edited(page, changes.get(page.uri, [])), _edited(other, changes.get(other.uri, []))


@pytest.mark.parametrize(
    ("words", "old"),
    [
        ("< common.lim", "limit"),
        ("some common.yea", "year"),
        ("in common.yea", "years"),
        ("when common.nea", "near"),
        ("when common.man", "many"),
        ("include common.fo", "form"),
        ("outweighs rule pol", "polite"),
        ("expect pol", "polite"),
        ("column go", "gold"),
    ],
)
def test_a_name_of_an_imported_file_is_renamed_in_both(two: tuple[Page, Path], words: str, old: str) -> None:
    """Params, patterns, lists, definitions, lets, included sections and rules, a column that both declare; both stay right."""
    page, shared = two
    user, common = _everywhere(page, shared, words, "another")
    pattern = re.compile(rf"\b{old}\b")
    assert (user, common) == (pattern.sub("another", USER), pattern.sub("another", SHARED))
    shared.write_text(common, encoding="utf-8")
    assert page.change(user) == []


def test_references_and_definition_go_across_files(two: tuple[Page, Path], client: Client) -> None:
    """From the file that imports, and from the one that gives the name, whether the other is open or not."""
    page, shared = two
    uses = page.ask("references", page.after("< common.lim"), context={"includeDeclaration": True})
    assert sorted((Path(use["uri"]).name, use["range"]["start"]["line"]) for use in uses) == [
        ("shared.reward", 3),
        ("shared.reward", 9),
        ("user.reward", 7),
    ]
    place = page.ask("definition", page.after("expect pol"))
    assert (place["uri"], place["range"]["start"]["line"]) == (shared.resolve().as_uri(), 10)
    page.change(USER.replace("points when common.near", "points when   common.near"))
    inside = client.open(shared)
    uses = inside.ask("references", inside.after("define ne"), context={"includeDeclaration": False})
    assert [(use["uri"], use["range"]["start"]["character"]) for use in uses] == [(page.uri, 41)]


def test_rename_across_files_refuses_what_would_clash(two: tuple[Page, Path]) -> None:
    """With the file in which the name is taken, or in which something is wrong."""
    page, shared = two
    for words, new, told in [
        ("< common.lim", "many", r"already a name in shared\.reward"),
        ("expect pol", "right", "already a name here"),
        ("column go", "value", "already a name here"),
    ]:
        with pytest.raises(Refused, match=told):
            page.ask("rename", page.after(words), newName=new)
    shared.write_text(SHARED + "rule\n", encoding="utf-8")
    with pytest.raises(Refused, match="shared\\.reward has a mistake of syntax"):
        page.ask("rename", page.after("< common.lim"), newName="most")
