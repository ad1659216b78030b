"""What a mutation is, and what it works with: the row's prompt, the file's texts, what others answered, the blocks of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple, TypeAlias

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]{0,40})>")
_MOST_BLOCKS = 12


class Material(NamedTuple):
    """`answers` stand in the blocks of other rows (or are the other values of a `one of`); `others` are whole completions of others.

    `tags` and `markers` (pairs) are those that the file names; `matches` are texts that its patterns find.
    """

    prompt: str
    tags: tuple[str, ...]
    markers: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]
    lists: dict[str, tuple[str, ...]]
    matches: tuple[str, ...]
    answers: tuple[str, ...]
    others: tuple[str, ...]


Apply: TypeAlias = Callable[[str, Material, Random], Iterator[str]]


class Mutation(NamedTuple):
    """A way to change a completion. `name` stands in the chain of an attack; `what` is a sentence about it.

    `may_answer` says that it can turn a wrong text into a right one, by an answer of another row; where nothing says what is right,
    such a mutation is not tried.
    """

    name: str
    what: str
    apply: Apply
    may_answer: bool = False


class Block(NamedTuple):
    """`<tag>inner</tag>` at [start, end) of a text."""

    tag: str
    start: int
    end: int
    inner: str

    def written(self, inner: str) -> str:
        """The same block around another text."""
        return f"<{self.tag}>{inner}</{self.tag}>"


def blocks_of(text: str) -> list[Block]:
    """The blocks of a text from left to right, not nested; the last twelve where there are more."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    for mark in _TAG.finditer(text):
        if not mark[1]:
            opened = mark
        elif opened is not None and opened[2] == mark[2]:
            found.append(Block(mark[2], opened.start(), mark.end(), text[opened.end() : mark.start()]))
            opened = None
    return found[-_MOST_BLOCKS:]


def replaced(text: str, block: Block, new: str) -> str:
    """The text with something else in the place of a block."""
    return text[: block.start] + new + text[block.end :]


def some(items: tuple[str, ...], most: int, random: Random) -> list[str]:
    """At most so many of the items, in their order."""
    if len(items) <= most:
        return list(items)
    return [items[index] for index in sorted(random.sample(range(len(items)), most))]
