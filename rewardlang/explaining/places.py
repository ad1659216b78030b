"""A completion with the places that rules spoke about underlined.

Offsets count code points of the completion; columns count what a terminal
shows, so wide characters, combining marks and escaped control characters are
underlined where they stand. Of a long completion the start, the end and the
surroundings of the places are shown, and what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rewardlang.record import NamedTuple
from rewardlang.terminal_text import Cell, Paint, cells_of, safe, width_of, wrap

_SHORT, _SHORT_LINES = 4000, 60
_HEAD, _HEAD_LINES = 1200, 16
_TAIL, _TAIL_LINES = 400, 6
_AROUND, _AROUND_LINES = 120, 2
_MOST_PLACES = 40
_LONG_PLACE_ROWS = 3


class Underline(NamedTuple):
    """Code points [start, end) of the completion, the rule that speaks, and its note."""

    start: int
    end: int
    rule: str
    note: str = ""


class _Row(NamedTuple):
    """One row on the terminal: code points [start, end), `number` on the first row of a line of the completion."""

    start: int
    end: int
    cells: Sequence[Cell]
    number: int | None

    def column(self, offset: int) -> int:
        """Terminal columns before an offset."""
        return sum(cell.width for cell in self.cells[: max(0, offset - self.start)])

    @property
    def shown(self) -> str:
        """The row as it is printed."""
        return "".join(cell.shown for cell in self.cells)


def marked_text(text: str, underlines: Sequence[Underline], width: int, paint: Paint, *, whole: bool = False) -> list[str]:
    """The lines to print: the text in rows of at most `width` columns, carets and the rules' names under them."""
    if not text:
        return ["  (the completion is empty)", *_labels_of_empty(underlines, width)]
    shown = underlines if whole else underlines[:_MOST_PLACES]
    pieces = [(0, len(text))] if whole else windows(text, shown)
    lines = []
    gutter = max(2, len(str(text.count("\n") + 1)))
    before = 0
    for start, end in pieces:
        if start > before:
            lines.append(" " * gutter + paint("dim", f" … {start - before:,} characters not shown …"))
        before = end
        for row in _rows(text, start, end, width - gutter - 3):
            label = f"{row.number:>{gutter}}" if row.number is not None else " " * gutter
            last = row.end >= len(text)
            marks = list(_marks(row, shown, width - gutter - 3, paint, last))
            if row.cells or marks or not last:
                lines.append(f"{paint('rail', f'{label} |')} {row.shown}".rstrip(" "))
            lines += [f"{paint('rail', ' ' * gutter + ' |')} {line}" for line in marks]
    if before < len(text):
        lines.append(" " * gutter + paint("dim", f" … {len(text) - before:,} characters not shown …"))
    if len(underlines) > len(shown):
        lines.append(f"and {len(underlines) - len(shown):,} more places")
    return lines


def windows(text: str, underlines: Sequence[Underline]) -> list[tuple[int, int]]:
    """The pieces of a text to show, in order, without overlaps: all of a short text."""
    if len(text) <= _SHORT and text.count("\n") < _SHORT_LINES:
        return [(0, len(text))]
    wanted = [(0, _forward(text, 0, _HEAD, _HEAD_LINES)), (_backward(text, len(text), _TAIL, _TAIL_LINES), len(text))]
    edges = [edge for place in underlines for edge in (place.start, place.end)]
    wanted += [(_backward(text, edge, _AROUND, _AROUND_LINES), _forward(text, edge, _AROUND, _AROUND_LINES)) for edge in edges]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(wanted):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _forward(text: str, start: int, most: int, lines: int) -> int:
    """An end at most `most` characters and `lines` line breaks after a start."""
    end = min(len(text), start + most)
    position = start
    for _ in range(lines):
        found = text.find("\n", position, end)
        if found < 0:
            return end
        position = found + 1
    return position


def _backward(text: str, end: int, most: int, lines: int) -> int:
    """A start at most `most` characters and `lines` line breaks before an end."""
    start = max(0, end - most)
    position = end
    for _ in range(lines):
        found = text.rfind("\n", start, position)
        if found < 0:
            return start
        position = found
    return position + 1


def _rows(text: str, start: int, end: int, width: int) -> Iterator[_Row]:
    """The rows of one piece of the text: its lines, broken at spaces where they are too wide."""
    number = text.count("\n", 0, start) + 1
    inside = start > 0 and text[start - 1] != "\n"
    while start <= end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        visible = stop - 1 if stop > start and text[stop - 1] == "\r" and text[stop : stop + 1] == "\n" else stop
        cells = cells_of(text[start:visible])
        first: int | None = None if inside else number
        for begin, finish in _breaks(cells, width):
            yield _Row(start + begin, start + finish, cells[begin:finish], first)
            first = None
        if stop >= end:
            return
        start, number, inside = stop + 1, number + 1, False
        if start == end:
            if end == len(text):
                yield _Row(start, end, (), number)
            return


def _breaks(cells: Sequence[Cell], width: int) -> Iterator[tuple[int, int]]:
    """Slices of a line that fit the width; a slice ends after a space where one stands in its second half."""
    begin, used = 0, 0
    for index, cell in enumerate(cells):
        if used + cell.width > width and index > begin:
            space = next((i for i in range(index - 1, begin + (index - begin) // 2, -1) if cells[i].shown == " "), None)
            cut = index if space is None else space + 1
            yield begin, cut
            used = sum(other.width for other in cells[cut:index])
            begin = cut
        used += cell.width
    yield begin, len(cells)


def _marks(row: _Row, underlines: Sequence[Underline], width: int, paint: Paint, last: bool) -> Iterator[str]:
    """The lines under a row: for each rule carets, then its name and notes."""
    here: dict[str, list[Underline]] = {}
    for place in underlines:
        touches = place.start < row.end and place.end > row.start
        empty = place.start >= place.end and (row.start <= place.start < row.end or (last and place.start >= row.end))
        if (touches or empty) and not _deep_inside(place, row):
            here.setdefault(place.rule, []).append(place)
    for rule, places in here.items():
        for layer in _layers(places):
            carets, notes = "", []
            for place in layer:
                column = row.column(max(place.start, row.start))
                columns = max(1, row.column(min(place.end, row.end)) - column)
                carets += " " * (column - len(carets)) + "^" * columns
                if place.note and place.end <= row.end:
                    notes.append(place.note)
            goes_on = all(place.end > row.end for place in layer)
            label = f"{rule} …" if goes_on else f"{rule}: {'; '.join(dict.fromkeys(notes))}" if notes else rule
            yield from _with_label(carets, safe(label), width, paint)


def _deep_inside(place: Underline, row: _Row) -> bool:
    """True for a row in the middle of a long place: only where it starts and where it ends is marked."""
    long = place.end - place.start > _LONG_PLACE_ROWS * max(1, len(row.cells))
    return long and place.start < row.start and place.end > row.end


def _layers(places: Sequence[Underline]) -> list[list[Underline]]:
    """Places in groups that do not overlap, each in order."""
    layers: list[list[Underline]] = []
    for place in sorted(places, key=lambda place: (place.start, place.end)):
        for layer in layers:
            if layer[-1].end <= place.start and layer[-1].start < place.start:
                layer.append(place)
                break
        else:
            layers.append([place])
    return layers


def _with_label(carets: str, label: str, width: int, paint: Paint) -> Iterator[str]:
    if len(carets) + 1 + width_of(label) <= width:
        yield paint("bold", carets) + " " + label
        return
    yield paint("bold", carets)
    for line in wrap(label, width - 4):
        yield "    " + line


def _labels_of_empty(underlines: Sequence[Underline], width: int) -> Iterator[str]:
    for place in underlines:
        yield from (f"  {line}" for line in wrap(safe(f"{place.rule}: {place.note}" if place.note else place.rule), width - 2))
