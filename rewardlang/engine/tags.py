"""All tags of all texts of a column in one pass: where each opens and closes.

What a block is stands in `rewardlang.passages`; this finds the same tags, as
arrays over the column. Texts of ASCII are searched as one buffer of bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rewardlang.engine.column import Rows

_WORD = 8  # bytes that are compared at once


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
    if all(map(str.isascii, texts)):
        return _scan_bytes(texts, names)
    return _scan_texts(texts, names)


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
    longest = max(map(len, names)) + _WORD + 2
    joined = "\n".join([*texts, "\n" * longest]).encode("ascii")
    buffer = np.frombuffer(joined, np.uint8)
    words = np.ndarray((len(buffer) - _WORD + 1,), np.dtype("<u8"), joined, strides=(1,))
    lengths = np.fromiter(map(len, texts), np.intp, len(texts)) + 1
    begins = np.cumsum(lengths) - lengths
    at = np.flatnonzero(buffer == ord("<"))
    closing = buffer[at + 1] == ord("/")
    inner = at + 1 + closing
    first = words[inner]
    row = np.searchsorted(begins, at, "right") - 1
    start = at - begins[row]
    found = {}
    for name in names:
        if not name.isascii():
            found[name] = _events([])
            continue
        wanted = f"{name}>".encode()
        here = np.flatnonzero(_begins(first, wanted[:_WORD]))
        for done in range(_WORD, len(wanted), _WORD):
            here = here[_begins(words[inner[here] + done], wanted[done : done + _WORD])]
        closes = closing[here]
        found[name] = Events(row[here], start[here], start[here] + 1 + closes + len(wanted), closes)
    return found


def _begins(words: NDArray[np.uint64], wanted: bytes) -> NDArray[np.bool_]:
    """Whether the bytes of a word begin with those wanted."""
    mask = np.uint64((1 << (8 * len(wanted))) - 1)
    begins: NDArray[np.bool_] = (words & mask) == np.uint64(int.from_bytes(wanted, "little"))
    return begins


def only(events: Events, size: int) -> Spans:
    """The one block of each row that has one opening tag, one closing tag behind it, and no others."""
    opens = ~events.closes
    one = (np.bincount(events.row[opens], minlength=size) == 1) & (np.bincount(events.row[events.closes], minlength=size) == 1)
    spans = blocks(events)
    chosen = one[spans.row]
    return Spans(spans.row[chosen], spans.start[chosen], spans.end[chosen])


def blocks(events: Events) -> Spans:
    """The complete blocks: an opening tag with the closing one that follows it."""
    opening = np.flatnonzero(~events.closes[:-1] & events.closes[1:] & (events.row[:-1] == events.row[1:]))
    return Spans(events.row[opening], events.end[opening], events.start[opening + 1])


def openings(events: Events, size: int) -> NDArray[np.int64]:
    """How many opening tags each row has."""
    return np.bincount(events.row[~events.closes], minlength=size).astype(np.int64)


def cut(texts: Sequence[str], spans: Spans) -> list[str]:
    """The texts in the spans, trimmed."""
    return [
        texts[row][start:end].strip() for row, start, end in zip(spans.row.tolist(), spans.start.tolist(), spans.end.tolist(), strict=True)
    ]
