"""A module of Python that a file names: found and read, never run.

It is looked for beside the file first, then among what is installed. The
function and its parameters are read from the source, so that a wrong name or a
wrong number of values is told when the file is checked.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MAX_BYTES = 4 * 2**20
_TARGET = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)")


class SourceProblem(Exception):
    """The function cannot be called: why, what is there instead, and what of it is misspelt."""

    def __init__(self, message: str, known: Sequence[str] = (), wrong: str = "") -> None:
        self.message, self.known, self.wrong = message, known, wrong
        super().__init__(message)


class PythonSource(NamedTuple):
    """A function in a module. `folder` is where the module was found, `first` that this is beside the file; the hash is of the module."""

    folder: str
    first: bool
    module: str
    function: str
    path: str
    sha256: str


def find(target: str, folder: str | None, values: int) -> PythonSource:
    """The function that `module:function` names, which takes so many values. Raises `SourceProblem`."""
    match = _TARGET.fullmatch(target)
    if match is None:
        raise SourceProblem('write it as "module:function"')
    module, function = match[1], match[2]
    path, home, first = _located(module, folder)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceProblem(f"'{path}' is larger than {MAX_BYTES // 2**20} MB")
        raw = path.read_bytes()
        tree = ast.parse(raw)
    except OSError as error:
        raise SourceProblem(f"the module '{module}' cannot be read: {error.strerror or error}") from None
    except SyntaxError as error:
        raise SourceProblem(f"the module '{module}' is no Python: {error.msg}, line {error.lineno}") from None
    except (ValueError, RecursionError) as error:
        raise SourceProblem(f"the module '{module}' is no Python: {error}") from None
    _check_function(tree, module, function, values)
    return PythonSource(str(home), first, module, function, str(path), hashlib.sha256(raw).hexdigest())


def _located(module: str, folder: str | None) -> tuple[Path, Path, bool]:
    """The module's file, the folder that the import starts from, and whether it stands beside the reward."""
    parts = module.split(".")
    if folder is not None:
        beside = Path(folder).resolve()
        for path in (beside.joinpath(*parts).with_suffix(".py"), beside.joinpath(*parts, "__init__.py")):
            if path.is_file():
                return path, beside, True
    spec = importlib.machinery.PathFinder.find_spec(parts[0])
    for end in range(2, len(parts) + 1):
        inside = spec.submodule_search_locations if spec is not None else None
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[:end]), inside) if inside is not None else None
    if spec is None:
        where = "beside this file and among what is installed" if folder is not None else "among what is installed"
        raise SourceProblem(f"there is no module '{module}'; it was looked for {where}")
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise SourceProblem(f"the module '{module}' is not written in Python, so it cannot be read")
    path = Path(spec.origin).resolve()
    depth = len(parts) + (path.name == "__init__.py")
    return path, path.parents[depth - 1], False


def _check_function(tree: ast.Module, module: str, function: str, values: int) -> None:
    """Raises `SourceProblem` where the function is not there, or takes another number of values."""
    defined = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    node = defined.get(function)
    if node is None:
        if function in _bound(tree.body):
            return  # imported, assigned, or defined under a condition: what it takes shows when it is called
        known = [name for name, other in defined.items() if isinstance(other, ast.FunctionDef) and not name.startswith("_")]
        raise SourceProblem(f"the module '{module}' has no function '{function}'", known, function)
    if not isinstance(node, ast.FunctionDef):
        what = "a class" if isinstance(node, ast.ClassDef) else "asynchronous"
        raise SourceProblem(f"'{function}' is {what}, and a plain function is wanted")
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    least = len(positional) - len(given.defaults)
    named_only = [name.arg for name, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    if named_only:
        raise SourceProblem(f"'{function}' needs '{named_only[0]}' by name, and values are given by place")
    if values < least or (values > len(positional) and given.vararg is None):
        takes = str(least) if least == len(positional) else f"{least} to {len(positional)}"
        raise SourceProblem(f"'{function}' takes {takes} value{'' if takes == '1' else 's'}, and {values} are declared here")


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names that the statements of a module bind, in any way."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.alias):
                yield node.asname or node.name.split(".")[0]
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node is not statement:
                yield node.name
