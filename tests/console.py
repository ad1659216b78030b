"""Markdown pages whose ```console blocks are run: `$ command` lines, and below each what it prints.

A line `...` in the output stands for any number of lines. Commands of one page
run in order in one empty folder. A block that is fenced as anything else
(```sh for instance) is not run. A block with a file's name behind its language
(```reward essay.reward) is what that file holds from there on.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)

_FILE = re.compile(r"^```\w+ (?P<name>[\w-]+(?:\.\w+)+)\n(?P<text>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Written:
    """A file that a page writes out, and where in the page it is written."""

    name: str
    text: str
    start: int


@dataclass(frozen=True)
class Step:
    """A command of a page, the output that the page shows for it, and where that output stands in the page."""

    command: str
    output: str
    start: int
    end: int


def steps(page: str) -> Iterator[Step]:
    """The commands of a page, in order."""
    for block in _BLOCK.finditer(page):
        position = block.start(1)
        command: str | None = None
        begin = position
        for line in block[1].splitlines(keepends=True):
            if line.startswith("$ "):
                if command is not None:
                    yield Step(command, page[begin:position], begin, position)
                command, begin = line[2:].strip(), position + len(line)
            position += len(line)
        if command is not None:
            yield Step(command, page[begin:position], begin, position)


def files(page: str) -> list[Written]:
    """The files that a page writes out, in order; one may be written again later."""
    return [Written(block["name"], block["text"], block.start()) for block in _FILE.finditer(page)]


def matches(shown: str, printed: str) -> bool:
    """Whether the page's text says what was printed; trailing white space does not count."""
    pattern = "".join(r"(?:[^\n]*\n)*?" if line.strip() == "..." else re.escape(line.rstrip()) + r"[ \t]*\n" for line in shown.splitlines())
    return re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n") is not None


def shortened(shown: str, printed: str) -> str:
    """What was printed, with as many lines before and after the `...` as the page had."""
    before, dots, after = shown.partition("...\n")
    lines = printed.splitlines(keepends=True)
    head, tail = len(before.splitlines()), len(after.splitlines())
    if not dots or head + tail >= len(lines):
        return printed
    return "".join([*lines[:head], dots, *lines[len(lines) - tail :]])


def run(command: str, folder: Path) -> str:
    """What a command prints (both streams, as a terminal shows them), run by `sh` in `folder` with this environment's `rewardlang`."""
    scripts = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "80", "PYTHONUTF8": "1"}
    environment.pop("FORCE_COLOR", None)
    shell = [shutil.which("sh") or "sh", "-c", command]
    done = subprocess.run(
        shell,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return done.stdout


def run_page(path: Path, folder: Path, *, update: bool) -> list[str]:
    """Runs every command of a page in `folder`. Gives what differs; with `update` the page is rewritten to what was printed."""
    page = path.read_text(encoding="utf-8")
    differences, pieces, position = [], [], 0
    written = files(page)
    for step in steps(page):
        while written and written[0].start < step.start:
            (folder / written[0].name).write_text(written.pop(0).text, encoding="utf-8")
        printed = run(step.command, folder)
        printed = "\n".join(line.rstrip() for line in printed.splitlines()) + ("\n" if printed else "")
        same = matches(step.output, printed)
        if not same:
            differences.append(f"$ {step.command}\n--- the page says\n{step.output}--- it prints\n{printed}")
        pieces += [page[position : step.start], step.output if same else shortened(step.output, printed)]
        position = step.end
    if update and differences:
        path.write_text("".join([*pieces, page[position:]]), encoding="utf-8")
    return differences
