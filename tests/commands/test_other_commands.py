"""`explain`, `fmt`, `help`, `test` and `init`."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rewardlang import codes
from rewardlang.commands.init import TEMPLATES
from rewardlang.marking.guard import VerifierBreakdown
from rewardlang.reward import Reward
from tests.commands.conftest import REWARD, Run

# ---------------------------------------------------------------- explain


def test_a_row_is_explained_by_its_id(run: Run) -> None:
    """The title names the row, the completion and the reward."""
    result = run("explain", "math.reward", "--samples", "samples.jsonl", "--row", "q4", "--completion", "2")
    assert result.code == 0
    assert result.out.startswith("row 'q4' of samples.jsonl, completion 2 of 2, marked by math.reward\nscore -1 of -1 to 2.5; no success\n")
    assert "exactly one answer" in result.out


def test_without_a_row_the_first_is_explained(run: Run) -> None:
    """The first thing that a newcomer tries works."""
    assert "row 'q1' of samples.jsonl" in run("explain", "math.reward", "--samples", "samples.jsonl").out


def test_an_explanation_as_json_and_as_a_page(run: Run, tmp_path: Path) -> None:
    """The page stands alone."""
    data = run("explain", "math.reward", "--samples", "samples.jsonl", "--row", "q1", "--json").json
    assert (data["score"], [rule["points"] for rule in data["rules"]]) == (2.5, [2.0, 0.5])
    assert run("explain", "math.reward", "--samples", "samples.jsonl", "--row", "q1", "--html", "q1.html").out == "wrote q1.html\n"
    page = (tmp_path / "q1.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http" not in page


def test_a_row_that_cannot_be_marked_says_why(run: Run, tmp_path: Path) -> None:
    """Only the problems of that row are told."""
    (tmp_path / "s.jsonl").write_text('(\n{"id": "a", "completion": "x"}\n', encoding="utf-8")
    result = run("explain", "math.reward", "--samples", "s.jsonl", "--row", "a")
    assert result.code == 1
    assert result.err.startswith("error[RW606]: row 'a' has no column 'answer'")
    assert "RW602" in run("explain", "math.reward", "--samples", "s.jsonl", "--row", "1").err


def test_a_verifier_that_is_broken_stops_every_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table and no file over verdicts that cannot be trusted; the verifier is named."""

    def broken(*_: object, **__: object) -> None:
        raise VerifierBreakdown("the verifier 'word' broke on 20 of its last 20 inputs")

    for way in ("mark", "score"):
        monkeypatch.setattr(Reward, way, broken)
    checked = run("check", "math.reward", "--samples", "samples.jsonl")
    assert checked.code == 1
    assert "error[RW625]: marking stopped: the verifier 'word' broke" in checked.out
    scored = run("score", "math.reward", "--samples", "samples.jsonl", "--out", "out.jsonl")
    assert scored.code == 1
    assert "marking stopped: the verifier 'word' broke" in scored.err
    assert not Path("out.jsonl").exists()
    assert run("explain", "math.reward", "--samples", "samples.jsonl").code == 1


@pytest.mark.parametrize(("library", "path"), [("pyarrow", "s.parquet"), ("openpyxl", "s.xlsx")])
def test_a_missing_extra_is_named_with_its_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, path: str
) -> None:
    """Parquet and spreadsheets need libraries that the base installation has not."""
    (tmp_path / path).write_bytes(b"")
    monkeypatch.setitem(sys.modules, library, None)
    result = run("check", "math.reward", "--samples", path)
    assert result.code == 2
    assert f"needs {library}, which is not installed; install it with: pip install 'rewardlang[data]'" in result.err


# ---------------------------------------------------------------- fmt

UNTIDY = REWARD.replace("rule correct: award", "rule   correct:award")


def test_fmt_lays_a_file_out_once(run: Run, tmp_path: Path) -> None:
    """The second run finds nothing to do."""
    (tmp_path / "math.reward").write_text(UNTIDY, encoding="utf-8")
    assert run("fmt", "math.reward").out == "laid out: math.reward\n"
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == REWARD
    assert run("fmt", "math.reward").out == ""
    assert run("fmt", "--check", "math.reward").out == "1 file laid out as usual\n"


def test_fmt_check_and_diff_write_nothing(run: Run, tmp_path: Path) -> None:
    """`--check` tells by its exit code, `--diff` shows the lines."""
    (tmp_path / "math.reward").write_text(UNTIDY, encoding="utf-8")
    assert run("fmt", "--check", "math.reward")[:2] == (1, "would change: math.reward\n")
    diff = run("fmt", "--diff", "math.reward")
    assert diff.code == 0
    assert "\n-rule   correct:award 2 points" in diff.out
    assert "\n+rule correct: award 2 points" in diff.out
    assert run("fmt", "--check", "--json", "math.reward").json == [{"file": "math.reward", "changed": True, "findings": []}]
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == UNTIDY


def test_fmt_reads_a_pipe(run: Run) -> None:
    """Standard input to standard output, as editors want it."""
    assert run("fmt", "-", stdin=UNTIDY.encode()).out == REWARD


def test_fmt_leaves_a_file_alone_that_does_not_parse(run: Run, tmp_path: Path) -> None:
    """Its mistakes are told."""
    (tmp_path / "math.reward").write_text("rewardlang 1\nreward x\nrule : award\n", encoding="utf-8")
    result = run("fmt", "math.reward")
    assert result.code == 1
    assert "error[RW1" in result.err
    assert (tmp_path / "math.reward").read_text(encoding="utf-8") == "rewardlang 1\nreward x\nrule : award\n"


# ---------------------------------------------------------------- help


@pytest.mark.parametrize("code", codes.every())
def test_every_code_has_a_page_that_fits(run: Run, code: str) -> None:
    """In lower case too; the marks of Markdown are gone."""
    result = run("help", code.lower())
    assert result.code == 0
    assert result.out.startswith(f"{code}: ")
    assert "```" not in result.out
    assert "\n## " not in result.out


def test_help_lists_the_codes_by_group(run: Run) -> None:
    """Every code with its title; warnings are marked as such."""
    listed = run("help").out
    assert all(f"  {code}  {codes.title(code)}" in listed for code in codes.every())
    assert "RW6xx  data and samples" in listed
    assert run("help", "--json").json[0].keys() == {"code", "title", "severity"}


# ---------------------------------------------------------------- test


def test_test_names_every_example(run: Run) -> None:
    """One line an example."""
    result = run("test", "math.reward")
    assert (result.code, result.out) == (0, 'math.reward\n  ok      example "right"\n  1 example, all hold\n\n')


def test_test_fails_with_an_example_and_says_why(run: Run, tmp_path: Path) -> None:
    """What came out stands in the message."""
    (tmp_path / "other.reward").write_text(REWARD.replace("expect score = 2.5", "expect score = 1"), encoding="utf-8")
    result = run("test", "math.reward", "other.reward")
    assert result.code == 1
    assert '  FAILED  example "right"' in result.out
    assert "the score is 2.5" in result.out
    assert result.out.endswith("2 files: failed: other.reward\n")


def test_a_file_without_examples_fails_unless_allowed(run: Run, tmp_path: Path) -> None:
    """Nobody has seen it mark anything."""
    (tmp_path / "math.reward").write_text(REWARD.partition("\nexample")[0], encoding="utf-8")
    assert run("test", "math.reward").code == 1
    assert run("test", "math.reward", "--allow-none").code == 0
    (report,) = run("test", "math.reward", "--json").json
    assert report == {"file": "math.reward", "ok": False, "findings": [], "examples": [], "coverage": None}


# ---------------------------------------------------------------- init


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_clean(run: Run, tmp_path: Path, template: str) -> None:
    """Checked with its samples, even warnings do not come; its examples hold; it is laid out as usual; ten samples."""
    assert run("init", template).code == 0
    reward, samples = f"{template}/{template}.reward", f"{template}/samples.jsonl"
    data = run("check", reward, "--samples", samples, "--strict", "--json").json
    assert data["findings"] == []
    assert (data["samples"]["completions"], data["samples"]["skipped"]) == (10, 0)
    assert run("test", reward).code == 0
    assert run("fmt", "--check", reward).code == 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_three_next_commands_work(run: Run, template: str) -> None:
    """They are copied from the screen by everybody."""
    for command in run("init", template, "my reward", "--json").json["next"]:
        words = [word.replace("'", "") for word in command.replace("my reward", "my_reward").split()[1:]]
        assert run(*(word.replace("my_reward", "my reward") for word in words)).code == 0


def test_init_overwrites_nothing_unless_told(run: Run, tmp_path: Path) -> None:
    """A file of the user's is worth more than a template."""
    (tmp_path / "blank").mkdir()
    (tmp_path / "blank" / "README.md").write_text("mine", encoding="utf-8")
    result = run("init", "blank")
    assert result.code == 2
    assert "blank already has README.md" in result.err
    assert [path.name for path in (tmp_path / "blank").iterdir()] == ["README.md"]
    assert run("init", "blank", "--force").code == 0
    assert (tmp_path / "blank" / "README.md").read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_script_gives_trl_a_reward_that_takes_the_data(
    template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Run with stand-ins for TRL and datasets: the reward function scores the columns that the data set hands over."""
    shutil.copytree(Path(codes.__file__).parent / "templates" / template, tmp_path / template)
    monkeypatch.chdir(tmp_path / template)
    rows = [json.loads(line) for line in Path("samples.jsonl").read_text(encoding="utf-8").splitlines()]
    seen: dict[str, Any] = {}

    class Trainer:
        def __init__(self, **given: Any) -> None:
            seen.update(given)

        def train(self) -> None:
            columns = {name: [row[name] for row in rows] for name in rows[0] if name not in seen["train_dataset"].removed}
            seen["scores"] = seen["reward_funcs"](completions=[row["completion"] for row in rows], prompts=columns.pop("prompt"), **columns)

    class Data:
        removed: tuple[str, ...] = ()

        def remove_columns(self, names: list[str]) -> Data:
            self.removed = tuple(names)
            return self

    trl, datasets = ModuleType("trl"), ModuleType("datasets")
    vars(trl).update(GRPOTrainer=Trainer, GRPOConfig=lambda **given: given)
    vars(datasets).update(load_dataset=lambda kind, data_files, split: Data())
    monkeypatch.setitem(sys.modules, "trl", trl)
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    runpy.run_path("train_with_trl.py")
    assert len(seen["scores"]) == 10
    assert all(isinstance(score, float) for score in seen["scores"])
    assert len(set(seen["scores"])) > 2
