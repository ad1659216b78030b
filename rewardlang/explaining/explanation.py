"""Why a completion got its score: rule by rule, in the words of the file, summing to the score exactly.

The numbers shown are the records themselves: a rule's points are exact (a
decimal, or a fraction where no decimal is), a section's points and the score
are doubles in their shortest form. Whoever adds them up gets the score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rewardlang.explaining.places import marked_text
from rewardlang.explaining.words import exact, how_section_sums, number, outcome, range_of, signed, underlines, value_of, verdict
from rewardlang.marks import Gate, Mark, RowMarks, SectionMark
from rewardlang.source import Span
from rewardlang.terminal_text import Paint, painter, safe, width_of, wrap

if TYPE_CHECKING:
    from rewardlang.explaining.html import HasRows, IsReward
    from rewardlang.program import Program

_MOST_WORDS = 240
_WIDEST_COLUMN = 12


def scores_html(scores: HasRows) -> str:
    """Scores for a notebook: a summary and the first rows."""
    from rewardlang.explaining import html as explain_html

    return explain_html.scores_html(scores)


def reward_html(reward: IsReward) -> str:
    """A reward for a notebook: what it is about, its columns, its text."""
    from rewardlang.explaining import html as explain_html

    return explain_html.reward_html(reward)


class Explanation:
    """One marked completion with the program that marked it. `title` says which row it was, where somebody knows."""

    def __init__(self, program: Program, row: RowMarks, title: str = "") -> None:
        self.program, self.row, self.title = program, row, title

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """A fragment of HTML that needs nothing else and in which nothing of the completion is live."""
        from rewardlang.explaining.html import explanation_html

        return explanation_html(self.program, self.row, self.title)

    def words(self, span: Span) -> str:
        """The words of the file that a span covers, on one line, without an end that is too long to read."""
        words = " ".join(self.program.source.cut(span).split())
        return words if len(words) <= _MOST_WORDS else words[: _MOST_WORDS - 1] + "…"

    def line(self, span: Span) -> int:
        """The line of the file on which a span starts."""
        return self.program.source.position(span.start).line

    def text(self, width: int = 80, color: bool = False, *, whole: bool = False) -> str:
        """The explanation for a terminal, no line wider than `width`; `whole` shows a long completion to its end."""
        paint = painter(color)
        lines = _Lines(self, width, paint)
        lines.head()
        if self.row.gate is not None:
            lines.gate(self.row.gate)
        else:
            lines.sections()
        lines.failures()
        heading = "The completion" + (" (cut off before its end)" if self.row.truncated else "")
        shown = marked_text(self.row.completion, underlines(self.row), width, paint, whole=whole)
        return "\n".join([*lines.done, "", paint("bold", heading), *shown])

    def to_json(self) -> dict[str, Any]:
        """The explanation as plain data; see the page of `rewardlang explain --help` for its shape."""
        row = self.row
        return {
            "title": self.title,
            "score": row.score,
            "skipped": row.score is None,
            "range": [float(self.program.score.low), float(self.program.score.high)],
            "success": row.success,
            "truncated": row.truncated,
            "gate": self._gate_json(row.gate),
            "sections": [self._section_json(section) for section in row.sections],
            "rules": [self._rule_json(mark) for mark in row.marks],
            "clamping": row.clamping,
            "failures": [{"verifier": failure.verifier, "broke": failure.broke, "reason": failure.reason} for failure in row.failures],
            "completion": row.completion,
        }

    def _gate_json(self, gate: Gate | None) -> dict[str, Any] | None:
        if gate is None:
            return None
        return {"words": gate.words, "line": self.line(gate.span), "score": gate.score, "reason": gate.reason, "because": gate.because}

    def _section_json(self, section: SectionMark) -> dict[str, Any]:
        return {
            "section": section.section,
            "sum_of_rules": float(section.raw),
            "capped": float(section.capped),
            "weight": float(section.weight),
            "points": section.points,
        }

    def _elsewhere(self, span: Span) -> dict[str, str]:
        """The file of a place, where it is one that the reward imports."""
        source, _ = self.program.source.local(span)
        return {} if source is self.program.source else {"file": source.name}

    def _rule_json(self, mark: Mark) -> dict[str, Any]:
        text = self.row.completion
        return {
            "rule": mark.rule,
            "section": mark.section,
            "points": float(mark.points),
            "points_exact": str(mark.points),
            "verdict": verdict(mark),
            "reason": mark.reason,
            "because": mark.because,
            "not_judged": list(mark.unjudged),
            **self._elsewhere(mark.span),
            "line": self.line(mark.span),
            "words": self.words(mark.span),
            "values": [{"words": shown.words, "value": shown.value, "line": self.line(shown.span)} for shown in mark.shown],
            "places": [
                {"start": place.start, "end": place.end, "text": text[place.start : place.end], "note": place.note} for place in mark.places
            ],
        }


class _Lines:
    """The lines of an explanation above the completion, built from top to bottom."""

    def __init__(self, explanation: Explanation, width: int, paint: Paint) -> None:
        self.done: list[str] = []
        self._explanation, self._width, self._paint = explanation, width, paint
        row = explanation.row
        points = [signed(number(section.points)) for section in row.sections] + [signed(exact(mark.points)) for mark in row.marks]
        points += [signed(number(row.clamping)), number(row.score or 0.0)]
        self._column = min(_WIDEST_COLUMN, max(6, *(len(text) + 3 for text in points)))

    def head(self) -> None:
        """What was marked, the outcome, the range, success."""
        explanation, row = self._explanation, self._explanation.row
        if explanation.title:
            self.done += wrap(safe(explanation.title), self._width)
        text = (
            f"{outcome(row)} (of {range_of(explanation.program)})"
            if row.score is None
            else f"{outcome(row)} of {range_of(explanation.program)}"
        )
        if row.success is not None:
            text += "; success" if row.success else "; no success"
        self.done += [self._paint("bold", text), ""]

    def gate(self, gate: Gate) -> None:
        """The statement that decided alone."""
        points = "skip" if gate.score is None else number(gate.score)
        self._entry(points, 0, "this gate decided, no rule was marked", gate.span, "bad")
        self._detail(gate.words if gate.words.startswith("require") else f"require {gate.words}")
        self._detail(gate.reason)
        self._because(gate.because)

    def sections(self) -> None:
        """Every section with its rules, the clamping, and the line under which they sum."""
        row = self._explanation.row
        plain = len(row.sections) == 1 and row.sections[0].section is None
        for section in row.sections:
            self._section(section, plain)
        if row.clamping:
            self._entry(signed(number(row.clamping)), 0, f"clamped to the range {range_of(self._explanation.program)}", None, "bold")
        self.done.append("-" * (self._column - 1))
        self._entry("" if row.score is None else number(row.score), 0, "score", None, "bold")

    def _section(self, section: SectionMark, plain: bool) -> None:
        marks = [mark for mark in self._explanation.row.marks if mark.section == section.section]
        how = how_section_sums(section)
        if not plain or how:
            name = "rules of no section" if section.section is None else f"section {section.section}"
            self._entry(signed(number(section.points)), 0, name + (f": {how}" if how else ""), None, "bold")
        for mark in marks:
            self._rule(mark)

    def _rule(self, mark: Mark) -> None:
        style = "good" if mark.points > 0 else "bad" if mark.points < 0 else "dim"
        self._entry(signed(exact(mark.points)), 2, f"{mark.rule}: {verdict(mark)}", mark.span, style)
        self._detail(mark.reason)
        for shown in mark.shown:
            self._detail(value_of(shown, mark), hang=2)
        for clause in mark.unjudged:
            self._detail(f"not judged: {clause}")
        self._because(mark.because)

    def failures(self) -> None:
        """Verifiers that refused or broke on this row."""
        for failure in self._explanation.row.failures:
            what = "broke" if failure.broke else "refused"
            text = safe(f"verifier {failure.verifier} {what}: {failure.reason}")
            self.done += [self._paint("warning", line) for line in wrap(text, self._width)]

    def _entry(self, points: str, indent: int, text: str, span: Span | None, style: str) -> None:
        """`+2     correct: fired                 line 25`, wrapped where the text is long."""
        place = self._explanation.program.source.where(span) if span is not None else ""
        left = " " * indent + points.ljust(self._column - indent)
        left += "  " if len(left) > self._column else ""
        start = len(left) + indent
        head, *rest = wrap(text, self._width - start - (len(place) + 2 if place else 0))
        gap = self._width - start - width_of(head) - len(place)
        tail = " " * max(2, gap) + self._paint("dim", place) if place else ""
        self.done.append(self._paint(style, left) + " " * indent + self._paint(style, head) + tail)
        self.done += [" " * start + line for line in rest]

    def _detail(self, text: str, hang: int = 0) -> None:
        """A line under a rule; line breaks in what a model wrote are shown, not made."""
        if text:
            indent = self._column + 4
            head, *rest = wrap(safe(text), self._width - indent - hang)
            self.done += [" " * indent + head, *(" " * (indent + hang) + line for line in rest)]

    def _because(self, because: str | None) -> None:
        if because:
            self._detail(f'because "{" ".join(because.split())}"')
