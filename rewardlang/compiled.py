"""From a path or a text to a program, with everything that is wrong on the way: what the commands and `load` build on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rewardlang.checking import program_from_syntax
from rewardlang.errors import Diagnostic, RewardError
from rewardlang.parsing import syntax_from_text
from rewardlang.parsing.syntax import File
from rewardlang.program import Program
from rewardlang.record import PlainRecord
from rewardlang.registry import Registry, default_registry
from rewardlang.source import Source, Span

MAX_LIST_BYTES = 64 * 2**20


class Compiled(PlainRecord):
    """What became of a file: `syntax` is None when its head cannot be read, `program` None when it has errors."""

    source: Source
    folder: str | None
    syntax: File | None
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    registry: Registry

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep the file from being used."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that do not."""
        return tuple(d for d in self.diagnostics if d.severity == "warning")


def compile_path(path: str | os.PathLike[str], *, params: Mapping[str, Any] | None = None, registry: Registry | None = None) -> Compiled:
    """Compiles a file. What is wrong with it, or with reading it, is in `diagnostics`; raises `DataError` for `params` that do not fit."""
    name = os.fspath(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        source = Source(name, "")
        message = f"the file cannot be read: {error.strerror or error}"
        return _unreadable(source, message, registry or default_registry())
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        readable = raw[: error.start].decode("utf-8")
        message = f"the file is not UTF-8 text: byte 0x{raw[error.start]:02x} on line {line} cannot be read"
        return _unreadable(Source(name, readable + "\N{REPLACEMENT CHARACTER}"), message, registry or default_registry(), at=len(readable))
    return compile_text(text, name=name, folder=str(Path(path).parent), params=params, registry=registry)


def _unreadable(source: Source, message: str, registry: Registry, at: int = 0) -> Compiled:
    diagnostic = Diagnostic("RW001", "error", message, source, Span(at, at + 1), "save the file as UTF-8" if at or source.text else None)
    return Compiled(source, None, None, None, (diagnostic,), registry)


def compile_text(
    text: str, *, name: str = "<text>", folder: str | None = None, params: Mapping[str, Any] | None = None, registry: Registry | None = None
) -> Compiled:
    """Compiles a text. Lists and completions that it names are read from `folder`; with None it may name none."""
    registry = registry or default_registry()
    source = Source(name, text)
    parsed = syntax_from_text.parse(source)
    if parsed.file is None:
        return Compiled(source, folder, None, None, parsed.diagnostics, registry)
    program, checked = program_from_syntax.check(
        parsed.file,
        source,
        registry,
        lambda path: _read_beside(folder, path),
        params or {},
        whole=parsed.ok,
        lost=parsed.lost,
        folder=folder,
    )
    diagnostics = tuple(sorted([*parsed.diagnostics, *checked], key=lambda d: d.span.start))
    errors = any(d.severity == "error" for d in diagnostics)
    return Compiled(source, folder, parsed.file, None if errors else program, diagnostics, registry)


def _read_beside(folder: str | None, path: str) -> str:
    """The text of a file that a reward names, relative to the reward."""
    if folder is None:
        raise OSError(2, "a reward that is a text and no file has no folder to read from")
    target = Path(folder) / path
    if target.stat().st_size > MAX_LIST_BYTES:
        raise OSError(27, f"it is larger than {MAX_LIST_BYTES // 2**20} MB")
    return target.read_text(encoding="utf-8-sig")


def program_of(compiled: Compiled) -> Program:
    """The program. Raises `RewardError` with every error when there is none."""
    if compiled.program is None:
        raise RewardError(compiled.errors)
    return compiled.program
