"""The state of one check: names declared so far, mistakes found so far, and the way to an expression's meaning.

Handlers for each kind of expression stand in `check_values`, `check_tests` and
`check_finders`; they call back here for their parts, so that none of them knows
another. A handler that cannot go on reports and raises `Mistake`; the statement
is given up and the next one is checked, so one run tells all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from rewardlang import meaning, types
from rewardlang.errors import Diagnostic, Fix, Related, instead, without
from rewardlang.parsing import expressions as ex
from rewardlang.record import NamedTuple
from rewardlang.registry import Registry
from rewardlang.source import Source, Span
from rewardlang.suggest import Suggestion, did_you_mean
from rewardlang.verifier import Verifier

if TYPE_CHECKING:
    from rewardlang.checking.dimensions import Dimensions
    from rewardlang.program import LetDecl

NameKind: TypeAlias = Literal[
    "column", "param", "list", "let", "pattern", "definition", "function", "import", "loop name", "value of the row"
]

NOTATION = "1,234.5"
"""How numbers are written where the file does not say: thousands by commas, decimals by a full stop."""

BUILT_INS: Mapping[str, types.Type] = {
    "completion": types.TEXT,
    "prompt": types.OptionalType(types.TEXT),
    "system": types.OptionalType(types.TEXT),
    "messages": types.ListType(types.TEXT),
    "truncated": types.OptionalType(types.BOOLEAN),
    "completion_tokens": types.OptionalType(types.NumberType()),
}


class Mistake(Exception):
    """The statement at hand has no meaning; what is wrong has been reported already."""


class Declared:
    """A name of the value namespace. `meaning` makes the reference; it raises `Mistake` when the declaration is broken."""

    __slots__ = ("kind", "meaning", "span", "used")

    def __init__(self, kind: NameKind, span: Span, meaning: Callable[[Span], Any]) -> None:
        self.kind, self.span, self.meaning, self.used = kind, span, meaning, False


class PythonUse(NamedTuple):
    """A function of Python that the file declares. `on_error` stands in where it breaks."""

    verifier: Verifier
    on_error: Fraction | None


class Checker:
    """See the module's docstring."""

    def __init__(
        self,
        source: Source,
        registry: Registry,
        handlers: Mapping[type, Callable[[Checker, Any], meaning.Expr]],
        lost: frozenset[str] = frozenset(),
    ) -> None:
        self.source = source
        self.registry = registry
        self.diagnostics: list[Diagnostic] = []
        self.names: dict[str, Declared] = {}
        self.loops: dict[str, types.Type] = {}
        self.loop_finds: dict[str, meaning.Find] = {}
        self.let_of: Callable[[str], LetDecl | None] | None = None
        self.bound: dict[str, meaning.Expr] = {}  # the names of a definition's values, while its body is looked at
        self.use_of_definition: Callable[[ex.Call], meaning.Expr] | None = None
        self._handlers = handlers
        self.lost = lost
        self.notation = NOTATION
        self.functions: dict[str, PythonUse] = {}
        self.option_file: Callable[[str, Span], str] | None = None  # the text of a file that an option names
        self.refused: set[str] = set()  # functions whose declaration is wrong, which is said once
        self.shared: frozenset[str] = frozenset()  # columns that imported parts declare too

    @cached_property
    def dimensions(self) -> Dimensions:
        """What is known of the dimensions of quantities; made at the first use, so that a file without quantities loads nothing of it."""
        from rewardlang.checking.dimensions import Dimensions

        return Dimensions()

    @property
    def has_quantities(self) -> bool:
        """Whether `dimensions` was used."""
        return "dimensions" in self.__dict__

    # -------------------------------------------------------- telling

    def report(
        self,
        code: str,
        span: Span,
        message: str,
        advice: str | None = None,
        *,
        related: Iterable[tuple[Span, str]] = (),
        label: str = "",
        severity: Literal["error", "warning"] = "error",
        fix: Fix | None = None,
    ) -> None:
        """Adds a diagnostic; a suggestion of one word for the words at the place is its fix."""
        others = tuple(Related(place, text) for place, text in related)
        if fix is None and isinstance(advice, Suggestion) and advice.only is not None:
            words = self.source.cut(span)
            quoted = words[:1] == '"' and words[1:-1] == advice.word
            if words == advice.word or quoted:
                fix = instead(span, f'"{advice.only}"' if quoted else advice.only, safe=self._is_plain(advice, advice.only))
        self.diagnostics.append(Diagnostic(code, severity, message, self.source, span, advice, label, others, fix))

    def _is_plain(self, advice: Suggestion, meant: str) -> bool:
        """Whether a word is misspelt here, and not where it is declared.

        It is a single slip, stands in the file once, and what is meant is used elsewhere too, or is a word of the language.
        """
        times = {word: len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", self.source.text)) for word in (advice.word, meant)}
        return advice.is_plain and times[advice.word] == 1 and times[meant] != 1

    def leave_out(self, span: Span, word: str) -> Fix | None:
        """The fix that takes out what begins with a word; None where something else, such as a bracket, stands before the word."""
        return without(span, f"'{word}'", safe=True) if self.source.cut(span).split()[:1] == word.split()[:1] else None

    def fail(
        self,
        code: str,
        span: Span,
        message: str,
        advice: str | None = None,
        *,
        related: Iterable[tuple[Span, str]] = (),
        label: str = "",
        fix: Fix | None = None,
    ) -> NoReturn:
        """Reports an error and gives the statement up."""
        self.report(code, span, message, advice, related=related, label=label, fix=fix)
        raise Mistake

    # -------------------------------------------------------- names

    def declare(self, name: ex.Word, kind: NameKind, make: Callable[[Span], Any]) -> None:
        """Adds a name; a second declaration, or one that hides a value of the row, is an error."""
        if name.text in BUILT_INS:
            self.report("RW202", name.span, f"'{name.text}' is a value of every row and cannot be declared again", "choose another name")
        elif (earlier := self.names.get(name.text)) is not None:
            self.report(
                "RW202",
                name.span,
                f"'{name.text}' is declared twice",
                "rename one of the two",
                related=[(earlier.span, f"first declared here, as a {earlier.kind}")],
            )
        else:
            self.names[name.text] = Declared(kind, name.span, make)

    def declared(self, name: str, span: Span) -> Declared | None:
        """What a name is declared as, seen from a place: an imported part sees the names and columns of its own file, and no others."""
        if span.start > len(self.source.text) and "." not in name and name not in self.shared:
            return None
        return self.names.get(name)

    def lookup(self, name: str, span: Span) -> meaning.Expr:
        """The meaning of a name where a value is wanted."""
        if name in self.bound:
            return self.bound[name]
        if name in self.loops:
            item = self.loops[name]
            if isinstance(item, types.QuantityType):
                self.dimensions.found.append((item.dimension, span))
            return meaning.LoopValue(span=span, type=item, name=name)
        if name in BUILT_INS:
            return meaning.BuiltIn(span=span, type=BUILT_INS[name], name=name)
        declared = self.declared(name, span)
        if name in self.lost:
            raise Mistake
        if declared is None:
            known = [*self.names, *BUILT_INS, *self.loops, *self.bound]
            self.fail("RW201", span, f"nothing here is called '{name}'", self.suggest(name, known) or _declare_help(name))
        declared.used = True
        if declared.kind == "pattern":
            self.fail(
                "RW301", span, f"'{name}' is a pattern, and a value is wanted here", f"select from a text: first {name} in completion"
            )
        found: meaning.Expr = declared.meaning(span)
        return found

    @contextmanager
    def looping(self, name: str | None, item: types.Type, find: meaning.Find | None = None) -> Iterator[None]:
        """Within it, `name` is the item of a loop, and what found it."""
        before, finds = dict(self.loops), dict(self.loop_finds)
        if name is not None:
            self.loops[name] = item
            self.loop_finds.pop(name, None)
            if find is not None:
                self.loop_finds[name] = find
        try:
            yield
        finally:
            self.loops, self.loop_finds = before, finds

    @contextmanager
    def inside_definition(self, bound: dict[str, meaning.Expr]) -> Iterator[None]:
        """Within it, the names of the definition mean its arguments, and no loop outside is seen."""
        before = self.bound, self.loops
        self.bound, self.loops = bound, {}
        try:
            yield
        finally:
            self.bound, self.loops = before

    @staticmethod
    def suggest(word: str, known: Iterable[str]) -> Suggestion | None:
        """A help line that names the nearest known word, or None where nothing is near."""
        return did_you_mean(word, known)

    # -------------------------------------------------------- meaning

    def value(self, node: ex.Expression) -> meaning.Expr:
        """The meaning of an expression as a value, a boolean one included."""
        return self._handlers[type(node)](self, node)

    def test(self, node: ex.Expression) -> meaning.Expr:
        """The meaning of an expression as a condition."""
        expression = self.value(node)
        inner, _ = bare(expression.type)
        if inner != types.BOOLEAN:
            self.fail(
                "RW301",
                expression.span,
                f"a condition is wanted here, and this is {described(expression.type)}",
                "compare it with something: 'equals', 'contains', 'is at least', 'is present', …",
            )
        return (
            expression
            if isinstance(expression, meaning.TESTS)
            else meaning.Truth(span=expression.span, type=types.BOOLEAN, operand=expression)
        )

    def text(self, node: ex.Expression, what: str) -> tuple[meaning.Expr, bool]:
        """A value that must be text, and whether it can be missing. `what` begins the sentence of the error: "'contains' looks into"."""
        return self.expect(node, (types.TextType, types.OneOfType), f"{what} a text")

    def number(self, node: ex.Expression, what: str) -> tuple[meaning.Expr, bool]:
        """A value that must be a number, and whether it can be missing."""
        return self.expect(node, (types.NumberType,), f"{what} a number")

    def measured(self, node: ex.Expression, what: str) -> tuple[meaning.Expr, bool]:
        """A value that must be a number or a quantity, and whether it can be missing."""
        return self.expect(node, (types.NumberType, types.QuantityType), f"{what} a number")

    def expect(self, node: ex.Expression, kinds: tuple[type, ...], sentence: str) -> tuple[meaning.Expr, bool]:
        """A value of one of the kinds of type, or an error that says what it is instead."""
        expression = self.value(node)
        inner, optional = bare(expression.type)
        if isinstance(inner, types.QuantityType) and kinds == (types.NumberType,) and self.dimensions.equate(inner.dimension, ()):
            return expression, optional
        if not isinstance(inner, kinds):
            self.fail(
                "RW301", expression.span, f"{sentence}, and this is {described(expression.type)}", conversion_help(self, inner, kinds)
            )
        return expression, optional


def _declare_help(name: str) -> str:
    return f"declare it: 'column {name}: text' if it is in the data, or 'let {name} = …'"


def bare(type_: types.Type) -> tuple[types.Type, bool]:
    """A type without `optional`, and whether it was optional."""
    return (type_.item, True) if isinstance(type_, types.OptionalType) else (type_, False)


def maybe(type_: types.Type, optional: bool) -> types.Type:
    """A type, made optional if asked for; never optional twice."""
    return types.OptionalType(type_) if optional and not isinstance(type_, types.OptionalType) else type_


def described(type_: types.Type) -> str:
    """A type as a sentence names it: "a number", "a text that may be missing"."""
    inner, optional = bare(type_)
    if isinstance(inner, types.QuantityType) and any(base.startswith("?") for base, _ in inner.dimension):
        return "a quantity" + (" that may be missing" if optional else "")
    noun = {"text": "a text", "number": "a number", "math": "a mathematical answer", "boolean": "true or false"}.get(
        str(inner), str(inner) if isinstance(inner, types.OneOfType) else f"a {inner}"
    )
    return noun + (" that may be missing" if optional else "")


def conversion_help(checker: Checker, found: types.Type, wanted: tuple[type, ...]) -> str | None:
    """How to get from a type to a wanted one, where the language has a way."""
    if isinstance(found, types.TextType) and types.NumberType in wanted:
        return "read the text as a number first: (… as number)"
    if isinstance(found, types.ListType) and types.TextType in wanted:
        return "pick one item of the list with 'for each' or 'some', or test membership with 'is in'"
    if isinstance(found, types.NumberType) and types.TextType in wanted:
        return "numbers are compared with '=', '<', 'is at least' and so on, or with 'equals' against a number"
    return None
