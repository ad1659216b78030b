"""How a verifier is declared: one decorated function over columns.

A verifier is a pure function. Every positional parameter is one column (a
sequence with one value a row) and the result is a list of the same length.
Keyword-only parameters are options, one value for the whole call. Annotations
say the types; `rewardlang` reads them once, when the verifier's file is found:

    @finder("word", cost="linear", version="1")
    def word(texts: Sequence[str]) -> list[list[Finding[str]]]:
        ...

Kinds, with the shape of the result for a column of B rows:

* finder        `list[list[Finding[T]]]`     `only number in x`, `for each word in x`
* predicate     `list[Verdict]`              `x is "english"`
* measure       `list[Fraction | Missing | Refused]`   `token_f1(a, b)`
* equivalence   `list[Verdict]`, two columns of the same type: `a equals b`
* reader        `list[T | Missing | Refused]`, one column of text: `x as math`

The function is total: it returns for every text, within the limits that it
declares, and never raises for what a model wrote. Its library is imported
inside the function, so that a file that does not use it does not load it.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType, NoneType
from typing import Any, Literal, NewType, TypeAlias, TypeVar

from rewardlang import types
from rewardlang.answers.values import Answer, Quantity
from rewardlang.record import PlainRecord, field
from rewardlang.unusable import UnusableVerifierError
from rewardlang.verdict import Finding, Missing, Refused, Verdict, cannot_judge

Kind: TypeAlias = Literal["finder", "predicate", "measure", "equivalence", "reader"]
Cost: TypeAlias = Literal["free", "linear", "dictionary", "symbolic", "external"]
COSTS: tuple[Cost, ...] = ("free", "linear", "dictionary", "symbolic", "external")
"""The classes from cheap to dear."""
Counter: TypeAlias = Callable[[Sequence[str], "int | None"], list[int]]
"""How much is found in each text; and of a text that has at least the given number, any number that is no smaller."""
F = TypeVar("F", bound=Callable[..., Any])

TextOrFile = NewType("TextOrFile", str)
"""An option that is a text, or the name of a file beside the reward that holds it; the verifier is given the text."""

_PYTHON_TYPES: Mapping[Any, types.Type] = MappingProxyType(
    {str: types.TEXT, TextOrFile: types.TEXT, Fraction: types.NUMBER, bool: types.BOOLEAN, Answer: types.MATH, Quantity: types.ANY_QUANTITY}
)


class OptionSpec(PlainRecord):
    """A keyword option of a verifier: its type, and the default as Python gives it (None: not given)."""

    type: types.Type
    default: Any
    from_file: bool = False


class Verifier(PlainRecord):
    """A declared verifier. `word` is how the language calls it; `gives` is the type of a finding, a value or a measure."""

    word: str
    kind: Kind
    cost: Cost
    version: str
    function: Callable[..., Any] = field(compare=False)
    parameters: tuple[tuple[str, types.Type], ...]
    gives: types.Type
    options: Mapping[str, OptionSpec]
    limits: Mapping[str, int]
    module: str
    doc: str
    count: Counter | None = field(default=None, compare=False)

    def __call__(self, *columns: Sequence[Any], **options: Any) -> list[Any]:
        """The verdicts, findings or values of a batch, one a row. For a row with None in it: nothing found, cannot judge, or missing."""
        try:
            result: list[Any] = self.function(*columns, **options)
        except (AttributeError, TypeError):
            if not any(value is None for column in columns for value in column):
                raise
            result = self._around_none(columns, options)
        assert len(result) == len(columns[0]), f"{self.word} returned {len(result)} results for {len(columns[0])} rows"
        return result

    def _around_none(self, columns: Sequence[Sequence[Any]], options: Mapping[str, Any]) -> list[Any]:
        rows = list(zip(*columns, strict=True))
        whole = [row for row in rows if not any(value is None for value in row)]
        judged = iter(self.function(*zip(*whole, strict=True), **options) if whole else ())
        return [self._of_none() if any(value is None for value in row) else next(judged) for row in rows]

    def _of_none(self) -> Any:
        if self.kind == "finder":
            return []
        return cannot_judge("a value is missing") if self.kind in ("predicate", "equivalence") else Missing("a value is missing")


def dearest(costs: Iterable[Cost]) -> Cost:
    """The dearest class of some."""
    return max(costs, key=COSTS.index, default="free")


def _type_of(annotation: Any, where: str) -> types.Type:
    if annotation in _PYTHON_TYPES:
        return _PYTHON_TYPES[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return types.OneOfType(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return types.ListType(_type_of(arguments[0], where))
    kept = [part for part in arguments if part not in (Missing, Refused, NoneType)]
    if arguments and len(kept) == 1 and origin is not list:
        return _type_of(kept[0], where)
    raise UnusableVerifierError(f"{where}: {annotation!r} has no counterpart in the language")


def _item(annotation: Any, container: Any, where: str) -> Any:
    if typing.get_origin(annotation) is not container:
        raise UnusableVerifierError(f"{where}: expected {container}, found {annotation!r}")
    return typing.get_args(annotation)[0]


def _gives(kind: Kind, annotation: Any, where: str) -> types.Type:
    item = _item(annotation, list, where)
    if kind == "finder":
        return _type_of(_item(_item(item, list, where), Finding, where), where)
    if kind in ("predicate", "equivalence"):
        if item is not Verdict:
            raise UnusableVerifierError(f"{where}: a {kind} returns list[Verdict]")
        return types.BOOLEAN
    return _type_of(item, where)


class Declaration(PlainRecord):
    """What a decorator leaves on its function. Most files use few verifiers, so annotations are read when one is asked for."""

    kind: Kind
    word: str
    cost: Cost
    version: str
    limits: Mapping[str, int]
    function: Callable[..., Any]
    count: Counter | None

    @property
    def module(self) -> str:
        """The full name of the module that declares it."""
        return self.function.__module__

    @cached_property
    def verifier(self) -> Verifier:
        """The verifier. Raises `UnusableVerifierError` for an annotation that is missing or has no counterpart in the language."""
        function, where = self.function, f"{self.module}.{self.function.__name__}"
        hints = typing.get_type_hints(function)
        parameters, options = [], {}
        # What `inspect.signature` tells, without the 6 ms that importing `inspect` takes from a short command.
        code, defaults = function.__code__, function.__kwdefaults__ or {}
        for place, name in enumerate(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]):
            if name not in hints:
                raise UnusableVerifierError(f"{where}: '{name}' has no annotation; a column of texts is Sequence[str]")
            if place >= code.co_argcount and name not in defaults:
                raise UnusableVerifierError(f"{where}: the option '{name}' has no default")
            if place >= code.co_argcount:
                options[name] = OptionSpec(_type_of(hints[name], where), defaults[name], hints[name] is TextOrFile)
            else:
                parameters.append((name, _type_of(_item(hints[name], Sequence, where), where)))
        return Verifier(
            word=self.word,
            kind=self.kind,
            cost=self.cost,
            version=self.version,
            function=function,
            count=self.count,
            parameters=tuple(parameters),
            gives=_gives(self.kind, hints.get("return"), where),
            options=MappingProxyType(options),
            limits=self.limits,
            module=self.module,
            doc=_without_margin(function.__doc__ or ""),
        )


def _without_margin(doc: str) -> str:
    """A docstring without the indentation of its function, as `inspect.cleandoc` gives it."""
    first, *rest = doc.expandtabs().split("\n")
    margin = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)]).strip("\n")


def _declare(kind: Kind, word: str, cost: Cost, version: str, limits: Mapping[str, int], count: Counter | None = None) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        declaration = Declaration(kind, word, cost, version, MappingProxyType(dict(limits)), function, count)
        function.declaration = declaration  # type: ignore[attr-defined]
        return function

    return decorate


def finder(
    word: str, *, cost: Cost, version: str, limits: Mapping[str, int] = MappingProxyType({}), count: Counter | None = None
) -> Callable[[F], F]:
    """Declares a finder: what a text contains, in order, without overlaps.

    `count` may give the number of findings of each text where that is cheaper
    than to make them; it takes no options, and is asked where only the number
    of what is found without options is wanted. Besides the texts it is given
    a number up to which it must count, or None: it must count all.
    """
    return _declare("finder", word, cost, version, limits, count)


def predicate(word: str, *, cost: Cost, version: str, limits: Mapping[str, int] = MappingProxyType({})) -> Callable[[F], F]:
    """Declares a predicate: `x is "word"`."""
    return _declare("predicate", word, cost, version, limits)


def measure(word: str, *, cost: Cost, version: str, limits: Mapping[str, int] = MappingProxyType({})) -> Callable[[F], F]:
    """Declares a measure: `word(a, b)`, a number."""
    return _declare("measure", word, cost, version, limits)


def equivalence(word: str, *, cost: Cost, version: str, limits: Mapping[str, int] = MappingProxyType({})) -> Callable[[F], F]:
    """Declares what `equals` means for a type; `word` is the type's name."""
    return _declare("equivalence", word, cost, version, limits)


def reader(word: str, *, cost: Cost, version: str, limits: Mapping[str, int] = MappingProxyType({})) -> Callable[[F], F]:
    """Declares what `x as word` reads out of a text."""
    return _declare("reader", word, cost, version, limits)
