"""All tags of all texts of a column in one pass: where each opens and closes.

What a block is stands in `rewardlang.passages`; this finds the same tags, as
arrays over the column. The texts are searched as one buffer with a byte for
each character: a tag is ASCII, so what the other characters are has no say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows

_LESS = ord("<")
_LITERAL = re.compile("<(/?)([^<>/]+)>")
_WORD = 8  # bytes that are compared at once
Words: TypeAlias = "NDArray[np.uint64]"
_FEW = 8
"""So few texts are searched one by one."""
_LETTERS_AT_ONCE = 100_000
"""Of a buffer: less than what the allocator gives back to the system each time."""


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
    """Every `<`, then what stands behind it. A line break stands between two texts, and in no tag."""
    begins = np.zeros(len(texts) + 1, np.intp)
    np.cumsum(np.array(list(map(len, texts))) + 1, out=begins[1:])
    width = -(-(max(map(len, names)) + 2) // _WORD) * _WORD  # enough for "/name>"
    portions = _portions(begins)
    found = [_windows(texts[first:last], width) for first, last in portions]
    if len(found) == 1:
        at, windows = found[0]
    else:
        at = np.concatenate([here + begins[first] for (here, _), (first, _) in zip(found, portions, strict=True)])
        windows = np.concatenate([behind for _, behind in found])
    words = windows.view("<u8").reshape(-1, width // _WORD)
    row = begins.searchsorted(at, "right") - 1
    start = at - begins[row]
    return {name: _of_name(name, row, start, words) for name in names}


def _portions(begins: Rows) -> list[tuple[int, int]]:
    """The texts [first, last) that are searched at a time: memory of small size is at hand, that of large size must be fetched."""
    portions, first = [], 0
    while first < len(begins) - 1:
        last = max(first + 1, int(begins.searchsorted(begins[first] + _LETTERS_AT_ONCE)))
        portions.append((first, min(last, len(begins) - 1)))
        first = last
    return portions


def _windows(texts: Sequence[str], width: int) -> tuple[Rows, NDArray[np.void]]:
    """Where each `<` of the joined texts stands, and the bytes behind it."""
    buffer = "\n".join([*texts, "\n" * (width + 1)]).encode("latin-1", "replace")
    at = (np.frombuffer(buffer, np.uint8) == _LESS).nonzero()[0]
    windows = np.ndarray((len(buffer) - width + 1,), f"V{width}", buffer, strides=(1,))
    return at, windows[at + 1]


def _of_name(name: str, row: Rows, start: Rows, words: Words) -> Events:
    closes = _read(words, f"/{name}>".encode())
    here = (_read(words, f"{name}>".encode()) | closes).nonzero()[0]
    starts, closing = start[here], closes[here]
    return Events(row[here], starts, starts + closing + (len(name) + 2), closing)


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


def tag_of(literal: str) -> tuple[str, bool] | None:
    """The name of the tag that a literal is, and whether it closes; None for other literals."""
    found = _LITERAL.fullmatch(literal)
    return None if found is None else (found[2], found[1] != "")


def after_last_closing(events: Events) -> tuple[Rows, Rows]:
    """The rows that have a closing tag, and where the last one ends."""
    closing = events.closes.nonzero()[0]
    row = events.row[closing]
    last = np.ones(len(row), bool)
    np.not_equal(row[1:], row[:-1], out=last[:-1])
    return row[last], events.end[closing][last]


def cut(texts: Sequence[str], spans: Spans) -> list[str]:
    """The texts in the spans, trimmed."""
    rows = spans.row.tolist()
    chosen = texts if rows == list(range(len(texts))) else map(texts.__getitem__, rows)
    return [text[start:end].strip() for text, start, end in zip(chosen, spans.start.tolist(), spans.end.tolist(), strict=True)]
