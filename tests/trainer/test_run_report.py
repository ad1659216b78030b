"""The report that a run leaves: what it shows, and that nothing in it is live."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rewardlang.cli import main
from rewardlang.trainer.answers_log import read_answers
from rewardlang.trainer.problem import TrainingProblem
from rewardlang.trainer.run_report import ticks_for, write_report

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
HOSTILE = '</td></table><script>alert(1)</script><img src=x onerror="alert(2)"> & \u202e'


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)


@pytest.fixture(scope="module")
def run(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four steps that was measured at its start and its end."""
    folder = tmp_path_factory.mktemp("run") / "out"
    shutil.copytree(finished_run, folder)
    return folder


def test_the_page_tells_the_run(run: Path) -> None:
    """Tiles, curves of reward, success and every rule, the same prompts twice, and how it was made."""
    text = (run / "report.html").read_text(encoding="utf-8")
    for wanted in (
        "Run of length_pays", "Points of each rule", "Right answers", "The same prompts, before and after", "after step 4",
        "Best and worst of the last step", "What decides", "How it was made", "training.steps = 4", "award 0.1 points for each",
    ):  # fmt: skip
        assert wanted in text
    before, after, step = read_answers(run)
    assert (len(before), len(after), step) == (16, 16, 4)
    assert all(row["prompt"] == other["prompt"] for row, other in zip(before, after, strict=True))


def test_nothing_that_a_model_wrote_is_live(run: Path, tmp_path: Path) -> None:
    """A completion, a prompt and a rule's name full of markup are text; the page has no script and asks for nothing."""
    copy = tmp_path / "run"
    (copy / "held_out").mkdir(parents=True)
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    record["reward"]["name"] = HOSTILE
    record["notes"] = [HOSTILE]
    (copy / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (copy / "metrics.jsonl").write_bytes((run / "metrics.jsonl").read_bytes())
    with (copy / "metrics.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps({"kind": "alarm", "step": 4, "alarm": HOSTILE, "found": HOSTILE, "remedy": HOSTILE}) + "\n")
    answer: dict[str, Any] = {"prompt": HOSTILE, "completion": HOSTILE * 100, "score": None, "success": None, "points": {}}
    (copy / "held_out" / "step-00000000.jsonl").write_text(json.dumps(answer) + "\n", encoding="utf-8")
    text = write_report(copy).read_text(encoding="utf-8")
    page = Tags()
    page.feed(text)
    assert "script" not in page.names
    assert "img" not in page.names
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert "&lt;script&gt;" in text


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_hostile_run_opened_in_a_browser(run: Path, tmp_path: Path) -> None:
    """Nothing runs and nothing is loaded; curves and texts stand in the page."""
    assert CHROMIUM is not None
    shutil.copytree(run, tmp_path / "run")
    attack = "</title></style></svg><script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    record["reward"]["name"] = attack
    record["notes"] = [attack]
    (tmp_path / "run" / "run.json").write_text(json.dumps(record), encoding="utf-8")
    page = write_report(tmp_path / "run")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'browser'}"]
    done = subprocess.run([CHROMIUM, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True, timeout=120)
    seen = Tags()
    seen.feed(done.stdout)
    assert not {"script", "img"} & seen.names
    assert {"svg", "path", "table"} <= seen.names
    assert "<title>Run of &lt;/title&gt;" in done.stdout


def test_the_command_writes_it_anew(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rewardlang runs report RUN`, also of a run that was killed before it wrote its own."""
    (run / "report.html").unlink()
    assert main(["runs", "report", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "report.html")
    assert (run / "report.html").is_file()
    assert main(["runs", "report", str(run), str(run)]) == 2
    assert main(["runs", "report", str(run.parent)]) == 2


def test_a_folder_that_holds_no_run_is_told(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(TrainingProblem, match="holds no run"):
        write_report(tmp_path)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
@example([1e6, 1e6 + 1e-9])
@example([5e-324])
@example([-3.0, -3.0])
def test_ticks_enclose_the_values(values: list[float]) -> None:
    """Two to seven ticks, rising, with all values between the outer ones."""
    ticks = ticks_for(values)
    assert 2 <= len(ticks) <= 8
    assert list(ticks) == sorted(set(ticks))
    slack = 1e-9 * max(1.0, abs(ticks[0]), abs(ticks[-1]))
    assert ticks[0] <= min(values) + slack
    assert ticks[-1] >= max(values) - slack


def test_the_page_fits_a_narrow_screen(run: Path) -> None:
    """Wide tables scroll in a box of their own; no element has a fixed width in pixels."""
    text = (run / "report.html").read_text(encoding="utf-8")
    assert '<div class="wide">' in text
    assert not re.search(r'<(table|td|svg)[^>]* width="\d', text)
