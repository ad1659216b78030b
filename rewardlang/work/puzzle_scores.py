"""The side of `puzzle_score` that runs in a worker process: what reasoning-gym gives for an answer to one of its entries.

Some of its tasks give the answer to `eval`, or to sympy, which gives it to `eval`. Here `eval` is replaced, for the whole
process: it computes with numbers, lists and a few functions of sympy, node by node, and runs nothing else.
"""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from reasoning_gym.factory import DATASETS

MAX_NODES = 2_000
MAX_POWER = 1_000
_ANGLES = ("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "sinh", "cosh", "tanh")
_SYMPY = frozenset(("Symbol", "Integer", "Float", "Rational", "Add", "Mul", "Pow", "sqrt", "exp", "log", "ln", "Abs", *_ANGLES))
_VALUES = frozenset(["pi", "E", "I", "oo"])
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.RShift: operator.rshift,
    ast.Invert: operator.invert,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


_BOARDS = {"arc_agi": ("input", "output"), "rearc": ("input", "output")}
"""What a task compares as tuples, which JSON does not know."""


class UnsafeError(ValueError):
    """A text that is more than an expression of numbers."""


def computed(source: Any, names: Mapping[str, Any] | None = None, own: Mapping[str, Any] | None = None, /) -> Any:
    """What stands in place of `eval`: the value of an expression of numbers, lists and functions of sympy. Raises UnsafeError."""
    if not isinstance(source, str) or len(source) > 20_000:
        raise UnsafeError("no short text")
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnsafeError("no expression") from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise UnsafeError(f"more than {MAX_NODES:,} parts")
    return _value(tree.body, {**(names or {}), **(own or {})}, 0)


def _value(node: ast.expr, names: Mapping[str, Any], depth: int) -> Any:
    if depth > 200:
        raise UnsafeError("nested too deep")
    match node:
        case ast.Constant(value=int() | float() | str() | None):
            return node.value
        case ast.List() | ast.Tuple():
            items = [_value(item, names, depth + 1) for item in node.elts]
            return items if isinstance(node, ast.List) else tuple(items)
        case ast.UnaryOp() if type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](_value(node.operand, names, depth + 1))
        case ast.BinOp(op=ast.Pow()):
            return _power(_value(node.left, names, depth + 1), _value(node.right, names, depth + 1))
        case ast.BinOp(op=ast.LShift()):
            return _value(node.left, names, depth + 1) * _power(2, _value(node.right, names, depth + 1))
        case ast.BinOp() if type(node.op) in _OPERATORS:
            return _combined(type(node.op), _value(node.left, names, depth + 1), _value(node.right, names, depth + 1))
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _SYMPY and name in names:
            return names[name](*(_value(item, names, depth + 1) for item in node.args))
        case ast.Name(id=name) if name in names and (name in _VALUES or _is_symbol(names[name])):
            return names[name]
    raise UnsafeError("more than an expression of numbers")


def _is_symbol(value: Any) -> bool:
    import sympy

    return isinstance(value, sympy.Symbol)


def _combined(kind: type[ast.AST], one: Any, other: Any) -> Any:
    if isinstance(one, str | list | tuple) or isinstance(other, str | list | tuple):
        raise UnsafeError("lists and texts are not combined")
    return _OPERATORS[kind](one, other)


def _power(base: Any, exponent: Any) -> Any:
    number = getattr(exponent, "is_number", isinstance(exponent, int | float))
    if isinstance(base, str | list | tuple) or (number and not abs(exponent) <= MAX_POWER):
        raise UnsafeError(f"a power above {MAX_POWER:,}")
    return base**exponent


_run = builtins.exec


def only_imports(source: Any, *places: Any, **more: Any) -> None:
    """What stands in place of `exec`: it goes on for modules that are imported, and for sympy's import of its own names."""
    if isinstance(source, str) and source.strip() != "from sympy import *":
        raise UnsafeError("a program")
    _run(source, *places, **more)


@cache
def _task(name: str) -> Any:
    dataset, config = DATASETS[name]
    return dataset(config=config())


def answer(request: dict[str, Any]) -> list[Any]:
    """["score", a number] or ["none", a reason]."""
    name = request["task"]
    if name not in DATASETS:
        return ["none", f"reasoning-gym has no task '{name}'"]
    task, entry = _task(name), request["entry"]
    for key in _BOARDS.get(name, ()):
        if isinstance(entry["metadata"].get(key), list):
            entry["metadata"][key] = tuple(map(tuple, entry["metadata"][key]))
    given = (builtins.eval, builtins.exec)
    builtins.eval, builtins.exec = computed, only_imports
    try:
        score = task.score_answer(request["answer"], entry)
    finally:
        builtins.eval, builtins.exec = given
    return ["score", float(score)]
