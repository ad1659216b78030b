"""JSON that a model wrote, read within limits: numbers exactly, nothing trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

MAX_DEPTH = 200
MAX_DIGITS = 400
MAX_LEAVES = 20_000
MAX_KEYS = 200_000


class NotJson(ValueError):
    """The text is not JSON; the words say where and why."""


class NotRead(ValueError):
    """The text may be JSON, and is beyond the limits."""


@cache
def _brackets() -> re.Pattern[str]:
    return re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def _no_constant(name: str) -> None:
    raise NotJson(f"{name} is no JSON value")


def _number(written: str) -> Decimal:
    if len(written) > MAX_DIGITS:
        raise NotRead(f"a number of more than {MAX_DIGITS} digits")
    try:
        return Decimal(written)
    except InvalidOperation:
        raise NotRead(f"the exponent of {written[:40]} is too large") from None


def read_json(text: str, *, number: Callable[[str], Any] = _number) -> Any:
    """The one value that the whole text is, numbers as `Decimal`. Raises `NotJson`, or `NotRead` beyond the limits."""
    depth = 0
    for match in _brackets().finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            raise NotRead(f"nested more than {MAX_DEPTH} deep")
    import json

    try:
        return json.loads(text.strip(" \t\r\n"), parse_constant=_no_constant, parse_int=number, parse_float=number)
    except json.JSONDecodeError as error:
        raise NotJson(f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}") from None


def leaves(value: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Each value that is no object or list, and each empty one, with the keys that lead to it; true is not 1.

    Raises `NotRead` for more than the limit of values, or of keys that lead to them.
    """
    keys = 0
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        keys += len(path)
        if keys > MAX_KEYS:
            raise NotRead(f"more than {MAX_KEYS:,} keys that lead to values")
        if isinstance(item, (dict, list)) and len(waiting) + len(item) > MAX_LEAVES:
            raise NotRead(f"more than {MAX_LEAVES:,} values")
        if isinstance(item, dict) and item:
            waiting += [((*path, key), inner) for key, inner in item.items()]
        elif isinstance(item, list) and item:
            waiting += [((*path, index), inner) for index, inner in enumerate(item)]
        else:
            yield path, (type(item).__name__, str(item) if isinstance(item, (dict, list)) else item)
