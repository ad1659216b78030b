"""Quantities while a file is checked: which dimension each has, and that only like is compared with like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from rewardlang import meaning, types
from rewardlang.answers.values import Dimension, Quantity
from rewardlang.checking.checker import Checker, bare
from rewardlang.parsing import expressions as ex
from rewardlang.parsing import syntax
from rewardlang.record import FrozenRecord, names_of, replaced
from rewardlang.source import Span

T = TypeVar("T")


def literal(checker: Checker, node: ex.Quantity) -> Quantity:
    """A written quantity; a unit that is not known is an error."""
    unit = unit_of(checker, node.unit, node.span)
    return Quantity(node.value * unit.size, unit.dimensions, " ".join(node.written.split()))


def unit_of(checker: Checker, written: str, span: Span) -> Any:
    """The unit (see `answers.quantities.Unit`) that is written in the file."""
    from rewardlang.answers import quantities

    unit = quantities.unit_of(written)
    if unit is not None:
        return unit
    wrong = next((part for part in quantities.unit_parts(written) if quantities.unit_of(part) is None and part != "d"), written)
    if wrong in quantities.TEMPERATURES:
        advice = "temperatures are not converted yet, because their zero is not that of their scale"
        checker.fail("RW314", span, f"'{wrong}' is a unit of temperature", advice)
    advice = checker.suggest(wrong, quantities.known_units()) or "a unit is written like mg, mL, mg/kg/day or mmol/L"
    checker.fail("RW314", span, f"there is no unit '{wrong}' of a fixed size", advice)


def constant(checker: Checker, node: ex.Quantity) -> meaning.Expr:
    """The meaning of a written quantity."""
    from rewardlang.answers.values import Measured

    written = literal(checker, node)
    dimension = checker.dimensions.one_of(written.dimensions, node.span)
    value = Measured(written.value, written.written)
    return meaning.Constant(span=node.span, type=types.QuantityType(dimension), value=value)


def type_from_syntax(checker: Checker, node: syntax.QuantityType) -> types.QuantityType:
    """`quantity of mass per time in mg/day`."""
    from rewardlang.answers import quantities

    dimension: Dimension = ()
    for index, word in enumerate((node.dimension, *node.per)):
        if word.text not in quantities.NAMED or (index and word.text == "number"):
            known = tuple(quantities.NAMED)
            advice = checker.suggest(word.text, known) or "there are: " + ", ".join(known)
            checker.fail("RW314", word.span, f"nothing is measured as '{word.text}'", advice)
        dimension = quantities.combined(dimension, quantities.NAMED[word.text], -1 if index else 1)
    if not dimension:
        checker.fail("RW204", node.span, "this is a plain number", "write: number")
    if node.unit is not None and dimension not in unit_of(checker, node.unit, node.span).dimensions:
        checker.fail(
            "RW315",
            node.span,
            f"'{node.unit}' is no unit of {quantities.in_words(dimension)}",
            "write a unit of what is measured: quantity of mass per time in mg/day",
        )
    return types.QuantityType(dimension, node.unit)


# ---------------------------------------------------------------- equal dimensions


def dimension_of(type_: types.Type) -> Dimension | None:
    """The dimension of a number or quantity; None for what has none."""
    inner, _ = bare(type_)
    if isinstance(inner, types.QuantityType):
        return inner.dimension
    return () if isinstance(inner, types.NumberType) else None


def are_measured(*expressions: meaning.Expr) -> bool:
    """Whether all are numbers or quantities, at least one of them a quantity."""
    kinds = [bare(expression.type)[0] for expression in expressions]
    return any(isinstance(kind, types.QuantityType) for kind in kinds) and all(dimension_of(kind) is not None for kind in kinds)


def agree(checker: Checker, span: Span, left: meaning.Expr, right: meaning.Expr, sentence: str) -> None:
    """Both sides have one dimension, or RW315 with both places."""
    if not checker.dimensions.equate(dimension_of(left.type) or (), dimension_of(right.type) or ()):
        _different(checker, span, left, right, sentence)


def _different(checker: Checker, span: Span, left: meaning.Expr, right: meaning.Expr, sentence: str) -> NoReturn:
    one, other = (in_words(checker, dimension_of(side.type) or ()) for side in (left, right))
    checker.fail(
        "RW315",
        span,
        f"{sentence}; these are {one} and {other}",
        "bring both to one kind, as in: dose per weight times weight",
        related=[(left.span, one), (right.span, other)],
    )


def in_words(checker: Checker, dimension: Dimension) -> str:
    """A dimension for a message, as far as it is known."""
    from rewardlang.answers import quantities
    from rewardlang.checking.dimensions import unknowns

    resolved = checker.dimensions.resolved(dimension)
    if not resolved:
        return "a plain number"
    if not unknowns(resolved):
        return quantities.in_words(resolved)
    candidates = checker.dimensions.candidates(resolved)
    if candidates:
        return " or ".join(quantities.in_words(candidate) for candidate in candidates)
    return "a quantity of a kind that is not known yet"


def product_type(checker: Checker, operator: str, left: types.Type, right: types.Type) -> types.Type:
    """The type of a product or quotient of two dimensions."""
    from rewardlang.answers.quantities import combined

    power = 1 if operator == "*" else -1
    dimension = checker.dimensions.resolved(combined(dimension_of(left) or (), dimension_of(right) or (), power))
    return types.QuantityType(dimension) if dimension else types.NUMBER


# ---------------------------------------------------------------- the end of the check


def settle(checker: Checker, lets: Iterable[syntax.Let]) -> None:
    """Decides what is left open, and reports quantities found in a text of which nothing says what they measure."""
    from rewardlang.answers.quantities import is_writable
    from rewardlang.checking.dimensions import unknowns

    conflict = checker.dimensions.settle()
    if conflict is not None:
        checker.report(
            "RW315", conflict, "this unit fits none of the uses of the quantity", "write another unit, or compare like with like"
        )
        return
    named = list(lets)
    for dimension, span in checker.dimensions.found:
        resolved = checker.dimensions.resolved(dimension)
        if is_writable(resolved) and not unknowns(resolved):
            continue
        let = next((let for let in named if let.span.start <= span.start and span.end <= let.span.end), None)
        what = f"the quantity '{let.name.text}'" if let else "this quantity"
        if unknowns(resolved):
            message, advice = f"nothing says what {what} measures", "compare it with another quantity: … is at most 4 g"
        else:
            message = f"{what} would have to measure {in_words(checker, resolved)}, and no unit in a text is written so"
            advice = "look at the uses: a dose is a mass, or a mass per time"
            if not resolved:
                advice = "what it is compared with has no unit: write one behind the number, as 500 mg"
        checker.report("RW316", span, message, advice)


def resolved(checker: Checker, value: T) -> T:
    """A part of the program with every dimension put in."""
    return _resolved(checker, value)  # type: ignore[no-any-return]


def _resolved(checker: Checker, value: Any) -> Any:
    from rewardlang.checking.dimensions import unknowns

    if isinstance(value, types.QuantityType):
        dimension = checker.dimensions.resolved(value.dimension)
        return types.QuantityType(dimension, value.unit) if dimension else types.NUMBER
    if isinstance(value, meaning.WordFind) and value.dimension is not None:
        found = checker.dimensions.resolved(value.dimension)
        return replaced(value, dimension=None if unknowns(found) else found)
    if isinstance(value, FrozenRecord) and not isinstance(value, meaning.NamedList):
        parts = {name: getattr(value, name) for name in names_of(value)}
        changed = {name: new for name, part in parts.items() if (new := _resolved(checker, part)) is not part}
        return replaced(value, **changed) if changed else value
    if isinstance(value, dict):
        return {name: _resolved(checker, item) for name, item in value.items()}
    if type(value) is tuple and value:
        items = tuple(_resolved(checker, item) for item in value)
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value
