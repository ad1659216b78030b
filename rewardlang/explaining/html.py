"""Explanations, scores and rewards for a notebook: fragments of HTML that need nothing else.

Everything that is not ours, the completion above all, passes through `_text`,
which escapes markup and makes control characters visible. Colours sit beside
signs and words and never stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from rewardlang.explaining.places import Underline, windows
from rewardlang.explaining.words import exact, how_section_sums, number, outcome, range_of, signed, underlines, value_of, verdict
from rewardlang.marks import Gate, RowMarks, SectionMark
from rewardlang.source import Source
from rewardlang.terminal_text import safe
from rewardlang.types import Type

if TYPE_CHECKING:
    from rewardlang.program import Program

_STYLE = """<style>
.rewardlang{font:14px/1.45 system-ui,sans-serif;max-width:60rem}
.rewardlang table{border-collapse:collapse;margin:.5rem 0}
.rewardlang th,.rewardlang td{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}
.rewardlang td{border-bottom:1px solid #8884}
.rewardlang td.n,.rewardlang th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.rewardlang tr.section td,.rewardlang tr.total td{font-weight:600}
.rewardlang .small{font-size:.9em;opacity:.8}
.rewardlang pre{white-space:pre-wrap;overflow-wrap:anywhere;border-left:3px solid #8886;padding:.3rem .6rem}
.rewardlang mark{background:#ffd54a66;color:inherit;border-bottom:2px solid #b8860b}
.rewardlang sub{font-size:.7em;padding:0 .2em}
</style>"""
_MOST_ROWS = 10
_MOST_PLACES = 200


class HasRows(Protocol):
    """What `scores_html` needs of scores."""

    @property
    def rows(self) -> Sequence[RowMarks]:
        """The marked rows, in the order of the batch."""


class IsReward(Protocol):
    """What `reward_html` needs of a reward."""

    @property
    def name(self) -> str:
        """The name after `reward`."""

    @property
    def version(self) -> str | None:
        """The policy's own version."""

    @property
    def about(self) -> str | None:
        """What it marks, in a sentence."""

    @property
    def fingerprint(self) -> str:
        """Hexadecimal."""

    @property
    def columns(self) -> Mapping[str, Type]:
        """The declared columns."""

    @property
    def source(self) -> Source:
        """The text of the file."""


def _text(text: str) -> str:
    """Any text, inert: markup escaped, controls visible, line breaks kept."""
    return "\n".join(escape(safe(line.removesuffix("\r"))) for line in text.split("\n"))


def _row(cells: Iterable[tuple[str, str]], kind: str = "") -> str:
    """A table row of (class, HTML) cells."""
    inner = "".join(f'<td class="{name}">{html}</td>' if name else f"<td>{html}</td>" for name, html in cells)
    return f'<tr class="{kind}">{inner}</tr>' if kind else f"<tr>{inner}</tr>"


def _fragment(*parts: str) -> str:
    return f'<div class="rewardlang">{_STYLE}{"".join(parts)}</div>'


def page_html(title: str, fragment: str) -> str:
    """A whole page around a fragment, for a file of its own."""
    head = f'<head><meta charset="utf-8"><title>{_text(title)}</title></head>'
    return f'<!doctype html>\n<html lang="en">{head}\n<body>\n{fragment}\n</body></html>\n'


def explanation_html(program: Program, row: RowMarks, title: str) -> str:
    """One marked completion: the table of rules, and the completion with its places marked."""
    facts = outcome(row) if row.score is None else f"{outcome(row)} of {range_of(program)}"
    if row.success is not None:
        facts += "; success" if row.success else "; no success"
    head = f"<div>{_text(title)}</div>" if title else ""
    body = [] if row.gate is None else _gate_row(program.source, row.gate)
    for section in row.sections:
        body += _section_rows(program.source, row, section)
    if row.clamping:
        body.append(_row([("n", signed(number(row.clamping))), ("", f"clamped to the range {range_of(program)}"), ("", "")], "section"))
    if row.score is not None:
        body.append(_row([("n", number(row.score)), ("", "score"), ("", "")], "total"))
    failures = [
        f"<div>verifier {_text(failure.verifier)} {'broke' if failure.broke else 'refused'}: {_text(failure.reason)}</div>"
        for failure in row.failures
    ]
    table = f'<table><tr><th class="n">points</th><th>rule</th><th>why</th></tr>{"".join(body)}</table>'
    return _fragment(head, f"<div><b>{_text(facts)}</b></div>", table, *failures, _completion(row.completion, underlines(row)))


def _gate_row(source: Source, gate: Gate) -> list[str]:
    why = [_text(gate.words), _text(gate.reason)] + ([f"because “{_text(gate.because)}”"] if gate.because else [])
    points = "skip" if gate.score is None else number(gate.score)
    place = f'<span class="small">line {source.position(gate.span.start).line}</span>'
    return [_row([("n", points), ("", f"gate {place}"), ("", "<br>".join(part for part in why if part))], "section")]


def _section_rows(source: Source, row: RowMarks, section: SectionMark) -> list[str]:
    name = "rules of no section" if section.section is None else f"section {_text(section.section)}"
    lines = [_row([("n", signed(number(section.points))), ("", name), ("", how_section_sums(section))], "section")]
    for mark in row.marks:
        if mark.section != section.section:
            continue
        why = [_text(mark.reason)]
        why += [f"<code>{_text(value_of(shown, mark))}</code>" for shown in mark.shown]
        why += [f"not judged: {_text(clause)}" for clause in mark.unjudged]
        if mark.because:
            why.append(f'<span class="small">because “{_text(mark.because)}”</span>')
        title = f'{_text(mark.rule)}: {verdict(mark)} <span class="small">{_text(source.where(mark.span))}</span>'
        lines.append(_row([("n", signed(exact(mark.points))), ("", title), ("", "<br>".join(part for part in why if part))]))
    return lines


def _completion(text: str, places: Sequence[Underline]) -> str:
    """The text in pieces between the ends of places; each marked piece names its rules."""
    if not text:
        return "<pre>(the completion is empty)</pre>"
    parts, before = [], 0
    more = f"<div>and {len(places) - _MOST_PLACES:,} more places</div>" if len(places) > _MOST_PLACES else ""
    places = places[:_MOST_PLACES]
    for start, end in windows(text, places):
        if start > before:
            parts.append(f'<span class="small">… {start - before:,} characters not shown …</span>\n')
        before = end
        edges = sorted({start, end, *(edge for place in places for edge in (place.start, place.end) if start < edge < end)})
        for left, right in pairwise(edges):
            rules = dict.fromkeys(place.rule for place in places if place.start <= left and right <= place.end)
            piece = _text(text[left:right])
            parts.append(f"<mark>{piece}<sub>{_text(', '.join(rules))}</sub></mark>" if rules else piece)
    return f"<pre>{''.join(parts)}</pre>{more}"


def scores_html(scores: HasRows) -> str:
    """How many rows were marked, the mean, and the first rows with the points of every rule."""
    rows = scores.rows
    marked = [row.score for row in rows if row.score is not None]
    facts = f"{len(rows)} completions marked" + (f", {len(rows) - len(marked)} of them skipped" if len(marked) < len(rows) else "")
    if marked:
        facts += f"; score {min(marked):.4g} to {max(marked):.4g}, mean {sum(marked) / len(marked):.4g}"
    names = list(dict.fromkeys(mark.rule for row in rows for mark in row.marks))
    head = "".join(f'<th class="n">{_text(name)}</th>' for name in ["row", "score", *names]) + "<th>completion</th>"
    body = []
    for index, row in enumerate(rows[:_MOST_ROWS]):
        points = {mark.rule: signed(exact(mark.points)) for mark in row.marks}
        start = row.completion[:80] + ("…" if len(row.completion) > 80 else "")
        cells = [str(index), "skipped" if row.score is None else number(row.score), *(points.get(name, "") for name in names)]
        body.append(_row([*(("n", cell) for cell in cells), ("", _text(start))]))
    more = f'<div class="small">and {len(rows) - _MOST_ROWS} more</div>' if len(rows) > _MOST_ROWS else ""
    return _fragment(f"<div><b>{facts}</b></div>", f"<table><tr>{head}</tr>{''.join(body)}</table>", more)


def reward_html(reward: IsReward) -> str:
    """A reward file: its name, what it is about, the columns that it needs, its text."""
    version = f" {_text(reward.version)}" if reward.version else ""
    head = f"<div><b>{_text(reward.name)}{version}</b></div>"
    about = f"<div>{_text(reward.about)}</div>" if reward.about else ""
    columns = "".join(_row([("", _text(name)), ("", _text(str(kind)))]) for name, kind in reward.columns.items())
    table = f"<table><tr><th>column</th><th>type</th></tr>{columns}</table>" if columns else ""
    fingerprint = f'<div class="small">fingerprint {_text(reward.fingerprint[:12])}</div>'
    return _fragment(head, about, table, f"<pre>{_text(reward.source.text)}</pre>", fingerprint)
