"""All tags of all texts of a column: where each opens and closes, and what that makes.

What a block is stands in `rewardlang.passages`; this finds the same tags. Texts
are cut at their tags one by one; those of the shape that most texts have are
told by a pattern instead, which costs a third (`tag_layouts`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rewardlang.engine.tag_layouts import Gaps, Layout, layout_of
from rewardlang.engine.tag_shapes import BEGIN, Shapes, TagOfShape, literals
from rewardlang.passages import outside

_LITERAL = re.compile("<(/?)([^<>/]+)>")
_NOWHERE = (-1, -1)
_ENOUGH, _MANY = 32, 256
"""Of so many texts one can tell which shape most have; and of so many it is worth while, where it is not known."""


class Tags(ABC):
    """The tags of some names in some texts. What is asked is a list with one value a text; blocks are trimmed.

    The places of tags are those among the tags of their text.
    """

    def __init__(self, texts: Sequence[str], shapes: Shapes) -> None:
        self._texts, self.shapes = texts, shapes

    @property
    @abstractmethod
    def layout(self) -> Layout | None:
        """That of at least half of the texts; None where there is none."""

    @abstractmethod
    def spread(self, values: Sequence[Any]) -> list[Any]:
        """Of each text the value of its shape."""

    @abstractmethod
    def every(self, name: str) -> list[tuple[str, ...]]:
        """All blocks."""

    @abstractmethod
    def outside(self, name: str) -> list[str]:
        """The texts without the blocks."""

    @abstractmethod
    def blocks(self, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        """What stands between two tags, by shape; None for `_NOWHERE`."""

    @abstractmethod
    def behind(self, places: Sequence[int]) -> list[str | None]:
        """What stands behind a tag, by shape; None where its place is negative."""

    def only(self, name: str) -> list[str | None]:
        """The block where there is one opening tag, one closing tag behind it, and no others."""
        return self.blocks([of.only or _NOWHERE for of in self.shapes.of(name)])

    def nth(self, name: str, place: int) -> list[str | None]:
        """The block at a place among the blocks: 0 is the first, −1 the last."""
        return self.blocks([of.blocks[place] if of.blocks else _NOWHERE for of in self.shapes.of(name)])

    def behind_last_closing(self, name: str) -> list[str | None]:
        """What stands behind the last closing tag."""
        return self.behind([of.last_closing for of in self.shapes.of(name)])

    def end(self, name: str, *, closing: bool) -> list[bool]:
        """Whether the text ends with the opening tag, or the closing one."""
        literal = f"</{name}>" if closing else f"<{name}>"
        return [text.endswith(literal) for text in self._texts]


def tags_of(texts: Sequence[str], names: tuple[str, ...], layout: Layout | None = None) -> Tags:
    """Where the tags of some names stand in some texts, of which most may have a layout."""
    if layout is None and len(texts) >= _MANY:
        layout = _cut(texts[:_ENOUGH], Shapes(names)).layout
    shapes = Shapes(names)
    if layout is None:
        return _cut(texts, shapes)
    common = shapes[layout.shape]
    assert common == 0
    gaps, others = layout.gaps(texts)
    return _LaidOut(texts, layout, gaps, others, _cut([texts[row] for row in others], shapes))


def layouts_met(texts: Sequence[str], names: tuple[str, ...]) -> list[Layout]:
    """The layouts that several of some texts have, the most frequent first."""
    cut = _cut(texts, Shapes(names))
    return [layout for number, times in Counter(cut.numbers).most_common() if times > 1 and (layout := cut.layout_like(number))]


def tag_of(literal: str) -> tuple[str, bool] | None:
    """The name of the tag that a literal is, and whether it closes; None for other literals."""
    found = _LITERAL.fullmatch(literal)
    return None if found is None else (found[2], found[1] != "")


# -------------------------------------------------------- text by text


class _Cut(Tags):
    """Texts that are cut at their tags: what stands before the first, the first tag, what stands behind it, and so on.

    `numbers` are the shapes of the texts.
    """

    def __init__(self, texts: Sequence[str], shapes: Shapes, numbers: Sequence[int], pieces: list[list[str]]) -> None:
        super().__init__(texts, shapes)
        self.numbers, self._pieces = numbers, pieces

    @property
    def layout(self) -> Layout | None:
        if len(self._texts) < _ENOUGH:
            return None
        ((common, times),) = Counter(self.numbers).most_common(1)
        return None if 2 * times < len(self._texts) else self.layout_like(common)

    def layout_like(self, number: int) -> Layout | None:
        """That of the first text of a shape; None for a shape of many tags."""
        gaps = self._pieces[self.numbers.index(number)][::2]
        return layout_of(self.shapes.names, list(self.shapes)[number], max(range(len(gaps)), key=lambda gap: len(gaps[gap])))

    def spread(self, values: Sequence[Any]) -> list[Any]:
        return [values[number] for number in self.numbers]

    def every(self, name: str) -> list[tuple[str, ...]]:
        spans = self.spread([of.blocks for of in self.shapes.of(name)])
        return [tuple(_between(pieces, *span) for span in own) for pieces, own in zip(self._pieces, spans, strict=True)]

    def outside(self, name: str) -> list[str]:
        shapes = self.spread(self.shapes.of(name))
        return [_outside(name, *row) for row in zip(self._texts, shapes, self._pieces, strict=True)]

    def blocks(self, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        return [
            None if opening < 0 else pieces[2 * closing].strip() if closing - opening == 1 else _between(pieces, opening, closing)
            for pieces, (opening, closing) in zip(self._pieces, self.spread(spans), strict=True)
        ]

    def behind(self, places: Sequence[int]) -> list[str | None]:
        return [
            None if place < 0 else pieces[-1].strip() if 2 * place + 3 == len(pieces) else "".join(pieces[2 * place + 2 :]).strip()
            for pieces, place in zip(self._pieces, self.spread(places), strict=True)
        ]


def _between(pieces: list[str], opening: int, closing: int) -> str:
    return "".join(pieces[2 * opening + 2 : 2 * closing + 1]).strip()


def _outside(name: str, text: str, of: TagOfShape, pieces: list[str]) -> str:
    if not (of.openings or of.closings):
        return text
    return outside(text, name).text if of.only is None else "".join(pieces[: 2 * of.only[0] + 1] + pieces[2 * of.only[1] + 2 :])


def _cut(texts: Sequence[str], shapes: Shapes) -> _Cut:
    cut = literals(shapes.names)[0].split
    pieces = list(map(cut, texts))
    written = ["".join(parts[1::2]) if parts[0] else _from_the_start(parts) for parts in pieces]
    return _Cut(texts, shapes, list(map(shapes.__getitem__, written)), pieces)


def _from_the_start(pieces: list[str]) -> str:
    """The shape of a text that is empty or begins with a tag."""
    return BEGIN + "".join(pieces[1::2]) if len(pieces) > 1 else ""


# -------------------------------------------------------- of one layout


class _LaidOut(Tags):
    """Texts of one layout, whose shape has the number 0; and `others`, the places of which are given."""

    def __init__(self, texts: Sequence[str], layout: Layout, gaps: list[Gaps], others: list[int], rest: _Cut) -> None:
        super().__init__(texts, rest.shapes)
        self._layout, self._gaps, self._others, self._rest = layout, gaps, others, rest

    @property
    def layout(self) -> Layout | None:
        return self._layout if 2 * len(self._others) <= len(self._texts) else self._rest.layout

    def spread(self, values: Sequence[Any]) -> list[Any]:
        return self._with_others([values[0]] * len(self._texts), self._rest.spread(values))

    def every(self, name: str) -> list[tuple[str, ...]]:
        columns = [self._own(opening + 1, closing) for opening, closing in self.shapes.of(name)[0].blocks]
        own = list(zip(*columns, strict=True)) if columns else [()] * len(self._texts)
        return self._with_others(own, self._rest.every(name))

    def outside(self, name: str) -> list[str]:
        own, text = self.shapes.of(name)[0], self._layout
        if not (own.openings or own.closings):
            kept = list(self._texts)
        elif own.only is None:
            kept = [outside(text, name).text for text in self._texts]
        else:
            first, last = own.only
            rows = zip(self._texts, self._gaps, strict=True)
            kept = [one[: text.end(one, gaps, first)] + one[text.start(one, gaps, last + 1) :] for one, gaps in rows]
        return self._with_others(kept, self._rest.outside(name))

    def blocks(self, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        opening, closing = spans[0]
        own = [None] * len(self._texts) if opening < 0 else self._own(opening + 1, closing)
        return self._with_others(own, self._rest.blocks(spans))

    def behind(self, places: Sequence[int]) -> list[str | None]:
        place = places[0]
        own = [None] * len(self._texts) if place < 0 else self._own(place + 1, self._layout.last)
        return self._with_others(own, self._rest.behind(places))

    def _own(self, first: int, last: int) -> list[Any]:
        """What stands in the gaps from the first to the last of each text, with the tags between them."""
        layout = self._layout
        if first == last != layout.long:
            return [gaps[first].strip() for gaps in self._gaps]
        rows = zip(self._texts, self._gaps, strict=True)
        return [text[layout.start(text, gaps, first) : layout.end(text, gaps, last)].strip() for text, gaps in rows]

    def _with_others(self, own: list[Any], others: Sequence[Any]) -> list[Any]:
        for row, value in zip(self._others, others, strict=True):
            own[row] = value
        return own
