"""When two expressions mean the same: a text for each that is equal exactly then."""

from __future__ import annotations

from collections.abc import Mapping

from rewardlang import meaning
from rewardlang.program import LetDecl
from rewardlang.record import FrozenRecord, names_of


class Keys:
    """Keys of expressions of one program; a let without `else` means its value."""

    def __init__(self, lets: Mapping[str, LetDecl]) -> None:
        self._lets = lets
        self._known: dict[int, tuple[meaning.Expr, str]] = {}  # by identity; the expression is kept, so that its id stays its own

    def key(self, value: object) -> str:
        """The same text for expressions that mean the same, wherever they stand in the file."""
        if isinstance(value, meaning.LetValue) and self._lets[value.name].otherwise is None:
            return self.key(self._lets[value.name].value)
        if isinstance(value, meaning.NamedList):
            # A list of the file is known by its name; one that is written where it is used has none, so its values tell.
            return f"list {value.values!r}" if value.name == meaning.INLINE_LIST else f"list {value.name}"
        if isinstance(value, meaning.Expr) and id(value) in self._known:
            return self._known[id(value)][1]
        if isinstance(value, FrozenRecord) and type(value).__module__ == meaning.__name__:
            parts = (self.key(getattr(value, name)) for name in names_of(value) if name not in ("span", "type"))
            key = f"{type(value).__name__}({','.join(parts)})"
            if isinstance(value, meaning.Expr):
                self._known[id(value)] = value, key
            return key
        if isinstance(value, tuple):
            return f"({','.join(self.key(item) for item in value)})"
        return repr(value)
