"""The project's own Python files as data: module names, paths, syntax trees. Shared by the tests of the architecture."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_FOLDERS = {
    "rewardlang": "rewardlang",
    "rewardlang.verifiers": "verifiers",
    "rewardlang.trainer": "trainer",
    "rewardlang.grammars": "grammars",
}
# Inside `rewardlang/`: links to the folders above, and files that `init` copies, which may be Python for the reader.
_NOT_CODE = ("verifiers", "trainer", "grammars", "templates")
# Data of a package, with the script that built them.
_DATA = "data"


@dataclass(frozen=True)
class Module:
    """A module of the package. `name` is what stands after `rewardlang.`; the package itself is `__init__`."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """The module's syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported name in full, with the line; imports inside functions count, those for annotations (TYPE_CHECKING) do not."""
        annotations = {id(inner) for node in ast.walk(self.tree) if _is_type_checking(node) for inner in ast.walk(node)}
        for node in ast.walk(self.tree):
            if id(node) in annotations:
                continue
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def modules() -> list[Module]:
    """All modules of the package, sorted by name."""
    found = []
    for package, folder in _FOLDERS.items():
        prefix = package.removeprefix("rewardlang").removeprefix(".")
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = path.relative_to(ROOT / folder)
            if _DATA in relative.parts or (package == "rewardlang" and relative.parts[0] in _NOT_CODE):
                continue
            parts = [*([prefix] if prefix else []), *relative.with_suffix("").parts]
            if len(parts) > 1 and parts[-1] == "__init__":
                parts.pop()
            found.append(Module(".".join(parts), path))
    return sorted(found, key=lambda module: module.name)


def package_folders() -> dict[str, Path]:
    """Every folder that holds Python modules of the package, by the package's dotted name."""
    folders = {}
    for package, folder in _FOLDERS.items():
        for path in sorted([ROOT / folder, *(item for item in (ROOT / folder).rglob("*") if item.is_dir())]):
            relative = path.relative_to(ROOT / folder)
            if _DATA in relative.parts or (package == "rewardlang" and relative.parts[:1] and relative.parts[0] in _NOT_CODE):
                continue
            if any(path.glob("*.py")) or not relative.parts:
                folders[".".join([package, *relative.parts])] = path
    return folders
