"""The words of a file with the comments and blank lines around them: what the formatter lays out.

A comment is kept where it stands: behind a word on the same line, or on lines
of its own before a word. Everything else between two words is free.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rewardlang.parsing.syntax_from_text import tokens
from rewardlang.parsing.tree_nodes import Leaf
from rewardlang.source import Source

_QUANTITY = re.compile(r"([0-9.]+)\s*(.*)", re.DOTALL)
_AS_WRITTEN = frozenset(("STRING", "LONG_STRING", "REGEX", "SINGLE_STRING"))


@dataclass
class Remark:
    """A comment on a line of its own; `blank` when a blank line stands before it."""

    text: str
    blank: bool


@dataclass
class Piece:
    """A word or sign as it is printed. `trailing` is the comment behind it, `above` the comments before it."""

    text: str
    type: str
    start: int
    above: list[Remark] = field(default_factory=list)
    blank: bool = False
    trailing: str | None = None

    @property
    def breaks_line(self) -> bool:
        """Whether a comment forces a line break before or behind it."""
        return bool(self.above) or self.trailing is not None


def pieces_of(source: Source) -> tuple[list[Piece], list[Remark]]:
    """The pieces of a file that parses, and the comments after the last one."""
    pieces: list[Piece] = []
    position = 0
    for leaf in tokens(source):
        trailing, above, blank = _gap(source.text[position : leaf.span.start], first=not pieces)
        if pieces:
            pieces[-1].trailing = trailing
        pieces.append(Piece(_printed(leaf), leaf.type, leaf.span.start, above, blank))
        position = leaf.span.end
    trailing, rest, _ = _gap(source.text[position:], first=False)
    pieces[-1].trailing = trailing
    return pieces, rest


def _gap(text: str, *, first: bool) -> tuple[str | None, list[Remark], bool]:
    """The comment on the line of the piece before, the comments on their own lines, and whether a blank line ends the gap."""
    lines = [line.strip("\ufeff \t\r\f\v\xa0") for line in re.split(r"\r\n|\n|\r", text)]
    trailing = None
    if not first:
        trailing = lines[0] if lines[0].startswith("#") else None
        lines = lines[1:]
    remarks: list[Remark] = []
    blank = False
    for line in lines[:-1] if lines and not lines[-1].startswith("#") else lines:
        if line.startswith("#"):
            remarks.append(Remark(line, blank))
            blank = False
        else:
            blank = True
    return trailing, remarks, blank


def _printed(leaf: Leaf) -> str:
    if leaf.type in _AS_WRITTEN:
        return leaf.replace("\r\n", "\n")
    if leaf.type == "CURLY_STRING":
        return f'"{leaf[1:-1]}"'
    if leaf.type == "QUANTITY":
        match = _QUANTITY.fullmatch(leaf)
        return f"{match[1]} {match[2]}" if match else str(leaf)
    if leaf.type == "PERCENT":
        return re.sub(r"\s", "", leaf)
    return "-" if leaf.type == "MINUS" else " ".join(leaf.split())
