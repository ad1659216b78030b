"""`rewardlang doc`: the policy in words, as a page and as Markdown."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from rewardlang.compiled import compile_path
from tests.commands.conftest import REWARD, Run
from tests.sources import ROOT

FILES = sorted([*(ROOT / "examples").rglob("*.reward"), *(ROOT / "rewardlang" / "templates").rglob("*.reward")])
RICH = """rewardlang 1
reward memo version "2.1.0"
  about "A memo <b>with</b> one holding."

column outcome: one of ("yes", "no") because "decided by the court"
column points from "full points": number between 0 and 3
param form: number between 0 and 0.5 = 0.25

list stop = ["<script>alert(1)</script>", "maybe|perhaps"]
let holding = only <holding> in completion
let tail = last text after "</holding>" in completion else ""  # a comment

require outcome equals "yes" or outcome equals "no" else skip
require holding is present else score -1
  because "one holding"

section result at most 2 weight from 1 at step 0 to 0.5 at step 100
rule right: award points points when all of (
    # a comment of its own
    holding equals outcome;
    count of <holding> in completion = 1
  ) else 0.5 points
  because "the client asked"
section form
rule hedge: deduct 0.1 points for each distinct word in tail, up to 0.5
rule stops: award form points when holding is not in stop

score between -1 and 2.5 because "as agreed"
success when holding equals outcome because "the holding decides"
guarantee score at most 2.5
guarantee score at most 1 when not holding equals outcome because "a wrong holding cannot win"

example "right | clean"
  with outcome = "yes"
  with points = 3
  model writes "<holding>yes</holding>"
  expect score = 2.25

attack "two ```fences``` & holdings"
  with outcome = "yes"
  model writes "<holding>yes</holding>\\n```\\n<holding>no</holding>"
  expect score = -1
"""


@pytest.fixture
def rich(run: Run, tmp_path: Path) -> Run:
    """The command line beside a file with one of everything."""
    (tmp_path / "memo.reward").write_text(RICH, encoding="utf-8")
    return run


def test_everything_that_decides_is_said_in_words(rich: Run) -> None:
    """Columns, terms, gates, rules, caps, weights, ranges, guarantees, examples with marks; comments are not part of it."""
    text = rich("doc", "memo.reward").out
    for line in (
        "- Version: 2.1.0",
        "| outcome | one of: yes; no | decided by the court |",
        "| points (in the data: full points) | number, 0 to 3 |  |",
        "| form | number, 0 to 0.5 | `0.25` |  |",
        '| tail | `last text after "</holding>" in completion`; where that is missing: `""` |  |',
        '| `outcome equals "yes" or outcome equals "no"` | the row is left out: it is not marked at all |  |',
        "| `holding is present` | the score is -1, and no rule is read | one holding |",
        "The sum of the rules counts as never more than 2. The sum is multiplied by a weight: 1 at training step 0, then in",
        "to 0.5 at training step 100; unchanged before and after. The section adds 0 to +2 points to the score.",
        "| right | Awards `points points when all of (holding equals outcome; count of <holding> in completion = 1) else 0.5 points` |",
        " else 0.5 points` | 0 to +3 | the client asked |",
        "| hedge | Deducts `0.1 points for each distinct word in tail, up to 0.5` | -0.5 to 0 |  |",
        "The score is the sum of the sections. It lies between -1 and 2.5; the rules and conditions above can reach -1 to 2.5.",
        "> Because: as agreed",
        "A completion counts as right when `holding equals outcome`. This gives no points of its own.",
        "| The score is always at most 2.5. |  |",
        "| The score is at most 1 whenever `not holding equals outcome`. | a wrong holding cannot win |",
        "| `only` | exactly one; where there is none, or more than one, it is missing |",
        "### Example: right | clean",
        "| right | applies | +3 |",
        "Score -1, because this does not hold: `holding is present`; it is not right.",
        "Expected, and so it is: `score = -1`.",
    ):
        assert line in text.replace("\\", ""), line
    assert "comment" not in text


class _Page(HTMLParser):
    """Counts elements and checks that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remembers what has to be closed."""
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last that was opened is closed first."""
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_nothing_in_it_is_live(rich: Run, tmp_path: Path) -> None:
    """No script, link or address; what the file or a model wrote is escaped; dark and printed pages have styles."""
    assert rich("doc", "memo.reward", "--html", "memo.html").out == "wrote memo.html\n"
    page = (tmp_path / "memo.html").read_text(encoding="utf-8")
    parser = _Page()
    parser.feed(page)
    assert parser.open == []
    assert not parser.seen & {"script", "link", "img", "a", "b", "holding"}
    assert not re.search(r"https?:|url\(", page)
    assert "&lt;script&gt;" in page
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page
    assert "2.1.0" in page
    assert compile_path(tmp_path / "memo.reward").program.fingerprint in page  # type: ignore[union-attr]


def test_what_was_written_as_json(rich: Run, tmp_path: Path) -> None:
    """Both forms at once; the same file gives the same bytes."""
    result = rich("doc", "memo.reward", "--html", "memo.html", "--markdown", "memo.md", "--json")
    assert {**result.json, "fingerprint": ""} == {
        "file": "memo.reward",
        "name": "memo",
        "version": "2.1.0",
        "fingerprint": "",
        "wrote": ["memo.html", "memo.md"],
    }
    assert (tmp_path / "memo.md").read_text(encoding="utf-8") == rich("doc", "memo.reward").out


def test_a_file_whose_examples_fail_gives_no_document(run: Run, tmp_path: Path) -> None:
    """Nobody signs what does not hold; nor does a file with an error give one."""
    (tmp_path / "math.reward").write_text(REWARD.replace("expect score = 2.5", "expect score = 2"), encoding="utf-8")
    result = run("doc", "math.reward", "--html", "out.html")
    assert result.code == 1
    assert "error[RW505]" in result.out
    assert "1 expectation of math.reward not met; no document was written" in result.out
    (tmp_path / "math.reward").write_text(REWARD.replace("final equals", "finale equals"), encoding="utf-8")
    assert run("doc", "math.reward", "--html", "out.html").code == 1
    assert not (tmp_path / "out.html").exists()


def test_what_is_absent_is_said(run: Run, tmp_path: Path) -> None:
    """No column, no example, no success: somebody who signs should know."""
    text = 'rewardlang 1\nreward bare\nrule r: award 1 point when completion contains "x"\nscore between 0 and 1\n'
    (tmp_path / "math.reward").write_text(text, encoding="utf-8")
    out = run("doc", "math.reward").out
    for sentence in (
        "The completion that a model wrote is marked. Nothing else is looked at.",
        "The file does not say when a completion is right.",
        "The file has none: nobody has seen it mark anything.",
    ):
        assert sentence in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--json"], "give --html OUT or --markdown OUT"),
        (["--html", "math.reward"], "would overwrite math.reward itself"),
        (["--html", "x", "--markdown", "./x"], "name the same file"),
        (["--html", "nowhere/x.html"], "cannot write nowhere/x.html"),
    ],
)
def test_wrong_use(run: Run, words: list[str], message: str) -> None:
    """Exit 2; the reward file is never overwritten."""
    result = run("doc", "math.reward", *words)
    assert result.code == 2
    assert message in result.err


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_the_files_of_the_repository_have_documents(run: Run, file: Path) -> None:
    """Every example and template that holds what it promises; `careless.reward` is there to fail."""
    result = run("doc", str(file))
    assert result.code == (1 if "not met" in result.out else 0)
    assert result.err == ""


MEASURED = """rewardlang 1
reward dosing
column weight: quantity of body_mass in kg
column roots: list of math
param most: quantity of mass = 500 mg
use python "doses:usual" as usual(weight: quantity of body_mass in kg) returns quantity of mass in mg
rule dose: award 1 point when only quantity in completion is at most most and only quantity in completion is at most usual(weight)
rule root: award 1 point when 2 is in roots
score between 0 and 2
example "a child"
  with weight = 20 kg
  with roots = [2, "1/2"]
  model writes "400 mg"
  expect score = 2
"""


def test_quantities_and_functions_of_python_are_in_words(run: Run) -> None:
    """As they are written, with the unit of bare numbers; a function by its module, with what goes in and comes out."""
    Path("doses.py").write_text("def usual(weight): return 20 * weight\n", encoding="utf-8")
    Path("dosing.reward").write_text(MEASURED, encoding="utf-8")
    told = run("doc", "dosing.reward").out.replace("\\", "")
    assert "| weight | quantity of body mass, a bare number counts as kg |" in told
    assert "| most | quantity of mass | `500 mg` |" in told
    assert 'Given: `weight = 20 kg; roots = [2, "1/2"]`' in told
    assert "'usual' of the Python module 'doses' gives, of weight (quantity of body_mass in kg): quantity of mass in mg" in told


def test_words_used_are_told_with_their_samples_set_apart(run: Run) -> None:
    """What a verifier's docstring has between backticks is set like the words of the file, and no backtick is left."""
    code, out, _ = run("doc", str(ROOT / "examples/medicine/paediatric_dose.reward"))
    assert code == 0
    assert "| `error_prone` | Ways of writing a dose that have been misread: `1.0 mg`, `.5 mg`, `10 U`, `QD` |" in out
    assert "| allergies | list of text |" in out
