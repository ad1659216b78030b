"""The page: one file that needs nothing else, in which nothing of a completion is live; opened in Chromium where there is one."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rewardlang.commands.marking import MarkedRow, marked_rows
from rewardlang.report.collect import Collected
from rewardlang.report.figures import figures_of
from rewardlang.report.page import Parts, page_of
from rewardlang.reward import loads
from rewardlang.samples.read import Samples
from tests.report.test_figures import FILE, ROWS, collected, row

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
HOSTILE = (
    "</script><script>document.title = 'owned'</script>\n<img src=x onerror=\"document.title = 'owned'\">\n"
    '<svg onload="document.title = \'owned\'"><!-- \u2028 \u202e \x1b[31m \ud800 &amp; 🙂<answer>72</answer>\n""" \\ \t end"'
)


def page(gathered: Collected, *, with_text: bool = True, findings: Any = ()) -> str:
    """The page over what was gathered."""
    figures = figures_of(gathered, 8)
    assert figures is not None
    return page_of(Parts(gathered, figures, findings, ["samples.jsonl"], with_text))


def data_in(text: str) -> Any:
    """The JSON that the page embeds."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def hostile(**more: Any) -> list[dict[str, Any]]:
    """A row in which every text is an attempt to run something."""
    return [{"id": HOSTILE, "completion": HOSTILE, "prompt": HOSTILE, "answer": "72", "level": 1, **more}, *ROWS]


def test_a_page_needs_nothing_else() -> None:
    """No address of anything, two scripts (one of them data), and a policy that forbids everything from elsewhere."""
    text = page(collected(ROWS))
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?\s*(?:https?:)?//", text)
    assert "@import" not in text
    assert text.count("<script") == 2
    assert "default-src 'none'" in text


def test_nothing_hostile_is_live() -> None:
    """No text of a row stands outside of the JSON, where no `<` stands; findings are escaped."""
    text = page(collected(hostile()), findings=[("warning", "RW622", HOSTILE)])
    outside = re.sub(r'(?s)<script type="application/json".*?</script>', "", text)
    assert "<img" not in outside
    assert "owned'</script>" not in outside.replace("&#x27;", "'").replace("&lt;", "")
    assert "<" not in json.dumps(data_in(text)).replace("\\u003c", "") or "<" not in re.findall(r'id="data">(.*?)</script>', text)[0]
    assert data_in(text)["rows"][0]["text"].startswith("</script>")


def test_without_text_nothing_of_a_row_is_in_the_page() -> None:
    """Neither prompts, completions, ids, values of columns nor the reasons that quote them; the numbers are there."""
    rows = [{**row("1234", True, "secretword ", level=98765), "id": "secretid", "prompt": "secretprompt"}, *ROWS]
    text = page(collected(rows), with_text=False)
    for secret in ("secretword", "secretid", "secretprompt", "1234", "98765"):
        assert secret not in text
    data = data_in(text)
    assert data["rows"][0]["score"] == 2
    assert data["rows"][0]["text"] is None
    assert [mark["fired"] for mark in data["rows"][0]["marks"]] == [1, 0]
    assert "secretword" in page(collected(rows))


def test_the_figures_stand_in_the_page() -> None:
    """Rules with their rates and shares, correlations, the forecast or why there is none."""
    text = page(collected(ROWS))
    for words in ("2 of 4", "gates, caps, clamping", "length in words", "column level", "No forecast"):
        assert words in text
    several = [{**row("1", True), "completions": ["<answer>1</answer>", "<answer>2</answer>"], "prompt": name} for name in ("a", "b")]
    assert "Groups of 8: " in page(collected(several))


def test_the_same_rows_give_the_same_page() -> None:
    """No clock and no chance."""
    assert page(collected(hostile())) == page(collected(hostile()))


def test_without_success_the_page_says_so() -> None:
    """And does not call anything wrong."""
    text = page(collected(ROWS, file=FILE.replace("success when final equals answer\n", "")))
    assert "the file does not say what is right" in text
    assert "The highest-scoring wrong completion" not in text


def _dom(folder: Path, text: str, number: int) -> str:
    """The page as Chromium has it after its script ran, with a row open."""
    assert CHROMIUM is not None
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000"]
    command = [CHROMIUM, *flags, "--dump-dom", f"{path.as_uri()}#row-{number}"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_hostile_row_opened_in_a_browser(tmp_path: Path) -> None:
    """Nothing ran; the row stands there as text, its answer marked by number as well as by colour, its reasons reachable by keyboard."""
    dom = _dom(tmp_path, page(collected(hostile())), 1)
    head, _, body = dom.partition("</head>")
    assert "<title>sums: what it pays</title>" in head
    shown = body.partition('<script type="application/json"')[0]
    assert "<img" not in shown
    assert "owned" in shown
    assert 'class="hid">U+202E</span>' in shown
    mark = re.search(r'<mark class="r0" tabindex="0" data-tip="([^"]*)"[^>]*>72<sup>1</sup></mark>', shown)
    assert mark is not None
    assert html.unescape(mark[1]).startswith("correct: +2, fired. holds: final equals answer")


def _example_in(dom: str) -> str:
    """The block that the opened row offers."""
    block = re.search(r"<textarea[^>]*>(.*?)</textarea>", dom.partition('<div id="row">')[2], re.DOTALL)
    assert block is not None
    return html.unescape(block[1])


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("number", [1, 3])
def test_the_example_of_should_have_been_is_one(tmp_path: Path, number: int) -> None:
    """The block that the page offers is read back, and holds as long as nothing in it is changed."""
    rows = [row('quote " back\\slash', True, "one\n\ttwo\n", level=2.5), row("b", False), row("72", True, '"""\n', level=-3)]
    dom = _dom(tmp_path, page(collected(rows)), number)
    reward = loads(f"{FILE}\n{_example_in(dom)}")
    (result,) = reward.run_examples()
    assert result.failures == ()
    assert result.row.completion == rows[number - 1]["completion"]


CHAT = """rewardlang 1
reward chat
numbers written "1.234,5"
column sum: number
let copied = overlap(completion, prompt, n = 1) else 0
require truncated is present else score -1
rule right: award 2 points when only number in completion equals sum
rule brief: award 0.1 points when system contains "brief" and not truncated
rule echo: deduct up to 0.3 points scaled by copied
score between -1 and 3
success when only number in completion equals sum
"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_what_a_row_gives_is_what_its_example_gives(tmp_path: Path) -> None:
    """Numbers in the notation of the file, the texts of a chat, the completion's own `truncated`; the marks are the same."""
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "the sum of all " + "many " * 5_000 + "?"}]
    mine = {"prompt": chat, "sum": "12.000", "completions": ["no", "12.000 is the sum"], "truncated": [True, False]}
    (tmp_path / "s.jsonl").write_text(json.dumps(mine), encoding="utf-8")
    gathered = Collected(loads(CHAT), 0, 10)
    for marked in marked_rows(gathered.reward, Samples(str(tmp_path / "s.jsonl"))):
        assert isinstance(marked, MarkedRow)
        gathered.add("s.jsonl", marked.row, marked.marks)
    reward = loads(f"{CHAT}\n{_example_in(_dom(tmp_path, page(gathered), 2))}")
    (result,) = reward.run_examples()
    assert result.failures == ()
    assert result.row.score == gathered.scores[1]


@pytest.mark.parametrize(("text", "told"), [("a\rb", "U+000D"), ("\x00", "U+0000"), ("\x0b", "U+000B"), ("half \ud83d", "U+D83D")])
def test_no_example_is_offered_that_no_file_can_hold(text: str, told: str) -> None:
    """The reason stands in its place."""
    (mine,) = data_in(page(collected([row("1", True, text)])))["rows"]
    assert f"the character {told} cannot stand in a file" in mine["no_example"]
    assert "given" not in mine
