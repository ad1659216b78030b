"""`rewardlang explain`: why one completion got its score."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rewardlang.commands import shared
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from rewardlang.explaining.explanation import Explanation
    from rewardlang.samples.read import Row, Samples

DESCRIPTION = """
Explains the score of one row: each rule with its points and the values that it compared, caps and weights of the
sections, and the completion with the places that the rules speak about underlined. The numbers sum to the score.

A row is named by its 'id'; a row without one by its line. Without --row the first row is explained.
"""
EXAMPLE = """
rewardlang explain math.reward --samples samples.jsonl --row q7
rewardlang explain math.reward --samples samples.jsonl --row 3 --html row3.html
"""
_MOST_IDS = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `explain`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--samples", required=True, metavar="S", help="the completions; '-' reads JSONL from standard input")
    parser.add_argument("--row", metavar="ID", help="the row's id, or its line where it has none")
    parser.add_argument(
        "--completion", type=which_completion, default=1, metavar="K", help="which completion of a row that has several, from 1"
    )
    shared.add_map(parser)
    shared.add_step(parser)
    parser.add_argument("--whole", action="store_true", help="show a long completion to its end")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object: score, range, gate, sections, rules, clamping, completion, …")
    form.add_argument("--html", metavar="OUT", help="write a page that needs nothing else")


def which_completion(text: str) -> int:
    """The argument of `--completion`."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"a whole number from 1 is wanted, found '{text}'")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Finds the row, marks it alone, explains it."""
    compiled = shared.compile_file(arguments.file)
    samples = shared.open_samples(arguments.samples, shared.renames_of(arguments.map, compiled))
    if shared.tell_errors(compiled):
        return 1
    found = find_row(samples, arguments.row)
    if isinstance(found, Problem):
        print(found.render(color=wants_color(sys.stderr)), file=sys.stderr)
        return 1
    count = len(found.completions)
    if not 1 <= arguments.completion <= count:
        raise UsageError(f"row '{found.id}' has {shared.counted(count, 'completion')}; --completion {arguments.completion} is none of them")
    from rewardlang.commands.marking import MarkedRow, marked_rows
    from rewardlang.explaining.explanation import Explanation
    from rewardlang.marking.guard import VerifierBreakdown
    from rewardlang.reward import Reward

    reward = Reward(compiled)
    try:
        items = list(marked_rows(reward, OneRow(samples, found), arguments.step))
    except VerifierBreakdown as error:
        print(f"rewardlang explain: {error}", file=sys.stderr)
        return 1
    for item in items:
        if isinstance(item, Problem):
            print(item.render(color=wants_color(sys.stderr)) + "\n", file=sys.stderr)
    marked = next((item for item in items if isinstance(item, MarkedRow)), None)
    if marked is None:
        return 1
    which = f", completion {arguments.completion} of {count}" if count > 1 else ""
    title = f"row '{found.id}' of {samples.name}{which}, marked by {arguments.file}"
    _tell(Explanation(reward.program, marked.marks[arguments.completion - 1], title), arguments)
    return 0


class OneRow:
    """A single row in the place of a file of samples."""

    def __init__(self, samples: Samples, row: Row) -> None:
        self.name, self.counted = samples.name, samples.counted
        self._row = row

    def __iter__(self) -> Iterator[Row | Problem]:
        yield self._row


def _tell(explanation: Explanation, arguments: argparse.Namespace) -> None:
    if arguments.json:
        shared.print_json(explanation.to_json())
    elif arguments.html:
        from rewardlang.explaining.html import page_html

        try:
            Path(arguments.html).write_text(page_html(explanation.title, explanation.html()), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {arguments.html}: {error.strerror}") from None
        print(f"wrote {arguments.html}")
    else:
        print(explanation.text(shared.width(), wants_color(sys.stdout), whole=arguments.whole))


def find_row(samples: Samples, row_id: str | None) -> Row | Problem:
    """The row, or the problem that stands on its line. Raises `UsageError` when no row has the id."""
    ids: list[str] = []
    problem = None
    for item in samples:
        if isinstance(item, Problem):
            problem = problem or item
            if row_id is None or row_id in (item.row, str(item.line)):
                return item
        elif row_id is None or item.id == row_id:
            return item
        elif len(ids) < _MOST_IDS:
            ids.append(item.id)
    from rewardlang.suggest import did_you_mean

    if not ids and problem is not None:
        return problem
    hint = did_you_mean(row_id or "", ids) or f"rows there: {', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}"
    raise UsageError(f"{samples.name} has no row '{row_id}'; {hint}")
