"""The comparison with the expert's marks as a part of the page."""

from __future__ import annotations

from collections.abc import Container
from html import escape
from typing import TYPE_CHECKING

from rewardlang.explaining.words import number
from rewardlang.report.terminal import correlation_words, pairs_words
from rewardlang.report.words import short
from rewardlang.terminal_text import safe

if TYPE_CHECKING:
    from rewardlang.report.agreement import Agreement, Disagreement


def agreement_html(agreement: Agreement, shown: Container[int], *, with_text: bool) -> str:
    """Correlation, reversed pairs by rule, the ten worst, with links to those that are `shown`; without texts neither ids nor marks."""
    column = f" of column “{_text(agreement.column)}”"
    parts = [f"<h2>Beside the expert’s marks{column}</h2>"]
    if agreement.correlation is not None:
        parts.append(f"<p>Spearman’s rank correlation {correlation_words(agreement.correlation)}, with a 95 % interval.</p>")
    else:
        parts.append("<p>No rank correlation: that takes four completions, and scores and marks that differ.</p>")
    parts += [f"<p>{told.capitalize()}.</p>" for told in pairs_words(agreement)]
    if agreement.by_rule:
        rows = "".join(f'<tr><td>{_text(name)}</td><td class="n">{count:,}</td></tr>' for name, count in agreement.by_rule.items())
        head = '<tr><th>rule</th><th class="n">reversed pairs</th></tr>'
        caption = "For each reversed pair, the rule that speaks most against the expert’s order."
        parts.append(f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>")
    if agreement.worst and with_text:
        rows = "".join(
            f'<tr><td>{_linked(entry, shown)}</td><td>{_text(entry.rule)}</td><td class="n">{number(entry.mark)}</td>'
            f'<td class="n">{short(entry.score)}</td><td class="n">{entry.mark_rank:.2f}</td><td class="n">{entry.score_rank:.2f}</td></tr>'
            for entry in agreement.worst
        )
        head = "".join(f'<th class="n">{name}</th>' for name in ("mark", "score", "rank of the mark", "rank of the score"))
        caption = "The ten worst disagreements. Ranks run from 0 (least) to 1 (most); the rule is the one farthest from its mean that way."
        parts.append(
            f'<div class="scroll"><table><caption>{caption}</caption><thead><tr><th>completion</th><th>rule</th>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )
    return "".join(parts)


def _linked(entry: Disagreement, shown: Container[int]) -> str:
    title = _text(entry.title)
    return f'<a href="#row-{entry.number}">{title}</a>' if entry.number in shown else title


def _text(text: str) -> str:
    return escape(safe(text))
