"""`use python`: a function of the author, with the types of what goes in and comes out."""

from __future__ import annotations

from rewardlang import types
from rewardlang.checking.checker import Checker, PythonUse, bare, described
from rewardlang.checking.declarations import type_from_syntax
from rewardlang.parsing import syntax
from rewardlang.python.crossing import Signature
from rewardlang.python.function import python_verifier
from rewardlang.python.source import SourceProblem, find

DEFAULT_MILLISECONDS = 2000
MAX_MILLISECONDS = 60_000


def declare(checker: Checker, node: syntax.UsePython, folder: str | None) -> None:
    """Makes the function known. Reads its module and does not run it."""
    name = node.alias.text
    checker.refused.add(name)  # until everything about it is known to be right
    checker.declare(
        node.alias,
        "function",
        lambda span: checker.fail("RW301", span, f"'{name}' is a function and needs its values", f"write: {name}(…)"),
    )
    if checker.names.get(name) is None or checker.names[name].span != node.alias.span:
        return
    parameters = tuple((formal.name.text, type_from_syntax(checker, formal.type)) for formal in node.formals)
    gives = type_from_syntax(checker, node.returns)
    for formal, (_, type_) in zip(node.formals, parameters, strict=True):
        if isinstance(type_, types.OptionalType):
            advice = "leave out 'optional': where a value is missing, the function is not called and its answer is missing"
            checker.fail("RW204", formal.type.span, "a function is never given a missing value", advice)
        _crossing(checker, formal.type, type_)
    _crossing(checker, node.returns, bare(gives)[0])
    _on_error(checker, node, bare(gives)[0])
    milliseconds = _milliseconds(checker, node)
    if not parameters:
        checker.fail("RW317", node.span, f"'{name}' takes no values, so it can only ever say one thing", "write the value itself")
    try:
        source = find(node.target.value, folder, len(parameters))
    except SourceProblem as problem:
        near = checker.suggest(problem.wrong, problem.known) if problem.wrong else None
        advice = near or "modules are found beside this file or installed"
        checker.fail("RW317", node.target.span, f"this function cannot be called: {problem.message}", advice)
    signature = Signature(parameters, gives, checker.notation)
    checker.functions[name] = PythonUse(python_verifier(name, source, signature, milliseconds, batched=node.batched), node.on_error)
    checker.refused.discard(name)


def _crossing(checker: Checker, node: syntax.TypeNode, type_: types.Type) -> None:
    item = type_.item if isinstance(type_, types.ListType) else type_
    if isinstance(item, types.QuantityType) and item.unit is None:
        message = "a function is given a quantity as a plain number, and gives one, so its unit must be said"
        checker.fail("RW204", node.span, message, "write the unit behind the type: quantity of mass in mg")


def _on_error(checker: Checker, node: syntax.UsePython, gives: types.Type) -> None:
    value = node.on_error
    if value is None:
        return
    if not isinstance(gives, types.NumberType):
        checker.fail("RW301", node.span, f"'on error' gives a number, and '{node.alias.text}' gives {described(gives)}", "leave it out")
    if (gives.low is not None and value < gives.low) or (gives.high is not None and value > gives.high):
        checker.fail("RW301", node.span, f"'on error' lies outside the range that '{node.alias.text}' returns", "write a value inside it")


def _milliseconds(checker: Checker, node: syntax.UsePython) -> int:
    if node.timeout is None:
        return DEFAULT_MILLISECONDS
    from rewardlang.answers import quantities
    from rewardlang.checking.quantities import literal

    written = literal(checker, node.timeout)
    if quantities.NAMED["time"] not in written.dimensions:
        checker.fail("RW315", node.timeout.span, f"'{node.timeout.written}' is no time", "write: timeout 2 s")
    milliseconds = written.value * 1000
    if not 10 <= milliseconds <= MAX_MILLISECONDS or milliseconds.denominator != 1:
        checker.fail("RW317", node.timeout.span, "a timeout lies between 10 ms and 60 s, in whole milliseconds", "write: timeout 2 s")
    return int(milliseconds)
