"""Files and functions stay small enough to read in one sitting."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator

import pytest

from tests.sources import ROOT, Module, modules

MODULES = modules()
TEST_FILES = [Module(str(path.relative_to(ROOT)), path) for path in sorted((ROOT / "tests").rglob("*.py"))]


def _lines(module: Module) -> int:
    return len(module.path.read_text(encoding="utf-8").splitlines())


def _functions(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module.path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("module", [*MODULES, *TEST_FILES], ids=lambda module: module.name)
def test_no_file_is_over_400_lines(module: Module) -> None:
    """A file that grows past 400 lines is split."""
    assert _lines(module) <= 400


def test_the_median_file_has_at_most_150_lines() -> None:
    """Half of the modules have 150 lines or fewer."""
    assert statistics.median(_lines(module) for module in MODULES) <= 150


def test_functions_are_short() -> None:
    """No function is over 80 lines, and at most 3 % are over 50."""
    sizes = [entry for module in MODULES for entry in _functions(module)]
    assert [entry for entry in sizes if entry[1] > 80] == []
    long = [entry for entry in sizes if entry[1] > 50]
    assert len(long) <= 0.03 * len(sizes), long
