"""`complete for`: a list judges what it covers, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rewardlang.compiled import Compiled, compile_text
from rewardlang.examples import run_program_examples
from rewardlang.marks import RowMarks
from rewardlang.program import Program
from rewardlang.reward import Reward

HEAD = """rewardlang 1
reward law
list statutes: text from "usc.txt" complete for title 42
pattern statute like "{title:integer} U.S.C. § {section}" as "{title} USC {section}"
let lead = first statute in completion
"""
RULES = """rule real: award 1 point for each distinct statute in completion where statute is in statutes, up to 2
rule invented: deduct 1 point for each distinct statute in completion where statute is not in statutes, up to 2
rule leading: award 0.5 points when lead is in statutes
rule misled: award 0.25 points when lead is not in statutes
score between -2 and 2.75
"""


def compiled(folder: Path, rules: str, head: str = HEAD) -> Compiled:
    """A file whose list holds one section of title 42, and one of a title that it is not complete for."""
    (folder / "usc.txt").write_text("42 USC 1983\n11 USC 101\n", encoding="utf-8")
    return compile_text(head + rules, folder=str(folder))


def marked(program: Program | None, registry: Compiled) -> RowMarks:
    """The marks of the one example."""
    assert program is not None, [error.render() for error in registry.errors]
    (result,) = run_program_examples(program, registry.registry)
    return result.row


@pytest.mark.parametrize(
    ("completion", "points", "unjudged"),
    [
        ("42 U.S.C. § 1983", [1, 0, 0.5, 0], 0),
        ("42 U.S.C. § 99", [0, -1, 0, 0.25], 0),
        ("18 U.S.C. § 1 and 42 U.S.C. § 99", [0, -1, 0, 0], 1),
        ("11 U.S.C. § 101 and 42 U.S.C. § 1983", [1, 0, 0, 0], 1),
        ("18 U.S.C. § 1, 18 U.S.C. § 1, 19 U.S.C. § 1", [0, 0, 0, 0], 2),
        ("042 U.S.C. § 99", [0, -1, 0, 0.25], 0),
    ],
)
def test_outside_of_the_part_there_is_neither_award_nor_deduction(
    tmp_path: Path, completion: str, points: list[float], unjudged: int
) -> None:
    """Not even for what stands in the list all the same; each finding that was not judged is counted once."""
    result = compiled(tmp_path, f'{RULES}example "x" model writes "{completion}" expect score between -9 and 9\n')
    row = marked(result.program, result)
    assert [float(mark.points) for mark in row.marks] == points
    assert len(row.failures) == unjudged
    assert all(failure.verifier == "statutes" and "outside title 42" in failure.reason for failure in row.failures)


@pytest.mark.parametrize(
    "rule",
    [
        "award 1 point when not lead is in statutes",
        'award 1 point when none of (lead is in statutes; completion contains "x")',
        "award 1 point when no statute in completion where statute is not in statutes",
        "award 1 point when lead is in statutes else 0.5 points",
        "award 1 point when lead is in statutes else 0.5 points when lead is present",
        "award 1 point when known",
        "deduct 1 point when not known",
    ],
)
def test_it_may_not_stand_where_false_counts(tmp_path: Path, rule: str) -> None:
    """Through a let and a definition as well."""
    head = HEAD + ("let known = not lead is in statutes\n" if "known" in rule else "")
    codes = {
        error.code
        for error in compiled(
            tmp_path, f"rule a: {rule}\nrule b: award 1 point when lead is in statutes\nscore between -1 and 2\n", head
        ).errors
    }
    assert "RW321" in codes


def test_it_may_not_stand_in_a_gate_and_may_in_a_list_of_tests(tmp_path: Path) -> None:
    """`all of`, `any of`, `some … where` and `success` ask whether it is true."""
    gate = "require lead is in statutes else score 0\n"
    rules = f"{RULES}success when all of (lead is in statutes; some statute in completion where statute is in statutes)\n"
    assert not compiled(tmp_path, rules).errors
    assert [error.code for error in compiled(tmp_path, gate + rules).errors] == ["RW321"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('as "{title} USC {section}"', 'as "{title}-{section}"'),
        ("first statute in", "first line in"),
        ("title 42", "chapter 42"),
        ("title 42", "title true"),
        ("lead is in statutes", "share of cited found in statutes > 0.5"),
    ],
)
def test_the_part_of_a_finding_must_show(tmp_path: Path, old: str, new: str) -> None:
    """The pattern names the part, the spelling keeps it, and what is looked up is one of its findings."""
    text = (HEAD + RULES).replace(old, new) + ("let cited = every statute in completion\n" if "cited" in new else "")
    assert {error.code for error in compiled(tmp_path, "", text).errors} == {"RW320"}


def test_a_text_can_name_the_part(tmp_path: Path) -> None:
    """`complete for code "USC"`."""
    head = HEAD.replace("title 42", 'code "USC"').replace("{title:integer} U.S.C. §", "{title:integer} {code:letters} §")
    head = head.replace("{title} USC", "{title} {code}")
    result = compiled(tmp_path, f'{RULES}example "x" model writes "7 USC § 3, 7 CFR § 3" expect score between -9 and 9\n', head)
    row = marked(result.program, result)
    assert [float(mark.points) for mark in row.marks] == [0, -1, 0, 0.25]


def test_a_batch_is_judged_as_its_rows_are(tmp_path: Path) -> None:
    """Points and what was not judged, through the public object."""
    completions = ["42 U.S.C. § 1983", "42 U.S.C. § 99", "18 U.S.C. § 1"]
    result = compiled(tmp_path, RULES)
    assert result.program is not None
    rows = Reward(result).score(completions).rows
    assert [row.score for row in rows] == [1.5, -0.75, 0]
    assert [len(row.failures) for row in rows] == [0, 0, 1]
