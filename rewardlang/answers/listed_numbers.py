"""Two numbers of a list that can be one: `2,74` with a decimal comma, `3 and 1/2`."""

from __future__ import annotations

import re
from functools import cache

from rewardlang.answers.algebra import number
from rewardlang.answers.kinds import Expression, Value
from rewardlang.answers.plain import read_decimal
from rewardlang.answers.tokens import Token


@cache
def _whole() -> re.Pattern[str]:
    """Figures, also with a point that divides thousands: `12.345` of `12.345,67`."""
    return re.compile(r"[0-9]+|[1-9][0-9]{0,2}\.[0-9]{3}")


def with_decimal_comma(parts: list[list[Token]]) -> Expression | None:
    """The number that two parts of a list are, if the comma between them is decimal."""
    if len(parts) != 2:
        return None
    left, right = parts
    whole = left[1:] if left[0].text == "-" else left
    if len(whole) != 1 or len(right) != 1 or right[0].spaced or _whole().fullmatch(whole[0].text) is None:
        return None
    decimals = right[0].text
    known = whole[0].text.isascii() and decimals.isascii() and decimals.isdigit()
    return read_decimal(f"{whole[0].text.replace('.', '')}.{decimals}", len(left) == 2) if known else None


def mixed(items: tuple[Value, ...]) -> Expression | None:
    """The number that `3 and 1/2` is, if it is no list."""
    plain = [item for item in items if isinstance(item, Expression) and not (item.unit or item.percent or item.degree)]
    parts = [item.value.rational for item in plain]
    if len(parts) != 2 or len(items) != 2 or parts[0] is None or parts[1] is None:
        return None
    return Expression(number(parts[0] + parts[1])) if parts[0].denominator == 1 and parts[0] > 0 and 0 < parts[1] < 1 else None
