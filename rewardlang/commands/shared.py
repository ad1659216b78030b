"""What several commands share: arguments, opening a reward file, opening samples, writing JSON."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from rewardlang.samples.problem import UsageError
from rewardlang.samples.read import Samples, existing_file
from rewardlang.terminal_text import Paint, painter, terminal_width, wants_color

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rewardlang.compiled import Compiled
    from rewardlang.errors import Diagnostic
    from rewardlang.samples.problem import Problem


def add_map(parser: argparse.ArgumentParser) -> None:
    """`--map OURS=THEIRS`, any number of times."""
    what = "take our column OURS from the file's column THEIRS (--map completion=response)"
    parser.add_argument("--map", action="append", default=[], metavar="OURS=THEIRS", help=what)


def add_step(parser: argparse.ArgumentParser) -> None:
    """`--step N`."""
    parser.add_argument(
        "--step", type=_step, default=0, metavar="N", help="the training step at which scheduled weights are read (default 0)"
    )


def _step(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise argparse.ArgumentTypeError(f"a step is a whole number from 0, found '{text}'")
    return int(text)


def count(text: str) -> int:
    """A number of things, as the type of an argument."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a whole number from 1 is wanted, found '{text}'")
    return int(text)


def renames_of(maps: Iterable[str], compiled: Compiled | None = None) -> dict[str, str]:
    """Our names to the file's. A column's name in the reward file stands for its original name in the data."""
    renames: dict[str, str] = {}
    originals = {} if compiled is None or compiled.program is None else {c.name: c.original for c in compiled.program.columns.values()}
    for text in maps:
        ours, equals, theirs = text.partition("=")
        if not (ours and equals and theirs):
            raise UsageError(f"--map wants OURS=THEIRS, such as completion=response; found '{text}'")
        if ours in renames:
            raise UsageError(f"--map {ours}=… is given twice")
        renames[originals.get(ours, ours)] = theirs
    return renames


def open_samples(path: str, renames: dict[str, str]) -> Samples:
    """Samples from a file, or from standard input as `-`. Raises `UsageError` where there is no such file."""
    if path != "-":
        existing_file(path)
    return Samples(path, renames, stdin=sys.stdin.buffer if path == "-" else None)


def compile_file(path: str) -> Compiled:
    """A compiled reward file. Raises `UsageError` where there is no such file."""
    existing_file(path)
    from rewardlang.compiled import compile_path

    return compile_path(path)


def tell_errors(compiled: Compiled) -> bool:
    """Prints the errors of a file to standard error; True when there are any, and so nothing can be marked.

    Of the warnings, it prints that the file is not as it was locked.
    """
    color = wants_color(sys.stderr)
    for warning in compiled.not_as_locked:
        print(warning.render(color=color) + "\n", file=sys.stderr)
    if compiled.program is not None:
        return False
    print("\n\n".join(diagnostic.render(color=color) for diagnostic in compiled.errors), file=sys.stderr)
    print(f"\n{counted(len(compiled.errors), 'error')} in {compiled.source.name}; nothing was marked", file=sys.stderr)
    return True


def paint() -> Paint:
    """Colours for standard output, where it wants them."""
    return painter(wants_color(sys.stdout))


def width() -> int:
    """Columns to write in."""
    return terminal_width()


def print_findings(findings: Iterable[Diagnostic | Problem]) -> None:
    """Each finding with an empty line after it."""
    color = wants_color(sys.stdout)
    for finding in findings:
        print(finding.render(color=color) + "\n")


def print_json(data: Any) -> None:
    """One JSON value, readable and with the characters as they are. NaN cannot occur: a score is a number or null."""
    import json

    print(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False))


def times(number: int) -> str:
    """`once`, `2 times`."""
    return "once" if number == 1 else f"{number:,} times"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 error`, `2 errors`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
