"""`rewardlang example add`: a row of samples as an example at the end of a reward file."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rewardlang.commands import shared
from rewardlang.commands.explain import OneRow, find_row, which_completion
from rewardlang.errors import RewardError
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.samples.read import existing_file
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from pathlib import Path

    from rewardlang.commands.marking import MarkedRow
    from rewardlang.compiled import Compiled
    from rewardlang.reward import Reward

DESCRIPTION = """
example add writes a row of samples as an example (or attack) at the end of a reward file: the row's columns, the
completion, and the marks that it gets now as what is expected. Nothing else in the file changes. The file is written
whole or not at all, and only if the example holds when it is read back. Look at the marks before you keep them: they
say what the file does, not what it should do.

--json prints one object: file, kind, title, line, score (null where the row is skipped), added (the text).
"""
EXAMPLE = """
rewardlang example add math.reward --from samples.jsonl --row q7
rewardlang example add math.reward --from samples.jsonl --row q9 --kind attack --title "two answers"
"""
_ACTIONS = ("add",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `example`."""
    parser.add_argument("action", metavar="add", help="what to do; there is 'add'")
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--from", dest="samples", required=True, metavar="S", help="the completions; '-' reads JSONL from standard input")
    parser.add_argument("--row", required=True, metavar="ID", help="the row's id, or its line where it has none")
    parser.add_argument(
        "--completion", type=which_completion, default=1, metavar="K", help="which completion of a row that has several, from 1"
    )
    parser.add_argument("--kind", choices=("example", "attack"), default="example", help="attack: an attempt to game the file")
    parser.add_argument("--title", metavar="TEXT", help="the example's title (default: the row's id and the file's name)")
    shared.add_map(parser)
    shared.add_step(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object about what was added")


def run(arguments: argparse.Namespace) -> int:
    """Finds the row, marks it, writes the example, reads it back, replaces the file."""
    if arguments.action not in _ACTIONS:
        from rewardlang.suggest import did_you_mean

        hint = did_you_mean(arguments.action, _ACTIONS) or "the action is 'add'"
        raise UsageError(f"unknown action: {arguments.action}; {hint}")
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
    which = f", completion {arguments.completion}" if count > 1 else ""
    title = arguments.title if arguments.title is not None else f"row {found.id}{which} of {samples.name}"
    from rewardlang.commands.marking import marked_rows
    from rewardlang.marking.guard import VerifierBreakdown
    from rewardlang.reward import Reward
    from rewardlang.scoring.rows_in_batches import alone

    reward = Reward(compiled)
    _refuse_title(title, reward)
    one = alone(found, arguments.completion - 1)
    try:
        items = list(marked_rows(reward, OneRow(samples, one), arguments.step))
    except VerifierBreakdown as error:
        print(f"rewardlang example: {error}", file=sys.stderr)
        return 1
    for item in items:
        if isinstance(item, Problem):
            print(item.render(color=wants_color(sys.stderr)) + "\n", file=sys.stderr)
    for item in items:
        if not isinstance(item, Problem):
            return _add(item, title, reward, compiled, arguments)
    return 1


def _refuse_title(title: str, reward: Reward) -> None:
    from rewardlang.rows import normalised

    same = next((example for example in reward.program.examples if normalised(example.title) == normalised(title)), None)
    if same is not None:
        line = reward.source.position(same.span.start).line
        raise UsageError(f'{reward.source.name} has an example "{title}" already, on line {line}; give another title with --title')
    if not title.strip():
        raise UsageError("a title says what the example shows; the one given is empty")


def _add(item: MarkedRow, title: str, reward: Reward, compiled: Compiled, arguments: argparse.Namespace) -> int:
    """Writes the example if it means, read back, what the row means."""
    from rewardlang.commands.example_text import example_text, reads_back

    marks = item.marks[0]
    try:
        text = example_text(reward, item.row, marks, kind=arguments.kind, title=title, step=arguments.step)
    except RewardError as error:  # such as a null character, which no file can hold
        return _refused(item, error.diagnostics[0].message)
    path = existing_file(arguments.file)
    raw = path.read_bytes()
    old = raw.decode("utf-8")
    ends = "\r\n" if "\r\n" in old else "\n"
    gap = ends if old.endswith("\n") else ends * 2
    new = old + gap + text.replace("\n", ends)
    problem = reads_back(new, compiled, marks, title)
    if problem is not None:
        return _refused(item, problem)
    _write(path, new)
    if arguments.json:
        line = old.count("\n") + gap.count("\n") + 1
        told = {"file": arguments.file, "kind": arguments.kind, "title": title, "line": line, "score": marks.score, "added": text}
        shared.print_json(told)
    else:
        print(f"added to {arguments.file}:\n\n{text}", end="")
    return 0


def _refused(item: MarkedRow, problem: str) -> int:
    print(f"rewardlang example: row '{item.row.id}' cannot be written as an example: {problem}; nothing was written", file=sys.stderr)
    return 1


def _write(path: Path, text: str) -> None:
    """Writes beside the file and renames, keeping its rights, so that a full disk cannot cost the only copy."""
    from rewardlang.whole_file import whole

    target = path.resolve()
    try:
        with whole(target) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
            temporary.chmod(target.stat().st_mode)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
