"""`rewardlang check --samples`: figures, `--report`, `--without-text`, `--group-size` and `--marks`."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run

CHECK = ("check", "math.reward", "--samples", "samples.jsonl")


def _marked(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    for mine, grade in zip(rows, [1, 6, 2, [5, 3]], strict=True):
        mine["grade"] = grade
    (folder / "samples.jsonl").write_text("".join(json.dumps(mine) + "\n" for mine in rows), encoding="utf-8")


def test_the_table_has_shares_and_what_the_score_goes_with(run: Run) -> None:
    """Beside what it had: the share of the variance, the rank correlation with length, the forecast."""
    out = run(*CHECK, "--group-size", "4").out
    assert "section    rule      fired  mean  min  max  share" in out
    assert "Spearman with length -0.54 (-0.97 to 0.70)" in out
    assert "of groups of 4 without spread (" in out


def test_the_figures_as_json(run: Run) -> None:
    """Under `figures`; `marks` and `report` are null where nobody asked."""
    data = run(*CHECK, "--json").json
    assert set(data["figures"]["rules"]) == {"correct", "thinks"}
    assert data["figures"]["groups_without_spread"]["size"] == 8
    assert (data["marks"], data["report"]) == (None, None)


def test_a_report_is_written(run: Run, tmp_path: Path) -> None:
    """Whole, and told at the end; without texts there is nothing of the rows in it."""
    result = run(*CHECK, "--report", "math.html")
    assert result.code == 0
    assert "report: math.html" in result.out
    page = (tmp_path / "math.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "🙂" not in page
    assert "\\ud83d\\ude42" in page
    run(*CHECK, "--report", "bare.html", "--without-text")
    bare = (tmp_path / "bare.html").read_text(encoding="utf-8")
    assert "\\ud83d\\ude42" not in bare
    assert "8 * 9" not in bare
    assert "2 + 3" not in bare


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "math.reward", "--report", "a.html"), "--report needs completions; give them with --samples"),
        (("check", "math.reward", "--marks", "grade"), "--marks needs completions"),
        ((*CHECK, "--report", "a.txt"), "its name ends in .html"),
        ((*CHECK, "--report", "none/a.html"), "there is no folder none"),
        ((*CHECK, "--without-text"), "name it with --report"),
        ((*CHECK, "--group-size", "1"), "a group has 2 to 4,096 completions"),
        ((*CHECK, "--marks", "grade"), "no row has a number in the column 'grade' of --marks; columns there: "),
        ((*CHECK, "--marks", "answr"), "no row has a number in the column 'answr' of --marks; did you mean 'answer'?"),
        ((*CHECK, "--marks", "prompt"), "of --marks; marks are numbers, or true and false"),
    ],
)
def test_wrong_use(run: Run, words: tuple[str, ...], told: str) -> None:
    """Told before anything is marked, where it can be."""
    result = run(*words)
    assert result.code == 2
    assert told in result.err


def test_the_marks_of_an_expert(run: Run, tmp_path: Path) -> None:
    """Correlation with its name and interval, reversed pairs with their rules, the worst disagreements; in the report as well."""
    _marked(tmp_path)
    result = run(*CHECK, "--marks", "grade", "--report", "math.html")
    assert "beside the marks of column 'grade'\nSpearman's rank correlation " in result.out
    assert "are scored the other way round" in " ".join(result.out.split())
    assert "the rule that speaks most against the expert, by reversed pairs: correct" in result.out
    assert "row 'q1'" in result.out
    assert "Beside the expert’s marks of column “grade”" in (tmp_path / "math.html").read_text(encoding="utf-8")
    data = run(*CHECK, "--marks", "grade", "--json").json["marks"]
    assert data["column"] == "grade"
    assert data["completions"] == 5
    assert data["reversed"] == sum(data["reversed_by_rule"].values())
    assert {"number", "title", "score", "mark", "score_rank", "mark_rank", "rule"} == set(data["worst"][0])


def test_marks_that_say_nothing_are_told(run: Run, tmp_path: Path) -> None:
    """How many completions have a number there; that equal marks have no order; the page has the same sentences."""
    _marked(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
    for mine, grade in zip(rows, ["good", 2, 2, [None, 2]], strict=True):
        mine["grade"] = grade
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(mine) + "\n" for mine in rows), encoding="utf-8")
    out = " ".join(run(*CHECK, "--marks", "grade", "--report", "math.html").out.split())
    assert "no rank correlation" in out
    assert "3 of 5 completions have a number in that column" in out
    assert "no two completions have different marks, so there is no order to compare" in out
    page = (tmp_path / "math.html").read_text(encoding="utf-8")
    assert "<p>3 of 5 completions have a number in that column.</p><p>No two completions have different marks" in page


def test_the_worst_disagreements_lead_to_their_rows(run: Run, tmp_path: Path) -> None:
    """The page opens them."""
    _marked(tmp_path)
    worst = run(*CHECK, "--marks", "grade", "--report", "math.html", "--json").json["marks"]["worst"][0]
    page = (tmp_path / "math.html").read_text(encoding="utf-8")
    assert f'<a href="#row-{worst["number"]}">{html.escape(worst["title"])}</a>' in page
