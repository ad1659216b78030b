"""The report as one HTML page that needs nothing else: offline, light and dark, on paper, any text inert.

What stands in the page itself passes through `_text`; the rows stand in it as
JSON in which `<` is escaped, and the script shows them by `textContent` alone.
A policy of content (CSP) forbids everything from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from rewardlang.explaining.words import range_of
from rewardlang.report.charts import histogram_svg, scatter_svg
from rewardlang.report.collect import Collected, Kept
from rewardlang.report.figures import REST, Figures, RuleFigures
from rewardlang.report.ranks import Correlation
from rewardlang.report.row_data import data_of
from rewardlang.report.terminal import forecast_words
from rewardlang.report.words import percent, score, share, short
from rewardlang.terminal_text import safe

_HERE = Path(__file__).parent


class Parts(NamedTuple):
    """What a page shows: the figures, findings in words, the expert's marks where there are some, and whether texts may stand in it."""

    collected: Collected
    figures: Figures
    findings: Sequence[tuple[str, str, str]]
    files: Sequence[str]
    with_text: bool
    marks: str = ""


def page_of(parts: Parts) -> str:
    """The whole page."""
    collected, reward = parts.collected, parts.collected.reward
    shown = collected.shown()
    style, script = (_HERE / "page.css").read_text("utf-8"), (_HERE / "page.js").read_text("utf-8")
    data = json.dumps(data_of(collected, shown, with_text=parts.with_text), separators=(",", ":")).replace("<", "\\u003c")
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_digest(script)}'"
    title = _text(f"{reward.name}{f' {reward.version}' if reward.version else ''}")
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}: what it pays</title><style>{style}</style>'
    )
    about = f'<p class="about">{_text(reward.about)}</p>' if reward.about else ""
    body = [
        f"<h1>{title}: what it pays</h1>{about}",
        _facts(parts),
        _findings(parts.findings),
        _scores(parts),
        _rules(parts.figures),
        _correlations(parts),
        parts.marks,
        _groups(parts.figures),
        _notable(collected),
        _explorer(parts, shown),
    ]
    noscript = "<noscript><p>The completions are shown by a script that stands in this page.</p></noscript>"
    main = "\n".join(part for part in body if part)
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body><main>{main}{noscript}</main>\n'
        f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script></body></html>\n'
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _facts(parts: Parts) -> str:
    collected, figures = parts.collected, parts.figures
    reward = collected.reward
    facts = [
        ("file", reward.source.name),
        ("fingerprint", reward.fingerprint[:16]),
        ("samples", ", ".join(parts.files)),
        ("completions", f"{collected.seen:,}" + (f", {collected.skipped:,} of them skipped" if collected.skipped else "")),
        ("score", f"{range_of(reward.program)}; here {score(figures.low)} to {score(figures.high)}"),
    ]
    right = sum(value == 1 for value in collected.right)
    facts.append(
        ("right", share(right, figures.marked) if figures.knows_success else "the file does not say what is right (success when …)")
    )
    if not parts.with_text:
        facts.append(("left out", "prompts, completions, values of columns, and whatever quotes them"))
    return f'<dl class="facts">{"".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in facts)}</dl>'


def _findings(findings: Sequence[tuple[str, str, str]]) -> str:
    if not findings:
        return ""
    items = "".join(f"<li><b>{_text(severity)}</b> {_text(code)}: {_text(message)}</li>" for severity, code, message in findings)
    return f'<h2>Findings</h2><ul class="findings">{items}</ul>'


def _scores(parts: Parts) -> str:
    figures = parts.figures
    told = f"least {score(figures.low)}, median {short(figures.median)}, mean {short(figures.mean)}, most {score(figures.high)}"
    chart = histogram_svg(figures)
    legend = "Filled: right. Hatched: not right." if figures.knows_success else "Hatched: every completion; nothing says which are right."
    figure = f"<figure>{chart}<figcaption>{legend}</figcaption></figure>" if chart else "<p>Every completion has the same score.</p>"
    return f"<h2>Scores</h2><p>{told}</p>{figure}"


def _rules(figures: Figures) -> str:
    rows = "".join(_rule(place, rule, figures) for place, rule in enumerate(figures.rules))
    if figures.rest is not None:
        blank = '<td class="n"></td>' * 4
        rows += f'<tr><td></td><td>{REST}</td>{blank}<td class="n">{percent(figures.rest)}</td><td></td><td></td></tr>'
    head = "".join(
        f"<th{' class=n' if name in ('mean', 'min', 'max', 'share') else ''}>{name}</th>"
        for name in ("section", "rule", "fired", "mean", "min", "max", "share", "with length", "")
    )
    caption = (
        "Points before caps, under a gate 0. Share: what of the variance of the score goes with the rule's points (they sum to 100 %; "
        "a negative share works against the others). With length: Spearman's rank correlation of the points with the number of words."
    )
    table = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<h2>Rules</h2><div class="scroll">{table}</div>'


def _rule(place: int, rule: RuleFigures, figures: Figures) -> str:
    rate = rule.fired / figures.marked
    bar = f'<span class="bar"><i style="width:{rate:.0%}"></i></span>'
    note = "never fired" if rule.rule in figures.never else "always fired" if rule.rule in figures.always else ""
    cells = [
        f"<td>{_text(rule.section or '')}</td>",
        f'<td><span class="chip r{place % 8}">{place + 1}</span> {_text(rule.rule)}</td>',
        f'<td class="n">{rule.fired:,} of {figures.marked:,}{bar}</td>',
        *(f'<td class="n">{short(value)}</td>' for value in (rule.mean, rule.low, rule.high)),
        f'<td class="n">{"" if rule.share is None else percent(rule.share)}</td>',
        f"<td>{'' if rule.length is None else short(round(rule.length.value, 2))}</td>",
        f'<td class="note">{note}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _correlations(parts: Parts) -> str:
    figures, collected = parts.figures, parts.collected
    named = [("length in words", figures.length), ("success", figures.success)]
    named += [(f"column {name}", found) for name, found in figures.columns.items()]
    rows = "".join(f"<tr><td>{_text(name)}</td>{_correlation(found)}</tr>" for name, found in named if found is not None)
    if not rows:
        return ""
    caption = (
        "Spearman's rank correlation of the score, with a 95 % interval (Bonett and Wright). A score that goes with length, or with the "
        "value of the right answer, pays for something else than it says."
    )
    head = '<tr><th>the score and</th><th class="n">correlation</th><th>interval</th><th class="n">n</th></tr>'
    table = f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"
    chart = scatter_svg(collected.scores, collected.lengths, collected.right)
    legend = "Circle: right. Cross: not right." if figures.knows_success else "Each cross is a completion."
    figure = f"<figure>{chart}<figcaption>{legend}</figcaption></figure>" if chart else ""
    return f"<h2>What the score goes with</h2>{table}{figure}"


def _correlation(found: Correlation) -> str:
    interval = f"{short(round(found.low, 2))} to {short(round(found.high, 2))}"
    return f'<td class="n">{short(round(found.value, 2))}</td><td>{interval}</td><td class="n">{found.n:,}</td>'


def _groups(figures: Figures) -> str:
    if figures.forecast is None:
        return (
            "<h2>Groups without spread</h2><p>No forecast: that takes two prompts or more with several completions each "
            "(rewardlang sample -n 8 makes them).</p>"
        )
    told = forecast_words(figures.forecast).capitalize()
    leans = " Drawing with replacement finds somewhat too many without spread." if figures.forecast.leans else ""
    vain = "A group of one score has no advantage to learn from: it is generated in vain."
    return f"<h2>Groups without spread</h2><p>{told}.{leans}</p><p>{vain}</p>"


def _notable(collected: Collected) -> str:
    pairs = [
        ("The highest-scoring wrong completion", collected.best_wrong),
        ("The lowest-scoring right completion", collected.worst_right),
        ("The highest score", collected.best),
        ("The lowest score", collected.worst),
    ]
    parts, seen = [], set()
    for heading, kept in pairs:
        if kept is not None and kept.number not in seen:
            seen.add(kept.number)
            parts.append(f'<h3>{heading}</h3><div data-row="{kept.number}"></div>')
    return f"<h2>Completions to look at</h2>{''.join(parts)}" if parts else ""


def _explorer(parts: Parts, shown: Sequence[Kept]) -> str:
    collected = parts.collected
    rules = "".join(
        f'<option value="{place}:{state}">{_text(rule.name)} {words}</option>'
        for place, rule in enumerate(collected.rules)
        for state, words in ((1, "fired"), (0, "did not fire"))
    )
    right = '<option value="right">right</option><option value="wrong">not right</option>' if parts.figures.knows_success else ""
    which = (
        f'<option value="all">all</option>{right}<option value="gate">stopped by a gate</option>'
        '<option value="failed">not judged in full</option>'
    )
    order = '<option value="data">of the data</option><option value="high">highest score</option><option value="low">lowest score</option>'
    left_out = ""
    if len(shown) < collected.seen:
        left_out = f"<p>The figures above are over all {collected.seen:,} completions; here is a sample of {len(shown):,} of them.</p>"
    tools = (
        '<div class="tools"><label>with the words<input id="find" type="search"></label>'
        f'<label>which<select id="which">{which}</select></label>'
        f'<label>rule<select id="rule"><option value="">any</option>{rules}</select></label>'
        f'<label>order<select id="order">{order}</select></label>'
        '<button type="button" id="before">Back</button><button type="button" id="after">Next</button>'
        '<span id="count" aria-live="polite"></span></div>'
    )
    head = "<tr><th>row</th><th class=n>score</th><th></th><th>completion</th></tr>"
    table = f'<table id="list"><thead>{head}</thead><tbody></tbody></table>'
    return f'<section class="screen"><h2>Every completion</h2>{left_out}{tools}{table}<div id="row"></div></section>'


def _text(text: str) -> str:
    """Any text, inert: markup escaped, controls visible."""
    return escape(safe(text))
