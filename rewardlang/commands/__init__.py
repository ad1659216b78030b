"""The commands, one module each.

A command's module has `DESCRIPTION` (a paragraph) and `EXAMPLE` (lines that a
reader can copy), `add_arguments(parser)`, and `run(arguments) -> int`, the exit
code: 0 fine, 1 findings, 2 wrong use (raise `UsageError`). The table below is
all that the command line knows before one of them is chosen, so that no
command pays for another's imports.
"""

from __future__ import annotations

from pathlib import Path

from rewardlang.record import NamedTuple


class Entry(NamedTuple):
    """A command as the overview lists it."""

    name: str
    module: str
    summary: str


_STORY: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "write",
        (
            Entry("init", "init", "start from a reward file that works, with samples"),
            Entry("check", "check", "every mistake of a file, its examples, and how it marks samples"),
            Entry("fmt", "fmt", "lay a file out in the one usual way"),
            Entry("help", "help_", "the page of a message's code, such as RW302"),
        ),
    ),
    (
        "believe",
        (
            Entry("test", "test", "run the examples and attacks that stand in files"),
            Entry("example", "example", "a row of samples as an example of the file: example add"),
            Entry("attack", "attack", "look for wrong answers that the file pays"),
            Entry("lock", "lock", "hold a reward, its lists and its imports to what they say now"),
            Entry("diff", "diff", "which scores a new version changes, and which rules did it"),
            Entry("doc", "doc", "the policy as a document to read, print and sign"),
        ),
    ),
    (
        "use",
        (
            Entry("sample", "sample", "completions of your prompts from a server"),
            Entry("score", "score", "add scores to a file of completions"),
            Entry("explain", "explain", "why one completion got its score, rule by rule"),
            Entry("train", "train", "train a policy with a reward file"),
            Entry("runs", "runs", "a training run afterwards: show, compare, eval, card, export"),
            Entry("demo", "demo", "the whole path on a small policy, on the CPU"),
            Entry("lsp", "lsp", "the language server, which an editor starts"),
        ),
    ),
)


def story() -> tuple[tuple[str, tuple[Entry, ...]], ...]:
    """The commands that this installation has, in the order in which one meets them."""
    there = {path.name for path in Path(__file__).parent.iterdir()}
    return tuple((part, tuple(entry for entry in entries if f"{entry.module}.py" in there)) for part, entries in _STORY)


def entries() -> dict[str, Entry]:
    """The commands by name."""
    return {entry.name: entry for _, group in story() for entry in group}
