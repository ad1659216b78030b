"""A report over marked rows as plain aligned text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rewardlang.commands.shared import counted, times
from rewardlang.report.words import percent, score, share, short
from rewardlang.terminal_text import Paint, clip, listed, pad, safe, width_of, wrap

if TYPE_CHECKING:
    from rewardlang.commands.statistics import Statistics
    from rewardlang.report.figures import Figures
    from rewardlang.reward import Reward

_BARS = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS = " .:-=+*#%"
WIDEST = 28


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int, width: int, paint: Paint) -> list[str]:
    """Lines of a table. The last `numbers` columns are right-aligned; names longer than 28 columns are cut with `…`."""
    cells = [[clip(safe(cell), WIDEST) for cell in row] for row in [head, *rows]]
    widths = [max(width_of(row[column]) for row in cells) for column in range(len(head))]
    first = len(head) - numbers
    lines = ["  ".join(pad(cell, widths[i], right=i >= first) for i, cell in enumerate(row)).rstrip() for row in cells]
    return [paint("bold", lines[0]), *(clip(line, width) for line in lines[1:])]


def histogram(counts: Sequence[int], *, plain: bool) -> str:
    """One bar a bin, the tallest for the fullest; a bin with anything in it is never blank."""
    bars, most = (_PLAIN_BARS if plain else _BARS), max(counts)
    return "".join(bars[0] if not count else bars[max(1, round(count / most * (len(bars) - 1)))] for count in counts)


def report(statistics: Statistics, reward: Reward, figures: Figures | None, *, width: int, paint: Paint, plain: bool) -> Iterator[str]:
    """The lines of the report: counts, rules, scores, groups, what could not be judged."""
    counts = [counted(statistics.rows, "row")]
    if statistics.completions != statistics.rows:
        counts.append(counted(statistics.completions, "completion"))
    if statistics.skipped:
        counts.append(f"{statistics.skipped:,} skipped")
    yield ", ".join([f"marked {counts[0]}", *counts[1:]])
    yield ""
    if not statistics.scores:
        return
    yield from _rules(statistics, figures, width, paint)
    yield from _gates(statistics, reward, width)
    yield ""
    yield from _scores(statistics, plain)
    yield from _failures(statistics, width)


def _rules(statistics: Statistics, figures: Figures | None, width: int, paint: Paint) -> list[str]:
    """The last column is the rule's share of the variance of the score."""
    shares = {} if figures is None else {rule.rule: rule.share for rule in figures.rules}
    rows = []
    for rule in statistics.rules.values():
        mean, low, high = float(rule.total / statistics.marked), float(rule.low or 0), float(rule.high or 0)
        fired = f"{rule.fired:,} of {statistics.marked:,}"
        part = shares.get(rule.rule)
        rows.append([rule.section or "", rule.rule, fired, short(mean), score(low), score(high), "" if part is None else percent(part)])
    head = ["section", "rule", "fired", "mean", "min", "max", "share"]
    if not any(row[0] for row in rows):
        head, rows = head[1:], [row[1:] for row in rows]
    return table(head, rows, numbers=5, width=width, paint=paint)


def _gates(statistics: Statistics, reward: Reward, width: int) -> Iterator[str]:
    """How many completions each `require` stopped."""
    for require in reward.program.requires:
        stopped = statistics.gates.get(require.span.start, 0)
        if stopped:
            words = " ".join(reward.source.cut(require.span).split())
            line = reward.source.position(require.span.start).line
            yield clip(f"line {line} stopped {share(stopped, statistics.completions)}: {safe(words)}", width)


def _scores(statistics: Statistics, plain: bool) -> Iterator[str]:
    values = statistics.distribution()
    if values["min"] == values["max"]:
        yield f"score    {score(values['min'])} for every completion"
    else:
        bars = histogram(statistics.histogram(), plain=plain)
        yield (
            f"score    min {score(values['min'])}   median {short(values['median'])}   mean {short(values['mean'])}"
            f"   max {score(values['max'])}   |{bars}|"
        )
    if statistics.judged:
        yield f"success  {share(statistics.successes, statistics.judged)}"
    groups = len(statistics.real_groups)
    if groups:
        yield f"groups   {share(statistics.flat_groups, groups)} of one prompt have no spread: the same score for all"


def _failures(statistics: Statistics, width: int) -> Iterator[str]:
    for what, counts in (("refused to judge", statistics.refused), ("broke", statistics.broke)):
        if counts:
            yield from wrap(f"verifiers that {what}: {listed(f'{name} {times(count)}' for name, count in counts.items())}", width)
