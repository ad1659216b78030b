"""Where the tags of a text stand, as `row_code` looks for them: what is asked of a text whose shape is known is a gap, or was known before.

A text has a shape (`tag_shapes`) and gaps: what stands before its first tag, between that and the second, and so on. Of a text that
has the layout (`tag_layouts`) that most texts have, a pattern tells the gaps; any other is cut at its tags.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from rewardlang.engine.tag_shapes import LONG, Facts, facts_of, literals
from rewardlang.engine.tags import tags_of
from rewardlang.passages import outside

NOWHERE, LONG_GAP, ELSEWHERE = -1, -2, -3
"""In place of a gap: there is none; it is the long one of a layout; several gaps, with tags between them."""
UNTOUCHED, ONE_BLOCK = 0, 1
"""What a text has of a tag: nothing; one block and no other tag of that name."""
_SHAPES_KEPT = 4096
_SAMPLE = 64
_NO_LAYOUT: tuple[Any, ...] = ({}.get, None, 0, 0, 0, 0, ())


class Shapes(dict[str, tuple[Any, ...]]):
    """By shape what is asked of it."""

    def __init__(self, asked: list[Callable[[Facts], Any]], names: tuple[str, ...]) -> None:
        super().__init__()
        self._asked, self.names = asked, names

    def __missing__(self, shape: str) -> tuple[Any, ...]:
        """Works a shape out."""
        facts = facts_of(self.names, shape)
        known = tuple(ask(facts) for ask in self._asked)
        if len(shape) <= LONG and len(self) < _SHAPES_KEPT:
            self[shape] = known
        return known


class Tagged:
    """A text whose tags are looked for: what is asked of its shape, and the layout that most texts of the last batches had.

    Which layout that is decides how a text is read, and never what is found in it.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._places: dict[Hashable, int] = {}
        self._asked: list[Callable[[Facts], Any]] = []
        self._gaps: set[int] = set()
        self.shapes = Shapes(self._asked, names)
        self.cut = literals(names)[0].split
        self._layout = _NO_LAYOUT
        self._tries = 0

    def fact(self, key: Hashable, ask: Callable[[Facts], Any]) -> int:
        """The place of an answer among those for a shape; equal keys say that the same is asked."""
        if key not in self._places:
            self._places[key] = len(self._asked)
            self._asked.append(ask)
        return self._places[key]

    def gap(self, key: Hashable, ask: Callable[[Facts], int]) -> int:
        """The same for a gap."""
        place = self.fact(key, ask)
        self._gaps.add(place)
        return place

    def given(self) -> tuple[Any, ...]:
        """What the function is given for a batch: how the layout is told, what is known of its shape, a list for texts of another one."""
        return (*self._layout, [])

    def learn(self, others: list[str]) -> None:
        """Takes the layout of texts that have another than the one that is known; ever more rarely, because they may have none."""
        self._tries += 1
        if self._tries & (self._tries - 1):
            return
        layout = tags_of(others[:_SAMPLE], self.shapes.names).layout
        if layout is not None:
            known = self.shapes[layout.shape]
            facts = tuple(LONG_GAP if place in self._gaps and one == layout.long else one for place, one in enumerate(known))
            self._layout = (layout.match, layout.inside, layout.begins, layout.before, layout.after, layout.behind, facts)


def block_gap(selector: str, tag: str) -> Callable[[Facts], int]:
    """The gap that the only, first or last block of a tag is."""

    def ask(facts: Facts) -> int:
        of = facts.of(tag)
        blocks = [of.only] if selector == "only" else of.blocks
        span = blocks[-1 if selector == "last" else 0] if blocks else None
        return NOWHERE if span is None else span[1] if span[1] - span[0] == 1 else ELSEWHERE

    return ask


def gap_behind(tag: str) -> Callable[[Facts], int]:
    """The gap that stands behind the last closing tag."""

    def ask(facts: Facts) -> int:
        last = facts.of(tag).last_closing
        return NOWHERE if last < 0 else facts.size if last == facts.size - 1 else ELSEWHERE

    return ask


def behind_last(tag: str) -> Callable[[str], str]:
    """What stands behind the last closing tag of a text that has one."""
    closing = f"</{tag}>"
    return lambda text: text.rpartition(closing)[2].strip()


def how_touched(tag: str) -> Callable[[Facts], int]:
    """What a text has of a tag, for what is outside its blocks."""

    def ask(facts: Facts) -> int:
        of = facts.of(tag)
        return UNTOUCHED if not (of.openings or of.closings) else ONE_BLOCK if of.only is not None else ELSEWHERE

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
