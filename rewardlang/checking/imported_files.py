"""The files that a reward imports, and those that they import: each read once, no circles, mistakes told in their own file."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from rewardlang.beside import Beside, why_unreadable
from rewardlang.checking.imported_names import joined
from rewardlang.errors import Diagnostic
from rewardlang.parsing import syntax, syntax_from_text
from rewardlang.parsing.expressions import Word
from rewardlang.source import Source, Span

_MOST_FILES = 100
_NO_WORD = Word(span=Span(0, 0), text="")


class Module:
    """One file. `base` is where it begins among all files, `prefix` what its names begin with in the root, `imports` its aliases.

    `place` is the path in the statement that imports it first, as a place among all files. `broken` says that it could not be read.
    """

    def __init__(self, file: syntax.File | None, source: Source, path: str, base: int, prefix: str, place: Span) -> None:
        self.broken = file is None
        self.file = file or syntax.File(span=Span(0, 0), edition=1, name=_NO_WORD, statements=())
        self.source, self.path, self.base, self.prefix, self.place = source, path, base, prefix, place
        self.folder = path.rpartition("/")[0]
        self.imports: dict[str, Module] = {}
        self.lost: frozenset[str] = frozenset()
        self.names: dict[str, syntax.Statement] = {}
        self.again: list[Word] = []
        for node in self.file.statements:
            word = getattr(node, "alias" if isinstance(node, syntax.UsePython) else "name", None)
            if isinstance(word, Word) and not isinstance(node, (syntax.Rule, syntax.Section)):
                if word.text in self.names:
                    self.again.append(word)
                self.names.setdefault(word.text, node)


class Files:
    """The root and every file that is reached from it, the nearest first."""

    def __init__(self, file: syntax.File, source: Source, beside: Beside) -> None:
        self._beside = beside
        self.diagnostics: list[Diagnostic] = []
        self.root = Module(file, source, Path(source.name).name, 0, "", Span(0, 0))
        self.modules: list[Module] = []
        self._by_place: dict[str, Module] = {self._where(self.root.path): self.root}
        self._next = len(source.text) + 1
        waiting = deque([self.root])
        while waiting:
            waiting.extend(self._imported(waiting.popleft()))
        self._circles()

    def source(self) -> Source:
        """The texts of all files, the root's first."""
        return Source(self.root.source.name, self.root.source.text, tuple(module.source for module in self.modules))

    def section(
        self, module: Module, name: str, seen: frozenset[str] = frozenset()
    ) -> tuple[Module, syntax.Section, list[syntax.Rule]] | None:
        """A section of a file, or one that the file includes itself: the file in which it stands, the heading, the rules."""
        if module.prefix in seen:
            return None
        found: syntax.Section | None = None
        rules: list[syntax.Rule] = []
        for node in module.file.statements:
            if isinstance(node, syntax.Section):
                if found is not None:
                    break
                found = node if node.name.text == name else None
            elif isinstance(node, syntax.Rule) and found is not None:
                rules.append(node)
            elif isinstance(node, syntax.Include) and node.section.text == name and node.module.text in module.imports:
                return self.section(module.imports[node.module.text], name, seen | {module.prefix})
        return None if found is None else (module, found, rules)

    # -------------------------------------------------------- reading

    def _imported(self, module: Module) -> list[Module]:
        """Reads what a module imports; the files that were not known before."""
        fresh = []
        for node in module.file.statements:
            if not isinstance(node, syntax.Import):
                continue
            path = os.path.normpath(joined(module.folder, node.path.value)).replace(os.sep, "/")
            where = self._where(path)
            other = self._by_place.get(where)
            if other is None:
                other = self._by_place[where] = self._read(module, node, path)
                self.modules.append(other)
                fresh.append(other)
            module.imports.setdefault(node.alias.text, other)
        return fresh

    def _read(self, module: Module, node: syntax.Import, path: str) -> Module:
        place = Span(node.path.span.start + module.base, node.path.span.end + module.base)
        prefix = f"{module.prefix}{node.alias.text}."
        parent = Path(self.root.source.name).parent.as_posix()
        name = path if parent == "." else joined(parent, path)
        try:
            if len(self.modules) >= _MOST_FILES:
                raise OSError(24, f"more than {_MOST_FILES} files are imported")
            text, changed = self._beside.locked_text(path)
        except (OSError, UnicodeDecodeError) as error:
            message = f"'{node.path.value}' cannot be read: {why_unreadable(error)}"
            self._report(module, "RW312", node.path.span, message, "paths are relative to the file in which they stand")
            other = Module(None, Source(name, ""), path, self._next, prefix, place)
        else:
            if changed is not None:
                self._report(module, "RW319", node.path.span, *changed)
            source = Source(name, text)
            parsed = syntax_from_text.parse(source)
            self.diagnostics += parsed.diagnostics
            other = Module(parsed.file, source, path, self._next, prefix, place)
            other.lost = parsed.lost
            self._twice(other)
        self._next += len(other.source.text) + 1
        return other

    def _twice(self, module: Module) -> None:
        """Reports names that a file declares twice; those of the root are told by its own check."""
        for word in module.again:
            self._report(module, "RW202", word.span, f"'{word.text}' is declared twice", "rename one of the two")

    def _where(self, path: str) -> str:
        return os.path.realpath(Path(self._beside.folder or "", path))

    # -------------------------------------------------------- circles

    def _circles(self) -> None:
        """Reports each import that leads back to a file from which it was reached."""
        done: set[int] = set()

        def visit(module: Module, chain: tuple[Module, ...]) -> None:
            for node in module.file.statements:
                if not isinstance(node, syntax.Import) or node.alias.text not in module.imports:
                    continue
                other = module.imports[node.alias.text]
                if other in chain:
                    names = " imports ".join(part.source.name for part in (*chain[chain.index(other) :], other))
                    message = f"these files import one another in a circle: {names}"
                    self._report(module, "RW209", node.path.span, message, "break the circle")
                    module.imports[node.alias.text] = Module(None, other.source, other.path, other.base, other.prefix, other.place)
                elif id(other) not in done:
                    visit(other, (*chain, other))
            done.add(id(module))

        visit(self.root, (self.root,))

    def _report(self, module: Module, code: str, span: Span, message: str, advice: str) -> None:
        self.diagnostics.append(Diagnostic(code, "error", message, module.source, span, advice))
