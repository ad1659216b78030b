"""One hash for everything that a score depends on: what the file says, its lists, the verifiers and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from rewardlang.parsing import syntax
from rewardlang.record import FrozenRecord, PlainRecord, compared_of
from rewardlang.verifier import Verifier


class Identity(PlainRecord):
    """What a fingerprint is taken of: the tree of the file, the lists that it names, the verifiers that it uses, the params' values."""

    file: syntax.File
    lists: Mapping[str, tuple[str, ...]]
    verifiers: tuple[Verifier, ...]
    params: Mapping[str, Any]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 in hex. Comments, spacing and the places of words do not count; a changed list, verifier or param does."""
        import hashlib  # 3 ms of start-up, for a figure that it does not print

        parts = [canonical(self.file)]
        parts += [
            f"list {name} {hashlib.sha256(chr(10).join(values).encode('utf-8', 'surrogatepass')).hexdigest()}"
            for name, values in sorted(self.lists.items())
        ]
        parts += sorted(f"{v.kind} {v.word} {v.version} {sorted(v.limits.items())}" for v in self.verifiers)
        parts += [f"param {name} {value!r}" for name, value in sorted(self.params.items())]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Any) -> str:
    """A tree as text that is equal for trees that are equal, and only for them."""
    if isinstance(value, FrozenRecord):
        inner = ",".join(f"{name}={canonical(getattr(value, name))}" for name in compared_of(value))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    return repr(value)
