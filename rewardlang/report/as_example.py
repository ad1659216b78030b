"""The values of a row as an `example` block gives them: literals that read back as what was marked."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rewardlang.explaining.words import exact
from rewardlang.marking.intake import rows_from_data
from rewardlang.marking.piece import Piece
from rewardlang.types import ListType, MathType, OptionalType, QuantityType, Type
from rewardlang.verdict import Missing

if TYPE_CHECKING:
    from rewardlang.reward import Reward
    from rewardlang.samples.read import Row

_PLACES = 9
_NOT_IN_A_TEXT = re.compile("[\x00-\x08\x0b\x0d-\x1f\x7f\ud800-\udfff]")
_OF_A_NUMBER = frozenset("-0123456789.")


def given(reward: Reward, row: Row, looked: Container[str]) -> Iterator[tuple[str, str]]:
    """Name and literal of the columns that have a value, and of what every row has (prompt, …) what is `looked` at.

    The row has one completion, and was marked before; `looked` is `looked_at` of the program.
    """
    program = reward.program
    raw = {column.original: row.values.get(column.original) for column in program.columns.values()}
    extra = {name: row.values[name] for name in ("truncated", "completion_tokens", "system") if row.values.get(name) is not None}
    columns = {name: [value] for name, value in {**extra, **raw}.items()}
    (intake,) = rows_from_data(program, reward.registry, row.completions, [row.values.get("prompt")], columns)
    for name, column in program.columns.items():
        if not isinstance(intake.given[name], Missing):
            yield name, _literal(column.type, intake.given[name], raw[column.original])
    for name in ("prompt", "system", "truncated", "completion_tokens"):
        if name in looked and not isinstance(intake.given[name], Missing):
            yield name, _written(intake.given[name], row.values.get(name))


def _literal(type_: Type, value: Any, raw: Any) -> str:
    """A value as the language writes it; a quantity, or an answer of mathematics, as the row has it."""
    match type_:
        case OptionalType(item):
            return _literal(item, value, raw)
        case QuantityType() | MathType() | ListType(QuantityType() | MathType()):
            return _as_it_is(raw)
    return _written(value, raw)


def _written(value: Any, raw: Any) -> str:
    match value:
        case Piece(text=text):
            return text_literal(text)
        case bool():
            return "true" if value else "false"
        case Fraction() if _OF_A_NUMBER.issuperset(exact(value)):
            return exact(value)
        case tuple():
            return f"[{', '.join(_written(item, item) for item in value)}]"
    return _as_it_is(raw)


def _as_it_is(raw: Any) -> str:
    """A value of the data, which an example is read with as the data are."""
    if hasattr(raw, "tolist") and not isinstance(raw, str):
        raw = raw.tolist()
    if isinstance(raw, list | tuple):
        return f"[{', '.join(_as_it_is(item) for item in raw)}]"
    number = exact(Fraction(repr(raw))) if isinstance(raw, int | float) else ""
    return number if number and _OF_A_NUMBER.issuperset(number) else text_literal(str(raw))


def text_literal(text: str) -> str:
    """A text in quotation marks: over several lines as it is where that is possible, else with its escapes."""
    if "\n" in text and '"""' not in text and not text.endswith('"') and "\r" not in text:
        return f'"""{text}"""'
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def score_literal(score: float) -> str:
    """A score as an `expect` has it, to nine places."""
    return exact(Fraction(repr(round(score, _PLACES))))


def not_in_a_text(text: str) -> str | None:
    """The first character that cannot stand between quotation marks in a file, as `U+000D`; None for a text that can."""
    found = _NOT_IN_A_TEXT.search(text)
    return f"U+{ord(found[0]):04X}" if found else None
