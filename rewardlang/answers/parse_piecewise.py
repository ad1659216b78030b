r"""Functions by cases: `\begin{cases} x+1 & \text{if } x<1 \\ 2x & \text{otherwise} \end{cases}`."""

from __future__ import annotations

from rewardlang.answers.algebra import LimitError, Quotient
from rewardlang.answers.expression import read_expression
from rewardlang.answers.kinds import Expression, Labelled, Piecewise, Unread, Value
from rewardlang.answers.numeric import symbols_of
from rewardlang.answers.parse_brackets import Reader, split
from rewardlang.answers.reading import UnreadError
from rewardlang.answers.real_sets import REALS, Piece, UndecidedError, common, complement, normal, pieces_of
from rewardlang.answers.tokens import Token, joined

MAX_CASES = 6
_LEADING = ("if", "for", "when", "where", ",", "and", "all")
_CONDITION = ("if", "for", "when", "where", "otherwise", "else", "elsewhere")
_REST = (["otherwise"], ["else"], ["elsewhere"])


def piecewise(rows: list[list[Token]], tokens: list[Token], read: Reader) -> Value | None:
    """The function whose cases are these rows; None where they are no cases, Unread where one of them is not read."""
    cases = [_case(row) for row in rows]
    known = [case for case in cases if case is not None]
    if not known or len(known) < len(cases):
        return None
    try:
        return _function(known, read) if len(known) <= MAX_CASES else Unread(joined(tokens), f"more than {MAX_CASES} cases")
    except (UnreadError, LimitError, ZeroDivisionError, UndecidedError) as error:
        return Unread(joined(tokens), str(error) or "a division by zero")


def _case(row: list[Token]) -> tuple[list[Token], list[Token]] | None:
    """Formula and condition of a row."""
    parts = split(row, ("&",))
    if len(parts) == 1:
        cut = next((at for at, token in enumerate(row) if token.text in _CONDITION), None)
        parts = [row] if cut is None else [row[:cut], row[cut:]]
    if len(parts) != 2:
        return None
    value, condition = parts
    while value and value[-1].text in (",", ";"):
        value = value[:-1]
    while condition and condition[0].text in _LEADING:
        condition = condition[1:]
    while condition and condition[-1].text in (",", ";", "."):
        condition = condition[:-1]
    return (value, condition) if value and condition else None


def _function(cases: list[tuple[list[Token], list[Token]]], read: Reader) -> Piecewise:
    name, parts = "", list[tuple[Quotient, Quotient, bool, Quotient, bool]]()
    left: list[Piece] = list(REALS)
    for value, condition in cases:
        formula = read_expression(value)
        if [token.text for token in condition] in _REST:
            here = left
        else:
            label, pieces = _condition(condition, read)
            if name not in ("", label):
                raise UnreadError("conditions on several symbols")
            name = label
            here = common(pieces, left)
            left = common(left, complement(pieces))
        parts += [(formula, *piece) for piece in here]
    if not name or any(symbols_of(part[0]) - {name} for part in parts):
        raise UnreadError("a function by cases of another symbol than its conditions")
    return Piecewise(name, tuple(parts))


def _condition(tokens: list[Token], read: Reader) -> tuple[str, list[Piece]]:
    said = read(tokens)
    if isinstance(said, Labelled):
        inner = said.value
        if isinstance(inner, Expression) and not (inner.unit or inner.percent or inner.degree or symbols_of(inner.value)):
            return said.label, [(inner.value, True, inner.value, True)]
        pieces = pieces_of(inner)
        if pieces is not None:
            return said.label, normal(pieces)
    raise UnreadError("a condition that is no set of numbers")
