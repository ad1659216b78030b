"""From a path or a text to a program, with everything that is wrong on the way: what the commands and `load` build on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from rewardlang.beside import Beside
from rewardlang.checking import program_from_syntax
from rewardlang.checking.linked import Linked
from rewardlang.errors import Diagnostic, RewardError
from rewardlang.parsing import syntax_from_text
from rewardlang.parsing.syntax import File, Import, Include
from rewardlang.program import Program
from rewardlang.record import PlainRecord
from rewardlang.registry import Registry, default_registry
from rewardlang.source import Source, Span


class Compiled(PlainRecord):
    """What became of a file: `syntax` is None when its head cannot be read, `program` None when it has errors.

    `files` are the paths of the lists, completions and other reward files that were read for it; `locked` those that a
    lock holds, from the folder of the file.
    """

    source: Source
    folder: str | None
    syntax: File | None
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    registry: Registry
    files: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that keep the file from being used."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def not_as_locked(self) -> tuple[Diagnostic, ...]:
        """The warning that a lock holds something else: told wherever the file is used, and not where it is checked alone."""
        return tuple(d for d in self.diagnostics if d.code == "RW711")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that do not."""
        return tuple(d for d in self.diagnostics if d.severity == "warning")


def compile_path(
    path: str | os.PathLike[str], *, params: Mapping[str, Any] | None = None, registry: Registry | None = None, held: bool = True
) -> Compiled:
    """Compiles a file. What is wrong with it, or with reading it, is in `diagnostics`; raises `DataError` for `params` that do not fit.

    `held=False` leaves `rewardlang.lock` aside, as whoever writes it must.
    """
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
    return compile_text(text, name=name, folder=str(Path(path).parent), params=params, registry=registry, held=held)


def _unreadable(source: Source, message: str, registry: Registry, at: int = 0) -> Compiled:
    diagnostic = Diagnostic("RW001", "error", message, source, Span(at, at + 1), "save the file as UTF-8" if at or source.text else None)
    return Compiled(source, None, None, None, (diagnostic,), registry)


def compile_text(
    text: str,
    *,
    name: str = "<text>",
    folder: str | None = None,
    params: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    held: bool = True,
) -> Compiled:
    """Compiles a text. The files that it names are read from `folder`; with None it may name none."""
    registry = registry or default_registry()
    source = Source(name, text)
    parsed = syntax_from_text.parse(source)
    if parsed.file is None:
        return Compiled(source, folder, None, None, parsed.diagnostics, registry)
    beside = Beside(folder, held=held)
    linked = _linked(parsed.file, source, beside)
    whole = parsed.ok and not any(d.severity == "error" for d in linked.diagnostics)
    program, checked = program_from_syntax.check(linked, registry, beside, params or {}, whole=whole, lost=parsed.lost)
    names = [name, *(other.name for other in linked.source.others)]
    found = [*parsed.diagnostics, *linked.diagnostics, *checked, *(_not_as_locked(parsed.file, linked.source, beside) if program else ())]
    diagnostics = tuple(sorted(found, key=lambda d: (names.index(d.source.name), d.span.start)))
    errors = any(d.severity == "error" for d in diagnostics)
    files = tuple(str(PurePath(folder or "", path)) for path in beside.read)
    locked = tuple(path for path, holds in beside.read.items() if holds)
    return Compiled(linked.source, folder, parsed.file, None if errors else program, diagnostics, registry, files, locked)


def _linked(file: File, source: Source, beside: Beside) -> Linked:
    """The file with what it imports; most files import nothing, and load nothing for it."""
    if not any(isinstance(node, (Import, Include)) for node in file.statements):
        return Linked(file, source)
    from rewardlang.checking.linking import link

    return link(file, source, beside)


def _not_as_locked(file: File, source: Source, beside: Beside) -> list[Diagnostic]:
    """The warning for a file that says something else than when it was locked, where there is a lock that holds it."""
    held = beside.folder_lock
    if held is None:
        return []
    before = held.rewards.get(Path(source.name).name)
    if held.broken is None and before is None:
        return []
    from rewardlang.checking import as_locked

    if before is None:
        return [as_locked.unusable(file, source, held.broken or "")]
    found = as_locked.warning(file, source, before)
    return [] if found is None else [found]


def program_of(compiled: Compiled) -> Program:
    """The program. Raises `RewardError` with every error when there is none."""
    if compiled.program is None:
        raise RewardError(compiled.errors)
    return compiled.program
