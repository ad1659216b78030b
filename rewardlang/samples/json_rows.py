"""Rows from JSON: one object a line, or one array of objects.

Which of the two a text is, its first character tells: `[` opens an array. Both
are read piece by piece. After a broken line the next line is read all the
same; after a broken item of an array there is nothing to go on from.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any

from rewardlang.samples.problem import Excerpt, Problem
from rewardlang.samples.text import text_chunks, text_lines

_WHITE = " \t\r\n"
_WHITE_RUN = re.compile(r"[ \t\r\n]*")
_MARGIN = 32
_WORDS = {
    "Expecting ',' delimiter": "expected a comma or the closing bracket",
    "Expecting ':' delimiter": "expected a colon after the name",
    "Expecting property name enclosed in double quotes": 'expected a name in double quotes, or "}"',
    "trailing comma": "there is a comma before the closing bracket",
    "Illegal trailing comma before end of object": "there is a comma before the closing bracket",
    "Illegal trailing comma before end of array": "there is a comma before the closing bracket",
    "Expecting value": "expected a value",
    "Extra data": "the value ends before the line does",
    "after the array": "nothing may follow the bracket that closes the array",
    "Unterminated string starting at": "the text that starts here has no closing quote",
    "Invalid control character at": r"a line break or control character inside a text must be written as an escape (\n)",
    "Invalid \\escape": "a backslash inside a text must be doubled, or be part of an escape",
    "Invalid \\uXXXX escape": "expected four hexadecimal digits after \\u",
}
_ARRAY_HELP = "write each row as one object on a line of its own, or all rows as one JSON array: [ {…}, {…} ]"


class _NotAValue(ValueError):
    """A word that Python's reader takes and JSON does not have (NaN, Infinity), or a number too long to read."""


def _refuse_constant(word: str) -> Any:
    raise _NotAValue(f"{word} is not a JSON value; write null where there is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def json_records(stream: IO[bytes], name: str) -> Iterator[tuple[int, Any] | Problem]:
    """The rows of a JSON text with the line on which each starts, in the file's order."""
    head = _head(stream)
    whole = _Joined(head, stream)
    if _opens_array(head):
        yield from _array_records(whole, name)
    else:
        yield from line_records(whole, name)


def is_array(stream: IO[bytes]) -> bool:
    """Whether a JSON text is one array, which cannot be read from the middle. Reads lines up to the first that is not empty."""
    return _opens_array(_head(stream))


def _head(stream: IO[bytes]) -> bytes:
    """The lines of a text up to the first that is not empty."""
    head = b""
    while not head.removeprefix(b"\xef\xbb\xbf").strip():
        more = stream.readline()
        if not more:
            break
        head += more
    return head


def _opens_array(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


class _Joined(io.RawIOBase):
    """A stream with the lines that were read ahead put back in front; pipes cannot seek."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1) -> bytes:
        head, self._head = self._head, b""
        return head or self._rest.read(size)

    def __iter__(self) -> Iterator[bytes]:
        return chain(self._head.splitlines(keepends=True), self._rest)


def line_records(stream: Iterable[bytes], name: str, first: int = 1) -> Iterator[tuple[int, Any] | Problem]:
    """The rows of lines that hold an object each; `first` is the number of the first line in its file."""
    for item in text_lines(stream, name, first):
        if isinstance(item, Problem):
            yield item
            continue
        number, line = item
        if line.strip(_WHITE):
            value = _value_of(line.strip(_WHITE), name, number)
            yield value if isinstance(value, Problem) else (number, value[0])


def _value_of(text: str, name: str, line: int) -> tuple[Any] | Problem:
    """The value of one line, in a tuple because null is a value too."""
    try:
        return (_DECODER.decode(text),)
    except json.JSONDecodeError as error:
        return _broken(text, error.pos, error.msg, name, line)
    except _NotAValue as error:
        return Problem("RW602", "error", f"line {line} is not valid JSON: {error}", name, line)
    except (ValueError, RecursionError) as error:
        return _too_much(error, name, line)


def _too_much(error: Exception, name: str, line: int) -> Problem:
    what = "it is nested too deeply" if isinstance(error, RecursionError) else "a number in it has thousands of digits"
    return Problem("RW602", "error", f"line {line} cannot be read: {what}", name, line)


def _broken(text: str, offset: int, message: str, name: str, line: int, *, array: bool = False) -> Problem:
    """The problem of a text that stops being JSON at an offset, with the surroundings of that place."""
    found = f"found '{text[offset]}'" if offset < len(text) else f"found the end of the {'file' if array else 'line'}"
    words = _WORDS["trailing comma"] if found == "found '}'" and "property name" in message else _WORDS.get(message, message)
    if words.startswith("expected"):
        words = f"{words}, {found}"
    help_text = None
    if message == "Extra data":
        words, help_text = f"{words}: {found} after it", "each row needs a line of its own"
    elif not array and (text[:1] != "{" or offset >= len(text)):
        help_text = _ARRAY_HELP
    start = max(0, offset - _MARGIN)
    before = (("…" if start else "") + text[start:offset]).split("\n")[-1]
    after = text[offset : offset + _MARGIN].partition("\n")[0]
    cut = "…" if len(text) > offset + _MARGIN else ""
    return Problem(
        code="RW602",
        severity="error",
        message=f"line {line} is not valid JSON: {words}",
        file=name,
        line=line,
        help=help_text,
        excerpt=Excerpt(before + after + cut, len(before), len(before) + 1),
    )


def _array_records(stream: Any, name: str) -> Iterator[tuple[int, Any] | Problem]:
    """The items of one array, read as they come; a problem ends it."""
    array = _Array(stream, name)
    try:
        yield from array.items()
    except _Stop as stop:
        yield stop.problem


class _Stop(Exception):
    """Carries the problem after which an array cannot be read on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


class _Array:
    """One JSON array, of which a buffer holds the piece that is being read."""

    def __init__(self, stream: Any, name: str) -> None:
        self._chunks = text_chunks(stream, name)
        self._name = name
        self._buffer, self._position, self._line, self._ended = "", 0, 1, False

    def items(self) -> Iterator[tuple[int, Any]]:
        """The items with their lines. The text is known to start with `[`."""
        self._next()
        self._position += 1
        separator = "," if self._next() != "]" else "]"
        if separator == "]":
            self._position += 1
        while separator == ",":
            self._next()
            line = self._line
            yield line, self._item()
            separator = self._next()
            if separator not in (",", "]"):
                raise _Stop(self._problem_at(0, "Expecting ',' delimiter"))
            self._position += 1
        if self._next():
            raise _Stop(self._problem_at(0, "after the array"))

    def _read_on(self) -> None:
        chunk = next(self._chunks, None)
        if isinstance(chunk, Problem):
            raise _Stop(chunk)
        self._ended = chunk is None
        self._buffer, self._position = self._buffer[self._position :] + (chunk or ""), 0

    def _next(self) -> str:
        """Moves to the next character that is no white space, and tells it; the empty text is the end."""
        while True:
            match = _WHITE_RUN.match(self._buffer, self._position)
            end = match.end() if match else self._position
            self._line += self._buffer.count("\n", self._position, end)
            self._position = end
            if end < len(self._buffer) or self._ended:
                return self._buffer[end : end + 1]
            self._read_on()

    def _item(self) -> Any:
        """The value that starts here. A value at the end of the buffer may go on, so it is read again with more text."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as error:
                may_go_on = error.pos > len(self._buffer) - _MARGIN or error.msg.startswith("Unterminated")
                if self._ended or not may_go_on:
                    raise _Stop(self._problem_at(error.pos - self._position, error.msg)) from None
            except _NotAValue as error:
                message = f"the row that starts on line {self._line} is not valid JSON: {error}"
                raise _Stop(Problem("RW602", "error", message, self._name, self._line)) from None
            except (ValueError, RecursionError) as error:
                raise _Stop(_too_much(error, self._name, self._line)) from None
            else:
                if end < len(self._buffer) or self._ended:
                    self._line += self._buffer.count("\n", self._position, end)
                    self._position = end
                    return value
            self._read_on()

    def _problem_at(self, offset: int, message: str) -> Problem:
        """A mistake `offset` characters after the current place."""
        line = self._line + self._buffer.count("\n", self._position, self._position + offset)
        place = self._position + offset
        start = max(0, place - 200)
        return _broken(self._buffer[start : place + 200], place - start, message, self._name, line, array=True)
