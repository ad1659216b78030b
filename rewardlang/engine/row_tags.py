"""Where the tags of a text stand, as `row_writer` looks for them: what is asked of a text whose shape is known is known too, or is a gap.

A text has a shape (`tag_shapes`) and pieces: what stands before its first tag, that tag, what stands between it and the second, and so
on. What is asked of shapes is a fact; a fact about a block is the span of gaps that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import itemgetter
from typing import Any, TypeAlias

from rewardlang.engine.tag_shapes import BEGIN, LONG, Facts, facts_of, literals
from rewardlang.passages import outside

UNTOUCHED, ONE_BLOCK, SEVERAL = 0, 1, 2
"""What a text has of a tag: nothing; one block and no other tag of that name; anything else."""
Span: TypeAlias = "tuple[int, int] | None"
"""The first and the last of the gaps that a block has, with tags between them; None: there is no such block."""
_SHAPES_KEPT = 4096


class Shapes(dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]]):
    """By the tags of a text what is asked of its shape: first where something stands before the tags, then where nothing does."""

    def __init__(self, asked: list[Callable[[Facts], Any]], names: tuple[str, ...]) -> None:
        super().__init__()
        self._asked, self._names = asked, names

    def __missing__(self, tags: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """Works them out."""
        behind, begins = (self._known(shape) for shape in (tags, BEGIN + tags if tags else ""))
        if len(tags) <= LONG and len(self) < _SHAPES_KEPT:
            self[tags] = behind, begins
        return behind, begins

    def _known(self, shape: str) -> tuple[Any, ...]:
        facts = facts_of(self._names, shape)
        return tuple(ask(facts) for ask in self._asked)


class Tagged:
    """A text whose tags are looked for, and what is asked of its shape."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._places: dict[Hashable, int] = {}
        self._asked: list[Callable[[Facts], Any]] = []
        self.shapes = Shapes(self._asked, names)
        self.cut = literals(names)[0].split

    def fact(self, key: Hashable, ask: Callable[[Facts], Any]) -> int:
        """The place of an answer among those for a shape; equal keys say that the same is asked."""
        if key not in self._places:
            self._places[key] = len(self._asked)
            self._asked.append(ask)
        return self._places[key]


def block(selector: str, tag: str) -> Callable[[Facts], Span]:
    """Asks for the only, first or last block of a tag."""

    def ask(facts: Facts) -> Span:
        of = facts.of(tag)
        blocks = [of.only] if selector == "only" else of.blocks
        span = blocks[-1 if selector == "last" else 0] if blocks else None
        return None if span is None else (span[0] + 1, span[1])

    return ask


def behind_last(tag: str) -> Callable[[Facts], Span]:
    """Asks for what stands behind the last closing tag."""

    def ask(facts: Facts) -> Span:
        last = facts.of(tag).last_closing
        return None if last < 0 else (last + 1, facts.size)

    return ask


def from_pieces(span: Span) -> Callable[[list[str]], str] | None:
    """What takes a span from the pieces of a text."""
    if span is None:
        return None
    if span[0] == span[1]:
        return itemgetter(2 * span[0])
    first, end = 2 * span[0], 2 * span[1] + 1
    return lambda pieces: "".join(pieces[first:end])


def how_touched(tag: str) -> Callable[[Facts], int]:
    """Asks what a text has of a tag, for what is outside its blocks."""

    def ask(facts: Facts) -> int:
        of = facts.of(tag)
        return UNTOUCHED if not (of.openings or of.closings) else ONE_BLOCK if of.only is not None else SEVERAL

    return ask


def outside_one(tag: str) -> Callable[[str], str]:
    """What is outside the one block of a tag."""
    opening, closing = f"<{tag}>", f"</{tag}>"

    def around(text: str) -> str:
        return text[: text.find(opening)] + text[text.find(closing) + len(closing) :]

    return around


def outside_all(tag: str) -> Callable[[str], str]:
    """What is outside all blocks of a tag."""
    return lambda text: outside(text, tag).text
