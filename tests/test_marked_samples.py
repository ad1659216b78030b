"""The samples of the law and the medicine example against marks that were written before anything was scored.

Each README lists, rule by rule, where the file and the marks differ; the list here is what it really is.
`pytest tests/test_marked_samples.py -s` prints the agreement.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import rewardlang
from rewardlang.registry import default_registry
from tests.sources import ROOT

LAW, MEDICINE = ROOT / "examples" / "law", ROOT / "examples" / "medicine"
FOLDERS = sorted(path.parent for path in (ROOT / "examples").rglob("marks.jsonl"))

NAIVE = {
    "law": """
rewardlang 1
reward naive_memo
column outcome: text
pattern statute like "{title:integer} U.S.C. § {section}"
pattern case like "{volume:integer} U.S. {page:integer}"
list headings = ["Question presented", "Short answer", "Facts", "Analysis", "Conclusion"]
rule outcome: award 3 points when completion contains outcome ignoring case
rule statutes: award 0.5 points for each distinct statute in completion, up to 1.5
rule cases: award 0.5 points for each distinct case in completion, up to 2.5
rule headed: award 0.2 points for each heading in headings where completion contains heading, up to 1
score between 0 and 8
example "none"
  with outcome = "x"
  model writes "y"
  expect score = 0
""",
    "medicine": """
rewardlang 1
reward naive_dose
column drug: text
column warnings: list of text
rule drug: award 1 point when completion contains drug ignoring case
rule dose: award 2 points when completion matches /\\d+(\\.\\d+)?\\s?(mg|g|mcg)/
rule told: award up to 1 point scaled by share of warnings found ignoring case in completion
rule safety_net: award 0.5 points when completion contains "fever" ignoring case
score between 0 and 4.5
example "none"
  with drug = "x"
  with warnings = ["z"]
  model writes "y"
  expect score = 0
""",
}
"""What somebody might write in five minutes: right words anywhere, and anything that looks like a citation or a dose."""


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _scores(reward: rewardlang.Reward, folder: Path) -> Any:
    rows = _lines(folder / "samples.jsonl")
    return reward.score(
        [row["completion"] for row in rows],
        prompts=[row["prompt"] for row in rows],
        columns={name: [row[name] for row in rows] for name in reward.columns},
    )


@cache
def _marked(folder: Path) -> Any:
    (file,) = folder.glob("*.reward")
    return _scores(rewardlang.load(file), folder)


def _differences(folder: Path) -> tuple[list[tuple[str, str, float, float]], int]:
    """Sample, rule, points of the marker and of the file, where they differ; and how many marks there are."""
    found, count = [], 0
    for marks, row in zip(_lines(folder / "marks.jsonl"), _marked(folder).rows, strict=True):
        if "gate" in marks or row.gate is not None:
            count += 1
            if ("gate" in marks) != (row.gate is not None) or marks["score"] != row.score:
                found.append((marks["id"], "gate", float(marks["score"]), float(row.score)))
            continue
        points = {mark.rule: mark.points for mark in row.marks}
        assert points.keys() == marks["rules"].keys()
        for rule, mark in marks["rules"].items():
            count += 1
            if abs(points[rule] - mark["points"]) > 1e-9:
                found.append((marks["id"], rule, float(mark["points"]), float(points[rule])))
    return found, count


def _listed(folder: Path) -> list[tuple[str, str, float, float]]:
    """The rows of the README's table of differences."""
    page = (folder / "README.md").read_text(encoding="utf-8").partition("## Where the marks and the file differ")[2]
    table = re.findall(r"^\| ([\w-]+) \| `(\w+)` \| (-?[\d.]+) \| (-?[\d.]+) \|", page, re.MULTILINE)
    return [(sample, rule, float(ours), float(theirs)) for sample, rule, ours, theirs in table]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_mark_has_a_reason_and_every_sample_is_marked(folder: Path) -> None:
    """At least thirty samples, marked rule by rule, each mark with its reason."""
    marks = _lines(folder / "marks.jsonl")
    assert len(marks) >= 30
    assert [mark["id"] for mark in marks] == [row["id"] for row in _lines(folder / "samples.jsonl")]
    for mark in marks:
        assert all(one["reason"] for one in mark.get("rules", {"gate": mark.get("gate")}).values())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_page_lists_every_difference(folder: Path) -> None:
    """Where the file gives other points than the marks, the README says so, and why; at least nine marks in ten agree."""
    differences, count = _differences(folder)
    print(f"\n{folder.name}: {count - len(differences)} of {count} marks agree")
    for sample, rule, ours, theirs in differences:
        print(f"  {sample:<14} {rule:<14} marked {ours:g}, the file gives {theirs:g}")
    assert _listed(folder) == [(sample, rule, ours, round(theirs, 2)) for sample, rule, ours, theirs in differences]
    assert len(differences) <= 0.1 * count
    assert f"{count - len(differences)} of {count} marks agree" in (folder / "README.md").read_text(encoding="utf-8")


def _behind_the_sound_one(ids: Sequence[str], scores: Sequence[float]) -> list[float]:
    """How far each sample lies behind the first one of its case, which is sound."""
    first = {id_.rpartition("-")[0]: float(score) for id_, score in reversed(list(zip(ids, scores, strict=True)))}
    return [first[id_.rpartition("-")[0]] - float(score) for id_, score in zip(ids, scores, strict=True)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_naive_reward_errs_where_the_marks_say_so(folder: Path) -> None:
    """On at least ten flawed samples a reward of the obvious kind misjudges by a point or more how far they lie behind a sound one."""
    marks = _lines(folder / "marks.jsonl")
    ids = [mark["id"] for mark in marks]
    wanted = _behind_the_sound_one(ids, [mark["score"] for mark in marks])
    naive = _behind_the_sound_one(ids, _scores(rewardlang.loads(NAIVE[folder.name]), folder).values)
    ours = _behind_the_sound_one(ids, _marked(folder).values)
    errors = [
        mark["id"]
        for mark, right, simple, file in zip(marks, wanted, naive, ours, strict=True)
        if "naive" in mark and abs(simple - right) >= 1 and abs(file - right) < abs(simple - right)
    ]
    assert len(errors) >= 10, errors


def test_ten_memos_are_long() -> None:
    """At least ten memos have 400 words or more."""
    assert sum(len(row["completion"].split()) >= 400 for row in _lines(LAW / "samples.jsonl")) >= 10


def test_the_authority_list_is_complete_where_it_says_so() -> None:
    """All sections of its parts: 33 of title 9, 40 of chapter 85 of title 28, 17 of the first part of chapter 21 of title 42."""
    sections = (LAW / "authorities" / "usc_sections.txt").read_text(encoding="utf-8").splitlines()
    assert [section for section in sections if section.startswith("28 ")] == [f"28 USC {number}" for number in range(1330, 1370)]
    in_42 = [*(number for number in range(1981, 1997) if number not in (1984, 1993)), "1981a", "1996a", "1996b"]
    assert sorted(section for section in sections if section.startswith("42 ")) == sorted(f"42 USC {number}" for number in in_42)
    in_9 = [*range(1, 17), *range(201, 209), *range(301, 308), 401, 402]
    assert [section for section in sections if section.startswith("9 ")] == [f"9 USC {number}" for number in in_9]
    assert len(sections) == 90


REAL = """
28 U.S.C. § 1330; 28 U.S.C. § 1332(a); 28 U.S.C. § 1333; 28 U.S.C. § 1334; 28 U.S.C. § 1335; 28 U.S.C. § 1337; 28 U.S.C. § 1338;
28 U.S.C. § 1341; 28 U.S.C. § 1345; 28 U.S.C. § 1350; 28 U.S.C. § 1361; 28 U.S.C. § 1367; 42 U.S.C. § 1981; 42 U.S.C. § 1981a;
42 U.S.C. § 1982; 42 U.S.C. § 1986; 42 U.S.C. § 1987; 42 U.S.C. § 1989; 42 U.S.C. § 1990; 42 U.S.C. § 1996; 42 U.S.C. § 1996a;
42 U.S.C. § 1996b; 42 U.S.C. § 2000e-2; 42 U.S.C. § 12112; 42 U.S.C. § 300aa-11; 29 U.S.C. § 206; 15 U.S.C. § 1; 15 U.S.C. § 78j(b);
26 U.S.C. § 501(c)(3); 17 U.S.C. § 107; 35 U.S.C. § 101; 5 U.S.C. § 552; 5 U.S.C. § 706; 11 U.S.C. § 362; 8 U.S.C. § 1101;
21 U.S.C. § 841; 18 U.S.C. § 1341; 18 U.S.C. § 1962; 28 U.S.C. § 2254; 28 U.S.C. § 2201; 9 U.S.C. § 2; 47 U.S.C. § 230;
33 U.S.C. § 1311; 29 C.F.R. § 1604.11; 17 C.F.R. § 240.10b-5; 5 U.S. 137; 384 U.S. 436; 550 U.S. 544; 556 U.S. 662; 509 U.S. 579;
376 U.S. 254; 162 N.E. 99; 159 F.2d 169; U.S. Const. amend. XVIII; Fed. R. Civ. P. 56(a)
"""


AS_LAWYERS_WRITE = """
42 U.S.C. §§ 1981–88; 9 U.S.C. §§ 201-08; 9 U.S.C. §§ 1–7; 28 U.S.C. §§ 1331, 1343(a)(3)–(4); 42 USC 1981-1988; 5 U.S. (1 Cranch) 137;
17 U.S. (4 Wheat.) 316; 603 U.S. 369; 144 S. Ct. 2244; 138 N.E.3d 1; U.S. Const. amends. I, XIV; the Twenty-Second Amendment;
the Fourth, Fifth, and Sixth Amendments; Article III of the Constitution; I.R.C. § 501(c)(3); Treas. Reg. § 1.61-1; 54 U.S.C. § 100101;
50 C.F.R. § 17.11; 42 U.S.C. § 1396a(a)(10)(A); 123 F.4th 1; FRE 702; Rule 12(b)(6) of the Federal Rules of Civil Procedure
"""
"""Real authorities again, in forms that a careless reader takes for something else."""


def test_real_authorities_are_not_called_invented() -> None:
    """More than fifty real authorities that no sample cites, most of them outside of what the list covers."""
    find, invented = default_registry().get("finder", "citation"), default_registry().get("predicate", "invented_authority")
    assert find is not None
    assert invented is not None
    authorities = [finding.value for finding in find([REAL])[0]]
    assert len(authorities) == len(set(authorities)) == len(REAL.split(";")) >= 50
    cited = {finding.value for row in _lines(LAW / "samples.jsonl") for finding in find([row["completion"]])[0]}
    assert cited.isdisjoint(authorities)
    lists = {
        name: tuple((LAW / "authorities" / f"{file}.txt").read_text(encoding="utf-8").splitlines())
        for name, file in (("among", "usc_sections"), ("complete_for", "usc_covered"))
    }
    verdicts = invented(authorities, **lists)
    assert [authority for authority, verdict in zip(authorities, verdicts, strict=True) if verdict.holds is not False] == []
    for written in AS_LAWYERS_WRITE.split(";"):
        found = [finding.value for finding in find([written])[0]]
        assert found, written
        assert all(verdict.holds is False for verdict in invented(found, **lists)), written


def _with_comma(value: Any) -> Any:
    """A value of a row as it is written where the decimal sign is a comma."""
    return re.sub(r"\.(?=[0-9])", ",", value) if isinstance(value, str) else value


def test_a_decimal_comma_changes_no_mark() -> None:
    """The doses, limits and mistakes in writing of the medicine example, with `numbers written "1.234,5"`: the same points."""
    text = (MEDICINE / "paediatric_dose.reward").read_text(encoding="utf-8")
    german = rewardlang.loads(text.replace("\n# One row", '\nnumbers written "1.234,5"\n# One row', 1))
    rows = _lines(MEDICINE / "samples.jsonl")
    scores = german.score(
        [_with_comma(row["completion"]) for row in rows],
        prompts=[row["prompt"] for row in rows],
        columns={name: [_with_comma(row[name]) for row in rows] for name in german.columns},
    )
    assert any(_with_comma(row["completion"]) != row["completion"] for row in rows)
    assert [row.score for row in scores.rows] == [row.score for row in _marked(MEDICINE).rows]


OTHER_LAW = """
rewardlang 1
reward other_law
list forms: text from "other_law/{file}.txt"
list known = ["BGB 823", "GG 2", "2012 UKSC 34", "2001 EWCA Civ 5"]
rule real: award 1 point for each distinct citation(forms = forms) in completion where citation is in known, up to 5
rule unknown: deduct 1 point for each distinct citation(forms = forms) in completion where citation is not in known, up to 5
score between -5 and 5
"""


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("german", "Anspruch aus § 823 Abs. 1 BGB (vgl. § 823 Abs. 1 Satz 1 BGB), Art. 2 Abs. 1 GG; nicht aus § 9999 BGB.", (2, -1)),
        ("german", "Under 42 U.S.C. § 1983 nothing is due.", (0, 0)),
        ("united_kingdom", "See [2012] UKSC 34, [2001] EWCA Civ 5 and [2019] EWHC 123 (Admin).", (2, -1)),
    ],
)
def test_another_law_is_a_file_of_example_lines(file: str, text: str, expected: tuple[int, int], tmp_path: Path) -> None:
    """German statutes and British neutral citations are found by the lines of a file, and American law is not found then."""
    shutil.copytree(LAW / "other_law", tmp_path / "other_law")
    path = tmp_path / "other.reward"
    path.write_text(OTHER_LAW.replace("{file}", file), encoding="utf-8")
    (row,) = rewardlang.load(path).score([text]).rows
    assert [mark.points for mark in row.marks] == list(expected)
