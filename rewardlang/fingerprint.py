"""One hash for everything that a score depends on: what the file says, its lists, the verifiers and their limits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from rewardlang.parsing import syntax
from rewardlang.verifier import Verifier


def fingerprint(file: syntax.File, lists: Mapping[str, tuple[str, ...]], verifiers: Iterable[Verifier], params: Mapping[str, Any]) -> str:
    """sha256 in hex. Comments, spacing and the places of words do not count; a changed list, verifier or param does."""
    parts = [canonical(file)]
    parts += [
        f"list {name} {hashlib.sha256(chr(10).join(values).encode('utf-8', 'surrogatepass')).hexdigest()}"
        for name, values in sorted(lists.items())
    ]
    parts += sorted(f"{v.kind} {v.word} {v.version} {sorted(v.limits.items())}" for v in verifiers)
    parts += [f"param {name} {value!r}" for name, value in sorted(params.items())]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def canonical(value: Any) -> str:
    """A tree as text that is equal for trees that are equal, and only for them."""
    if is_dataclass(value) and not isinstance(value, type):
        inner = ",".join(f"{part.name}={canonical(getattr(value, part.name))}" for part in fields(value) if part.compare)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return "(" + ",".join(canonical(item) for item in value) + ")"
    return repr(value)
