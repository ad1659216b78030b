"""`import` and `include`: what comes from another file, how it is named, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.compiled import Compiled, compile_path
from rewardlang.program import Program
from rewardlang.reward import Reward

COMMON = """rewardlang 1
reward common
column gold: number
param tolerance: number between 0 and 1 = 0.1
list known: text from "known.txt"
pattern statute like "{title:integer} U.S.C. § {section}" as "{title} USC {section}"
let value = only <answer> in completion as number
define near(a: number, b: number) = a is within tolerance of b
section form at most 2
rule polite: award 2 points when completion contains "please" because "courtesy"
rule close: award 1 point when near(value, gold)
section other
rule never_taken: award 100 points when completion contains "x"
"""
MAIN = """rewardlang 1
reward main
import "parts/common.reward" as common
column gold: number
section law
rule right: award 1 point when common.value = gold
rule cites: award 0.5 points for each distinct common.statute in completion where common.statute is in common.known, up to 1
include common.form
score between 0 and 4
"""
COMPLETION = "<answer>3</answer> see 42 U.S.C. § 1983 please"


def compiled(folder: Path, main: str = MAIN, **files: str) -> Compiled:
    """The file `main.reward` of a folder with `parts/common.reward`, `parts/known.txt`, and the files that are given."""
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "parts" / "known.txt").write_text("42 USC 1983\n", encoding="utf-8")
    for name, text in {"common": COMMON, **files}.items():
        (folder / "parts" / f"{name}.reward").write_text(text, encoding="utf-8")
    (folder / "main.reward").write_text(main, encoding="utf-8")
    return compile_path(folder / "main.reward")


def program(result: Compiled) -> Program:
    """The program; its mistakes are shown where it has none."""
    assert result.program is not None, "\n".join(d.render() for d in result.errors)
    return result.program


def told(result: Compiled) -> list[tuple[str, str, str]]:
    """Code, file and words of each error."""
    return [(d.code, Path(d.source.name).name, d.source.cut(d.span)) for d in result.errors]


def test_names_of_another_file_and_a_section_of_it(tmp_path: Path) -> None:
    """Lists are found beside the file that names them; an included section has its rules and its ceiling."""
    reward = Reward(compiled(tmp_path))
    (row,) = reward.score([COMPLETION], columns={"gold": [3]}).rows
    assert {mark.rule: float(mark.points) for mark in row.marks} == {"right": 1, "cites": 0.5, "polite": 2, "close": 1}
    assert row.score == 3.5
    assert [section.name for section in reward.program.sections] == ["law", "form"]


def test_only_what_is_used_is_taken(tmp_path: Path) -> None:
    """Rules of other sections stay away, and a list that nobody uses is not read."""
    common = COMMON + 'list unread: text from "nowhere.txt"\n'
    assert [rule.name for rule in program(compiled(tmp_path, common=common)).rules] == ["right", "cites", "polite", "close"]


def test_a_let_of_another_file_can_be_set_as_a_param_under_its_full_name(tmp_path: Path) -> None:
    """A param that is imported is called `alias.name`, as in the file."""
    compiled(tmp_path)
    result = compile_path(tmp_path / "main.reward", params={"common.tolerance": 1})
    assert program(result).params["common.tolerance"].default == 1


def test_each_file_sees_its_own_names(tmp_path: Path) -> None:
    """A name of the importing file takes no place in an imported part, nor the other way round."""
    common = COMMON.replace('contains "please"', "contains greeting") + "let greeting = first line in completion\n"
    main = MAIN.replace("section law", 'let greeting = "zzz"\nsection law').replace("= gold\n", "= gold and completion contains greeting\n")
    reward = Reward(compiled(tmp_path, main, common=common))
    (row,) = reward.score([COMPLETION], columns={"gold": [3]}).rows
    assert {mark.rule: float(mark.points) for mark in row.marks if mark.rule in ("right", "polite")} == {"right": 0, "polite": 2}
    undeclared = compiled(tmp_path, main, common=COMMON.replace('contains "please"', "contains greeting"))
    assert told(undeclared) == [("RW201", "common.reward", "greeting")]


def test_a_pattern_of_the_importing_file_is_none_of_the_imported_one(tmp_path: Path) -> None:
    """`word` in an imported section is the word of the vocabulary, whatever a pattern of the importing file is called."""
    common = COMMON.replace("when near(value, gold)", "when count of word in completion > 3")
    main = MAIN.replace("section law", "pattern word = /zzz/\nsection law").replace(
        "= gold\n", "= gold and no word in completion where word equals gold_text\n"
    )
    main = main.replace("column gold: number", "column gold: number\ncolumn gold_text: text")
    reward = Reward(compiled(tmp_path, main, common=common))
    (row,) = reward.score([COMPLETION], columns={"gold": [3], "gold_text": ["a"]}).rows
    assert {mark.rule: float(mark.points) for mark in row.marks if mark.rule in ("right", "close")} == {"right": 1, "close": 1}


def test_an_imported_definition_may_call_a_function_of_its_file(tmp_path: Path) -> None:
    """The module is looked for beside the file that declares the function, which itself is not imported."""
    common = COMMON + 'use python "marks:tidy" as tidy(words: text) returns text\ndefine loud(words: text) = tidy(words) equals words\n'
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "marks.py").write_text("def tidy(words):\n    return words.upper()\n", encoding="utf-8")
    main = MAIN.replace("common.value = gold", "common.value = gold and common.loud(completion)")
    assert not compiled(tmp_path, main, common=common).errors
    refused = compiled(tmp_path, MAIN.replace("common.value = gold", 'common.tidy(completion) equals "A"'), common=common)
    assert told(refused) == [("RW210", "main.reward", "common.tidy")]


def test_one_file_under_two_names_is_one_file(tmp_path: Path) -> None:
    """A file that is reached twice is read once: its params are set once for both."""
    other = 'rewardlang 1\nreward other\nimport "common.reward" as c\ndefine same(a: number) = c.near(a, c.value)\n'
    main = MAIN.replace("column gold", 'import "parts/other.reward" as other\ncolumn gold').replace(
        "common.value = gold", "other.same(gold)"
    )
    assert list(program(compiled(tmp_path, main, other=other)).params) == ["common.tolerance"]


def test_the_fingerprint_is_of_all_that_is_used(tmp_path: Path) -> None:
    """A change in an imported rule, definition or list changes it; a comment, or a part that nobody uses, does not."""
    first = program(compiled(tmp_path)).fingerprint
    unused = COMMON.replace("award 100", "award 99").replace("reward common", "reward common # a remark")
    assert program(compiled(tmp_path, common=unused)).fingerprint == first
    for old, new in (("award 2", "award 1"), ("is within tolerance", "is within 2 * tolerance"), ("known.txt", "more.txt")):
        (tmp_path / "parts" / "more.txt").write_text("42 USC 1983\n42 USC 1988\n", encoding="utf-8")
        assert program(compiled(tmp_path, common=COMMON.replace(old, new))).fingerprint != first


def test_files_read_are_listed(tmp_path: Path) -> None:
    """For whoever watches them: the imported file and its list."""
    assert [Path(file).name for file in compiled(tmp_path).files] == ["common.reward", "known.txt"]


def test_a_mistake_in_an_imported_file_is_told_there(tmp_path: Path) -> None:
    """With its name, its line and its caret, whether it is one of syntax or of meaning."""
    result = compiled(tmp_path, common=COMMON.replace('contains "please"', "contains 3"))
    (error,) = result.errors
    assert error.render() == (
        f"error[RW301]: 'contains' looks for a text, and this is a number\n --> {tmp_path}/parts/common.reward:10:54\n   |\n"
        '10 | rule polite: award 2 points when completion contains 3 because "courtesy"\n'
        "   |                                                      ^\n"
        "   = help: numbers are compared with '=', '<', 'is at least' and so on, or with 'equals' against a number"
    )
    assert error.to_json()["file"] == f"{tmp_path}/parts/common.reward"
    assert told(compiled(tmp_path, common=COMMON + "let = 3\n")) == [("RW101", "common.reward", "=")]


def test_a_second_place_can_be_in_another_file(tmp_path: Path) -> None:
    """A rule that has the name of an included one: both places, each with its file."""
    result = compiled(tmp_path, MAIN.replace("rule right", "rule polite"))
    (error,) = result.errors
    assert (error.code, Path(error.source.name).name) == ("RW202", "common.reward")
    assert f"{tmp_path}/main.reward:6:6" in error.render()
    assert error.to_json()["related"] == [
        {"message": "the first is here", "file": f"{tmp_path}/main.reward", "line": 6, "column": 6, "end_line": 6, "end_column": 12}
    ]


def test_a_circle_shows_its_chain(tmp_path: Path) -> None:
    """The message says who imports whom."""
    result = compiled(tmp_path, common=COMMON + 'import "../main.reward" as main\n')
    (error,) = result.errors
    assert error.code == "RW209"
    names = [f"{tmp_path}/main.reward", f"{tmp_path}/parts/common.reward", f"{tmp_path}/main.reward"]
    assert " imports ".join(names) in error.message


def test_what_is_taken_through_a_circle_is_no_second_mistake(tmp_path: Path) -> None:
    """A value that needs one of the file that imports it is told by the circle alone."""
    result = compiled(tmp_path, common=COMMON + 'import "../main.reward" as main\nlet other = main.nothing\n')
    assert [error.code for error in result.errors] == ["RW209"]


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("common.value", "common.valu", "RW210", "common.valu"),
        ("common.value", "comon.value", "RW210", "comon.value"),
        ("common.value", "common.gold", "RW210", "common.gold"),
        ("common.value", "common", "RW301", "common"),
        ("common.form", "common.from_", "RW210", "from_"),
        ("common.form", "forms.form", "RW210", "forms"),
        ("parts/common", "parts/nothing", "RW312", '"parts/nothing.reward"'),
        ("column gold: number\n", "column gold: text\n", "RW211", "include common.form"),
        ("column gold: number\n", "", "RW211", "include common.form"),
        ("column gold: number\n", 'column gold: number\nnumbers written "1.234,5"\n', "RW313", '"parts/common.reward"'),
        ("score between 0 and 4\n", 'score between 0 and 5\nrule more: award 1 point when completion contains "x"\n', "RW212", "more"),
        ("section law\n", 'let common = "x"\nsection law\n', "RW202", "common"),
        ("section law\n", 'import "parts/common.reward" as again\nsection law\n', "RW203", "again"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, code: str, words: str) -> None:
    """Each mistake has its code and its place in the importing file."""
    assert (code, "main.reward", words) in told(compiled(tmp_path, MAIN.replace(old, new)))


def test_a_text_without_a_folder_imports_nothing() -> None:
    """A reward that is a text and no file has no folder to read from."""
    from rewardlang.compiled import compile_text

    assert [d.code for d in compile_text(MAIN).errors] == ["RW312"]


def test_a_file_without_a_head_is_told_once(tmp_path: Path) -> None:
    """What it would have declared is not called unknown as well."""
    assert {error.code for error in compiled(tmp_path, common="let value = 3\n").errors} <= {"RW112"}
