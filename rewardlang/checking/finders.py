"""From written selections to their meaning: which finder, over what, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rewardlang import meaning, types
from rewardlang.checking.checker import BUILT_INS, Checker, Mistake, bare, described, maybe
from rewardlang.checking.values import answers_of, fitted, options
from rewardlang.parsing import expressions as ex
from rewardlang.source import Span

if TYPE_CHECKING:
    from rewardlang.patterns.pattern import Pattern

_COUNT = types.NumberType(Fraction(0), None)


def pattern(checker: Checker, regex: ex.Regex) -> Pattern:
    """A compiled regular expression; its mistakes are told at their place inside the slashes."""
    from rewardlang.patterns.parse import PatternError
    from rewardlang.patterns.pattern import compile_pattern

    try:
        return compile_pattern(regex.pattern, regex.flags)
    except PatternError as error:
        start = regex.span.start + 1 + error.start
        checker.report(
            "RW311", Span(start, max(start + 1, regex.span.start + 1 + error.end)), f"this pattern cannot be used: {error.message}"
        )
        raise Mistake from None


def find(checker: Checker, node: ex.Finder) -> tuple[meaning.Find, types.Type]:
    """The finder, and the type of what it finds."""
    match node:
        case ex.TagFinder():
            return meaning.TagFind(tag=node.tag), types.TEXT
        case ex.MatchFinder():
            return meaning.RegexFind(pattern=pattern(checker, node.regex), name=f"match of /{node.regex.pattern}/"), types.TEXT
        case ex.AfterFinder():
            return _marker(checker, "after", node.marker), types.TEXT
        case ex.BeforeFinder():
            return _marker(checker, "before", node.marker), types.TEXT
        case ex.BetweenFinder():
            _marker(checker, "after", node.closing)
            opening = _marker(checker, "between", node.opening)
            return meaning.MarkerFind(kind="between", marker=opening.marker, closing=node.closing.value), types.TEXT
        case ex.NamedFinder():
            return _named(checker, node)


def _marker(checker: Checker, kind: Any, marker: ex.Text) -> meaning.MarkerFind:
    if not marker.value:
        checker.fail("RW310", marker.span, "an empty text stands everywhere, so nothing can be found by it", "write the words to look for")
    return meaning.MarkerFind(kind=kind, marker=marker.value)


def _named(checker: Checker, node: ex.NamedFinder) -> tuple[meaning.Find, types.Type]:
    declared = checker.declared(node.name, node.span)
    if declared is not None and declared.kind == "pattern":
        declared.used = True
        if node.options:
            checker.fail("RW206", node.options[0].span, f"'{node.name}' is a pattern, and patterns take no options")
        found: meaning.Find = declared.meaning(node.span)
        return found, types.TEXT
    verifier = checker.registry.get("finder", node.name)
    if node.name in checker.lost:
        raise Mistake
    if verifier is None:
        patterns = [name for name, entry in checker.names.items() if entry.kind == "pattern"]
        known = [*checker.registry.words("finder"), *patterns]
        what = (
            f"'{node.name}' is a {declared.kind}, and cannot be looked for"
            if declared
            else f"nothing called '{node.name}' can be looked for"
        )
        checker.fail("RW205", node.span, what, checker.suggest(node.name, known) or "these can: <a_tag>, " + ", ".join(known))
    chosen = options(checker, verifier, node.options, node.span)
    if verifier.gives == types.ANY_QUANTITY:
        dimension = checker.dimensions.fresh()
        return meaning.WordFind(verifier=verifier, options=chosen, dimension=dimension), types.QuantityType(dimension)
    return meaning.WordFind(verifier=verifier, options=chosen), verifier.gives


def _select(checker: Checker, node: ex.Select) -> meaning.Expr:
    operand, optional = checker.text(node.operand, "a selection looks into")
    found, item = find(checker, node.finder)
    type_: types.Type
    if node.selector in ("count of", "count of distinct"):
        type_ = maybe(_COUNT, optional)
    elif node.selector == "every":
        type_ = maybe(types.ListType(item), optional)
    else:
        type_ = types.OptionalType(item)
    if isinstance(item, types.QuantityType) and not node.selector.startswith("count of"):
        checker.dimensions.found.append((item.dimension, node.span))
    return meaning.Select(span=node.span, type=type_, selector=node.selector, find=found, operand=operand)


def each(checker: Checker, finder: ex.Finder, operand: ex.Expression, span: Span) -> tuple[meaning.Each, AbstractContextManager[None]]:
    """A loop over findings or items, and the context in which its name is known."""
    over = checker.value(operand)
    inner, optional = bare(over.type)
    if isinstance(inner, types.ListType):
        if not isinstance(finder, ex.NamedFinder) or finder.options:
            checker.fail(
                "RW301",
                finder.span,
                "over a list, a new name for the item is wanted here",
                "for example: for each item in " + _words(checker, over),
            )
        _fresh(checker, finder)
        loop = meaning.Each(span=span, type=over.type, find=None, operand=over, name=finder.name, item=inner.item)
        return loop, checker.looping(finder.name, inner.item)
    if not isinstance(inner, (types.TextType, types.OneOfType)):
        checker.fail("RW301", over.span, f"a loop goes over a text or a list, and this is {described(over.type)}")
    found, item = find(checker, finder)
    name = finder.name if isinstance(finder, ex.NamedFinder) else None
    loop = meaning.Each(span=span, type=maybe(types.ListType(item), optional), find=found, operand=over, name=name, item=item)
    return loop, checker.looping(name, item, found)


def _words(checker: Checker, expression: meaning.Expr) -> str:
    return checker.source.cut(expression.span)


def _fresh(checker: Checker, finder: ex.NamedFinder) -> None:
    earlier = checker.declared(finder.name, finder.span)
    if finder.name in BUILT_INS or finder.name in checker.loops or earlier is not None:
        related = [(earlier.span, f"a {earlier.kind} has this name")] if earlier else []
        checker.fail("RW202", finder.span, f"the item of the list needs a name of its own, and '{finder.name}' is taken", related=related)


def _quantified(checker: Checker, node: ex.Quantified) -> meaning.Expr:
    loop, named = each(checker, node.finder, node.operand, node.finder.span.to(node.operand.span))
    with named:
        where = checker.test(node.where)
    return meaning.Some(span=node.span, type=types.BOOLEAN, each=loop, where=where, negated=node.quantifier == "no")


def _share_of(checker: Checker, node: ex.ShareOf) -> meaning.Expr:
    items = checker.value(node.items)
    operand = checker.value(node.operand)
    wanted, items_optional = bare(items.type)
    inner, optional = bare(operand.type)
    if not isinstance(wanted, types.ListType):
        checker.fail("RW301", items.span, f"'share of' counts the items of a list, and this is {described(items.type)}")
    equivalence = None
    if isinstance(inner, types.ListType) and _are_answers(wanted.item, inner.item):
        equivalence = checker.registry.get("equivalence", "math")
        items, operand = answers_of(items), answers_of(operand)
    elif isinstance(inner, types.ListType):
        fitted(
            checker,
            meaning.Constant(span=items.span, type=wanted.item, value=None),
            inner.item,
            f"the items looked for must fit the list, which holds {inner.item}",
        )
    elif not isinstance(inner, (types.TextType, types.OneOfType)) or not isinstance(wanted.item, (types.TextType, types.OneOfType)):
        checker.fail(
            "RW301",
            operand.span,
            "'found in' looks for texts in a text, or for items in a list of the same type",
            related=[(items.span, described(items.type)), (operand.span, described(operand.type))],
        )
    if isinstance(operand, meaning.NamedList) and operand.covers is not None:
        message = f"the list '{operand.name}' is complete for {operand.covers.words} only, and a share would count the rest as not found"
        checker.fail("RW320", operand.span, message, "look up findings one by one: for each … where … is in …")
    known = isinstance(items, (meaning.NamedList, meaning.Constant))
    share = types.NumberType(Fraction(0), Fraction(1))
    return meaning.ShareOf(
        span=node.span,
        type=maybe(share, items_optional or optional or not known),
        items=items,
        operand=operand,
        ignoring_case=node.ignoring_case,
        equivalence=equivalence,
    )


def _are_answers(one: types.Type, other: types.Type) -> bool:
    """Whether items are compared as mathematics: one side is, and the other is or is numbers."""
    kinds = (one, other)
    return types.MATH in kinds and all(isinstance(kind, (types.MathType, types.NumberType)) for kind in kinds)


HANDLERS: Mapping[type, Callable[[Checker, Any], meaning.Expr]] = {
    ex.Select: _select,
    ex.Quantified: _quantified,
    ex.ShareOf: _share_of,
}
