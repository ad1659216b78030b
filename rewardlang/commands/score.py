"""`rewardlang score`: every row of a file with its score, the points of each rule, and what went wrong."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import Problem
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewardlang.commands.marking import MarkedRow
    from rewardlang.marks import RowMarks
    from rewardlang.reward import Reward

DESCRIPTION = """
Writes each row of --samples with four keys added:

  score    the score, or null where the row is skipped
  rules    rule name -> points before caps and weight; 0 under a gate, null where the row is skipped
  skipped  true or false
  errors   list of texts: verifiers that refused or broke, a null completion that was marked as the empty text

For a row with several completions each of the four is a list with one entry a completion. The form of OUT follows
its name: .jsonl (or '-', standard output) or .parquet. OUT is written whole or not at all.
"""
EXAMPLE = """
rewardlang score math.reward --samples samples.jsonl --out scored.jsonl
cat samples.jsonl | rewardlang score math.reward --samples - --out - > scored.jsonl
"""
_MOST_PROBLEMS = 20
_PROGRESS_SECONDS = 0.2


class _Refused(Exception):
    """Rows that cannot be marked; the output is not written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `score`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--samples", required=True, metavar="IN", help="the completions; '-' reads JSONL from standard input")
    parser.add_argument("--out", required=True, metavar="OUT", help="where to write; '-' writes JSONL to standard output")
    shared.add_map(parser)
    shared.add_step(parser)
    what = "a summary as JSON: rows, completions, skipped, mean, seconds, out; on standard error when OUT is '-'"
    parser.add_argument("--json", action="store_true", help=what)


def run(arguments: argparse.Namespace) -> int:
    """Marks row by row into a temporary file, which takes its name when everything is in it."""
    from rewardlang.commands.score_files import check_out

    write = check_out(arguments.out)
    compiled = shared.compile_file(arguments.file)
    samples = shared.open_samples(arguments.samples, shared.renames_of(arguments.map, compiled))
    if shared.tell_errors(compiled):
        return 1
    from rewardlang.commands.marking import marked_rows
    from rewardlang.marking.guard import VerifierBreakdown
    from rewardlang.reward import Reward

    reward = Reward(compiled)
    summary = _Summary(arguments.out)
    try:
        write(summary.records(reward, marked_rows(reward, samples, arguments.step)))
    except _Refused:
        print(f"nothing was written to {_place(arguments.out)}", file=sys.stderr)
        return 1
    except VerifierBreakdown as error:
        print(f"rewardlang score: marking stopped: {error}\nnothing was written to {_place(arguments.out)}", file=sys.stderr)
        return 1
    summary.tell(as_json=arguments.json)
    return 0


def _place(out: str) -> str:
    return "standard output" if out == "-" else out


class _Summary:
    """Counts while records pass, shows progress on a terminal, and tells the result."""

    def __init__(self, out: str) -> None:
        self._out = out
        self._rows = self._completions = self._skipped = 0
        self._total = 0.0
        self._start = self._last = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def records(self, reward: Reward, items: Iterable[MarkedRow | Problem]) -> Iterator[dict[str, Any]]:
        """The rows to write. Raises `_Refused` after the last row, or the twentieth problem, when there was an error."""
        names = list(reward.rules)
        told = unmarkable = 0
        notes: dict[int, list[str]] = {}
        for item in items:
            if isinstance(item, Problem):
                unmarkable += item.severity == "error"
                told += 1
                if told <= _MOST_PROBLEMS:
                    print(item.render(color=wants_color(sys.stderr)) + "\n", file=sys.stderr)
                if item.line is not None:
                    notes.setdefault(item.line, []).append(item.message)
                if unmarkable >= _MOST_PROBLEMS:
                    break
            elif not unmarkable:
                self._count(item)
                yield record_of(item, names, notes.pop(item.row.line, []))
        if told > _MOST_PROBLEMS:
            print(f"and {told - _MOST_PROBLEMS:,} more", file=sys.stderr)
        self._erase()
        if unmarkable:
            raise _Refused

    def _count(self, item: MarkedRow) -> None:
        self._rows += 1
        for marks in item.marks:
            self._completions += 1
            self._skipped += marks.score is None
            self._total += marks.score or 0.0
        now = time.monotonic()
        if self._terminal and now - self._last > _PROGRESS_SECONDS:
            self._last = now
            speed = self._completions / (now - self._start)
            print(f"\r{self._completions:,} completions marked, {speed:,.0f} a second", end="", file=sys.stderr, flush=True)

    def _erase(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def tell(self, *, as_json: bool) -> None:
        """The summary, to where it does not mix with the records."""
        seconds = time.monotonic() - self._start
        marked = self._completions - self._skipped
        mean = self._total / marked if marked else None
        stream = sys.stderr if self._out == "-" else sys.stdout
        if as_json:
            import json

            counts = {"rows": self._rows, "completions": self._completions, "skipped": self._skipped}
            print(json.dumps({**counts, "mean": mean, "seconds": round(seconds, 3), "out": self._out}), file=stream)
            return
        skipped = f", {self._skipped:,} skipped" if self._skipped else ""
        score = f", mean score {mean:.4g}" if mean is not None else ""
        marking = f"{shared.counted(self._rows, 'row')}, {shared.counted(self._completions, 'completion')}"
        print(f"{_place(self._out)}: {marking}{skipped}{score}", file=stream)


def record_of(item: MarkedRow, names: list[str], notes: list[str]) -> dict[str, Any]:
    """The row as it was read, with `score`, `rules`, `skipped` and `errors`."""
    each = [_keys(marks, names, notes) for marks in item.marks]
    added = {key: [keys[key] for keys in each] for key in each[0]} if item.row.several else each[0]
    return {**item.row.record, **added}


def _keys(marks: RowMarks, names: list[str], notes: list[str]) -> dict[str, Any]:
    points = {mark.rule: float(mark.points) for mark in marks.marks}
    failures = [f"{failure.verifier} {'broke' if failure.broke else 'refused'}: {failure.reason}" for failure in marks.failures]
    return {
        "score": marks.score,
        "rules": {name: None if marks.score is None else points.get(name, 0.0) for name in names},
        "skipped": marks.score is None,
        "errors": [*notes, *failures],
    }
