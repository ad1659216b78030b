"""What crosses the pipe to a worker: JSON with its length before it. Nothing that is read can run anything.

Numbers cross as exact fractions in text; Python on the other side sees an `int`
where the number is whole and the nearest `float` otherwise.
"""

from __future__ import annotations

import json
import math
import struct
from decimal import Decimal
from fractions import Fraction
from io import RawIOBase
from typing import Any

MAX_FRAME = 64 * 2**20
MAX_BITS = 10_000
_LENGTH = struct.Struct(">I")


def write_frame(stream: RawIOBase, message: Any) -> None:
    """Sends a message of plain JSON data. Raises ValueError when it is too long."""
    body = json.dumps(message).encode("ascii")
    if len(body) > MAX_FRAME:
        raise ValueError(f"a message of more than {MAX_FRAME // 2**20} MB")
    left = memoryview(_LENGTH.pack(len(body)) + body)
    while left:
        left = left[stream.write(left) or 0 :]


def read_frame(stream: RawIOBase) -> Any:
    """The next message. Raises EOFError where the other side has ended."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > MAX_FRAME:
        raise EOFError("the other side does not keep to the protocol")
    try:
        return json.loads(_exactly(stream, length))
    except ValueError:
        raise EOFError("the other side does not keep to the protocol") from None


def _exactly(stream: RawIOBase, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = stream.read(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def packed(value: Any) -> Any:
    """A value as JSON data. Raises ValueError or TypeError, with the reason, for what cannot cross."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [packed(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{float.__repr__(value)} is no number of the language")
        return {"number": str(Fraction(float.__repr__(value)))}
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > MAX_BITS // 4:
            raise ValueError(f"{value} is no number of the language")
        value = Fraction(value)
    if isinstance(value, (int, Fraction)):
        if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
            raise ValueError(f"a number of more than {MAX_BITS} bits")
        return {"number": str(Fraction(value))}
    raise TypeError(f"a {type(value).__name__} is no value of the language")


def unpacked(value: Any) -> Any:
    """The value again, numbers as `Fraction`, lists as tuples."""
    if isinstance(value, dict):
        return Fraction(value["number"])
    return tuple(unpacked(item) for item in value) if isinstance(value, list) else value


def as_python(value: Any) -> Any:
    """A value as a function of the author takes it: lists as `list`, numbers as `int` or `float`. Raises OverflowError."""
    if isinstance(value, tuple):
        return [as_python(item) for item in value]
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return value
