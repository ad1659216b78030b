"""The parts of `check` that say what a reward does to many completions: figures, the report, the expert's own marks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewardlang.samples.problem import Problem, UsageError

if TYPE_CHECKING:
    from rewardlang.commands.outcome import Outcome
    from rewardlang.report.agreement import Agreement
    from rewardlang.report.collect import Collected
    from rewardlang.reward import Reward
    from rewardlang.terminal_text import Paint

_ROWS_OF_A_REPORT = 10_000
_MOST_SIZE = 4_096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--report`, `--without-text`, `--group-size`, `--marks`."""
    what = "write a page that shows what the file pays on the samples, with each completion marked up; it works offline"
    parser.add_argument("--report", metavar="OUT.html", help=what)
    parser.add_argument("--without-text", action="store_true", help="keep prompts, completions and values of columns out of the report")
    what = "completions a prompt in training, for the forecast of groups without spread (default 8)"
    parser.add_argument("--group-size", type=_group_size, default=8, metavar="N", help=what)
    what = "a column of the samples with an expert's marks: does the file put the completions into the same order?"
    parser.add_argument("--marks", metavar="COLUMN", help=what)


def _group_size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 2 <= int(text) <= _MOST_SIZE):
        raise argparse.ArgumentTypeError(f"a group has 2 to {_MOST_SIZE:,} completions, found '{text}'")
    return int(text)


def refuse_wrong_use(arguments: argparse.Namespace) -> None:
    """Before anything is marked: what needs samples, and a place that cannot be written."""
    for flag, value in (("--report", arguments.report), ("--marks", arguments.marks)):
        if value and not arguments.samples:
            raise UsageError(f"{flag} needs completions; give them with --samples")
    if arguments.without_text and not arguments.report:
        raise UsageError("--without-text is about the report; name it with --report OUT.html")
    if arguments.report:
        path = Path(arguments.report)
        if path.suffix.lower() not in (".html", ".htm"):
            raise UsageError(f"a report is a page; its name ends in .html, and {arguments.report} does not")
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent}")


def collector(reward: Reward, arguments: argparse.Namespace) -> Collected:
    """What gathers the numbers while rows are marked; rows are kept only for a report."""
    from rewardlang.report.collect import Collected

    return Collected(reward, arguments.step, _ROWS_OF_A_REPORT if arguments.report else 0, arguments.marks)


def finish(outcome: Outcome, collected: Collected, arguments: argparse.Namespace) -> None:
    """Figures, comparison and report, once everything is marked."""
    from rewardlang.report.figures import figures_of

    outcome.figures = figures_of(collected, arguments.group_size)
    if arguments.marks and collected.scores:
        from rewardlang.report.agreement import agreement_of

        outcome.agreement = agreement_of(collected)
        if outcome.agreement is None:
            raise UsageError(_no_marks(arguments.marks, collected.names))
    if arguments.report and outcome.figures is not None:
        _write(outcome, collected, arguments)


def _no_marks(column: str, there: Sequence[str]) -> str:
    from rewardlang.suggest import did_you_mean

    told = f"no row has a number in the column '{column}' of --marks"
    if column in there:
        return f"{told}; marks are numbers, or true and false"
    listed = ", ".join(there)
    return f"{told}; {did_you_mean(column, there) or f'columns there: {listed}'}"


def _write(outcome: Outcome, collected: Collected, arguments: argparse.Namespace) -> None:
    from rewardlang.report.agreement_page import agreement_html
    from rewardlang.report.page import Parts, page_of
    from rewardlang.whole_file import whole

    assert outcome.figures is not None
    with_text = not arguments.without_text
    shown = {kept.number for kept in collected.shown()}
    marks = agreement_html(outcome.agreement, shown, with_text=with_text) if outcome.agreement is not None else ""
    parts = Parts(collected, outcome.figures, _findings(outcome, with_text=with_text), arguments.samples, with_text, marks)
    page = page_of(parts)
    path = Path(arguments.report)
    try:
        with whole(path.resolve()) as temporary:
            temporary.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {arguments.report}: {error.strerror}") from None
    outcome.report = arguments.report


def _findings(outcome: Outcome, *, with_text: bool) -> Sequence[tuple[str, str, str]]:
    """Severity, code and sentence; those about single rows quote values, so without texts they are told by their titles."""
    from rewardlang.codes import title

    return [
        (finding.severity, finding.code, finding.message if with_text or not isinstance(finding, Problem) else title(finding.code))
        for finding in outcome.findings
    ]


def lines(outcome: Outcome, width: int, paint: Paint) -> Iterator[str]:
    """What stands under the table of `check`."""
    from rewardlang.terminal_text import wrap

    if outcome.figures is not None:
        from rewardlang.report.terminal import figure_lines

        for line in figure_lines(outcome.figures):
            yield from wrap(line, width)
    if outcome.agreement is not None:
        yield ""
        yield from agreement_lines(outcome.agreement, width, paint)
    if outcome.report is not None:
        yield f"\nreport: {outcome.report}"


def agreement_lines(agreement: Agreement, width: int, paint: Paint) -> Iterator[str]:
    """The comparison with the expert's marks, and the ten completions on which they differ most."""
    from rewardlang.commands.table import table
    from rewardlang.explaining.words import number
    from rewardlang.report.terminal import correlation_words, pairs_words
    from rewardlang.report.words import short
    from rewardlang.terminal_text import wrap

    yield paint("bold", f"beside the marks of column '{agreement.column}'")
    if agreement.correlation is not None:
        yield from wrap(f"Spearman's rank correlation {correlation_words(agreement.correlation)}, with a 95 % interval", width)
    else:
        yield from wrap("no rank correlation: that takes four completions, and scores and marks that differ", width)
    for told in pairs_words(agreement):
        yield from wrap(told, width)
    if agreement.by_rule:
        rules = "; ".join(f"{name} {count:,}" for name, count in agreement.by_rule.items())
        yield from wrap(f"the rule that speaks most against the expert, by reversed pairs: {rules}", width)
    if agreement.worst:
        rows = [
            [entry.title, entry.rule, number(entry.mark), short(entry.score), f"{entry.mark_rank:.2f}", f"{entry.score_rank:.2f}"]
            for entry in agreement.worst
        ]
        yield ""
        head = ["the worst disagreements", "rule", "mark", "score", "its rank", "score's"]
        yield from table(head, rows, numbers=4, width=width, paint=paint)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Keys for the object of `check --json`."""
    return {
        "figures": outcome.figures.to_json() if outcome.figures is not None else None,
        "marks": outcome.agreement.to_json() if outcome.agreement is not None else None,
        "report": outcome.report,
    }
