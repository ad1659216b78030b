"""Types and values in the words of a document for people."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from rewardlang import types
from rewardlang.answers.values import Measured, Quantity
from rewardlang.explaining.words import exact


def type_words(type_: types.Type) -> str:
    """A type as people say it."""
    match type_:
        case types.NumberType(low=low, high=high) if low is not None and high is not None:
            return f"number, {exact(low)} to {exact(high)}"
        case types.MathType():
            return "mathematical answer"
        case types.BooleanType():
            return "true or false"
        case types.QuantityType(unit=unit):
            return str(type_).replace("_", " ") + (f", a bare number counts as {unit}" if unit else "")
        case types.OneOfType(values=values):
            return "one of: " + "; ".join(values)
        case types.ListType(item=item):
            return f"list of {type_words(item)}"
        case types.OptionalType(item=item):
            return f"{type_words(item)} (may be missing)"
    return str(type_)


def value_words(value: Any) -> str:
    """A value that an example gives, as it is written."""
    if isinstance(value, (Quantity, Measured)):
        return value.written
    if isinstance(value, Fraction):
        return exact(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(value_words, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)
