"""From raw data, as JSON, CSV or a data set hands it over, to the values that a program works on.

Strict on purpose: a row that does not fit its declared type is an error with the
column's name, before anything is marked, never a completion that scores 0.
"""

from __future__ import annotations

import json
import math
import unicodedata
from fractions import Fraction
from typing import Any

from rewardlang import types
from rewardlang.answers.values import Quantity
from rewardlang.errors import DataError
from rewardlang.record import replaced
from rewardlang.registry import Registry
from rewardlang.verdict import Missing, Refused
from rewardlang.written import written

_SHOWN = 60
_MOST_BITS = 20_000  # of a number: 3,000 digits on either side of the point


def normalised(text: str) -> str:
    """Text in Unicode's composed form (NFC), in which all comparison is done."""
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def value_from_data(wanted: types.Type, raw: Any, registry: Registry, separator: str | None = None, notation: str | None = None) -> Any:
    """The value of a column in one row.

    `notation` says how numbers are written in texts (None: "1,234.5").
    Raises `DataError` (without column and row: the caller knows them) when it does not fit.
    """
    if hasattr(raw, "tolist") and not isinstance(raw, (str, bytes)):
        raw = raw.tolist()
    match wanted:
        case types.OptionalType(item):
            if raw is None or (raw == "" and not isinstance(item, (types.TextType, types.ListType))):
                return Missing("the row has no value here")
            return value_from_data(item, raw, registry, separator, notation)
        case _ if raw is None:
            raise DataError(f"{_a(wanted)} is wanted, and the row has no value", column=None)
        case types.TextType():
            return normalised(_text(raw, wanted))
        case types.OneOfType(values):
            text = normalised(_text(raw, wanted))
            if text not in values:
                raise DataError(f"{wanted} is wanted, and this is {shown(raw)}")
            return text
        case types.NumberType():
            return _number(wanted, raw, registry, notation)
        case types.BooleanType():
            if isinstance(raw, str) and raw.strip().lower() in ("true", "false"):
                return raw.strip().lower() == "true"
            if not isinstance(raw, bool):
                raise DataError(f"true or false is wanted, and this is {shown(raw)}")
            return raw
        case types.MathType():
            return _math(raw, registry, notation)
        case types.ListType(item):
            return tuple(value_from_data(item, part, registry, notation=notation) for part in _list(raw, separator))
        case types.QuantityType():
            return _quantity(wanted, raw, registry, notation)


def _a(wanted: types.Type) -> str:
    return f"a {wanted}" if not isinstance(wanted, types.OneOfType) else str(wanted)


def shown(raw: Any) -> str:
    """A raw value as a message quotes it, shortened."""
    kind = {bool: "", int: "the number ", float: "the number ", str: "", list: "the list ", dict: "the object "}.get(type(raw), "")
    text = json.dumps(raw, ensure_ascii=False, default=str) if not isinstance(raw, Fraction) else str(raw)
    return kind + (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")


def _text(raw: Any, wanted: types.Type) -> str:
    if isinstance(raw, str):
        return raw
    raise DataError(f"{_a(wanted)} is wanted, and this is {shown(raw)}")


def _number(wanted: types.NumberType, raw: Any, registry: Registry, notation: str | None) -> Fraction:
    value: Any
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Fraction)):
        raise DataError(f"a number is wanted, and this is {shown(raw)}")
    if isinstance(raw, str):
        value = _read("number", raw, registry, **({"written": notation} if notation else {}))
    elif isinstance(raw, float):
        if not math.isfinite(raw):
            raise DataError(f"a finite number is wanted, and this is {raw}")
        value = Fraction(repr(raw))
    else:
        value = Fraction(raw)
    if isinstance(value, Fraction) and value.numerator.bit_length() + value.denominator.bit_length() > _MOST_BITS:
        raise DataError(f"a number of at most 3,000 digits is wanted, and this is {shown(raw) if isinstance(raw, str) else 'longer'}")
    if not wanted.holds(value):
        raise DataError(f"{number_wanted(wanted)} is wanted, and this is {shown(raw)}")
    assert isinstance(value, Fraction)
    return value


def _quantity(wanted: types.QuantityType, raw: Any, registry: Registry, notation: str | None) -> Any:
    """A text with a unit; or a bare number, where the column says its unit."""
    from rewardlang.answers.numerals import read_number
    from rewardlang.answers.quantities import fitted_to, in_words, read_quantity

    style = notation or "1,234.5"
    if isinstance(raw, str):
        found = read_quantity(normalised(raw), style)
        if isinstance(found, Missing) and wanted.unit is not None:
            bare = found if "%" in raw else read_number(normalised(raw), style)
            found = _in_unit(bare, wanted.unit, raw.strip()) if isinstance(bare, Fraction) else found
    elif isinstance(raw, Quantity):
        found = raw
    elif isinstance(raw, bool) or not isinstance(raw, (int, float, Fraction)):
        raise DataError(f"{_a(wanted)} is wanted, and this is {shown(raw)}")
    elif wanted.unit is None:
        raise DataError(f"{_a(wanted)} is wanted, and {shown(raw)} has no unit; write it in the data, or after the column's type: in mg")
    else:
        number = _number(types.NUMBER, raw, registry, notation)
        found = _in_unit(number, wanted.unit, written(number))
    if not isinstance(found, Quantity):
        raise DataError(f"{_a(wanted)} is wanted, and this cannot be read as one: {shown(raw)} ({found.reason})")
    value = fitted_to(found, wanted.dimension)
    if value is None:
        other = " or ".join(in_words(dimension) for dimension in found.dimensions)
        raise DataError(f"{_a(wanted)} is wanted, and {shown(found.written)} is {other}")
    return value


def _in_unit(number: Fraction, unit: str, figures: str) -> Quantity:
    from rewardlang.answers.quantities import unit_of

    known = unit_of(unit)
    assert known is not None, "the checker knows the units of columns"
    return Quantity(number * known.size, known.dimensions, f"{figures} {unit}")


def number_wanted(wanted: types.NumberType) -> str:
    """A type of numbers with its bounds, as a sentence names it."""
    if wanted.low is not None and wanted.high is not None:
        return f"a number between {written(wanted.low)} and {written(wanted.high)}"
    return "a number" if wanted.low is None else f"a number of at least {written(wanted.low)}"


def _math(raw: Any, registry: Registry, notation: str | None) -> Any:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, str, Fraction)):
        raise DataError(f"a mathematical answer is wanted, and this is {shown(raw)}")
    if isinstance(raw, str):
        return _read("math", raw, registry, **({"written": notation} if notation else {}))
    figures = repr(raw) if isinstance(raw, float) else str(raw)
    return replaced(_read("math", figures, registry), written=figures.replace(".", notation[-2] if notation else "."))


def answers_from_texts(texts: list[str], registry: Registry, notation: str | None) -> list[Any] | None:
    """The values of a column of answers, in one call; None where one of them is not read, which `value_from_data` tells."""
    reader = registry.get("reader", "math")
    assert reader is not None, "the package has a reader of math"
    options = {"written": notation} if notation else {}
    values = reader([normalised(text) for text in texts], **options)
    return None if any(isinstance(value, (Missing, Refused)) for value in values) else values


def _read(word: str, text: str, registry: Registry, **options: str) -> Any:
    reader = registry.get("reader", word)
    assert reader is not None, f"the package has a reader of {word}"
    (value,) = reader([normalised(text)], **options)
    if isinstance(value, (Missing, Refused)):
        raise DataError(f"this cannot be read as {word}: {shown(text)} ({value.reason})")
    return value


def _list(raw: Any, separator: str | None) -> list[Any]:
    if isinstance(raw, (list, tuple)):
        return list(raw)
    if isinstance(raw, str):
        if raw.lstrip().startswith("["):
            try:
                parsed = json.loads(raw)
            except ValueError as error:
                raise DataError(f"a list is wanted, and this is no JSON array ({error}): {shown(raw)}") from None
            if isinstance(parsed, list):
                return parsed
        if separator is not None:
            return [part.strip() for part in raw.split(separator) if part.strip()]
        raise DataError(f"a list is wanted, and this is the text {shown(raw)}; lists in one cell need 'separated by \";\"' at the column")
    raise DataError(f"a list is wanted, and this is {shown(raw)}")
