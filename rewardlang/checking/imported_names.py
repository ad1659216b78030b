"""A statement of one file as a statement of another: its places moved on, its names written with the file that they are of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.record import FrozenRecord, names_of, replaced
from rewardlang.source import Span

T = TypeVar("T", bound=FrozenRecord)

Plain = Callable[[str, Span], str]
"""What a name of the file itself is called in the file that imports it; the span is where it is used."""
Dotted = Callable[[str, str, Span], str]
"""What `alias.name` is called there."""


class Mover:
    """Copies statements of one file. `base` is where the file begins among all that are read together."""

    def __init__(self, base: int, folder: str, plain: Plain, dotted: Dotted) -> None:
        self._base, self._folder, self._plain, self._dotted = base, folder, plain, dotted
        self._bound: frozenset[str] = frozenset()

    def span(self, span: Span) -> Span:
        """A place of the file as a place among all files."""
        return Span(span.start + self._base, span.end + self._base)

    def moved(self, node: T) -> T:
        """The copy. Names that a definition gives to its values stay as they are."""
        if isinstance(node, syntax.Define):
            before, self._bound = self._bound, frozenset(formal.name.text for formal in node.formals)
            try:
                return self._copied(node)
            finally:
                self._bound = before
        return self._copied(node)

    def _copied(self, node: T) -> T:
        copy = replaced(node, **{name: self._part(getattr(node, name)) for name in names_of(node)})
        renamed = self._renamed(node)
        return replaced(copy, **renamed) if renamed else copy

    def _part(self, value: Any) -> Any:
        if isinstance(value, Span):
            return self.span(value)
        if isinstance(value, ex.Field) and isinstance(value.base, ex.Name):
            span = self.span(value.span)
            return ex.Name(span=span, name=self._dotted(value.base.name, value.name.text, span))
        if isinstance(value, FrozenRecord):
            return self.moved(value)
        return tuple(self._part(item) for item in value) if isinstance(value, tuple) else value

    def _renamed(self, node: FrozenRecord) -> dict[str, object]:
        """The fields in which a node refers to a name or to a file."""
        match node:
            case ex.Name(name=name) | ex.NamedFinder(name=name):
                return {"name": self._reference(name, self.span(node.span))}
            case ex.Call(function=word):
                place = self.span(word.span)
                return {"function": ex.Word(span=place, text=self._reference(word.text, place))}
            case syntax.ListFromFile(path=path):
                return {"path": ex.Text(span=self.span(path.span), value=joined(self._folder, path.value), long=path.long)}
        return {}

    def _reference(self, name: str, span: Span) -> str:
        alias, dot, rest = name.partition(".")
        if dot:
            return self._dotted(alias, rest, span)
        return name if name in self._bound else self._plain(name, span)


def joined(folder: str, path: str) -> str:
    """A path that stands in a file of the folder, from the folder of the reward."""
    return f"{folder}/{path}" if folder and not path.startswith("/") else path
