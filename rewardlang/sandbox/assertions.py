"""Tests of which the expected values stay outside: a program that is tested cannot read them, nor say that it has met them."""

from __future__ import annotations

import ast
import operator
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from rewardlang.json_text import NotJson, NotRead, read_json

_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Is: operator.is_,
        ast.IsNot: operator.is_not,
        ast.In: lambda one, many: one in many,
        ast.NotIn: lambda one, many: one not in many,
    }
)
_MIRRORED: Mapping[type[ast.cmpop], type[ast.cmpop]] = MappingProxyType(
    {ast.Eq: ast.Eq, ast.NotEq: ast.NotEq, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
)


class Test(NamedTuple):
    """What runs inside, the name of the function to which it hands values, and what is asked of each value outside."""

    inside: str
    record: str
    asked: tuple[Callable[[Any], bool], ...]


class _NoValue(Exception):
    """No value of Python's own types."""


def split(test: str) -> Test:
    """Takes the values out of `assert … == 3` and its like, wherever they stand; other assertions stay inside as they are."""
    name = f"value_{secrets.token_hex(8)}"
    try:
        tree = ast.parse(test)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Test(test, name, ())
    if any(isinstance(node, (ast.Try, ast.TryStar, ast.With)) for node in ast.walk(tree)):  # an assertion may be caught there
        return Test(test, name, ())
    taking = _Taking(name)
    inside = ast.fix_missing_locations(taking.visit(tree))
    return Test(ast.unparse(inside), name, tuple(taking.asked)) if taking.asked else Test(test, name, ())


class _Taking(ast.NodeTransformer):
    """Puts a call in the place of each assertion that compares with a literal."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.asked: list[Callable[[Any], bool]] = []

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        found = _literal_side(node.test)
        if found is None:
            return node
        value, compare, wanted = found
        self.asked.append(lambda given: bool(compare(given, wanted)))
        arguments = [ast.Constant(len(self.asked) - 1), value]
        return ast.Expr(ast.Call(ast.Name(self._name, ast.Load()), arguments, []))


def _literal_side(test: ast.expr) -> tuple[ast.expr, Callable[[Any, Any], Any], Any] | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    kind = type(test.ops[0])
    for value, literal, comparison in ((test.left, test.comparators[0], kind), (test.comparators[0], test.left, _MIRRORED.get(kind))):
        if comparison is None:
            continue
        try:
            wanted = ast.literal_eval(literal)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        if comparison in (ast.Is, ast.IsNot) and wanted not in (None, True, False):
            return None
        return value, _COMPARED[comparison], wanted
    return None


def all_met(test: Test, recorded: str) -> bool:
    """Whether each value that was handed over is what is asked, and at least one was, where any could be. `recorded` may be hostile."""
    if not test.asked:
        return True
    try:
        pairs = read_json(recorded, number=str)
        met = [test.asked[int(number)](_value(written)) for number, written in pairs]
    except (NotJson, NotRead, _NoValue, ValueError, TypeError, IndexError, OverflowError, RecursionError):
        return False
    return bool(met) and all(met)


def _value(written: Any) -> Any:
    """The value that `plain` wrote. Raises `_NoValue`, and whatever Python raises for a list in a set."""
    if written is None or isinstance(written, bool):
        return written
    if not isinstance(written, list) or not written:
        raise _NoValue
    kind, *items = written
    if kind in ("list", "tuple", "set"):
        values = map(_value, items)
        return list(values) if kind == "list" else tuple(values) if kind == "tuple" else set(values)
    if kind == "dict":
        return {_value(key): _value(item) for key, item in items}
    readers: Mapping[Any, Callable[[str], Any]] = {
        "int": lambda text: int(text, 16),
        "float": float.fromhex,
        "complex": lambda text: complex(*map(float.fromhex, text.split(" "))),
        "str": str,
        "bytes": bytes.fromhex,
    }
    if kind not in readers or len(items) != 1 or not isinstance(items[0], str):
        raise _NoValue
    return readers[kind](items[0])
