"""Frozen records that are cheap to define: the nodes of the syntax tree, of its meaning and of the program, and the marks.

`@dataclass` compiles five methods for each class, half a millisecond apiece,
and there are over a hundred and fifty classes: most of the time that a short
command has. Here the methods are written once, for all classes;
`dataclasses.fields` and `replace` work as usual. A subclass declares its fields
as a dataclass does.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar, dataclass_transform


class _Frozen:
    """What both kinds of record share."""

    _names: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, object]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    if not TYPE_CHECKING:
        __match_args__ = ()

    def __init_subclass__(cls) -> None:
        parts = fields(dataclass(init=False, repr=False, eq=False, match_args=False)(cls))  # type: ignore[arg-type]
        cls._names = tuple(part.name for part in parts)
        setattr(cls, "__match_args__", cls._names)  # noqa: B010 - the type checker has its own idea of it
        cls._compared = tuple(part.name for part in parts if part.compare)
        cls._defaults = {part.name: part.default for part in parts if part.default is not MISSING}
        cls._required = frozenset(cls._names) - set(cls._defaults)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._compared)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._compared)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names)
        return f"{type(self).__name__}({inside})"

    def _fill(self, values: dict[str, object]) -> None:
        if not self._required <= values.keys() or not values.keys() <= set(self._names):
            wrong = sorted((self._required - values.keys()) | (values.keys() - set(self._names)))
            raise TypeError(f"{type(self).__name__}: missing or unknown fields: {', '.join(wrong)}")
        self.__dict__.update(self._defaults)
        self.__dict__.update(values)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Record(_Frozen):
    """A record whose fields are all given by name."""

    if not TYPE_CHECKING:  # the type checker derives the signature from the fields

        def __init__(self, **values: object) -> None:
            self._fill(values)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class PlainRecord(_Frozen):
    """A record whose fields may be given in order."""

    if not TYPE_CHECKING:  # the type checker derives the signature from the fields

        def __init__(self, *ordered: object, **values: object) -> None:
            if len(ordered) > len(self._names):
                raise TypeError(f"{type(self).__name__}: {len(ordered)} values for {len(self._names)} fields")
            self._fill({**dict(zip(self._names, ordered, strict=False)), **values})
