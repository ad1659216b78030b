"""Explanations: the records sum to the score, the places stand under the text, and nothing of a completion is live."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from rewardlang.explaining.explanation import Explanation, reward_html, scores_html
from rewardlang.explaining.words import exact, number
from rewardlang.marks import Failure, Gate, Mark, Place, RowMarks, SectionMark, Shown
from rewardlang.program import Program, ScoreRange
from rewardlang.source import Source, Span
from rewardlang.terminal_text import cells_of, safe, width_of

FOLDER = Path(__file__).parent / "explanations"
SOURCE = Source(
    "gsm8k.reward",
    """rewardlang 1
reward gsm8k
column answer: text
let value = only <answer> in completion as math
require value is present else score -1 because "exactly one answer"

section substance
rule correct: award 2 points when value equals answer
  because "Equality is symbolic: 1/2, 0.5 and \\frac{1}{2} are the same answer, however they are written down."

section form at most 1 weight 0.2
rule thinks: award 1.5 points when completion starts with "<think>"
rule brief: deduct 0.25 points when count of word in value is more than 12

section language
rule spelling: deduct 0.1 points for each distinct misspelling in completion, up to 1 point

score clamped between -1.25 and 1.9
success when value equals answer
""",
)
PROGRAM = cast(Program, SimpleNamespace(source=SOURCE, score=ScoreRange(Fraction(-5, 4), Fraction(19, 10), True, Span(0, 0))))
COMPLETION = """<think>April 48, May half of that, so 48 + 24 = 72.</think>
The totel numbr of clips that Natalia sold in April and in May, in 日本 and in cafe\u0301s \x1b[31malike, is
<answer>72</answer>
"""


def span(words: str) -> Span:
    """Where words stand in the file."""
    start = SOURCE.text.index(words)
    return Span(start, start + len(words))


def place(words: str, note: str = "") -> Place:
    """Where words stand in the completion."""
    start = COMPLETION.index(words)
    return Place(start, start + len(words), note)


CORRECT = Mark(
    rule="correct",
    section="substance",
    points=Fraction(2),
    fired=True,
    reason="value equals answer",
    span=span("rule correct: award 2 points when value equals answer"),
    shown=(Shown(span("value equals"), "value", "72"), Shown(span("answer\n  because"), "answer", '"72"')),
    places=(place("72</answer>"),),
    because="Equality is symbolic: 1/2, 0.5 and \\frac{1}{2} are the same answer, however they are written down.",
)
THINKS = Mark("thinks", "form", Fraction(3, 2), True, "completion starts with <think>", span("rule thinks"), places=(Place(0, 59),))
BRIEF = Mark(
    "brief", "form", Fraction(0), False, "1 is not more than 12", span("rule brief"), (Shown(span("count"), "count of word in value", "1"),)
)
SPELLING = Mark(
    rule="spelling",
    section="language",
    points=Fraction(-1, 5),
    fired=True,
    reason="2 distinct misspellings",
    span=span("rule spelling"),
    places=(place("totel", "did you mean 'total'?"), place("numbr", "did you mean 'number'?")),
    unjudged=("the word list has no names of places",),
)
ROW = RowMarks(
    completion=COMPLETION,
    score=1.9,
    marks=(CORRECT, THINKS, BRIEF, SPELLING),
    sections=(
        SectionMark("substance", Fraction(2), Fraction(2), Fraction(1), 2.0),
        SectionMark("form", Fraction(3, 2), Fraction(1), Fraction(1, 5), 0.2),
        SectionMark("language", Fraction(-1, 5), Fraction(-1, 5), Fraction(1), -0.2),
    ),
    clamping=-0.10000000000000009,
    gate=None,
    success=True,
    failures=(Failure("misspelling", False, "the word is longer than 200 letters"),),
)
EXPLANATION = Explanation(PROGRAM, ROW, "row q7 of samples.jsonl, marked by gsm8k.reward")


def golden(name: str, text: str) -> None:
    """Compares with a file that a person has read; a missing file is written and fails once."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(text + "\n", encoding="utf-8")
        raise AssertionError(f"{path} was written; read it, and run again")
    assert text + "\n" == path.read_text(encoding="utf-8")


def test_a_whole_explanation_at_80_columns() -> None:
    """Rule, points, the values compared, reason, section, caps, weight, clamping, places, total and range."""
    text = EXPLANATION.text(80)
    golden("every_part_80.txt", text)
    assert max(width_of(line) for line in text.splitlines()) <= 80


def test_a_gate_decides_alone() -> None:
    """The statement, what it found, and that nothing else counted."""
    gate = Gate(span("require"), "value is present", -1.0, "2 <answer> blocks found, exactly one wanted", "exactly one answer")
    row = RowMarks("<answer>1</answer> or <answer>2</answer>", -1.0, (), (), 0.0, gate, False, ())
    golden("gate_80.txt", Explanation(PROGRAM, row).text(80))


def test_a_skipped_row_has_no_score() -> None:
    """It is said in words, not by a missing line."""
    gate = Gate(span("require"), "answer is present", None, "the row has no answer")
    row = RowMarks("<answer>1</answer>", None, (), (), 0.0, gate, None, ())
    assert "no score: the row is skipped" in str(Explanation(PROGRAM, row))


def test_colour_adds_nothing_but_colour() -> None:
    """Without its escape sequences a coloured explanation is the plain one."""
    colored = EXPLANATION.text(80, color=True)
    assert colored != EXPLANATION.text(80)
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines()] == [
        line.rstrip() for line in EXPLANATION.text(80).splitlines()
    ]


def test_json_holds_the_exact_points_and_the_places() -> None:
    """Plain data: `points_exact` is a fraction, places quote their text."""
    data = json.loads(json.dumps(EXPLANATION.to_json()))
    assert (data["score"], data["range"], data["success"], data["gate"]) == (1.9, [-1.25, 1.9], True, None)
    assert data["rules"][3] | {"words": "", "reason": ""} == {
        "rule": "spelling",
        "section": "language",
        "points": -0.2,
        "points_exact": "-1/5",
        "verdict": "fired",
        "reason": "",
        "because": None,
        "not_judged": ["the word list has no names of places"],
        "line": 16,
        "words": "",
        "values": [],
        "places": [
            {"start": 64, "end": 69, "text": "totel", "note": "did you mean 'total'?"},
            {"start": 70, "end": 75, "text": "numbr", "note": "did you mean 'number'?"},
        ],
    }


FRACTIONS = st.builds(Fraction, st.integers(-800, 800), st.sampled_from([1, 2, 3, 5, 7, 10, 40, 100]))


@given(st.lists(FRACTIONS, min_size=1, max_size=6), FRACTIONS, FRACTIONS, st.sampled_from([Fraction(1), Fraction(1, 5), Fraction(1, 3)]))
def test_the_printed_records_sum_to_the_printed_score(points: list[Fraction], one: Fraction, other: Fraction, weight: Fraction) -> None:
    """Rules add up to the section before caps, exactly; sections and clamping add up to the score, to the last bit."""
    low, high = sorted((one, other))
    marks = tuple(Mark(f"r{i}", "s", value, True, "", Span(0, 5)) for i, value in enumerate(points))
    raw = sum(points, Fraction(0))
    capped = min(max(raw, low), high)
    section = SectionMark("s", raw, capped, weight, float(capped * weight))
    clamping = 0.125 if section.points < 3 else -0.25
    row = RowMarks("x", section.points + clamping, marks, (section,), clamping, None, None, ())
    text = Explanation(PROGRAM, row).text(80)
    rules = [Fraction(found) for found in re.findall(r"^  (\S+) +r\d: fired", text, re.MULTILINE)]
    assert rules == points
    header = re.search(r"^(\S+) +section s(?:: (\S+) from its rules)?", text, re.MULTILINE)
    assert header is not None
    assert Fraction(header[2]) == sum(rules) if header[2] else float(header[1]) == float(sum(rules))
    clamped = re.search(r"^(\S+) +clamped", text, re.MULTILINE)
    total = re.search(r"^(\S+) +score$", text, re.MULTILINE)
    assert clamped is not None
    assert total is not None
    assert float(header[1]) + float(clamped[1]) == float(total[1]) == row.score


@given(st.fractions())
def test_a_printed_rational_is_exact_or_says_that_it_is_not(value: Fraction) -> None:
    """Only what begins with ≈ was rounded."""
    text = exact(value)
    assert text.startswith("≈") or Fraction(text) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_double_reads_back(value: float) -> None:
    """The shortest form of a double, without `.0`."""
    assert float(number(value)) == value


ANYTHING = st.text(st.characters() | st.sampled_from("\x1b\r\n\t\u202e\u0301日🙂\u200d\u009b "), max_size=120)


@given(ANYTHING, st.data(), st.integers(40, 120))
def test_nothing_of_a_completion_reaches_the_terminal_alive(text: str, data: st.DataObject, width: int) -> None:
    """Escape sequences, carriage returns and direction overrides come out visible, and no line is too wide."""
    ends = st.integers(0, len(text))
    places = tuple(Place(min(pair), max(pair), "note") for pair in data.draw(st.lists(st.tuples(ends, ends), max_size=4)))
    mark = SPELLING._replace(places=places)
    shown = Explanation(PROGRAM, ROW._replace(completion=text, marks=(mark,)), title=text.replace("\n", " ")).text(width)
    assert not set(shown) & set("\x1b\r\t\u202e\u009b\x07\x00")
    assert max(width_of(line) for line in shown.split("\n")) <= width


@given(ANYTHING, st.data())
def test_carets_stand_under_their_words(text: str, data: st.DataObject) -> None:
    """The caret line has as many columns before the carets as the text has before the place."""
    text = text.replace("\n", "").replace("\r", "")[:40]
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    if not text or start == end or not sum(cell.width for cell in cells_of(text[start:end])):
        return
    mark = SPELLING._replace(places=(Place(start, end),))
    lines = Explanation(PROGRAM, ROW._replace(completion=text, marks=(mark,))).text(2000).split("\n")
    carets = lines[lines.index("The completion") + 2].split("| ", 1)[1]
    assert len(carets) - len(carets.lstrip(" ")) == width_of(safe(text[:start]))
    assert carets.count("^") == width_of(safe(text[start:end]))


def test_a_completion_of_five_megabytes_is_shown_in_part() -> None:
    """The start, the end and the surroundings of the places; what is left out is counted."""
    text = "word " * 1_000_000
    mark = SPELLING._replace(places=(Place(2_500_000, 2_500_004, "here"),))
    shown = Explanation(PROGRAM, ROW._replace(completion=text, marks=(mark,))).text(80)
    assert len(shown) < 6000
    assert "spelling: here" in shown
    assert re.search(r"… \d,\d{3},\d{3} characters not shown …", shown)


def test_an_empty_completion_is_said_to_be_empty() -> None:
    """No silent gap under the heading."""
    assert "(the completion is empty)" in Explanation(PROGRAM, ROW._replace(completion="")).text()


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\"'&lt;"


def test_a_hostile_completion_is_inert_in_html() -> None:
    """No tag, attribute or escape sequence of a completion, a note or a title survives."""
    mark = SPELLING._replace(places=(Place(0, 8, HOSTILE),), reason=HOSTILE, shown=(Shown(Span(0, 1), HOSTILE, HOSTILE),))
    row = ROW._replace(completion=HOSTILE, marks=(mark,))
    for html in (Explanation(PROGRAM, row, title=HOSTILE)._repr_html_(), scores_html(_Scores((row,)))):
        tags = set(re.findall(r"<[^>]*>", html))
        assert not {tag for tag in tags if re.match(r"<(script|img)", tag) or "onerror" in tag}
        assert "\x1b" not in html
        assert "&lt;script&gt;" in html


class _Scores:
    """Scores as the notebook's functions see them."""

    def __init__(self, rows: tuple[RowMarks, ...]) -> None:
        self.rows = rows


class _Reward:
    """A reward as the notebook's functions see it."""

    name, version, about, fingerprint = "gsm8k", "1.0.0", "Maths <b>", "0123456789abcdef"
    columns: dict[str, object] = {}  # noqa: RUF012
    source = SOURCE


def test_scores_and_rewards_have_fragments_of_their_own() -> None:
    """Skipped rows say so; only ten rows are listed; the file's text is escaped."""
    skipped = ROW._replace(score=None)
    html = scores_html(_Scores((ROW, skipped) * 6))
    assert "12 completions marked, 6 of them skipped" in html
    assert html.count("<tr>") == 1 + 10
    assert "and 2 more" in html
    assert "Maths &lt;b&gt;" in reward_html(_Reward())  # type: ignore[arg-type]
