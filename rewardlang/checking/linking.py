"""A file with its imports becomes one file: what it needs of others is copied in, under the names `alias.name`.

`import` gives the lists, patterns, definitions, lets and params of another
file; `include` copies one of its sections. Of what a file has, that is taken
which is used, and what that uses in turn. Each file sees its own names; the
columns that it declares must be declared alike by the file that is marked with.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from rewardlang.beside import Beside
from rewardlang.checking.imported_files import Files, Module
from rewardlang.checking.imported_names import Mover
from rewardlang.checking.linked import Linked
from rewardlang.errors import Diagnostic, Related, instead
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.record import replaced
from rewardlang.source import Source, Span
from rewardlang.suggest import Suggestion, did_you_mean

IMPORTABLE: dict[type, str] = {
    syntax.ListFromFile: "list",
    syntax.ListInline: "list",
    syntax.PatternRegex: "pattern",
    syntax.PatternLike: "pattern",
    syntax.Define: "definition",
    syntax.Let: "let",
    syntax.Param: "param",
}
_OTHERS = {syntax.Column: "column", syntax.UsePython: "function of Python"}
_DEFAULT_NOTATION = "1,234.5"


def link(file: syntax.File, source: Source, beside: Beside) -> Linked:
    """The file with everything that it needs of the files that it imports."""
    return _Linker(Files(file, source, beside)).linked()


class _Need(NamedTuple):
    """A statement of another file that is needed, and the place in the root for whose sake."""

    module: Module
    node: syntax.Statement
    why: Span


class _Linker:
    def __init__(self, files: Files) -> None:
        self._files = files
        self._root = files.root
        self._queue: deque[_Need] = deque()
        self._needed: dict[str, syntax.Statement] = {}
        self._lost: set[str] = set()
        self._used: set[str] = set()
        self._columns: set[str] = set()
        self._told_columns: set[tuple[str, str]] = set()
        self._why = Span(0, 0)

    def linked(self) -> Linked:
        statements = self._statements()
        declared = []
        while self._queue:
            need = self._queue.popleft()
            self._why = need.why
            declared.append(self._declaration(need.module, need.node))
        files = self._files
        self._notations()
        every = (*declared, *statements)
        source = files.source()
        diagnostics = tuple(replaced(d, source=source).localised() if d.source is self._root.source else d for d in files.diagnostics)
        folders = tuple((module.base, module.folder) for module in files.modules)
        return Linked(
            replaced(self._root.file, statements=every),
            source,
            diagnostics,
            frozenset(self._lost),
            frozenset(self._used),
            frozenset(self._columns),
            folders,
        )

    # -------------------------------------------------------- the statements of the root

    def _statements(self) -> list[syntax.Statement]:
        statements: list[syntax.Statement] = []
        included: syntax.Include | None = None
        for node in self._root.file.statements:
            self._why = node.span
            if isinstance(node, syntax.Include):
                statements += self._section(node)
                included = node
                continue
            if isinstance(node, syntax.Section):
                included = None
            if isinstance(node, syntax.Rule) and included is not None:
                self._report(
                    "RW212",
                    node.name.span,
                    f"the rule '{node.name.text}' stands behind an included section, and it is not clear to which section it belongs",
                    "write a 'section' before it, or move the 'include' below it",
                    (Related(included.span, "the section ends here"),),
                )
                included = None
            statements.append(self._mover(self._root).moved(node))
        return statements

    def _section(self, node: syntax.Include) -> list[syntax.Statement]:
        """The section that is included, and its rules."""
        module = self._module(self._root, node.module.text, node.module.span)
        if module is None:
            return []
        found = self._files.section(module, node.section.text)
        if found is None:
            if not module.broken:
                known = [other.name.text for other in module.file.statements if isinstance(other, syntax.Section)]
                near = did_you_mean(node.section.text, known) or (f"it has: {', '.join(known)}" if known else "it has no section")
                self._report(
                    "RW210",
                    node.section.span,
                    f"{module.source.name} has no section called '{node.section.text}'",
                    near,
                    replaces=node.section.span,
                )
            return []
        home, heading, rules = found
        mover = self._mover(home)
        because = node.because if node.because is not None else heading.because
        return [replaced(mover.moved(heading), because=because), *(mover.moved(rule) for rule in rules)]

    # -------------------------------------------------------- names

    def _mover(self, module: Module) -> Mover:
        return Mover(
            module.base,
            module.folder,
            lambda name, span: self._plain(module, name, span),
            lambda alias, name, span: self._dotted(module, alias, name, span),
        )

    def _declaration(self, module: Module, node: syntax.Statement) -> syntax.Statement:
        """A statement that declares a name, under the name that it has in the root."""
        copy = self._mover(module).moved(node)
        field = "alias" if isinstance(node, syntax.UsePython) else "name"
        word: ex.Word = getattr(copy, field)
        return replaced(copy, **{field: replaced(word, text=module.prefix + word.text)})

    def _plain(self, module: Module, name: str, span: Span) -> str:
        """A name of the module itself. What it does not declare is a word of the language, of a loop, or unknown."""
        if module is self._root:
            return name
        node = module.names.get(name)
        if isinstance(node, syntax.Column):
            self._column(module, node)
            return name
        if node is not None:
            self._need(module, node, name)
            return module.prefix + name
        if name in module.lost:
            self._lost.add(module.prefix + name)
            return module.prefix + name
        return name

    def _dotted(self, module: Module, alias: str, name: str, span: Span) -> str:
        """A name of a file that the module imports."""
        target = self._module(module, alias, span)
        if target is None or target.broken or name in target.lost:
            self._lost.add(f"{module.prefix}{alias}.{name}")
            return f"{module.prefix}{alias}.{name}"
        node = target.names.get(name)
        if node is None or type(node) not in IMPORTABLE:
            if node is None:
                known = [other for other, statement in target.names.items() if type(statement) in IMPORTABLE]
                advice = did_you_mean(name, known) or (f"it has: {', '.join(known)}" if known else None)
                word = Span(span.end - len(name), span.end)
                self._report("RW210", span, f"{target.source.name} declares nothing called '{name}'", advice, replaces=word)
            else:
                self._not_importable(target, node, name, span)
            self._lost.add(target.prefix + name)
            return target.prefix + name
        self._need(target, node, name)
        return target.prefix + name

    def _not_importable(self, target: Module, node: syntax.Statement, name: str, span: Span) -> None:
        advice = "lists, patterns, definitions, lets and params are imported; declare it in this file"
        related = (Related(Span(node.span.start + target.base, node.span.end + target.base), "it is declared here"),)
        self._report(
            "RW210", span, f"'{name}' is a {_OTHERS[type(node)]} of {target.source.name}, and those are not imported", advice, related
        )

    def _module(self, module: Module, alias: str, span: Span) -> Module | None:
        """The file behind an alias; None where there is none, which has been reported then."""
        if module is self._root:
            self._used.add(alias)
        if alias not in module.imports:
            advice = did_you_mean(alias, module.imports) or f'write at the top: import "….reward" as {alias}'
            word = Span(span.start, span.start + len(alias))
            self._report("RW210", span, f"no file is imported as '{alias}'", advice, replaces=word)
            return None
        return module.imports[alias]

    def _need(self, module: Module, node: syntax.Statement, name: str) -> None:
        if module.prefix + name not in self._needed:
            self._needed[module.prefix + name] = node
            self._queue.append(_Need(module, node, self._why))

    def _column(self, module: Module, node: syntax.Column) -> None:
        """A column that the module looks at: the root must declare it, and of the same type."""
        name = node.name.text
        self._columns.add(name)
        ours = self._root.names.get(name)
        if isinstance(ours, syntax.Column) and (ours.type, ours.separator) == (node.type, node.separator):
            return
        if (module.prefix, name) in self._told_columns:
            return
        self._told_columns.add((module.prefix, name))
        written = " ".join(module.source.cut(Span(node.name.span.start, node.type.span.end)).split())
        what = "does not declare" if ours is None else "declares otherwise"
        place = Span(node.span.start + module.base, node.span.end + module.base)
        related = [Related(place, "the imported part looks at this column")]
        if ours is not None:
            related.insert(0, Related(ours.span, "declared here"))
        self._lost.add(name)
        message = f"what is taken from {module.source.name} looks at the column '{name}', which this file {what}"
        self._report("RW211", self._why, message, f"declare it alike: column {written}", tuple(related))

    # -------------------------------------------------------- telling

    def _notations(self) -> None:
        """How numbers are written must be the same in all files: a text is read by the file that is marked with."""
        ours = _notation(self._root.file)
        for module in self._files.modules:
            theirs = _notation(module.file)
            if theirs != ours and not module.broken:
                message = f"{module.source.name} is written for numbers like {theirs}, and this file for numbers like {ours}"
                self._report("RW313", module.place, message, "say 'numbers written' alike in both files")

    def _report(
        self,
        code: str,
        span: Span,
        message: str,
        advice: str | None = None,
        related: tuple[Related, ...] = (),
        replaces: Span | None = None,
    ) -> None:
        fix = instead(replaces, advice.only, safe=advice.is_plain) if replaces and isinstance(advice, Suggestion) and advice.only else None
        self._files.diagnostics.append(Diagnostic(code, "error", message, self._root.source, span, advice, "", related, fix))


def _notation(file: syntax.File) -> str:
    return next((node.notation.value for node in file.statements if isinstance(node, syntax.NumbersWritten)), _DEFAULT_NOTATION)
