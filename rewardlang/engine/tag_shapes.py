"""Which tags follow each other in a text: its shape. Few shapes make up a batch, and what one means is worked out once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

LONG = 256
"""Shapes of more letters are not remembered: they are somebody's attack."""
BEGIN = "^"


class TagOfShape:
    """One tag in texts of one shape, by the places of its opening and closing tags among the tags of the text."""

    __slots__ = ("begins", "blocks", "closings", "last_closing", "only", "openings", "waiting")

    def __init__(self) -> None:
        self.openings = self.closings = 0
        self.last_closing = self.waiting = -1
        self.blocks: list[tuple[int, int]] = []
        self.only: tuple[int, int] | None = None
        self.begins: bool | None = None  # what the text begins with: False the opening tag, True the closing one

    def add(self, place: int, *, closes: bool, begins: bool) -> None:
        """Takes the next tag. A block is an opening tag with the closing one that follows it."""
        if begins:
            self.begins = closes
        if closes:
            self.closings += 1
            self.last_closing = place
            if self.waiting >= 0:
                self.blocks.append((self.waiting, place))
            self.waiting = -1
        else:
            self.openings += 1
            self.waiting = place
        self.only = self.blocks[0] if self.openings == self.closings == len(self.blocks) == 1 else None


_NONE = TagOfShape()


class Facts(NamedTuple):
    """A shape: its tags by name, and how many there are."""

    tags: dict[str, TagOfShape]
    size: int

    def of(self, name: str) -> TagOfShape:
        """One of its tags."""
        return self.tags.get(name, _NONE)


class Shapes(dict[str, int]):
    """The shapes that were met, by number. What is asked of them is a list with one value a shape.

    A shape is given as its tags, behind `BEGIN` where the text begins with one.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        self._found: list[Facts] = []

    def __missing__(self, shape: str) -> int:
        """Works out a shape, and numbers it."""
        self[shape] = number = len(self._found)
        self._found.append(facts_of(self.names, shape))
        return number

    def of(self, name: str) -> list[TagOfShape]:
        """A tag in each shape."""
        return [found.of(name) for found in self._found]

    def openings(self, name: str) -> list[int]:
        """How many opening tags there are."""
        return [of.openings for of in self.of(name)]

    def counts(self, name: str) -> list[int]:
        """How many blocks there are."""
        return [len(of.blocks) for of in self.of(name)]

    def contain(self, name: str, *, closing: bool) -> list[bool]:
        """Whether there is an opening tag, or a closing one."""
        return [(of.closings if closing else of.openings) > 0 for of in self.of(name)]

    def begin(self, name: str, *, closing: bool) -> list[bool]:
        """Whether the text begins with the opening tag, or the closing one."""
        return [of.begins == closing for of in self.of(name)]


def facts_of(names: tuple[str, ...], shape: str) -> Facts:
    """What is known of a shape."""
    return (_remembered if len(shape) <= LONG else _worked_out)(names, shape)


def _worked_out(names: tuple[str, ...], shape: str) -> Facts:
    found: dict[str, TagOfShape] = {}
    pattern, kinds = literals(names)
    tags = pattern.findall(shape)
    for place, tag in enumerate(tags):
        name, closes = kinds[tag]
        found.setdefault(name, TagOfShape()).add(place, closes=closes, begins=place == 0 and shape[0] == BEGIN)
    return Facts(found, len(tags))


_remembered = lru_cache(maxsize=4096)(_worked_out)


@lru_cache(maxsize=256)
def literals(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, tuple[str, bool]]]:
    """A pattern of the tags of some names, each as its group; and of each tag its name, and whether it closes."""
    kinds = {f"<{slash}{name}>": (name, slash != "") for name in names for slash in ("", "/")}
    return re.compile(f"(</?(?:{'|'.join(map(re.escape, names))})>)"), kinds
