"""The statements that give a name to something: columns, params, lists, patterns, lets."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from rewardlang import meaning, types
from rewardlang.beside import Beside, why_unreadable
from rewardlang.checking.checker import Checker, Mistake, bare, described, maybe
from rewardlang.checking.finders import pattern
from rewardlang.checking.values import fitted, list_constant
from rewardlang.errors import DataError
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.program import ColumnDecl, LetDecl, ParamDecl
from rewardlang.record import replaced
from rewardlang.rows import normalised, value_from_data
from rewardlang.source import Span

NOTATIONS = ("1,234.5", "1.234,5", "1 234,5", "1 234.5", "1'234.5")
TYPE_NAMES: Mapping[str, types.Type] = {"text": types.TEXT, "number": types.NUMBER, "math": types.MATH, "boolean": types.BOOLEAN}


def type_from_syntax(checker: Checker, node: syntax.TypeNode) -> types.Type:
    """A written type."""
    match node:
        case syntax.NamedType(name=name):
            if name in TYPE_NAMES:
                return TYPE_NAMES[name]
            if name == "quantity":
                checker.fail("RW204", node.span, "a quantity of what?", "write: quantity of mass, or quantity of mass per time, …")
            known = [*TYPE_NAMES, "list of text", "optional text", "one of", "quantity of mass"]
            checker.fail(
                "RW204", node.span, f"there is no type called '{name}'", checker.suggest(name, known) or "types are: " + ", ".join(known)
            )
        case syntax.RangeType(name=name, low=low, high=high):
            if name != "number":
                checker.fail("RW204", node.span, f"only a number has a range, and this is '{name}'", "write: number between 0 and 1")
            if low > high:
                checker.fail(
                    "RW310", node.span, "no number lies between these bounds: the first is larger", "write the smaller bound first"
                )
            return types.NumberType(low, high)
        case syntax.ListType(item=item):
            inner = type_from_syntax(checker, item)
            if isinstance(inner, (types.ListType, types.OptionalType)):
                checker.fail("RW204", node.span, f"a list cannot hold {inner} values", "a list holds texts, numbers, math or true/false")
            return types.ListType(inner)
        case syntax.OptionalType(item=item):
            if isinstance(item, syntax.OptionalType):
                checker.fail("RW204", node.span, "'optional' is said twice", "keep it once")
            return maybe(type_from_syntax(checker, item), True)
        case syntax.OneOfType(values=values):
            if len(set(values)) < len(values):
                checker.fail("RW204", node.span, "one of these values is written twice", "keep it once")
            return types.OneOfType(values)
        case syntax.QuantityType():
            from rewardlang.checking.quantities import type_from_syntax as quantity_from_syntax

            return quantity_from_syntax(checker, node)


def notation(checker: Checker, nodes: list[syntax.NumbersWritten]) -> None:
    """How numbers are written, which is said once for the whole file."""
    for again in nodes[1:]:
        checker.report("RW313", again.span, "how numbers are written is said twice", related=[(nodes[0].span, "first said here")])
    if nodes:
        written = nodes[0].notation.value
        if written not in NOTATIONS:
            known = ", ".join(f'"{one}"' for one in NOTATIONS)
            checker.report("RW313", nodes[0].notation.span, f"numbers cannot be written like {written}", f"write one of: {known}")
        checker.notation = written if written in NOTATIONS else checker.notation


def column(checker: Checker, node: syntax.Column) -> ColumnDecl:
    """A column of the data."""
    type_ = type_from_syntax(checker, node.type)
    if node.separator is not None and not isinstance(bare(type_)[0], types.ListType):
        checker.report("RW204", node.span, f"'separated by' splits a cell into a list, and this column is {described(type_)}")
    return ColumnDecl(node.name.text, node.original or node.name.text, type_, node.separator, node.span)


def param(checker: Checker, node: syntax.Param) -> ParamDecl:
    """A param; its default must fit its type."""
    type_ = type_from_syntax(checker, node.type)
    try:
        default = value_from_data(type_, raw_literal(checker, node.default), checker.registry, None, checker.notation)
    except DataError as error:
        checker.fail("RW301", node.default.span, f"the default does not fit the param's type: {error.message}")
    return ParamDecl(node.name.text, type_, default, node.span)


def raw_literal(checker: Checker, node: ex.Literal_) -> Any:
    """A literal as raw data, the way a row would bring it."""
    match node:
        case ex.ListLiteral(items=items):
            return [raw_literal(checker, item) for item in items]
        case ex.Quantity():
            from rewardlang.checking.quantities import literal

            return literal(checker, node)
        case _:
            return node.value


def list_from_file(checker: Checker, node: syntax.ListFromFile, beside: Beside) -> tuple[str, ...]:
    """The values of a list that stands in a file of its own: a line each, or one column of a CSV file."""
    path = node.path.value
    text = locked_text(checker, path, node.path.span, beside)
    if node.column is None:
        values = tuple(normalised(line.strip()) for line in text.splitlines() if line.strip())
    else:
        import csv  # read at the first list of this kind

        rows = csv.DictReader(io.StringIO(text))
        header = list(rows.fieldnames or [])
        if header.count(node.column) != 1:
            has = f"{header.count(node.column)} columns" if header.count(node.column) else "no column"
            known = "columns are separated by commas" if len(header) == 1 and ";" in header[0] else "its columns are: " + ", ".join(header)
            checker.fail("RW312", node.span, f"'{path}' has {has} called '{node.column}'", checker.suggest(node.column, header) or known)
        values = tuple(normalised(cell.strip()) for row in rows if (cell := row[node.column] or "").strip())
    if not values:
        checker.fail("RW306", node.path.span, f"the list '{path}' is empty, so nothing can ever be found in it")
    return values


def locked_text(checker: Checker, path: str, span: Span, beside: Beside) -> str:
    """The text of a file that the lock may hold; reports what it has against it. Raises `Mistake` where there is none."""
    try:
        text, changed = beside.locked_text(path)
    except (OSError, UnicodeDecodeError) as error:
        checker.fail("RW312", span, f"'{path}' cannot be read: {why_unreadable(error)}", "paths are relative to this file")
    if changed is not None:
        checker.report("RW319", span, *changed)
    return text


def named_list(
    checker: Checker, node: syntax.ListFromFile | syntax.ListInline, beside: Beside
) -> tuple[Callable[[Span], meaning.Expr], tuple[str, ...]]:
    """What a reference to the list means, and the texts that it was read from (none where it stands in the file)."""
    if isinstance(node, syntax.ListInline):
        whole = list_constant(checker, node.items, node.name.text)
        if isinstance(whole, meaning.Constant):
            return (lambda span: meaning.Constant(span=span, type=whole.type, value=whole.value)), ()
        assert isinstance(whole, meaning.NamedList)
        shared = replaced(whole, span=node.span)
        return (lambda _span: shared), shared.values
    type_ = type_from_syntax(checker, node.type)
    if not isinstance(type_, (types.TextType, types.NumberType, types.QuantityType, types.MathType)):
        advice = "write: text, number, math or quantity of …"
        checker.fail(
            "RW204", node.type.span, f"a list in a file holds texts, numbers, quantities or answers, not {described(type_)}", advice
        )
    values = list_from_file(checker, node, beside)
    if type_ != types.TEXT:
        return _read_list(checker, node, type_, values), values
    part = None
    if node.complete_for is not None:
        from rewardlang.checking.coverage import covers

        part = covers(checker, node)
    named = meaning.NamedList(span=node.span, type=types.ListType(types.TEXT), name=node.name.text, values=values, covers=part)
    return (lambda _span: named), values


def _read_list(checker: Checker, node: syntax.ListFromFile, type_: types.Type, texts: tuple[str, ...]) -> Callable[[Span], meaning.Expr]:
    """A list of values that are no texts: each is read as a row would bring it."""
    if node.complete_for is not None:
        checker.fail(
            "RW320", node.span, "a list that is complete for a part is a list of texts", "declare it as text, or leave 'complete for' out"
        )
    values = []
    for text in texts:
        try:
            values.append(value_from_data(type_, text, checker.registry, None, checker.notation))
        except DataError as error:
            checker.fail("RW301", node.type.span, f"'{node.path.value}' holds something else: {error.message}")
    kind = types.ListType(types.NUMBER if isinstance(type_, types.NumberType) else type_)
    return lambda span: meaning.Constant(span=span, type=kind, value=tuple(values))


def named_pattern(checker: Checker, node: syntax.PatternRegex | syntax.PatternLike) -> Callable[[Span], meaning.Find]:
    """What a reference to the pattern means: a finder."""
    name = node.name.text
    if isinstance(node, syntax.PatternRegex) and node.spelling is None:
        found = meaning.RegexFind(pattern=pattern(checker, node.regex), name=name)
        return lambda _span: found
    from rewardlang.patterns.parse import PatternError
    from rewardlang.patterns.pattern import SpellingError, compile_like
    from rewardlang.patterns.spelled import compile_spelled

    spelled: meaning.Find
    try:
        if isinstance(node, syntax.PatternLike):
            spelling = None if node.spelling is None else node.spelling.value
            spelled = meaning.SpelledFind(pattern=compile_like(node.example.value, spelling), name=name)
        else:
            assert node.spelling is not None, "those without one are regular expressions alone"
            pattern(checker, node.regex)  # tells mistakes inside the slashes at their place
            spelled = meaning.SpelledFind(pattern=compile_spelled(node.regex.pattern, node.regex.flags, node.spelling.value), name=name)
    except PatternError as error:
        place = node.example if isinstance(node, syntax.PatternLike) else node.regex
        advice = "give each part a name of its own" if error.message.startswith("two parts are called") else None
        checker.fail("RW311", place.span, f"this pattern cannot be used: {error.message}", advice)
    except SpellingError as error:
        assert node.spelling is not None, "without one nothing is wrong with it"
        checker.fail("RW311", node.spelling.span, f"this pattern cannot be used: {error.message}")
    return lambda _span: spelled


MAX_PARTS = 5_000


class Lets:
    """The lets of a file, each checked when it is first needed, so that their order does not matter."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        checker.let_of = self.get
        self._written: dict[str, syntax.Let] = {}
        self._open: list[str] = []
        self.checked: dict[str, LetDecl | None] = {}
        self._parts: dict[str, int] = {}

    def declare(self, node: syntax.Let) -> None:
        """Makes the name known without looking at the value."""
        name = node.name.text
        self._checker.declare(node.name, "let", lambda span: self.reference(name, span))
        self._written.setdefault(name, node)

    def reference(self, name: str, span: Span) -> meaning.Expr:
        """The meaning of the name at a place. Raises `Mistake` when the let itself is broken or needs itself."""
        let = self.get(name, span)
        if let is None:
            raise Mistake
        return meaning.LetValue(span=span, type=let.type, name=name)

    def get(self, name: str, span: Span | None = None) -> LetDecl | None:
        """The checked let; None when it has no meaning, which has been reported then."""
        if name in self._open:
            chain = " needs ".join([*self._open[self._open.index(name) :], name])
            self._checker.fail("RW207", span or self._written[name].span, f"'{name}' needs its own value: {chain}", "break the circle")
        if name not in self.checked:
            loops, self._checker.loops = self._checker.loops, {}
            self._open.append(name)
            try:
                self.checked[name] = self._bounded(self._written[name])
            except Mistake:
                self.checked[name] = None
            finally:
                self._open.pop()
                self._checker.loops = loops
        return self.checked[name]

    def parts(self, value: meaning.Expr) -> int:
        """How many expressions a value is, with every let as what it stands for."""
        return sum(1 + (self._parts[part.name] if isinstance(part, meaning.LetValue) else 0) for part in meaning.walk(value))

    def _bounded(self, node: syntax.Let) -> LetDecl:
        """The checked let. Lets that use one another twice over double at each step, and proofs look at every part."""
        let = self._check(node)
        parts = self._parts[let.name] = sum(self.parts(value) for value in (let.value, let.otherwise) if value is not None)
        if parts > MAX_PARTS:
            what = f"with every name as what it stands for, '{let.name}' has {parts:,} parts; at most {MAX_PARTS:,} are checked"
            self._checker.fail("RW322", node.name.span, what, "a name that stands twice counts twice: say it once")
        return let

    def _check(self, node: syntax.Let) -> LetDecl:
        checker = self._checker
        value = checker.value(node.value)
        otherwise = None
        if node.otherwise is not None:
            inner, optional = bare(value.type)
            default = checker.value(node.otherwise)
            if isinstance(default.type, types.NumberType) and isinstance(inner, types.NumberType):
                inner = types.NUMBER
            if isinstance(inner, types.OneOfType) and isinstance(default, meaning.Constant) and default.value in inner.values:
                default = replaced(default, type=inner)
            wanted = f"what stands in must be of the same type, {described(inner)}"
            otherwise = fitted(checker, default, inner, wanted, [(value.span, described(value.type))])
            if isinstance(otherwise, meaning.Constant) and isinstance(otherwise.type, types.NumberType):
                otherwise = meaning.Constant(span=otherwise.span, type=types.NUMBER, value=otherwise.value)
            if not optional:
                checker.report(
                    "RW309",
                    node.otherwise.span,
                    "the value before is never missing, so this 'else' is never used",
                    "leave it out",
                    severity="warning",
                    fix=checker.leave_out(Span(node.value.span.end, node.otherwise.span.end), "else"),
                )
        return LetDecl(node.name.text, value, otherwise, node.span)
