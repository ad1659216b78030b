"""The compact protocol of Thrift, in which a Parquet file says where its data are: bytes to values and back.

A struct is a dictionary from the number of a field to its `Field`, in the order
of the bytes. Nothing here knows what a field means. The protocol is described
in thrift-compact-protocol.md of Apache Thrift.
"""

from __future__ import annotations

from typing import Any, NamedTuple

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_NUMBERS = (I16, I32, I64)


class Field(NamedTuple):
    """A value with its type. Of a list, the value is the type of the items and the items."""

    type: int
    value: Any


class Reader:
    """Reads values from the front of some bytes. Raises `ValueError` for what is no such encoding."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def struct(self) -> dict[int, Field]:
        """A struct."""
        fields: dict[int, Field] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = Field(head & 15, self._value(head & 15))
        return fields

    def _value(self, type_: int) -> Any:
        if type_ in (TRUE, FALSE):
            return type_ == TRUE
        if type_ == BYTE:
            return self._byte()
        if type_ in _NUMBERS:
            return self._zigzag()
        if type_ == DOUBLE:
            return self._take(8)
        if type_ == BINARY:
            return self._take(self._varint())
        if type_ in (LIST, SET):
            head = self._byte()
            count = self._varint() if head >> 4 == 15 else head >> 4
            item = head & 15
            return item, [self._byte() if item in (TRUE, FALSE) else self._value(item) for _ in range(count)]
        if type_ == STRUCT:
            return self.struct()
        raise ValueError(f"a value of type {type_}, which Parquet does not use")

    def _take(self, count: int) -> bytes:
        taken = self._data[self._place : self._place + count]
        if len(taken) < count:
            raise ValueError("the data end too early")
        self._place += count
        return taken

    def _byte(self) -> int:
        return self._take(1)[0]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _zigzag(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)


def struct_bytes(fields: dict[int, Field]) -> bytes:
    """A struct as bytes: what `Reader.struct` reads. The numbers of the fields rise."""
    parts = bytearray()
    last = 0
    for number, (type_, value) in fields.items():
        written = type_ if type_ not in (TRUE, FALSE) else TRUE if value else FALSE
        step = number - last
        parts += bytes([step << 4 | written]) if 0 < step < 16 else bytes([written]) + _zigzag_bytes(number)
        if type_ not in (TRUE, FALSE):
            parts += _value_bytes(type_, value)
        last = number
    return bytes(parts) + b"\0"


def _value_bytes(type_: int, value: Any) -> bytes:
    if type_ == BYTE:
        return bytes([value])
    if type_ in _NUMBERS:
        return _zigzag_bytes(value)
    if type_ == DOUBLE:
        return bytes(value)
    if type_ == BINARY:
        return _varint_bytes(len(value)) + bytes(value)
    if type_ == STRUCT:
        return struct_bytes(value)
    item, items = value
    head = bytes([len(items) << 4 | item]) if len(items) < 15 else bytes([0xF0 | item]) + _varint_bytes(len(items))
    each = (bytes([one]) if item in (TRUE, FALSE) else _value_bytes(item, one) for one in items)
    return head + b"".join(each)


def _varint_bytes(value: int) -> bytes:
    parts = bytearray()
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _zigzag_bytes(value: int) -> bytes:
    return _varint_bytes(value * 2 if value >= 0 else -value * 2 - 1)
