"""`valid_csv`: whether a text is a table of comma-separated values."""

from __future__ import annotations

from collections.abc import Sequence

from rewardlang.verdict import Verdict, cannot_judge, no, yes
from rewardlang.verifier import predicate

MAX_CELL = 100_000


@predicate("valid_csv", cost="linear", version="1", limits={"characters of a cell": MAX_CELL})
def valid_csv(texts: Sequence[str], *, separator: str = ",", columns: tuple[str, ...] = ()) -> list[Verdict]:
    """Whether the whole text is a table of comma-separated values.

    What it checks
    --------------
    Every line has as many cells as the first (RFC 4180): cells in double quotes may hold separators, line breaks and doubled quotes; a
    quote that is not closed, or text behind one, makes it no. Empty lines at the ends do not count. `columns` is a list of
    the file with the names that the first line must have, in order. `separator` is one character.

    Why it earns reward
    -------------------
    A table that a spreadsheet shifts by one cell is wrong in every line after it.

    Example
    -------
    `rule form: award 1 point when only code_block(language = "csv") in completion is valid_csv(columns = headings)`

    Known gaps
    ----------
    Any text without a separator is a table of one column: name the columns. What the cells hold is not looked at. Spaces around
    a cell belong to it.
    """
    if len(separator) != 1 or separator in '"\r\n':
        return [cannot_judge("the separator must be one character, and no quote or line break") for _ in texts]
    return [_verdict(text.strip("\r\n"), separator, columns) for text in texts]


def _verdict(text: str, separator: str, columns: tuple[str, ...]) -> Verdict:
    import csv
    import io

    width = 0
    if not text.strip():
        return no("no line")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if max(map(len, cells), default=0) > MAX_CELL:
                return cannot_judge(f"a cell of more than {MAX_CELL:,} characters")
            if not width:
                width = len(cells)
                if columns and tuple(cells) != columns:
                    return no(f"the first line is not: {separator.join(columns)}")
            elif len(cells) != width:
                return no(f"line {reader.line_num} has {len(cells)} cells, and the first has {width}")
    except csv.Error as error:
        if "field limit" in str(error):
            return cannot_judge(f"a cell of more than {MAX_CELL:,} characters")
        return no(f"line {reader.line_num}: {error}")
    return yes()
