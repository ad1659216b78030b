"""The formatter: one house style, by white space alone.

No word is changed, added or removed (curly quotation marks become straight
ones), so a file means the same before and after; comments stay with the word
that they stand behind or before. A statement takes one line if it fits in
WIDTH columns, and is else broken at its clauses, then before `and`,
`or` and `where`, then inside its brackets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from rewardlang.errors import RewardError, columns_of
from rewardlang.parsing.printed_words import Piece, Remark, pieces_of
from rewardlang.parsing.syntax_from_text import parse
from rewardlang.source import Source

WIDTH = 100

_OPENING = {"_OPEN": "_CLOSE", "_OPEN_LIST": "_CLOSE_LIST"}
_SEPARATORS = frozenset(("_COMMA", "_SEMICOLON"))
_JOINTS = frozenset(("_AND", "_OR", "_WHERE"))
_OPENERS = frozenset(("_WHEN", "_FOR_EACH", "_SCALED_BY"))
_VALUES = frozenset(
    ("NAME", "NUMBER", "PERCENT", "QUANTITY", "STRING", "LONG_STRING", "CURLY_STRING", "TRUE", "FALSE", "TAG", "_CLOSE", "_CLOSE_LIST")
)
_OWN_LINE = frozenset(("_BECAUSE", "_RETURNS"))
_BLANK_BEFORE = frozenset(("_SECTION", "EXAMPLE"))


@dataclass
class Group:
    """Brackets and what they hold, one item for each separator; a separator ends its item."""

    opening: Piece
    closing: Piece
    items: list[list[Part]] = field(default_factory=list)

    @property
    def listed(self) -> bool:
        """Whether it is a list `[…]` or the tests of `all of (…; …)`."""
        ends = (item[-1] for item in self.items[:-1])
        return self.opening.type == "_OPEN_LIST" or any(isinstance(end, Piece) and end.type == "_SEMICOLON" for end in ends)


Part: TypeAlias = Piece | Group


def format_text(source: Source) -> str:
    """The file in house style. Raises `RewardError` with the mistakes of a file that does not parse."""
    parsed = parse(source)
    if parsed.file is None or not parsed.ok:
        raise RewardError(parsed.diagnostics)
    pieces, rest = pieces_of(source)
    starts = {statement.span.start for statement in parsed.file.statements}
    page = _Page()
    for number, statement in enumerate(_split(pieces, lambda piece: piece.start in starts)):
        if number == 0 and statement[0].start not in starts:
            _head(page, statement)
        else:
            _statement(page, statement, first=number <= 1)
    page.remarks(rest, 0)
    text = page.text()
    formatted = parse(Source(source.name, text)).file
    assert formatted == parsed.file, "formatting changes white space alone"
    return text


class _Page:
    """Lines, and the one being written. A comment ends its line, and starts one if it stands alone."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line = ""
        self._last: Piece | None = None

    def line(self, indent: int, blank: bool = False) -> None:
        """Starts a line, after a blank one if asked."""
        self._flush()
        if blank and self._lines and self._lines[-1]:
            self._lines.append("")
        self._line = " " * indent

    def remarks(self, remarks: Iterable[Remark], indent: int) -> None:
        """Comments, each on its own line."""
        for remark in remarks:
            self.line(indent, remark.blank)
            self._line += remark.text
            self._flush()

    def put(self, piece: Piece, indent: int) -> None:
        """Writes a piece; `indent` is that of the line which a comment makes necessary."""
        if piece.above:
            self._flush()
            self.remarks(piece.above, indent)
        if not self._line:
            self.line(indent, piece.blank and bool(piece.above))
        fresh = not self._line.strip()
        self._line += ("" if fresh or self._last is None else _space(self._last, piece)) + piece.text
        if piece.type == "MINUS" and (fresh or self._last is None or self._last.type not in _VALUES):
            piece = Piece(piece.text, "unary minus", piece.start, trailing=piece.trailing)
        self._last = piece
        if piece.trailing is not None:
            self._line += "  " + piece.trailing
            self._flush()

    def text(self) -> str:
        """The page, ended by one line break."""
        self._flush()
        return "\n".join(self._lines) + "\n"

    def _flush(self) -> None:
        if self._line.strip():
            self._lines.append(self._line)
        self._line = ""


def _space(before: Piece, piece: Piece) -> str:
    if (
        before.type in ("_OPEN", "_OPEN_LIST", "_DOT", "unary minus")
        or piece.type in ("_CLOSE", "_CLOSE_LIST", "_DOT", "_COLON")
        or piece.type in _SEPARATORS
    ):
        return ""
    called = piece.type == "_OPEN" and before.type in ("NAME", "STRING", "CURLY_STRING")
    return "" if called else " "


# ---------------------------------------------------------------- statements


def _head(page: _Page, pieces: list[Piece]) -> None:
    for line in _split(pieces, lambda piece: piece.type in ("_REWARDLANG", "_REWARD", "_ABOUT")):
        indent = 2 if line[0].type == "_ABOUT" else 0
        page.remarks(line[0].above, indent)
        page.line(indent, line[0].blank)
        _write(page, _grouped(_bare(line)), indent)


def _statement(page: _Page, pieces: list[Piece], *, first: bool) -> None:
    top = pieces[0]
    apart = first or top.type in _BLANK_BEFORE
    if apart and not top.blank and not any(remark.blank for remark in top.above):
        if top.above:
            top.above[0].blank = True
        else:
            top.blank = True
    page.remarks(top.above, 0)
    page.line(0, top.blank)
    body = _bare(pieces)
    forced = _split(body, _is_clause_of(top))
    if len(forced) == 1 and _fits(body, 0):
        _write(page, _grouped(body), 0)
        return
    clauses: list[list[Piece]] = []
    for clause in forced:
        clauses += [clause] if _fits(clause, 2 if clauses else 0) else _split(clause, lambda piece: piece.type in _OWN_LINE)
    for number, clause in enumerate(clauses):
        indent = 2 if number else 0
        if number:
            page.remarks(clause[0].above, indent)
            page.line(indent, clause[0].blank)
        _write(page, _grouped(_bare(clause)), indent)


def _is_clause_of(top: Piece) -> Callable[[Piece], bool]:
    """What always begins a line in this kind of statement."""
    kinds = {"EXAMPLE": ("_LIKE", "_WITH", "_MODEL_WRITES", "_EXPECT", "_BECAUSE"), "_RULE": ("_ELSE",)}.get(top.type, ())
    return lambda piece: piece.type in kinds


def _bare(pieces: list[Piece]) -> list[Piece]:
    """The same pieces, with the comments above the first one already written."""
    first = pieces[0]
    return [Piece(first.text, first.type, first.start, trailing=first.trailing), *pieces[1:]]


# ---------------------------------------------------------------- lines


def _write(page: _Page, parts: Sequence[Part], indent: int) -> None:
    """Writes parts from the beginning of a line: on one line if they fit, else broken before joints, else inside brackets."""
    pieces = _flat(parts)
    if _fits(pieces, indent):
        for piece in pieces:
            page.put(piece, indent)
        return
    chunks = _before(_JOINTS, parts)
    if len(chunks) == 1 and not any(isinstance(part, Group) for part in parts):
        chunks = _before(_OPENERS, parts)
    if len(chunks) > 1:
        for number, chunk in enumerate(chunks):
            if number:
                page.line(indent + 4)
            _write(page, chunk, indent + 4 if number else indent)
        return
    groups = [part for part in parts if isinstance(part, Group)]
    broken = [group for group in groups if group.listed or any(piece.breaks_line for piece in _flat([group]))] or groups
    for number, part in enumerate(parts):
        if isinstance(part, Group) and any(part is group for group in broken):
            _write_group(page, part, indent)
        else:
            for piece in _flat([part]):
                page.put(piece, indent + 2 if number else indent)


def _write_group(page: _Page, group: Group, indent: int) -> None:
    page.put(group.opening, indent + 2)
    for item in group.items:
        first = _flat(item)[0]
        page.line(indent + 4, first.blank and not first.above)
        _write(page, item, indent + 4)
    page.line(indent + 2)
    page.put(group.closing, indent + 2)


def _fits(pieces: Sequence[Piece], indent: int) -> bool:
    """Whether the pieces stand on one line of WIDTH columns; of a text of several lines, its first and its last."""
    if any(piece.above for piece in pieces) or any(piece.trailing is not None for piece in pieces[:-1]):
        return False
    page = _Page()
    page.line(indent)
    for piece in pieces:
        page.put(Piece(piece.text, piece.type, piece.start), indent)
    lines = page.text().rstrip("\n").split("\n")
    return max(columns_of(lines[0]), columns_of(lines[-1])) <= WIDTH


def _flat(parts: Iterable[Part]) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, Piece):
            pieces.append(part)
        else:
            pieces += [part.opening, *(piece for item in part.items for piece in _flat(item)), part.closing]
    return pieces


def _grouped(pieces: Sequence[Piece]) -> list[Part]:
    """The pieces with the brackets made groups."""
    stack: list[tuple[Piece | None, list[list[Part]]]] = [(None, [[]])]
    for piece in pieces:
        if piece.type in _OPENING:
            stack.append((piece, [[]]))
        elif piece.type in _OPENING.values():
            opening, items = stack.pop()
            assert opening is not None, "brackets match in a file that parses"
            stack[-1][1][-1].append(Group(opening, piece, [item for item in items if item]))
        else:
            items = stack[-1][1]
            items[-1].append(piece)
            if piece.type in _SEPARATORS and len(stack) > 1:
                items.append([])
    return stack[0][1][0]


def _before(kinds: frozenset[str], parts: Sequence[Part]) -> list[list[Part]]:
    """Split before each word of these kinds outside of brackets, but not at the `and` of a `between`."""
    chunks: list[list[Part]] = [[]]
    between = 0
    for part in parts:
        kind = part.type if isinstance(part, Piece) else ""
        if kind in ("_BETWEEN", "_TEXT_BETWEEN"):
            between += 1
        elif kind == "_AND" and between:
            between -= 1
        elif kind in kinds and chunks[-1]:
            chunks.append([])
        chunks[-1].append(part)
    return chunks


def _split(pieces: Iterable[Piece], begins: Callable[[Piece], bool]) -> list[list[Piece]]:
    """Split before each piece that begins a part."""
    parts: list[list[Piece]] = []
    for piece in pieces:
        if not parts or begins(piece):
            parts.append([])
        parts[-1].append(piece)
    return parts
