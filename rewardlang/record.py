"""Frozen records that are cheap to define: the nodes of the syntax tree, of its meaning and of the program, and the marks.

`@dataclass` compiles five methods for each class, half a millisecond apiece,
and there are over a hundred and fifty classes; importing `dataclasses` alone
takes 10 ms. That was most of the time that a short command has. Here the
methods are written once, for all classes. A subclass declares its fields as a
dataclass does; defaults are immutable values, never factories.

`NamedTuple` is `typing`'s without its check of the annotations, which compiles
each of them: a third of its cost, and a short command has fifty of them. A
`TypedTuple` is one that is equal to its own kind only.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - exported
else:

    class _NamedTuples(type):
        """Turns the body of a class into `collections.namedtuple`."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            names = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in names if field in body]
            made = namedtuple(name, names, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_NamedTuples, "NamedTuple", (), {})

    def _same(one: tuple[object, ...], other: object) -> bool:
        return type(one) is type(other) and tuple.__eq__(one, other)

    class _TypedTuples(_NamedTuples):
        """Named tuples that are equal to none of another class, whatever is in them."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            methods = {
                "__eq__": _same,
                "__ne__": lambda one, other: not _same(one, other),
                "__hash__": lambda one: hash((type(one), tuple.__hash__(one))),
            }
            return super().__new__(cls, name, bases, methods | body)

    TypedTuple = type.__new__(_TypedTuples, "TypedTuple", (), {})

T = TypeVar("T", bound="FrozenRecord")


class _Field:
    """What `field` says about one field."""

    __slots__ = ("compare", "default", "repr")

    def __init__(self, default: object, compare: bool, repr_: bool) -> None:
        self.default, self.compare, self.repr = default, compare, repr_


_NONE = object()


def field(*, default: Any = _NONE, compare: bool = True, repr: bool = True) -> Any:  # noqa: A002 - as dataclasses call it
    """A field with a default, or one that equality and hash leave out, or one that `repr` leaves out."""
    return _Field(default, compare, repr)


class FrozenRecordError(AttributeError):
    """Somebody tried to change a record."""


class FrozenSlots:
    """For classes that write out their own `__init__`, because theirs are made all the time: nothing is changed afterwards."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenRecordError(f"cannot assign to field {name!r} of a {type(self).__name__}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenRecordError(f"cannot delete field {name!r} of a {type(self).__name__}")


class FrozenRecord:
    """What both kinds of record share."""

    _names: ClassVar[tuple[str, ...]] = ()
    _compared: ClassVar[tuple[str, ...]] = ()
    _shown: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, object]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()
    if not TYPE_CHECKING:
        __match_args__ = ()

    def __init_subclass__(cls) -> None:
        own = [name for name, kind in cls.__annotations__.items() if not kind.startswith("ClassVar")]
        compared, shown, defaults = set(cls._compared), set(cls._shown), dict(cls._defaults)
        for name in own:
            given = cls.__dict__.get(name, _NONE)
            spec = given if isinstance(given, _Field) else _Field(given, True, True)
            for wanted, chosen in ((spec.compare, compared), (spec.repr, shown)):
                (chosen.add if wanted else chosen.discard)(name)
            defaults.pop(name, None)
            if spec.default is not _NONE:
                defaults[name] = spec.default
            if given is not _NONE:
                delattr(cls, name)  # the values live in the record
        names = tuple(dict.fromkeys((*cls._names, *own)))
        cls._names = names
        setattr(cls, "__match_args__", names)  # noqa: B010 - the type checker has its own idea of it
        cls._compared = tuple(name for name in names if name in compared)
        cls._shown = tuple(name for name in names if name in shown)
        cls._defaults = defaults
        cls._required = frozenset(names) - set(defaults)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenRecordError(f"cannot assign to field {name!r} of a {type(self).__name__}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenRecordError(f"cannot delete field {name!r} of a {type(self).__name__}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, others = self.__dict__, other.__dict__
        return all(mine[name] == others[name] for name in self._compared)

    def __hash__(self) -> int:
        mine = self.__dict__
        return hash((type(self), *(mine[name] for name in self._compared)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
        return f"{type(self).__name__}({inside})"

    def _fill(self, values: dict[str, object]) -> None:
        if not self._required <= values.keys() or not values.keys() <= set(self._names):
            wrong = sorted((self._required - values.keys()) | (values.keys() - set(self._names)))
            raise TypeError(f"{type(self).__name__}: missing or unknown fields: {', '.join(wrong)}")
        self.__dict__.update(self._defaults)
        self.__dict__.update(values)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Record(FrozenRecord):
    """A record whose fields are all given by name."""

    if not TYPE_CHECKING:  # the type checker derives the signature from the fields

        def __init__(self, **values: object) -> None:
            self._fill(values)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class PlainRecord(FrozenRecord):
    """A record whose fields may be given in order."""

    if not TYPE_CHECKING:  # the type checker derives the signature from the fields

        def __init__(self, *ordered: object, **values: object) -> None:
            if len(ordered) > len(self._names):
                raise TypeError(f"{type(self).__name__}: {len(ordered)} values for {len(self._names)} fields")
            self._fill({**dict(zip(self._names, ordered, strict=False)), **values})


def names_of(record: FrozenRecord | type[FrozenRecord]) -> tuple[str, ...]:
    """The fields of a record, in order."""
    return record._names


def compared_of(record: FrozenRecord) -> tuple[str, ...]:
    """The fields that equality looks at, in order."""
    return record._compared


def replaced(record: T, **changes: object) -> T:
    """The record with some fields changed. Raises TypeError for a field that it does not have."""
    changed = object.__new__(type(record))
    changed._fill({**{name: record.__dict__[name] for name in record._names}, **changes})
    return changed
