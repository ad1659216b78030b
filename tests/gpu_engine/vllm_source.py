"""vLLM's source as a syntax tree: names and signatures can be held without a GPU, and without importing vLLM."""

from __future__ import annotations

import ast
import importlib.util
import os
from functools import cache
from pathlib import Path

SOURCE = "REWARDLANG_VLLM_SOURCE"


def folder() -> Path | None:
    """Where vLLM's package lies: installed, or in the folder that the environment names (an unpacked wheel)."""
    given = os.environ.get(SOURCE)
    if given:
        return Path(given) / "vllm"
    found = importlib.util.find_spec("vllm")
    return None if found is None or found.origin is None else Path(found.origin).parent


@cache
def text(file: str) -> str:
    """One module's source."""
    root = folder()
    assert root is not None
    return (root / file).read_text(encoding="utf-8")


@cache
def tree(file: str) -> ast.Module:
    """One module, parsed."""
    return ast.parse(text(file))


def named(file: str, path: str) -> ast.AST:
    """A class, a function or a method by its path, such as `LLM.generate`. Raises `LookupError` where it is not there."""
    node: ast.AST = tree(file)
    for name in path.split("."):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name == name:
                node = child
                break
        else:
            raise LookupError(f"{file} has no {path}")
    return node


def parameters(file: str, path: str) -> list[str]:
    """The names of a function's parameters, without `self`."""
    node = named(file, path)
    assert isinstance(node, ast.FunctionDef)
    found = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return [name for name in found if name != "self"]


def fields(file: str, path: str) -> set[str]:
    """Annotated attributes of a class, and those that its methods assign to `self`."""
    found = set()
    for node in ast.walk(named(file, path)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
                found.add(target.attr)
    return found


def literal(file: str, name: str) -> tuple[object, ...]:
    """The values of a module's `Name = Literal[…]`."""
    for node in tree(file).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            assert isinstance(node.value, ast.Subscript)
            values = node.value.slice
            return tuple(ast.literal_eval(one) for one in (values.elts if isinstance(values, ast.Tuple) else [values]))
    raise LookupError(f"{file} has no {name}")


def constant(file: str, path: str, name: str) -> dict[str, list[str]]:
    """What a class assigns to a name: a dictionary of lists of words."""
    for node in ast.iter_child_nodes(named(file, path)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            found: dict[str, list[str]] = ast.literal_eval(node.value)
            return found
    raise LookupError(f"{path} of {file} has no {name}")
