"""Text on a terminal: how wide it is, where it breaks, and what of a model's output must not reach it as it is.

A completion is written by a model, so it may hold escape sequences that move
the cursor, colours, bells or characters that reverse the direction of a line.
`cells_of` turns every such character into something visible; nothing else in
this package writes a completion to a terminal.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable
from typing import IO, TypeAlias

from rewardlang.record import NamedTuple

Paint: TypeAlias = Callable[[str, str], str]

_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "good": "\x1b[32m",
    "bad": "\x1b[31m",
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
    "rail": "\x1b[1;34m",
    "off": "\x1b[0m",
}
_JOINERS = "\u200d\ufe0e\ufe0f"  # zero width, harmless, and part of many emoji
_CONTROL_PICTURES = 0x2400


class Cell(NamedTuple):
    """One character of a text as it is shown, and the terminal columns that it takes."""

    shown: str
    width: int


def cell_of(character: str) -> Cell:
    """The visible form of one character: itself, a control picture (`␛`), or its number (`<U+202E>`)."""
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return Cell(character, 1)
    if character == "\t":
        return Cell("→", 1)
    if code < 0x20 or code == 0x7F:
        return Cell(chr(_CONTROL_PICTURES + (code if code < 0x20 else 0x21)), 1)
    category = unicodedata.category(character)
    if category in ("Mn", "Me") or character in _JOINERS:
        return Cell(character, 0)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        number = f"<U+{code:04X}>"
        return Cell(number, len(number))
    return Cell(character, 2 if unicodedata.east_asian_width(character) in "WF" else 1)


def cells_of(text: str) -> list[Cell]:
    """The cells of a text, one a code point, so that offsets into the text are indexes into the list."""
    return [cell_of(character) for character in text]


def safe(text: str) -> str:
    """A text that a terminal can be given: line breaks shown as `␊`, all other controls visible too."""
    return text if _plain(text) else "".join(cell_of(character).shown for character in text)


def width_of(text: str) -> int:
    """The columns of a text that is already safe."""
    return len(text) if _plain(text) else sum(cell_of(character).width for character in text)


def _plain(text: str) -> bool:
    """True for printable ASCII, which is most of what is shown: each character is one column, and itself."""
    return text.isascii() and text.isprintable()


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Text filled with spaces to a width; `right` puts it at the right edge, as numbers want it."""
    gap = " " * max(0, width - width_of(text))
    return gap + text if right else text + gap


def clip(text: str, width: int) -> str:
    """Text cut to a width, with `…` as its last column where something was cut."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        columns = cell_of(character).width
        if used + columns > width - 1:
            break
        kept.append(character)
        used += columns
    return "".join(kept) + "…"


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken at spaces where there are any; at least one line."""
    lines = [""]
    for word in text.split():
        candidate = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(candidate) <= width:
            lines[-1] = candidate
            continue
        lines = [line for line in lines if line]
        rest = word
        while width_of(rest) > width:
            head = _head(rest, width)
            lines.append(head)
            rest = rest[len(head) :]
        lines.append(rest)
    return lines


def _head(word: str, width: int) -> str:
    """The longest start of a word that fits, never empty, so that wrapping always advances."""
    used = 0
    for index, character in enumerate(word):
        used += cell_of(character).width
        if used > width and index:
            return word[:index]
    return word


def painter(color: bool) -> Paint:
    """`paint(style, text)`: the text in a colour, or as it is. Styles never carry meaning that the text lacks."""
    return (lambda style, text: f"{_STYLES[style]}{text}{_STYLES['off']}") if color else (lambda style, text: text)


def wants_color(stream: IO[str]) -> bool:
    """Colour only on a terminal, and never where NO_COLOR is set (https://no-color.org) or the terminal is dumb."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def terminal_width(default: int = 80) -> int:
    """Columns of the terminal, between 60 and 120; `COLUMNS` wins; the default where there is no terminal."""
    written = os.environ.get("COLUMNS", "")
    try:
        columns = int(written) if written.isdigit() else os.get_terminal_size().columns
    except OSError:
        columns = default
    return max(60, min(120, columns or default))


def listed(words: Iterable[str], *, most: int = 8) -> str:
    """`a, b and c`, or the first few and how many more."""
    items = list(words)
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
