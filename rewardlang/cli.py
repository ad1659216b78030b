"""The command line: finds the command, reads its arguments, and turns what happened into an exit code.

0 fine, 1 findings, 2 wrong use. Results go to standard output, complaints
about the call to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from rewardlang.commands import entries, story
from rewardlang.samples.problem import UsageError
from rewardlang.terminal_text import terminal_width, wrap
from rewardlang.unusable import UnusableVerifierError

if TYPE_CHECKING:
    from rewardlang.commands import Entry

FINE, FINDINGS, WRONG_USE, STOPPED = 0, 1, 2, 130


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as our own text. argparse would load the archive formats (by `shutil`) to ask the width, for each argument."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)


class _Parser(argparse.ArgumentParser):
    """Names the flag that an unknown one may mean, and says where the help is."""

    def error(self, message: str) -> NoReturn:
        from rewardlang.suggest import did_you_mean

        hint = None
        marker = "unrecognized arguments: "
        if message.startswith(marker):
            word = message.removeprefix(marker).split()[0].partition("=")[0]
            message = f"unknown {'flag' if word.startswith('-') else 'argument'}: {word}"
            hint = did_you_mean(word, self._option_string_actions)
        raise UsageError(f"{message}; {hint}" if hint else f"{message}\nsee: {self.prog} --help")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Refuses unknown arguments itself: argparse leaves those of an action to the command, which does not know the action's flags."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return found, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Names the choice that a wrong one may mean."""
        if action.choices is not None and value not in action.choices:
            from rewardlang.suggest import did_you_mean

            choices = [str(choice) for choice in action.choices]
            hint = did_you_mean(str(value), choices) or f"choose from {', '.join(choices)}"
            raise argparse.ArgumentError(action, f"invalid choice: {value!r}; {hint}")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Returns the exit code; never raises for what a user did."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    name = "rewardlang"
    try:
        if not words or words[0] in ("-h", "--help"):
            print(overview())
            return FINE
        if words[0] == "--version":
            from rewardlang import __version__

            print(f"rewardlang {__version__}")
            return FINE
        if words[0] == "help" and len(words) == 2 and words[1] in entries():
            words = [words[1], "--help"]
        entry = _entry(words[0])
        name = f"rewardlang {entry.name}"
        return _run(entry, words[1:])
    except (UsageError, UnusableVerifierError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader has gone, as in `rewardlang check … | head`: nothing is wrong, and nothing more can be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


def overview() -> str:
    """What `rewardlang` alone prints: the commands as one story."""
    lines = ["Rewards that experts write: a language for marking schemes, checked", "before anything is trained.", ""]
    lines += ["usage: rewardlang COMMAND …", ""]
    for part, group in story():
        lines.append(part)
        lines += [f"  {entry.name:<8} {entry.summary}" for entry in group]
    lines += ["", "rewardlang COMMAND --help   what it takes, with an example", "rewardlang --version"]
    lines += ["", "To begin: rewardlang init gsm8k my-reward"]
    return "\n".join(lines)


def _filled(text: str) -> str:
    """Paragraphs filled to the terminal's width; lines that begin with a space stay as they are."""
    paragraphs = [""]
    for line in text.strip().splitlines():
        if not line or line.startswith(" ") or not paragraphs[-1] or paragraphs[-1].startswith(" "):
            paragraphs.append(line)
        else:
            paragraphs[-1] += f" {line}"
    width = terminal_width()
    return "\n".join(part if part.startswith(" ") else "\n".join(wrap(part, width)) for part in paragraphs[1:])


def _entry(word: str) -> Entry:
    from rewardlang.suggest import did_you_mean

    known = entries()
    if word not in known:
        kind = "flag" if word.startswith("-") else "command"
        hint = did_you_mean(word, [*known, "--help", "--version"])
        raise UsageError(f"unknown {kind}: {word}; {hint or 'the commands are ' + ', '.join(known)}")
    return known[word]


def _run(entry: Entry, words: list[str]) -> int:
    from importlib import import_module

    command = import_module(f"rewardlang.commands.{entry.module}")
    example = "\n".join(f"  {line}" for line in command.EXAMPLE.strip().splitlines())
    parser = _Parser(
        prog=f"rewardlang {entry.name}",
        description=_filled(command.DESCRIPTION),
        epilog=f"example:\n{example}\n\nexit codes: 0 fine, 1 findings, 2 wrong use",
        formatter_class=_Help,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    try:
        arguments = parser.parse_args(words)
    except SystemExit as done:  # argparse ends --help so
        return int(done.code or 0)
    code: int = command.run(arguments)
    return code
