"""Where the names of a file are given and used: what definition, references and rename stand on.

Values, and rules with sections, are two namespaces; the names of a definition's
values and of a loop's item are known inside it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.record import names_of
from rewardlang.registry import Registry
from rewardlang.source import Source, Span

_NAME = re.compile(r"[^\W\d](?:\w|[\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e])*")


class Symbol(NamedTuple):
    """One thing with a name; `scope` is where a name of a definition or a loop is known, None for those of the file."""

    space: Literal["value", "rule"]
    name: str
    scope: Span | None = None


class Occurrence(NamedTuple):
    """A place where a name stands."""

    symbol: Symbol
    span: Span
    given: bool


class Outside(NamedTuple):
    """A place of a name that another file gives: `alias.name`, or a rule of an included section (`alias` None)."""

    alias: str | None
    symbol: Symbol
    span: Span


class Names:
    """The names of a file that was read. `statements` are those that give a name to a value, a rule or a section.

    `outside` are the places of names that the file does not give itself.
    """

    def __init__(self, source: Source, file: syntax.File, registry: Registry) -> None:
        self._source, self._registry = source, registry
        self.statements: dict[Symbol, syntax.Statement] = {}
        for statement in file.statements:
            given = given_by(statement)
            if given is not None:
                self.statements.setdefault(given[0], statement)
        self.outside: list[Outside] = []
        found = (occurrence for statement in file.statements for occurrence in self._of_statement(statement))
        self.occurrences = sorted(set(found), key=lambda occurrence: occurrence.span)

    def at(self, offset: int) -> Occurrence | None:
        """The name at an offset, or just before it."""
        return next((one for one in self.occurrences if one.span.start <= offset <= one.span.end), None)

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """Every place of a name, in the order of the file."""
        return [one for one in self.occurrences if one.symbol == symbol]

    # ------------------------------------------------------------ walking

    def _of_statement(self, statement: syntax.Statement) -> Iterator[Occurrence]:
        given = given_by(statement)
        if given is not None:
            yield Occurrence(given[0], given[1].span, True)
        bound: dict[str, Symbol] = {}
        match statement:
            case syntax.Define(formals=formals):
                for formal in formals:
                    bound[formal.name.text] = Symbol("value", formal.name.text, statement.span)
                    yield Occurrence(bound[formal.name.text], formal.name.span, True)
            case syntax.Include(module=module, section=section):
                yield from self._use(module.text, module.span, bound)
                self.outside.append(Outside(module.text, Symbol("rule", section.text), section.span))
            case _:
                pass
        yield from self._inside(statement, bound)

    def _inside(self, node: ex.Node, bound: dict[str, Symbol]) -> Iterator[Occurrence]:
        """The uses of names below a node."""
        if isinstance(node, (syntax.EachBody, ex.Quantified)):
            yield from self._loop(node, bound)
            return
        for name in names_of(node):
            value = getattr(node, name)
            for child in value if isinstance(value, tuple) else (value,):
                if isinstance(child, ex.Node):
                    yield from self._node(child, bound)

    def _node(self, node: ex.Node, bound: dict[str, Symbol]) -> Iterator[Occurrence]:
        match node:
            case ex.Name(name=name):
                yield from self._use(name, node.span, bound)
            case ex.NamedFinder(name=name):
                yield from self._use(name, node.span, bound)
            case ex.Field(base=ex.Name(name=alias), name=name):
                self._use_outside(alias, name.text, name.span, bound)
            case ex.Call(function=function):
                yield from self._use(function.text, function.span, bound)
            case syntax.With(name=column):
                yield from self._use(column.text, column.span, bound)
            case syntax.Part(name=part) | syntax.ExpectRule(rule=part) | syntax.ExpectFires(rule=part):
                symbol = Symbol("rule", part.text)
                if symbol in self.statements:
                    yield Occurrence(symbol, part.span, False)
                else:
                    self.outside.append(Outside(None, symbol, part.span))
            case _:
                pass
        yield from self._inside(node, bound)

    def _use(self, name: str, span: Span, bound: dict[str, Symbol]) -> Iterator[Occurrence]:
        first = name.partition(".")[0]
        symbol = bound.get(first) or Symbol("value", first)
        written = _NAME.match(self._source.text, span.start)
        if written is not None and (symbol.scope is not None or symbol in self.statements):
            yield Occurrence(symbol, Span(*written.span()), False)
        if written is not None and "." in name:
            after = _NAME.search(self._source.text, self._source.text.index(".", written.end()))
            if after is not None:
                self._use_outside(first, after.group(), Span(*after.span()), bound)

    def _use_outside(self, alias: str, name: str, span: Span, bound: dict[str, Symbol]) -> None:
        if alias not in bound and isinstance(self.statements.get(Symbol("value", alias)), syntax.Import):
            self.outside.append(Outside(alias, Symbol("value", name), span))

    def _loop(self, node: syntax.EachBody | ex.Quantified, bound: dict[str, Symbol]) -> Iterator[Occurrence]:
        inner, finder = bound, node.finder
        if isinstance(finder, ex.NamedFinder) and not finder.options and self._is_new(finder.name):
            item = Symbol("value", finder.name, node.span)
            yield Occurrence(item, finder.span, True)
            inner = {**bound, finder.name: item}
        else:
            yield from self._node(finder, bound)
        outer = [node.operand] if isinstance(node, ex.Quantified) else [node.points, node.operand, node.limit]
        for child in outer:
            if child is not None:
                yield from self._node(child, bound)
        if node.where is not None:
            yield from self._node(node.where, inner)

    def _is_new(self, name: str) -> bool:
        known = Symbol("value", name) in self.statements or self._registry.get("finder", name) is not None
        return not known and "." not in name


def given_by(statement: syntax.Statement) -> tuple[Symbol, ex.Word] | None:
    """The name that a statement gives, with its place."""
    match statement:
        case syntax.Section(name=name) | syntax.Rule(name=name):
            return Symbol("rule", name.text), name
        case syntax.UsePython(alias=name) | syntax.Import(alias=name):
            return Symbol("value", name.text), name
        case (
            syntax.Column(name=name)
            | syntax.Param(name=name)
            | syntax.ListFromFile(name=name)
            | syntax.ListInline(name=name)
            | syntax.PatternRegex(name=name)
            | syntax.PatternLike(name=name)
            | syntax.Define(name=name)
            | syntax.Let(name=name)
        ):
            return Symbol("value", name.text), name
        case _:
            return None
