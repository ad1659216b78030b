"""`rewardlang fmt`: lays files out in the one usual way."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.samples.read import existing_file
from rewardlang.terminal_text import wants_color

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = """
Lays reward files out in the one usual way and writes them back. Only white space changes; comments stay where they
are, and a file that is laid out already is not touched. A file that does not parse is left alone, and its mistakes told.
"""
EXAMPLE = """
rewardlang fmt math.reward
rewardlang fmt --check --diff *.reward
cat math.reward | rewardlang fmt -
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `fmt`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="the .reward files; '-' reads standard input and writes standard output")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a file would change")
    parser.add_argument("--diff", action="store_true", help="print what would change, and write nothing")
    parser.add_argument("--json", action="store_true", help="a list with one JSON object a file: file, changed, findings")


def run(arguments: argparse.Namespace) -> int:
    """Formats file by file."""
    if "-" in arguments.files and (len(arguments.files) > 1 or arguments.json):
        raise UsageError("standard input ('-') is formatted alone, and without --json")
    for path in arguments.files:
        if path != "-":
            existing_file(path)
    reports = [_format(path, arguments) for path in arguments.files]
    if arguments.json:
        shared.print_json(reports)
    broken = any(report["findings"] for report in reports)
    changed = any(report["changed"] for report in reports)
    if arguments.check and not arguments.json and not changed and not broken:
        print(f"{shared.counted(len(reports), 'file')} laid out as usual")
    return 1 if broken or (arguments.check and changed) else 0


def _format(path: str, arguments: argparse.Namespace) -> dict[str, object]:
    """One file; the report as plain data."""
    from rewardlang.errors import RewardError
    from rewardlang.parsing.text_from_syntax import format_text
    from rewardlang.source import Source

    old = _read(path)
    try:
        new = format_text(Source("standard input" if path == "-" else path, old))
    except RewardError as error:
        if not arguments.json:
            color = wants_color(sys.stderr)
            print("\n\n".join(diagnostic.render(color=color) for diagnostic in error.diagnostics) + "\n", file=sys.stderr)
        return {"file": path, "changed": False, "findings": [diagnostic.to_json() for diagnostic in error.diagnostics]}
    changed = new != old
    if arguments.diff and changed and not arguments.json:
        _print_diff(path, old, new)
    if path == "-" and not (arguments.check or arguments.diff):
        sys.stdout.write(new)
    elif changed and not (arguments.check or arguments.diff):
        _write(existing_file(path), new)
    if changed and path != "-" and not arguments.json and not arguments.diff:
        print(f"{'would change' if arguments.check else 'laid out'}: {path}")
    return {"file": path, "changed": changed, "findings": []}


def _read(path: str) -> str:
    """The text with its line breaks as they are, so that a file with CRLF counts as changed."""
    raw = sys.stdin.buffer.read() if path == "-" else existing_file(path).read_bytes()
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path} is not UTF-8 text: byte 0x{raw[error.start]:02X} on line {line} cannot be read") from None


def _write(path: Path, text: str) -> None:
    """Writes beside the file and renames, so that a full disk cannot cost the only copy."""
    from rewardlang.whole_file import whole

    with whole(path.resolve()) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
        temporary.chmod(path.stat().st_mode)


def _print_diff(path: str, old: str, new: str) -> None:
    import difflib

    paint = shared.paint()
    styles = {"+": "good", "-": "bad", "@": "rail"}
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), path, f"{path} laid out", lineterm=""):
        print(paint(styles[line[0]], line) if line[:1] in styles else line)
