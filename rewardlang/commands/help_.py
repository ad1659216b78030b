"""`rewardlang help`: the page of a code, or the list of codes."""

from __future__ import annotations

import argparse
import re
from itertools import groupby

from rewardlang.commands import shared
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import wrap

DESCRIPTION = """
Prints the page of a message's code: what it means, why it is a mistake, a wrong and a right example.
Without a code, lists all codes.
"""
EXAMPLE = """
rewardlang help RW302
rewardlang help
"""
_GROUPS = {
    "1": "how a file is written",
    "2": "names",
    "3": "types and missing values",
    "4": "ranges and scores",
    "5": "examples",
    "6": "data and samples",
    "7": "usually a mistake",
    "8": "guarantees",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `help`."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code such as RW302, or the name of a command")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object: code, title, severity, page; or a list of code, title, severity"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints a page or the list."""
    from rewardlang import codes

    if arguments.code is None:
        return _list(arguments.json)
    code = arguments.code.upper()
    page = codes.page(code)
    if page is None:
        near = codes.suggestions(arguments.code)
        hint = f"did you mean {' or '.join(near)}?" if near else "'rewardlang help' lists all codes"
        raise UsageError(f"there is no code {arguments.code}; {hint}")
    if arguments.json:
        shared.print_json({"code": code, "title": codes.title(code), "severity": codes.severity(code), "page": page})
    else:
        print(_readable(page))
    return 0


def _list(as_json: bool) -> int:
    from rewardlang import codes

    if as_json:
        shared.print_json([{"code": code, "title": codes.title(code), "severity": codes.severity(code)} for code in codes.every()])
        return 0
    paint = shared.paint()
    for digit, group in groupby(codes.every(), key=lambda code: code[2]):
        print(paint("bold", f"RW{digit}xx  {_GROUPS.get(digit, 'other')}"))
        for code in group:
            print(f"  {code}  {codes.title(code)}" + ("  (warning)" if codes.severity(code) == "warning" else ""))
        print()
    print("rewardlang help CODE prints a page")
    return 0


def _readable(page: str) -> str:
    """Markdown as a terminal reads it best: headings without their marks, examples indented, paragraphs filled."""
    paint, width = shared.paint(), min(shared.width(), 100)
    lines: list[str] = []
    paragraph: list[str] = []
    inside = False

    def fill() -> None:
        bullet = "- " if paragraph and paragraph[0].startswith("- ") else ""
        filled = wrap(" ".join(paragraph).removeprefix(bullet), width - len(bullet)) if paragraph else []
        lines.extend((bullet if number == 0 else " " * len(bullet)) + line for number, line in enumerate(filled))
        paragraph.clear()

    for line in page.strip().splitlines():
        heading = None if inside else re.match(r"#+ (.*)", line)
        if inside or heading or not line or line.startswith(("- ", "```", "severity:")):
            fill()
        if line.startswith("```"):
            inside = not inside
        elif inside:
            lines.append(f"    {line}".rstrip())
        elif heading:
            lines.append(paint("bold", heading[1]))
        elif line and not line.startswith("severity:"):
            paragraph.append(line)
        else:
            lines.append(line)
    fill()
    return "\n".join(lines)
