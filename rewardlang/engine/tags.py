"""All tags of all texts of a column in one pass: where each opens and closes.

What a block is stands in `rewardlang.passages`; this finds the same tags, as
arrays over the column. The texts are searched as one buffer with a byte for
each character: a tag is ASCII, so what the other characters are has no say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows

_WORD = 8  # bytes that are compared at once
_FEW = 8
"""So few texts are searched one by one."""
Words = NDArray[np.uint64]


class Events(NamedTuple):
    """The tags of one name, by row and place: [start, end) in the row's text, and whether the tag closes."""

    row: Rows
    start: Rows
    end: Rows
    closes: NDArray[np.bool_]


class Spans(NamedTuple):
    """Spans of texts, at most one a row where `row` has no repetitions; untrimmed."""

    row: Rows
    start: Rows
    end: Rows


def scan(texts: Sequence[str], names: tuple[str, ...]) -> Mapping[str, Events]:
    """The events of each tag."""
    if len(texts) <= _FEW or not all(map(str.isascii, names)):
        return _scan_texts(texts, names)
    return _scan_bytes(texts, names)


def _scan_texts(texts: Sequence[str], names: tuple[str, ...]) -> Mapping[str, Events]:
    pattern = _pattern(names)
    found: dict[str, list[tuple[int, int, int, bool]]] = {name: [] for name in names}
    for row, text in enumerate(texts):
        if "<" in text:
            for match in pattern.finditer(text):
                found[match[2]].append((row, match.start(), match.end(), match[1] != ""))
    return {name: _events(events) for name, events in found.items()}


@lru_cache(maxsize=256)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"<(/?)({'|'.join(map(re.escape, names))})>")


def _events(found: list[tuple[int, int, int, bool]]) -> Events:
    table = np.array(found, dtype=np.intp).reshape(-1, 4)
    return Events(table[:, 0], table[:, 1], table[:, 2], table[:, 3] != 0)


def _scan_bytes(texts: Sequence[str], names: tuple[str, ...]) -> Mapping[str, Events]:
    """Every `<`, then the word behind it, eight letters at a time. A line break stands between two texts, and in no tag."""
    longest = max(map(len, names)) + 2 * _WORD
    joined = "\n".join(texts)
    padding = "\n" * (longest + -(len(joined) + longest) % _WORD)
    buffer = (joined + padding).encode("latin-1", "replace")
    letters, words = np.frombuffer(buffer, np.uint8), np.frombuffer(buffer, "<u8")
    at = (letters == ord("<")).nonzero()[0]
    inner = at + 1
    closing = letters[inner] == ord("/")
    inner += closing
    first = _words_at(words, inner)
    begins = np.fromiter(accumulate(map(len, texts), _next, initial=0), np.intp, len(texts) + 1)
    row = begins.searchsorted(at, "right") - 1
    start = at - begins[row]
    found = {}
    for name in names:
        wanted = f"{name}>".encode()
        here = _begins(first, wanted[:_WORD]).nonzero()[0]
        for done in range(_WORD, len(wanted), _WORD):
            here = here[_begins(_words_at(words, inner[here] + done), wanted[done : done + _WORD])]
        closes, starts = closing[here], start[here]
        found[name] = Events(row[here], starts, starts + closes + (len(wanted) + 1), closes)
    return found


def _next(begin: int, length: int) -> int:
    """Where the text behind one begins."""
    return begin + length + 1


def _words_at(words: Words, at: Rows) -> Words:
    """The eight bytes from each place on, put together from the two aligned words that they lie in."""
    cell = at >> 3
    shift = ((at & 7) << 3).astype(np.uint64)
    joined: Words = (words[cell] >> shift) | (words[cell + 1] << (np.uint64(63) - shift) << np.uint64(1))
    return joined


def _begins(words: Words, wanted: bytes) -> NDArray[np.bool_]:
    """Whether the bytes of a word begin with those wanted."""
    number = np.uint64(int.from_bytes(wanted, "little"))
    if len(wanted) < _WORD:
        words = words & np.uint64((1 << (8 * len(wanted))) - 1)
    begins: NDArray[np.bool_] = words == number
    return begins


def only(events: Events) -> Spans:
    """The one block of each row that has one opening tag, one closing tag behind it, and no others."""
    row, closes = events.row, events.closes
    size = len(row)
    if size < 2:
        return Spans(row[:0], row[:0], row[:0])
    edge = np.ones(size + 1, bool)  # whether a row's events begin at the place
    np.not_equal(row[1:], row[:-1], out=edge[1:size])
    opening = (edge[:-2] & edge[2:] & ~edge[1:-1] & (closes[1:] > closes[:-1])).nonzero()[0]
    return Spans(row[opening], events.end[opening], events.start[opening + 1])


def blocks(events: Events) -> Spans:
    """The complete blocks: an opening tag with the closing one that follows it."""
    row, closes = events.row, events.closes
    opening = ((closes[1:] > closes[:-1]) & (row[:-1] == row[1:])).nonzero()[0]
    return Spans(row[opening], events.end[opening], events.start[opening + 1])


def openings(events: Events, size: int) -> NDArray[np.int64]:
    """How many opening tags each row has."""
    return np.bincount(events.row[~events.closes], minlength=size).astype(np.int64, copy=False)


def cut(texts: Sequence[str], spans: Spans) -> list[str]:
    """The texts in the spans, trimmed."""
    return [
        texts[row][start:end].strip() for row, start, end in zip(spans.row.tolist(), spans.start.tolist(), spans.end.tolist(), strict=True)
    ]
