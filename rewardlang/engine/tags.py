"""All tags of all texts of a column in one pass: where each opens and closes, and what that makes.

What a block is stands in `rewardlang.passages`; this finds the same tags. Many
texts are searched as one buffer with a byte for each character: a tag is
ASCII, so what the other characters are has no say. Which tags follow each other
in a text is its shape. Few shapes make up a batch, and what they mean is worked
out once for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows
from rewardlang.passages import outside

_LESS = ord("<")
_LITERAL = re.compile("<(/?)([^<>/]+)>")
_WORD = 8  # bytes that are compared at once
Words: TypeAlias = "NDArray[np.uint64]"
_FEW = 192
"""So few texts are searched one by one."""
_MOST_NAMES = 127
"""More are not looked for in a buffer: there a kind of tag is a byte."""
_LETTERS_AT_ONCE = 100_000
"""Of a buffer: less than what the allocator gives back to the system each time."""


class _Scanned(NamedTuple):
    """All tags of all texts, in their order.

    The tags of the k-th text are those from `bounds[k]` to `bounds[k + 1]`;
    `starts` is where each begins in its text, and `kinds` has a character for
    each: that with the number 2n for the n-th name where it opens, 2n + 1 where it closes.
    """

    bounds: list[int]
    starts: list[int]
    kinds: str


class _Of:
    """One tag in texts of one shape, by the places of its opening and closing tags among the tags of the text."""

    __slots__ = ("blocks", "closings", "last_closing", "only", "openings", "waiting")

    def __init__(self) -> None:
        self.openings = self.closings = 0
        self.last_closing = self.waiting = -1
        self.blocks: list[tuple[int, int]] = []
        self.only: tuple[int, int] | None = None

    def add(self, place: int, closes: bool) -> None:
        """Takes the next tag. A block is an opening tag with the closing one that follows it."""
        if not closes:
            self.openings += 1
            self.waiting = place
        else:
            self.closings += 1
            self.last_closing = place
            if self.waiting >= 0:
                self.blocks.append((self.waiting, place))
            self.waiting = -1
        self.only = self.blocks[0] if self.openings == self.closings == len(self.blocks) == 1 else None


_NONE = _Of()


class _Shapes(dict[str, dict[str, _Of]]):
    """What each shape that was met makes of each tag."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, kinds: str) -> dict[str, _Of]:
        """Works out a shape."""
        found: dict[str, _Of] = {}
        for place, kind in enumerate(map(ord, kinds)):
            found.setdefault(self._names[kind >> 1], _Of()).add(place, kind % 2 == 1)
        self[kinds] = found
        return found


class Tags:
    """The tags of some names in some texts. Everything asked of them is a list with one value a text; blocks are trimmed."""

    def __init__(self, texts: Sequence[str], names: tuple[str, ...]) -> None:
        small = len(texts) <= _FEW or len(names) > _MOST_NAMES or not all(map(str.isascii, names))
        found = _scan_texts(texts, names) if small else _scan_bytes(texts, names)
        self._texts, self._starts, self._kinds, self._names = texts, found.starts, found.kinds, names
        self._firsts = found.bounds[:-1]
        shapes, kinds = _Shapes(names), found.kinds
        self._shapes = [shapes[kinds[first:last]] for first, last in pairwise(found.bounds)]
        self._of: dict[str, list[_Of]] = {}

    def _tag(self, name: str) -> list[_Of]:
        if name not in self._of:
            self._of[name] = [shape.get(name, _NONE) for shape in self._shapes]
        return self._of[name]

    def openings(self, name: str) -> list[int]:
        """How many opening tags there are."""
        return [of.openings for of in self._tag(name)]

    def counts(self, name: str) -> list[int]:
        """How many blocks there are."""
        return [len(of.blocks) for of in self._tag(name)]

    def only(self, name: str) -> list[str | None]:
        """The block where there is one opening tag, one closing tag behind it, and no others."""
        starts, size = self._starts, len(name) + 2
        return [
            None if of.only is None else text[starts[first + of.only[0]] + size : starts[first + of.only[1]]].strip()
            for text, first, of in zip(self._texts, self._firsts, self._tag(name), strict=True)
        ]

    def nth(self, name: str, place: int) -> list[str | None]:
        """The block at a place among the blocks: 0 is the first, −1 the last."""
        return [blocks[place] if blocks else None for blocks in self.blocks(name)]

    def blocks(self, name: str) -> list[tuple[str, ...]]:
        """All blocks."""
        starts, size = self._starts, len(name) + 2
        return [
            tuple(text[starts[first + opening] + size : starts[first + closing]].strip() for opening, closing in of.blocks)
            for text, first, of in zip(self._texts, self._firsts, self._tag(name), strict=True)
        ]

    def behind_last_closing(self, name: str) -> list[str | None]:
        """What stands behind the last closing tag."""
        starts, size = self._starts, len(name) + 3
        return [
            None if of.last_closing < 0 else text[starts[first + of.last_closing] + size :].strip()
            for text, first, of in zip(self._texts, self._firsts, self._tag(name), strict=True)
        ]

    def outside(self, name: str) -> list[str]:
        """The texts without the blocks."""
        starts, size = self._starts, len(name) + 3
        return [
            text
            if not of.openings and not of.closings
            else text[: starts[first + of.only[0]]] + text[starts[first + of.only[1]] + size :]
            if of.only is not None
            else outside(text, name).text
            for text, first, of in zip(self._texts, self._firsts, self._tag(name), strict=True)
        ]

    def hold(self, name: str, *, closing: bool, sign: str) -> list[bool]:
        """Whether the text contains, starts with or ends with the opening tag, or the closing one."""
        if sign == "contains":
            return [(of.closings if closing else of.openings) > 0 for of in self._tag(name)]
        literal = f"</{name}>" if closing else f"<{name}>"
        return [text.startswith(literal) if sign == "starts with" else text.endswith(literal) for text in self._texts]


def tag_of(literal: str) -> tuple[str, bool] | None:
    """The name of the tag that a literal is, and whether it closes; None for other literals."""
    found = _LITERAL.fullmatch(literal)
    return None if found is None else (found[2], found[1] != "")


# -------------------------------------------------------- scanning


def _scan_texts(texts: Sequence[str], names: tuple[str, ...]) -> _Scanned:
    pattern, kinds = _literals(names)
    bounds, starts, found = [0], [], []
    for text in texts:
        if "<" in text:
            for match in pattern.finditer(text):
                starts.append(match.start())
                found.append(kinds[match[0]])
        bounds.append(len(starts))
    return _Scanned(bounds, starts, "".join(found))


@lru_cache(maxsize=256)
def _literals(names: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    kinds = {f"<{slash}{name}>": chr(2 * place + len(slash)) for place, name in enumerate(names) for slash in ("", "/")}
    return re.compile(f"</?(?:{'|'.join(map(re.escape, names))})>"), kinds


def _scan_bytes(texts: Sequence[str], names: tuple[str, ...]) -> _Scanned:
    """Every `<`, then what stands behind it. A line break stands between two texts, and in no tag."""
    begins = np.zeros(len(texts) + 1, np.intp)
    np.cumsum(np.array(list(map(len, texts))) + 1, out=begins[1:])
    width = -(-(max(map(len, names)) + 2) // _WORD) * _WORD  # enough for "/name>"
    places, windows = [], []
    for first, last in _portions(begins):
        here, behind = _windows(texts[first:last], width)
        places.append(here + begins[first])
        windows.append(behind)
    at, words = np.concatenate(places), np.concatenate(windows).view("<u8").reshape(-1, width // _WORD)
    kinds = np.full(len(at), 255, np.uint8)
    for place, name in enumerate(names):
        kinds[_read(words, f"{name}>".encode())] = 2 * place
        kinds[_read(words, f"/{name}>".encode())] = 2 * place + 1
    tags = (kinds != 255).nonzero()[0]
    at, kinds = at[tags], kinds[tags]
    bounds = at.searchsorted(begins)
    starts = at - np.repeat(begins[:-1], np.diff(bounds))
    return _Scanned(bounds.tolist(), starts.tolist(), kinds.tobytes().decode("latin-1"))


def _portions(begins: Rows) -> Iterator[tuple[int, int]]:
    """The texts [first, last) that are searched at a time: memory of small size is at hand, that of large size must be fetched."""
    first = 0
    while first < len(begins) - 1:
        last = max(first + 1, int(begins.searchsorted(begins[first] + _LETTERS_AT_ONCE)))
        last = min(last, len(begins) - 1)
        yield first, last
        first = last


def _windows(texts: Sequence[str], width: int) -> tuple[Rows, NDArray[np.void]]:
    """Where each `<` of the joined texts stands, and the bytes behind it."""
    buffer = "\n".join([*texts, "\n" * (width + 1)]).encode("latin-1", "replace")
    at = (np.frombuffer(buffer, np.uint8) == _LESS).nonzero()[0]
    windows = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer, strides=(1,))
    return at, windows[at + 1]


def _read(words: Words, wanted: bytes) -> NDArray[np.bool_]:
    """Whether each row of words begins with the bytes wanted."""
    begins: NDArray[np.bool_] | None = None
    for place in range(0, len(wanted), _WORD):
        part = wanted[place : place + _WORD]
        column = words[:, place // _WORD]
        if len(part) < _WORD:
            column = column & np.uint64((1 << (8 * len(part))) - 1)
        here = column == np.uint64(int.from_bytes(part, "little"))
        begins = here if begins is None else begins & here
    assert begins is not None
    return begins
