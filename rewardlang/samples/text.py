"""Lines and characters of a UTF-8 stream, and how a file that is not UTF-8 is told."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from rewardlang.samples.problem import Problem

_CHUNK = 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_lines(stream: Iterable[bytes], name: str, first: int = 1) -> Iterator[tuple[int, str] | Problem]:
    """The lines with their numbers, line breaks kept; ends with a problem at the first byte that is not UTF-8.

    `first` is the number of the stream's first line: above 1, the stream is a later part of a file.
    """
    for number, raw in enumerate(stream, start=first):
        if number == 1 and raw.startswith(_UTF16):
            yield _utf16(name)
            return
        line = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield not_utf8(name, number, error.start, line[error.start])
            return


def text_chunks(stream: IO[bytes], name: str) -> Iterator[str | Problem]:
    """The text in pieces of about a megabyte; ends with a problem at the first byte that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line, column = 1, 0
    while True:
        raw = stream.read(_CHUNK)
        pending = decoder.getstate()[0]
        whole = pending + raw
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            before = whole[: error.start]
            breaks = before.count(b"\n")
            start = len(before) - before.rfind(b"\n") - 1 if breaks else column - len(pending) + len(before)
            yield not_utf8(name, line + breaks, start, whole[error.start])
            return
        if text:
            yield text
        if not raw:
            return
        breaks = raw.count(b"\n")
        line += breaks
        column = len(raw) - raw.rfind(b"\n") - 1 if breaks else column + len(raw)


def not_utf8(name: str, line: int, offset: int, byte: int) -> Problem:
    """The problem of a byte that no UTF-8 text has there; `offset` counts bytes of the line from 0."""
    return Problem(
        code="RW601",
        severity="error",
        message=f"line {line} is not UTF-8: byte {offset + 1} of the line is 0x{byte:02X}"
        + (f" ('{bytes([byte]).decode('latin-1')}' in Latin-1)" if byte >= 0xA0 else ""),
        file=name,
        line=line,
        help=_conversion("WINDOWS-1252", name),
    )


def _utf16(name: str) -> Problem:
    return Problem("RW601", "error", "the file is UTF-16, not UTF-8", name, 1, help=_conversion("UTF-16", name))


def _conversion(encoding: str, name: str) -> str:
    if name == "standard input":
        return f"save the text as UTF-8, for example with: iconv -f {encoding} -t UTF-8"
    from shlex import quote

    path = Path(name)
    converted = path.with_name(f"{path.stem}.utf8{path.suffix}")
    return f"save the file as UTF-8, for example: iconv -f {encoding} -t UTF-8 {quote(name)} > {quote(str(converted))}"
