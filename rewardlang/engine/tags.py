"""All tags of all texts of a column: where each opens and closes, and what that makes.

What a block is stands in `rewardlang.passages`; this finds the same tags. A few
texts are cut at their tags one by one. Many are searched as one buffer with a
byte for each character: a tag is ASCII, so what the other characters are has no say.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows
from rewardlang.engine.tag_shapes import BEGIN, BEGINS, CLOSES, KINDS, Shapes, literals
from rewardlang.passages import outside

_LESS = ord("<")
_LITERAL = re.compile("<(/?)([^<>/]+)>")
_WORD = 8  # bytes that are compared at once
Words: TypeAlias = "NDArray[np.uint64]"
_FEW = 192
_MOST_NAMES = 10_000
"""More are not looked for in a buffer: there the kind of a tag is a character, and no surrogate."""
_LETTERS_AT_ONCE = 100_000
"""Of a buffer: less than what the allocator gives back to the system each time."""
_COMPARED_AT_ONCE = 1 << 20
_NOWHERE = (-1, -1)


class Tags(ABC):
    """The tags of some names in some texts. What is asked is a list with one value a text; blocks are trimmed.

    `numbers` are the shapes of the texts. The places of tags are those among the tags of their text.
    """

    def __init__(self, texts: Sequence[str], shapes: Shapes, numbers: Sequence[int]) -> None:
        self._texts, self.shapes, self.numbers = texts, shapes, numbers

    def spread(self, values: Sequence[Any]) -> list[Any]:
        """Of each text the value of its shape."""
        return [values[number] for number in self.numbers]

    @property
    def of_shapes(self) -> Tags:
        """One text of each shape, of which nothing but the shape may be asked."""
        return _Places([], self.shapes, range(len(self.shapes)), _Scanned([0], [], ""))

    def only(self, name: str) -> list[str | None]:
        """The block where there is one opening tag, one closing tag behind it, and no others."""
        return self._blocks(name, self.spread([of.only or _NOWHERE for of in self.shapes.of(name)]))

    def nth(self, name: str, place: int) -> list[str | None]:
        """The block at a place among the blocks: 0 is the first, −1 the last."""
        return self._blocks(name, self.spread([of.blocks[place] if of.blocks else _NOWHERE for of in self.shapes.of(name)]))

    def every(self, name: str) -> list[tuple[str, ...]]:
        """All blocks."""
        blocks = self.spread([of.blocks for of in self.shapes.of(name)])
        return [tuple(self._block(row, name, span) for span in spans) for row, spans in enumerate(blocks)]

    def behind_last_closing(self, name: str) -> list[str | None]:
        """What stands behind the last closing tag."""
        return self._behind(name, self.spread([of.last_closing for of in self.shapes.of(name)]))

    def outside(self, name: str) -> list[str]:
        """The texts without the blocks."""
        shapes = enumerate(self.spread(self.shapes.of(name)))
        return [
            self._texts[row]
            if not (of.openings or of.closings)
            else outside(self._texts[row], name).text
            if of.only is None
            else self._around(row, name, of.only)
            for row, of in shapes
        ]

    def end(self, name: str, *, closing: bool) -> list[bool]:
        """Whether the text ends with the opening tag, or the closing one."""
        literal = f"</{name}>" if closing else f"<{name}>"
        return [text.endswith(literal) for text in self._texts]

    @abstractmethod
    def _blocks(self, name: str, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        """What stands between the two tags of each span; None for `_NOWHERE`."""

    @abstractmethod
    def _behind(self, name: str, places: Sequence[int]) -> list[str | None]:
        """What stands behind a closing tag; None where its place is negative."""

    @abstractmethod
    def _block(self, row: int, name: str, span: tuple[int, int]) -> str:
        """What stands between two tags of one text."""

    @abstractmethod
    def _around(self, row: int, name: str, span: tuple[int, int]) -> str:
        """What stands before the first of two tags of one text and behind the second."""


def tags_of(texts: Sequence[str], names: tuple[str, ...]) -> Tags:
    """Where the tags of some names stand in some texts."""
    if len(texts) <= _FEW or len(names) > _MOST_NAMES or not all(map(str.isascii, names)):
        return _pieces(texts, names)
    found = _scan_bytes(texts, names)
    shapes, kinds = Shapes(names, written=False), found.kinds
    numbers = list(map(shapes.__getitem__, [kinds[first:last] for first, last in pairwise(found.bounds)]))
    return _Places(texts, shapes, numbers, found)


def tag_of(literal: str) -> tuple[str, bool] | None:
    """The name of the tag that a literal is, and whether it closes; None for other literals."""
    found = _LITERAL.fullmatch(literal)
    return None if found is None else (found[2], found[1] != "")


# -------------------------------------------------------- text by text


class _Pieces(Tags):
    """Texts that are cut at their tags: what stands before the first, the first tag, what stands behind it, and so on."""

    def __init__(self, texts: Sequence[str], shapes: Shapes, numbers: Sequence[int], pieces: list[list[str]]) -> None:
        super().__init__(texts, shapes, numbers)
        self._pieces = pieces

    def _blocks(self, name: str, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        return [
            None
            if opening < 0
            else pieces[2 * closing].strip()
            if closing - opening == 1
            else "".join(pieces[2 * opening + 2 : 2 * closing + 1]).strip()
            for pieces, (opening, closing) in zip(self._pieces, spans, strict=True)
        ]

    def _behind(self, name: str, places: Sequence[int]) -> list[str | None]:
        return [
            None if place < 0 else pieces[-1].strip() if 2 * place + 3 == len(pieces) else "".join(pieces[2 * place + 2 :]).strip()
            for pieces, place in zip(self._pieces, places, strict=True)
        ]

    def _block(self, row: int, name: str, span: tuple[int, int]) -> str:
        return "".join(self._pieces[row][2 * span[0] + 2 : 2 * span[1] + 1]).strip()

    def _around(self, row: int, name: str, span: tuple[int, int]) -> str:
        pieces = self._pieces[row]
        return "".join(pieces[: 2 * span[0] + 1] + pieces[2 * span[1] + 2 :])


def _pieces(texts: Sequence[str], names: tuple[str, ...]) -> _Pieces:
    cut = literals(names)[0].split
    pieces = list(map(cut, texts))
    shapes = Shapes(names, written=True)
    written = ["".join(parts[1::2]) if parts[0] else _from_the_start(parts) for parts in pieces]
    return _Pieces(texts, shapes, list(map(shapes.__getitem__, written)), pieces)


def _from_the_start(pieces: list[str]) -> str:
    """The shape of a text that is empty or begins with a tag."""
    return BEGIN + "".join(pieces[1::2]) if len(pieces) > 1 else ""


# -------------------------------------------------------- many texts at once


class _Scanned(NamedTuple):
    """All tags of all texts, in their order: those of the k-th text are those from `bounds[k]` to `bounds[k + 1]`.

    `starts` is where each begins in its text, and `kinds` has the character of each one's kind.
    """

    bounds: list[int]
    starts: list[int]
    kinds: str


class _Places(Tags):
    """Texts of which it is known where their tags are."""

    def __init__(self, texts: Sequence[str], shapes: Shapes, numbers: Sequence[int], found: _Scanned) -> None:
        super().__init__(texts, shapes, numbers)
        self._starts, self._firsts = found.starts, found.bounds[:-1]

    def _blocks(self, name: str, spans: Sequence[tuple[int, int]]) -> list[str | None]:
        starts, size = self._starts, len(name) + 2
        return [
            None if opening < 0 else text[starts[first + opening] + size : starts[first + closing]].strip()
            for text, first, (opening, closing) in zip(self._texts, self._firsts, spans, strict=True)
        ]

    def _behind(self, name: str, places: Sequence[int]) -> list[str | None]:
        starts, size = self._starts, len(name) + 3
        return [
            None if place < 0 else text[starts[first + place] + size :].strip()
            for text, first, place in zip(self._texts, self._firsts, places, strict=True)
        ]

    def _block(self, row: int, name: str, span: tuple[int, int]) -> str:
        first = self._firsts[row]
        return self._texts[row][self._starts[first + span[0]] + len(name) + 2 : self._starts[first + span[1]]].strip()

    def _around(self, row: int, name: str, span: tuple[int, int]) -> str:
        text, first = self._texts[row], self._firsts[row]
        return text[: self._starts[first + span[0]]] + text[self._starts[first + span[1]] + len(name) + 3 :]


def _scan_bytes(texts: Sequence[str], names: tuple[str, ...]) -> _Scanned:
    """Every `<`, then what stands behind it. A line break stands between two texts, and in no tag."""
    begins = np.zeros(len(texts) + 1, np.intp)
    np.cumsum(np.fromiter(map(len, texts), np.intp, len(texts)) + 1, out=begins[1:])
    wanted = _wanted(names)
    found = [(first, *_windows(texts[first:last], len(wanted.words))) for first, last in _portions(begins)]
    at = np.concatenate([here + begins[first] for first, here, _ in found])
    kinds = _kinds(np.concatenate([behind for _, _, behind in found]), wanted)
    tags = kinds.nonzero()[0]
    at, kinds = at[tags], kinds[tags]
    bounds = at.searchsorted(begins)
    starts = at - np.repeat(begins[:-1], np.diff(bounds))
    kinds += BEGINS * (starts == 0) - KINDS
    return _Scanned(bounds.tolist(), starts.tolist(), kinds.astype("<u4").tobytes().decode("utf-32-le"))


def _portions(begins: Rows) -> list[tuple[int, int]]:
    """The texts [first, last) that are searched at a time: memory of small size is at hand, that of large size must be fetched."""
    portions, first, size = [], 0, len(begins) - 1
    if begins[-1] <= _LETTERS_AT_ONCE:
        return [(0, size)]
    while first < size:
        last = max(first + 1, int(begins.searchsorted(begins[first] + _LETTERS_AT_ONCE)))
        portions.append((first, min(last, size)))
        first = last
    return portions


class _Wanted(NamedTuple):
    """What stands behind the `<` of each tag, by word of eight bytes: the bytes, the bits that count; and a number for its kind, not 0."""

    words: Words
    masks: Words
    kinds: NDArray[np.intp]


@lru_cache(maxsize=256)
def _wanted(names: tuple[str, ...]) -> _Wanted:
    width = -(-(max(map(len, names)) + 2) // _WORD) * _WORD  # enough for "/name>"
    behind = [f"{slash}{name}>".encode() for name in names for slash in ("", "/")]
    words = np.array([np.frombuffer(text.ljust(width, b"\0"), "<u8") for text in behind]).T
    masks = np.array([np.frombuffer((b"\xff" * len(text)).ljust(width, b"\0"), "<u8") for text in behind]).T
    kinds = np.array([KINDS * place + closes for place in range(len(names)) for closes in (0, CLOSES)]) + KINDS
    return _Wanted(words[:, :, None].copy(), masks[:, :, None].copy(), kinds[:, None])


def _windows(texts: Sequence[str], words: int) -> tuple[Rows, Words]:
    """Where each `<` of the joined texts stands, and what stands behind it, in words of eight bytes."""
    width = words * _WORD
    buffer = "\n".join([*texts, "\n" * (width + 1)]).encode("latin-1", "replace")
    at = (np.frombuffer(buffer, np.uint8) == _LESS).nonzero()[0]
    windows = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer, strides=(1,))
    return at, windows[at + 1].view("<u8").reshape(-1, words)


def _kinds(behind: Words, wanted: _Wanted) -> Rows:
    """Which tag stands behind each `<`; 0: none."""
    length = _COMPARED_AT_ONCE // len(wanted.kinds)
    if len(behind) > length:
        return np.concatenate([_kinds(behind[start : start + length], wanted) for start in range(0, len(behind), length)])
    equal: NDArray[np.bool_] | None = None
    for word, (masks, words) in enumerate(zip(wanted.masks, wanted.words, strict=True)):
        here = (behind[:, word] & masks) == words
        equal = here if equal is None else equal & here
    assert equal is not None
    kinds: Rows = (equal * wanted.kinds).sum(axis=0)
    return kinds
