"""From written tests to their meaning: comparisons, membership, predicates, and how tests are joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn, TypeGuard

from rewardlang import meaning, types
from rewardlang.checking.checker import Checker, bare, described
from rewardlang.checking.finders import pattern
from rewardlang.checking.values import answers_of, fitted, options
from rewardlang.errors import Edit, Fix
from rewardlang.parsing import expressions as ex
from rewardlang.program import cheap_first
from rewardlang.source import Span
from rewardlang.verifier import Verifier

_NUMERIC = (types.NumberType, types.MathType)
_TEXTUAL = (types.TextType, types.OneOfType)
_ORDER: Mapping[str, Literal["=", "!=", "<", "<=", ">", ">="]] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _compare(checker: Checker, node: ex.Compare) -> meaning.Expr:
    if node.operator == "equals":
        left, right = checker.value(node.left), checker.value(node.right)
        return _equals(checker, node, left, right)
    if node.operator in ("contains", "starts with", "ends with"):
        left, _ = checker.text(node.left, f"'{node.operator}' looks into")
        right, _ = checker.text(node.right, f"'{node.operator}' looks for")
        return meaning.TextTest(
            span=node.span, type=types.BOOLEAN, operator=node.operator, left=left, right=right, ignoring_case=node.ignoring_case
        )
    left, right = checker.value(node.left), checker.value(node.right)
    _numeric(checker, node, left, right, f"'{node.operator}'")
    return meaning.NumberTest(span=node.span, type=types.BOOLEAN, operator=_ORDER[node.operator], left=left, right=right)


def _numeric(checker: Checker, node: ex.Node, left: meaning.Expr, right: meaning.Expr, operator: str) -> None:
    """Both sides must be numbers, or answers with a numeric value."""
    kinds = [bare(side.type)[0] for side in (left, right)]
    if all(isinstance(kind, _NUMERIC) for kind in kinds):
        return
    if _like_with_like(checker, node, left, right, f"{operator} compares like with like"):
        return
    if all(isinstance(kind, _TEXTUAL) for kind in kinds):
        checker.fail(
            "RW301",
            node.span,
            f"{operator} compares numbers, and both sides are texts",
            f"write {'not … equals …' if '!=' in operator else 'equals'!r} for texts, or read them 'as number'",
            fix=_equals_instead(checker, left, right) if operator == "'='" else None,
        )
    _mismatch(checker, node, left, right, f"{operator} compares two numbers")


def _equals_instead(checker: Checker, left: meaning.Expr, right: meaning.Expr) -> Fix | None:
    """`equals` for the `=` between two texts; safe where one of them stands in the file, or is one of some that do, and is no number."""
    between = Span(left.span.end, right.span.start)
    words = checker.source.cut(between)
    if words.strip() != "=":
        return None
    start = between.start + words.index("=")
    before, after = " " * (not words.startswith(" ")), " " * (not words.endswith(" "))
    plain = any(texts and not any(sign.isdigit() for text in texts for sign in text) for texts in map(_written, (left, right)))
    return Fix("write 'equals'", (Edit(Span(start, start + 1), f"{before}equals{after}"),), safe=plain)


def _written(value: meaning.Expr) -> tuple[str, ...]:
    """The texts that a value can be, where the file lists them."""
    inner = bare(value.type)[0]
    return (str(value.value),) if _is_text(value) else inner.values if isinstance(inner, types.OneOfType) else ()


def _like_with_like(checker: Checker, node: ex.Node, left: meaning.Expr, right: meaning.Expr, sentence: str) -> bool:
    """Whether a quantity is compared with one of its dimension; another dimension is an error."""
    if not any(isinstance(bare(side.type)[0], types.QuantityType) for side in (left, right)):
        return False
    from rewardlang.checking.quantities import agree, are_measured

    if not are_measured(left, right):
        return False
    agree(checker, node.span, left, right, sentence)
    return True


def _mismatch(checker: Checker, node: ex.Node, left: meaning.Expr, right: meaning.Expr, sentence: str) -> NoReturn:
    kinds = {type(bare(side.type)[0]) for side in (left, right)}
    advice = None
    if types.TextType in kinds and types.NumberType in kinds:
        advice = "read the text as a number first: (… as number)"
    elif types.TextType in kinds and types.MathType in kinds:
        advice = "read the text as mathematics first: (… as math)"
    elif types.TextType in kinds and types.QuantityType in kinds:
        advice = "find the quantity in the text first: only quantity in …"
    elif types.ListType in kinds and isinstance(node, ex.IsIn):
        words = checker.source.cut(left.span)
        advice = f"look at the items one by one: some item in {words} where item is in …, or: for each item in {words} where item is in …"
    elif kinds == {types.BooleanType}:
        advice = "write 'equals' for what is true or false; what is true is a test itself"
    elif types.ListType in kinds:
        advice = "for membership in a list write 'is in'"
    checker.fail(
        "RW301",
        node.span,
        f"{sentence}; these are {described(left.type)} and {described(right.type)}",
        advice,
        related=[(left.span, described(left.type)), (right.span, described(right.type))],
    )


def _equals(checker: Checker, node: ex.Compare, left: meaning.Expr, right: meaning.Expr) -> meaning.Expr:
    left, right, equivalence = matched(checker, node, left, right, "'equals' compares values of one type")
    return meaning.Equal(
        span=node.span, type=types.BOOLEAN, left=left, right=right, ignoring_case=node.ignoring_case, equivalence=equivalence
    )


def _is_text(value: meaning.Expr) -> TypeGuard[meaning.Constant]:
    """Whether it is a text that stands in the file, and not the item of a list, of which only the type is known."""
    return isinstance(value, meaning.Constant) and isinstance(value.value, str)


def matched(
    checker: Checker, node: ex.Node, left: meaning.Expr, right: meaning.Expr, sentence: str
) -> tuple[meaning.Expr, meaning.Expr, Verifier | None]:
    """Both sides brought to one type, and the equivalence that decides for it (None: plain equality)."""
    kinds = [bare(side.type)[0] for side in (left, right)]
    if all(isinstance(kind, _TEXTUAL) for kind in kinds):
        for kind, other in (kinds, kinds[::-1]):
            constant = left if other is kinds[0] else right
            if isinstance(kind, types.OneOfType) and _is_text(constant):
                wanted, values = constant.value.strip(), [value.strip() for value in kind.values]
                ignoring = getattr(node, "ignoring_case", False)
                if wanted not in values and not (ignoring and wanted.casefold() in [value.casefold() for value in values]):
                    checker.fail(
                        "RW308",
                        constant.span,
                        f'the other side is never "{constant.value}"',
                        checker.suggest(constant.value, kind.values) or f"it is {kind}",
                    )
        return left, right, None
    if all(isinstance(kind, types.NumberType) for kind in kinds) or kinds == [types.BOOLEAN, types.BOOLEAN]:
        return left, right, None
    if _like_with_like(checker, node, left, right, sentence):
        return left, right, None
    if all(isinstance(kind, _NUMERIC) for kind in kinds):
        equivalence = checker.registry.get("equivalence", "math")
        assert equivalence is not None, "the package has an equivalence of math"
        return fitted(checker, left, types.MATH, sentence), fitted(checker, right, types.MATH, sentence), equivalence
    _mismatch(checker, node, left, right, sentence)


def _matches(checker: Checker, node: ex.Matches) -> meaning.Expr:
    operand, _ = checker.text(node.operand, "'matches' looks into")
    return meaning.Matches(span=node.span, type=types.BOOLEAN, operand=operand, pattern=pattern(checker, node.regex))


def _is_present(checker: Checker, node: ex.IsPresent) -> meaning.Expr:
    operand = checker.value(node.operand)
    present = node.present != node.negated
    if not bare(operand.type)[1]:
        checker.report(
            "RW309",
            node.span,
            f"this is never missing, so the test is always {'true' if present else 'false'}",
            "leave the test out",
            severity="warning",
        )
    return meaning.Present(span=node.span, type=types.BOOLEAN, operand=operand, present=present)


def _is_in(checker: Checker, node: ex.IsIn) -> meaning.Expr:
    operand = checker.value(node.operand)
    container = checker.value(node.container)
    inner, _ = bare(container.type)
    if isinstance(inner, _TEXTUAL):
        checker.fail("RW301", container.span, "'is in' looks into a list, and this is a text", "write it the other way round: … contains …")
    if not isinstance(inner, types.ListType):
        checker.fail("RW301", container.span, f"'is in' looks into a list, and this is {described(container.type)}")
    item = meaning.Constant(span=container.span, type=inner.item, value=None)
    operand, _, equivalence = matched(checker, node, operand, item, "'is in' compares with the items of the list")
    if equivalence is not None:
        container = answers_of(container)
    test = meaning.In(
        span=node.span,
        type=types.BOOLEAN,
        operand=operand,
        container=container,
        ignoring_case=node.ignoring_case,
        negated=node.negated,
        equivalence=equivalence,
    )
    if isinstance(container, meaning.NamedList) and container.covers is not None:
        from rewardlang.checking.coverage import covered

        return covered(checker, test, node.span)
    return test


_BOUNDS: Mapping[str, Literal["<", "<=", ">", ">="]] = {"at least": ">=", "at most": "<=", "more than": ">", "less than": "<"}


def _is_bound(checker: Checker, node: ex.IsBound) -> meaning.Expr:
    left, right = checker.value(node.operand), checker.value(node.limit)
    _numeric(checker, node, left, right, f"'is {node.bound}'")
    return meaning.NumberTest(
        span=node.span, type=types.BOOLEAN, operator=_BOUNDS[node.bound], left=left, right=right, negated=node.negated
    )


def _is_between(checker: Checker, node: ex.IsBetween) -> meaning.Expr:
    operand, low, high = (checker.value(part) for part in (node.operand, node.low, node.high))
    _numeric(checker, node, operand, low, "'is between'")
    _numeric(checker, node, operand, high, "'is between'")
    if isinstance(low, meaning.Constant) and isinstance(high, meaning.Constant) and low.value > high.value:
        checker.fail("RW310", node.span, "nothing lies between these bounds: the first is larger", "write the smaller bound first")
    return meaning.Between(span=node.span, type=types.BOOLEAN, operand=operand, low=low, high=high, negated=node.negated)


def _is_within(checker: Checker, node: ex.IsWithin) -> meaning.Expr:
    operand, target = checker.value(node.operand), checker.value(node.target)
    _numeric(checker, node, operand, target, "'is within'")
    tolerance = _tolerance(checker, node, target)
    if isinstance(tolerance, meaning.Constant) and tolerance.value < 0:
        checker.fail("RW310", tolerance.span, "nothing is within a negative tolerance", "write a tolerance of 0 or more")
    operand, target, equivalence = matched(checker, node, operand, target, "'is within' compares two numbers")
    return meaning.Within(
        span=node.span,
        type=types.BOOLEAN,
        operand=operand,
        tolerance=tolerance,
        relative=isinstance(node.tolerance, ex.Percent),
        target=target,
        negated=node.negated,
        equivalence=equivalence,
    )


def _tolerance(checker: Checker, node: ex.IsWithin, target: meaning.Expr) -> meaning.Expr:
    """A share of the target for a written percent, else something of its dimension."""
    tolerance, _ = checker.measured(node.tolerance, "'is within' takes as its tolerance")
    if not isinstance(node.tolerance, ex.Percent) and isinstance(bare(target.type)[0], types.QuantityType):
        _like_with_like(checker, node.tolerance, tolerance, target, "the tolerance is of the kind that is compared")
    elif isinstance(bare(tolerance.type)[0], types.QuantityType):
        _mismatch(checker, node.tolerance, tolerance, target, "the tolerance is of the kind that is compared")
    return tolerance


def _instead_of_test(checker: Checker, node: ex.IsPredicate, word: str) -> str:
    if word.lower() in ("empty", "blank", "null", "none", "nothing", "absent", "undefined"):
        return f"where nothing is there write: {checker.source.cut(node.operand.span)} is missing"
    return f'to compare with a text write: … equals "{word}"'


def _is_predicate(checker: Checker, node: ex.IsPredicate) -> meaning.Expr:
    word = node.name.text
    predicate = checker.registry.get("predicate", word)
    operand = checker.value(node.operand)
    if predicate is None:
        known = checker.registry.words("predicate")
        near = checker.suggest(word, known)
        checker.fail(
            "RW205",
            node.name.span,
            f"there is no test called '{word}'",
            near or _instead_of_test(checker, node, word) + "; tests are: " + ", ".join(known),
        )
    operand = fitted(checker, operand, predicate.parameters[0][1], f"'is {word}' tests {described(predicate.parameters[0][1])}")
    return meaning.Predicate(
        span=node.span,
        type=types.BOOLEAN,
        verifier=predicate,
        operand=operand,
        options=options(checker, predicate, node.options, node.span),
        negated=node.negated,
    )


def _not(checker: Checker, node: ex.Not) -> meaning.Expr:
    return meaning.Not(span=node.span, type=types.BOOLEAN, operand=checker.test(node.operand))


def _junction(checker: Checker, node: ex.Junction) -> meaning.Expr:
    return _at_least(checker, node, len(node.items) if node.operator == "and" else 1)


def _none_of(checker: Checker, node: ex.NoneOf) -> meaning.Expr:
    return meaning.Not(span=node.span, type=types.BOOLEAN, operand=_at_least(checker, node, 1))


def _at_least_of(checker: Checker, node: ex.AtLeastOf) -> meaning.Expr:
    if not 1 <= node.count <= len(node.items):
        always = "true" if node.count < 1 else "false"
        checker.fail(
            "RW310",
            node.span,
            f"at least {node.count} of {len(node.items)} is always {always}",
            f"write a number from 1 to {len(node.items)}",
        )
    return _at_least(checker, node, node.count)


def _say_in_full(checker: Checker, before: ex.Compare, item: ex.Text) -> NoReturn:
    """`memo contains "might" or "perhaps"`: the second text is no test."""
    words = checker.source.cut(Span(before.left.span.start, before.right.span.start))
    advice = f"say it in full: {' '.join(words.split())} {checker.source.cut(item.span)}"
    checker.fail("RW301", item.span, "a condition is wanted here, and this is a text", advice)


def _at_least(checker: Checker, node: ex.Junction | ex.NoneOf | ex.AtLeastOf, count: int) -> meaning.AtLeast:
    for before, item in zip(node.items, node.items[1:], strict=False):
        if isinstance(item, ex.Text) and isinstance(before, ex.Compare):
            _say_in_full(checker, before, item)
    items = tuple(checker.test(item) for item in node.items)
    order = cheap_first(items, checker.let_of or (lambda _: None))
    return meaning.AtLeast(span=node.span, type=types.BOOLEAN, count=count, items=items, order=order)


HANDLERS: Mapping[type, Callable[[Checker, Any], meaning.Expr]] = {
    ex.Compare: _compare,
    ex.Matches: _matches,
    ex.IsPresent: _is_present,
    ex.IsIn: _is_in,
    ex.IsBound: _is_bound,
    ex.IsBetween: _is_between,
    ex.IsWithin: _is_within,
    ex.IsPredicate: _is_predicate,
    ex.Not: _not,
    ex.Junction: _junction,
    ex.NoneOf: _none_of,
    ex.AtLeastOf: _at_least_of,
}
