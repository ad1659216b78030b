"""`check --fix`: what can only have been meant in one way is put right, and told; the rest is offered."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewardlang.commands.fixes import edited, safe_fixes
from rewardlang.compiled import compile_text
from tests.commands.conftest import Run
from tests.sources import ROOT

FILE = """rewardlang 1
reward demo
column gold: number
column kind: text
let value = only number in completion
require value is present else score 0 because "one number"
rule right: award 1 point when value = gold and kind equals "sum"
rule polite: award 0.5 points when completion contains "please"
score between 0 and 1.5
example "right"
  with gold = 3
  with kind = "sum"
  model writes "3"
  expect score = 1
"""
FIXED = [
    ("value = gold", "value == gold", "RW110"),
    ("value = gold and kind", "value = gold&&kind", "RW110"),
    ("value = gold and", "value ≥ gold and", "RW110"),
    ('kind equals "sum"', 'kind = "sum"', "RW301"),
    ('"sum"\n', "'sum'\n", "RW123"),
    ('"sum"\n', "“sum”\n", "RW111"),
    ("0.5 points", ".5 points", "RW121"),
    ("award 1 point", "awrad 1 point", "RW102"),
    ("require value", "requrie value", "RW102"),
    ("value is present", "value present", "RW101"),
    ("value = gold", "valeu = gold", "RW201"),
    ("only number", "only numbr", "RW205"),
    ("column gold: number", "column gold: nmber", "RW204"),
    ("with gold", "with gald", "RW501"),
    ('because "one number"', "because one number", "RW101"),
    ("rewardlang 1\n", "", "RW112"),
]
OFFERED = [
    ("rule right: award 1 point when", "rule right: award 1 point if", "RW101"),
    ("between 0 and 1.5", "between 0 and 1", "RW402"),
    ("value = gold", "vlaeu = gold", "RW201"),
    ('kind equals "sum"', 'kind = "72"', "RW301"),
]


@pytest.mark.parametrize(("right", "wrong", "code"), FIXED)
def test_a_safe_fix_gives_the_file_back(run: Run, tmp_path: Path, right: str, wrong: str, code: str) -> None:
    """One line for each change, with its place and the mistake; then the file is checked as it is now."""
    path = tmp_path / "demo.reward"
    path.write_text(FILE.replace(right, wrong, 1), encoding="utf-8")
    before = run("check", "demo.reward", "--json").json
    (fix,) = [finding["fix"] for finding in before["findings"] if finding["code"] == code]
    assert fix["safe"]
    result = run("check", "demo.reward", "--fix")
    assert result.code == 0, result.out
    assert result.out.startswith("fixed demo.reward:")
    assert f"({code}: " in result.out
    expected = FILE.replace("value = gold and", "value >= gold and") if "≥" in wrong else FILE
    assert path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(("right", "wrong", "code"), OFFERED)
def test_what_may_have_been_meant_otherwise_is_only_offered(run: Run, tmp_path: Path, right: str, wrong: str, code: str) -> None:
    """The file stays as it is; the edit is in the JSON, for whoever decides."""
    path = tmp_path / "demo.reward"
    text = FILE.replace(right, wrong, 1)
    path.write_text(text, encoding="utf-8")
    result = run("check", "demo.reward", "--fix", "--json")
    (finding,) = [finding for finding in result.json["findings"] if finding["code"] == code]
    assert finding["fix"] is None or not finding["fix"]["safe"]
    assert (result.json["fixed"], path.read_text(encoding="utf-8")) == ([], text)


def test_many_mistakes_in_one_run(run: Run, tmp_path: Path) -> None:
    """Those that show only once others are put right are put right too."""
    text = FILE
    for right, wrong, _ in (FIXED[0], FIXED[6], FIXED[7], FIXED[9], FIXED[12]):
        text = text.replace(right, wrong, 1)
    (tmp_path / "demo.reward").write_text(text.replace("value == gold", "valeu == gold"), encoding="utf-8", newline="")
    result = run("check", "demo.reward", "--fix")
    assert result.out.count("fixed demo.reward:") >= 5
    assert (tmp_path / "demo.reward").read_text(encoding="utf-8") == FILE


def test_a_warning_is_fixed_without_a_change_of_meaning(run: Run, tmp_path: Path) -> None:
    """An `else` that is never used goes; the program says the same."""
    text = FILE.replace(
        "let value = only number in completion\n", "let n = count of word in completion else 0\nlet value = only number in completion\n"
    )
    text = text.replace("and kind equals", "and n > 0 and kind equals")
    (tmp_path / "demo.reward").write_text(text, encoding="utf-8")
    assert "take 'else' out (RW309" in run("check", "demo.reward", "--fix").out
    assert (tmp_path / "demo.reward").read_text(encoding="utf-8") == text.replace(" else 0\nlet value", "\nlet value")


def test_line_ends_and_what_is_right_stay(run: Run, tmp_path: Path) -> None:
    """Carriage returns are kept, and a file without fixes is not written."""
    path = tmp_path / "demo.reward"
    path.write_bytes(FILE.replace("value = gold", "value == gold").replace("\n", "\r\n").encode())
    run("check", "demo.reward", "--fix")
    assert path.read_bytes() == FILE.replace("\n", "\r\n").encode()
    before = path.stat().st_mtime_ns
    run("check", "demo.reward", "--fix")
    assert path.stat().st_mtime_ns == before


def test_the_summary_says_what_could_be_fixed(run: Run, tmp_path: Path) -> None:
    """And not for what is only offered."""
    (tmp_path / "demo.reward").write_text(FILE.replace("value = gold", "value == gold"), encoding="utf-8")
    assert run("check", "demo.reward").out.endswith("demo.reward: 1 error (rewardlang help RW110 tells more); --fix puts it right\n")
    (tmp_path / "demo.reward").write_text(FILE.replace("and 1.5", "and 1"), encoding="utf-8")
    assert "--fix" not in run("check", "demo.reward").out


def test_a_mistake_in_an_imported_file_is_left_to_that_file(run: Run, tmp_path: Path) -> None:
    """Only the file that is named is changed; the name of something imported is fixed there."""
    (tmp_path / "common.reward").write_text("rewardlang 1\nreward common\nlet value = only numbr in completion\n", encoding="utf-8")
    text = FILE.replace("let value = only number in completion\n", 'import "common.reward" as common\nlet value = common.vaule\n')
    (tmp_path / "demo.reward").write_text(text, encoding="utf-8")
    result = run("check", "demo.reward", "--fix", "--json").json
    assert (tmp_path / "demo.reward").read_text(encoding="utf-8") == text.replace("vaule", "value")
    (finding,) = result["findings"]
    assert (finding["file"], finding["code"], finding["fix"]["edits"]) == (
        "common.reward",
        "RW205",
        [{"line": 3, "column": 18, "end_line": 3, "end_column": 23, "text": "number"}],
    )


def test_sarif_carries_the_edits(run: Run, tmp_path: Path) -> None:
    """As `fixes`, which code hosts offer to apply."""
    (tmp_path / "demo.reward").write_text(FILE.replace("value = gold", "value == gold"), encoding="utf-8")
    run("check", "demo.reward", "--sarif", "out.sarif")
    import json

    (result,) = json.loads((tmp_path / "out.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [
        {"deletedRegion": {"startLine": 7, "startColumn": 38, "endLine": 7, "endColumn": 40}, "insertedContent": {"text": "="}}
    ]


def test_brackets_are_not_torn(tmp_path: Path) -> None:
    """What stands in brackets before a superfluous word gets no edit that would leave a bracket open."""
    assert tmp_path.is_dir()
    text = FILE.replace("value = gold and", "(value) as number = gold and")
    for finding in compile_text(text).diagnostics:
        if finding.fix is not None:
            for edit in finding.fix.edits:
                assert text[edit.span.start : edit.span.end].count("(") == text[edit.span.start : edit.span.end].count(")")


EXAMPLES = [ROOT / "examples" / name for name in ("law/law_memo.reward", "medicine/paediatric_dose.reward", "gsm8k/math_gsm8k.reward")]


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[Path, str, str]:
    """An example's path, its text, and the text with one letter of one word left out, doubled, replaced, or swapped with the next."""
    path = draw(st.sampled_from(EXAMPLES))
    text = path.read_text(encoding="utf-8")
    word = draw(st.sampled_from(list(re.finditer(r"[A-Za-z_]{3,}", text))))
    at = draw(st.integers(word.start(), word.end() - 2))
    letters = draw(st.sampled_from([text[at + 1] + text[at], text[at] * 2 + text[at + 1], text[at], "q" + text[at + 1]]))
    return path, text, text[:at] + letters + text[at + 2 :]


@settings(max_examples=int(os.environ.get("REWARDLANG_EXAMPLES", "40")), deadline=None)
@given(misspelt())
def test_a_fix_gives_the_file_back_or_leaves_it_refused(case: tuple[Path, str, str]) -> None:
    """A file with one misspelt word never becomes another file that is accepted."""
    path, right, wrong = case
    now = wrong
    for _ in range(5):
        compiled = compile_text(now, name="x.reward", folder=str(path.parent))
        fixes = safe_fixes(compiled)[:1]
        if not fixes:
            break
        now = edited(now, fixes)
    assert now in (wrong, right) or compiled.program is None
