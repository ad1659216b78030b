"""The verifiers that there are: one file each in `rewardlang.verifiers`, and those that installed packages offer.

A package offers a module of its own by an entry point of the group
`rewardlang.verifiers`. Nothing is listed anywhere: a file that stands in the
folder is found. A file of the folder is read for the words that it declares,
and imported when one of them is asked for: most programs use few of them.
Installed packages' modules are imported.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from types import ModuleType

import rewardlang.verifiers
from rewardlang.attempt import Raised, attempt
from rewardlang.unusable import UnusableVerifierError
from rewardlang.verifier import Declaration, Kind, Verifier

ENTRY_POINTS = "rewardlang.verifiers"


class DuplicateVerifierError(UnusableVerifierError, ValueError):
    """Two verifiers of one kind claim one word; both modules are named."""


class Unread:
    """A verifier whose module has not been imported yet."""

    def __init__(self, kind: Kind, word: str, module: str) -> None:
        self.kind, self.word, self.module = kind, word, module

    @cached_property
    def verifier(self) -> Verifier:
        """The verifier; imports its module."""
        declared = declared_in(importlib.import_module(self.module))
        return next(entry.verifier for entry in declared if (entry.kind, entry.word) == (self.kind, self.word))


class Registry:
    """Verifiers by kind and word, in the order of kind, then word. Immutable."""

    def __init__(self, verifiers: Iterable[Verifier | Declaration | Unread]) -> None:
        by_key: dict[tuple[Kind, str], Verifier | Declaration | Unread] = {}
        for verifier in verifiers:
            key = (verifier.kind, verifier.word)
            if key in by_key:
                raise DuplicateVerifierError(
                    f"{by_key[key].module} and {verifier.module} both declare the {verifier.kind} '{verifier.word}'"
                )
            by_key[key] = verifier
        self._by_key = {key: by_key[key] for key in sorted(by_key)}

    def __iter__(self) -> Iterator[Verifier]:
        return (_made(entry) for entry in self._by_key.values())

    def __len__(self) -> int:
        return len(self._by_key)

    def get(self, kind: Kind, word: str) -> Verifier | None:
        """The verifier, or None; a word may be written with spaces or hyphens for underscores ("valid json")."""
        entry = self._by_key.get((kind, word)) or self._by_key.get((kind, word.replace(" ", "_").replace("-", "_")))
        return None if entry is None else _made(entry)

    def words(self, kind: Kind) -> tuple[str, ...]:
        """The words of a kind, sorted."""
        return tuple(word for of, word in self._by_key if of == kind)

    def suggest(self, kind: Kind, word: str) -> str | None:
        """The word of that kind that is closest to a mistyped one, or None when none is close."""
        import difflib

        close = difflib.get_close_matches(word, self.words(kind), n=1, cutoff=0.6)
        return close[0] if close else None


def _made(entry: Verifier | Declaration | Unread) -> Verifier:
    return entry if isinstance(entry, Verifier) else entry.verifier


def declared_in(module: ModuleType) -> list[Declaration]:
    """The verifiers that a module declares itself, in the order of its text."""
    found = []
    for value in vars(module).values():
        declaration = getattr(value, "declaration", None)
        if isinstance(declaration, Declaration) and declaration.module == module.__name__:
            found.append(declaration)
    return found


def modules() -> list[str]:
    """The full names of the modules in the folder, sorted."""
    # `pkgutil` would say the same, and import `inspect` for it: 8 ms of a short command.
    files = (entry.name for folder in rewardlang.verifiers.__path__ for entry in os.scandir(folder))
    return sorted(f"{rewardlang.verifiers.__name__}.{name.removesuffix('.py')}" for name in files if name.endswith(".py"))


def words_of(source: bytes, module: str) -> list[Unread]:
    """The verifiers that a module of the folder declares: a decorator at the beginning of a line, its word in quotes.

    Of the bytes, and by the line's end before it: decoding, and asking where lines begin, would take twice the time.
    """
    declared = re.findall(rb'\n@(finder|predicate|measure|equivalence|reader)\("(\w+)"', source)
    return [Unread(kind.decode(), word.decode(), module) for kind, word in declared]


def find_verifiers() -> list[Declaration | Unread]:
    """What the modules of the folder and of the entry points declare. Raises `UnusableVerifierError`."""
    found: list[Declaration | Unread] = []
    folders = list(rewardlang.verifiers.__path__)
    for name in modules():
        file = name.rpartition(".")[2] + ".py"
        path = next(path for folder in folders if os.path.exists(path := os.path.join(folder, file)))  # noqa: PTH110, PTH118
        with open(path, "rb") as source:  # noqa: PTH123
            found.extend(words_of(source.read(), name))
    for name in _entry_points():
        module = attempt(importlib.import_module, name)
        if isinstance(module, Raised):
            raise UnusableVerifierError(
                f"an installed package offers verifiers in the module {name}, which cannot be imported ({module}); mend it or uninstall it"
            ) from module.error
        found.extend(declared_in(module))
    return found


def _entry_points() -> list[str]:
    """The modules that installed packages offer, sorted.

    Only the files `entry_points.txt` are read: `importlib.metadata` would parse
    every installed package's description too, and paths as objects double the time.
    """
    offered: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        if not os.path.isdir(folder or "."):  # noqa: PTH112
            continue
        with os.scandir(folder or ".") as entries:
            installed = [entry.path for entry in entries if entry.name.endswith(".dist-info")]
        for path in installed:
            try:
                with open(path + "/entry_points.txt", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                    text = file.read()
            except OSError:
                continue
            offered.update(entry_point_modules(text))
    return sorted(offered)


def entry_point_modules(text: str) -> list[str]:
    """The modules of our group in an `entry_points.txt`: lines `name = module` or `name = module:object` under its heading."""
    if ENTRY_POINTS not in text:
        return []
    inside, found = False, []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{ENTRY_POINTS}]"
        elif inside and "=" in line and not line.startswith("#"):
            found.append(line.partition("=")[2].partition(":")[0].partition("[")[0].strip())
    return found


@lru_cache(maxsize=1)
def default_registry() -> Registry:
    """What is installed here. Read once a process."""
    return Registry(find_verifiers())
