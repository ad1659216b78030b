"""`rewardlang attack`: an adversary that looks for wrong answers which the file pays."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from rewardlang.commands import shared
from rewardlang.samples.problem import Problem, UsageError
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from rewardlang.attack.attack import Result, Settings
    from rewardlang.attack.rows import Rows
    from rewardlang.attack.search import Progress
    from rewardlang.attack.target import Target
    from rewardlang.compiled import Compiled
    from rewardlang.reward import Reward

DESCRIPTION = """
Changes the completions of the samples and of the file's own examples in the ways in which policies game rewards (two
answers, empty blocks, an echo of the prompt, lists of numbers, keywords, padding, hidden characters and others),
combines what is paid, and tells the highest score that a wrong answer can reach, which rules paid for it, and how the
text came about. 'success' says what is wrong; where the file has none, answers to other rows are wrong, and answers to
their own row are left out.

Exit code 1 when a wrong answer is paid as much as a right one typically is: the median score of the right completions
(without 'success', the upper quartile of all), or --threshold; and when 'success' holds for a text that answers
nothing, on rows with different answers. The same seed gives the same result, unless --seconds
ends the search first, which is told. --python attacks reward functions of Python; FILE then says what is right.

--json prints one object: file, threshold, typical_right, best_honest_wrong, silence, highest_wrong, paid_as_right,
attacks (score, row, chain, paid_by, text), rules, answerless, tries, rounds, seconds, out_of_time.
"""
EXAMPLE = """
rewardlang attack math.reward --samples samples.jsonl
rewardlang attack math.reward --samples samples.jsonl --write attacks.txt
rewardlang attack math.reward --samples samples.jsonl --write math.reward --seed 7 --seconds 300
rewardlang attack math.reward --samples samples.jsonl --python rewards:correctness,format_reward
"""
_MOST_ROWS = 5_000
_MOST_PROBLEMS = 20
_PROGRESS_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `attack`."""
    parser.add_argument("file", metavar="FILE", help="the .reward file")
    parser.add_argument("--samples", action="append", default=[], metavar="S", help="completions to begin with; may be given several times")
    shared.add_map(parser)
    parser.add_argument("--tries", type=_positive, default=20_000, metavar="N", help="texts to mark at most (default 20,000)")
    parser.add_argument("--seconds", type=_positive, default=60, metavar="N", help="end the search after so many seconds (default 60)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="what the random choices begin with (default 0)")
    parser.add_argument("--top", type=_positive, default=5, metavar="N", help="attacks to tell, one for each set of rules (default 5)")
    parser.add_argument("--threshold", type=float, metavar="POINTS", help="the score that no wrong answer may reach")
    what = "write the attacks as blocks of the language: at the end of FILE itself, or into another, new file"
    parser.add_argument("--write", metavar="OUT", help=what)
    parser.add_argument("--python", metavar="MODULE:FUNCTIONS", help="attack these reward functions; FILE says what is right")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:12] or 0) > 0 and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"a whole number from 1 is wanted, found '{text}'")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Marks the samples, attacks, tells."""
    from rewardlang.attack.search import Limits
    from rewardlang.commands.attack_blocks import check_out, write_blocks

    if arguments.write:
        if arguments.python:
            raise UsageError("--write makes attack blocks of the reward file; it cannot be combined with --python")
        check_out(arguments.write, arguments.file)
    compiled = shared.compile_file(arguments.file)
    samples = [shared.open_samples(path, shared.renames_of(arguments.map, compiled)) for path in arguments.samples]
    if shared.tell_errors(compiled):
        return 1
    from rewardlang.attack.attack import Settings
    from rewardlang.marking.guard import VerifierBreakdown
    from rewardlang.reward import Reward

    reward = Reward(compiled)
    if arguments.python and reward.program.success is None:
        raise UsageError(f"--python needs a file that says what is right; {arguments.file} has no 'success when …'")
    settings = Settings(Limits(arguments.tries, arguments.seconds), arguments.seed, arguments.top, arguments.threshold)
    start = time.monotonic()
    try:
        rows = _rows(reward, samples)
        if rows is None:
            return 1
        target, result = _attack(reward, rows, settings, arguments.python)
    except VerifierBreakdown as error:
        print(f"rewardlang attack: marking stopped: {error}", file=sys.stderr)
        return 1
    return _tell(arguments, compiled, reward, rows, target, result, time.monotonic() - start, write_blocks)


def _tell(
    arguments: argparse.Namespace,
    compiled: Compiled,
    reward: Reward,
    rows: Rows,
    target: Target,
    result: Result,
    seconds: float,
    write_blocks: Any,
) -> int:
    from rewardlang.commands.attack_words import json_of, lines_of

    if arguments.json:
        shared.print_json({"file": arguments.file, **json_of(result, target, seconds)})
    else:
        print("\n".join(lines_of(result, target, rows, arguments.file, seconds, shared.width(), shared.paint())))
    if arguments.write:
        told = write_blocks(arguments.write, compiled, reward, target, result)
        print(told, file=sys.stderr if arguments.json else sys.stdout)
    return 1 if result.paid_as_right or result.answerless else 0


def _rows(reward: Reward, samples: list[Any]) -> Rows | None:
    """The rows to attack; None, told, where there is none. Rows that cannot be marked are told and left out."""
    from itertools import islice

    from rewardlang.attack.rows import Rows
    from rewardlang.commands.marking import marked_rows

    rows = Rows(reward)
    told = 0
    for file in samples:
        for item in islice(marked_rows(reward, file), _MOST_ROWS):
            if not isinstance(item, Problem):
                rows.add(item.row.id, item.row.values.get("prompt"), item.row.values, item.marks)
                continue
            told += 1
            if told <= _MOST_PROBLEMS:
                print(item.render(color=wants_color(sys.stderr)) + "\n", file=sys.stderr)
    if told > _MOST_PROBLEMS:
        print(f"and {told - _MOST_PROBLEMS:,} more", file=sys.stderr)
    rows.add_examples()
    if not rows.tasks:
        what = "no row of the samples can be marked" if samples else "no example of the file gives every column; give rows with --samples"
        print(f"rewardlang attack: nothing to attack: {what}", file=sys.stderr)
        return None
    return rows


def _attack(reward: Reward, rows: Rows, settings: Settings, python: str | None) -> tuple[Target, Result]:
    from rewardlang.attack.attack import attack
    from rewardlang.attack.target import RewardTarget

    target: Target = RewardTarget(reward, rows.tasks)
    answers = rows.answers
    if python is None:
        return target, attack(reward.program, target, answers, settings, _progress())
    from rewardlang.commands.attack_python import python_target
    from rewardlang.commands.python_reward import current_folder_first

    with current_folder_first():
        target = python_target(python, RewardTarget(reward, rows.tasks))
        marks = target.mark([(answer.task, answer.text) for answer in answers])
        answers = [answer._replace(marked=marked) for answer, marked in zip(answers, marks, strict=True)]
        return target, attack(reward.program, target, answers, settings, _progress())


def _progress() -> Progress:
    """One line on a terminal, rewritten; nothing anywhere else."""
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def show(tries: int, best: float | None) -> None:
        nonlocal last
        now = time.monotonic()
        if terminal and now - last > _PROGRESS_SECONDS:
            last = now
            found = "" if best is None else f", highest score of a wrong one {best:.4g}"
            print(f"\r\x1b[K{tries:,} texts marked{found}", end="", file=sys.stderr, flush=True)

    return show
