"""From written values to their meaning: literals, names, arithmetic, conversions, measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from rewardlang import meaning, types
from rewardlang.checking.checker import NOTATION, Checker, Mistake, bare, described, maybe
from rewardlang.parsing import expressions as ex
from rewardlang.record import replaced
from rewardlang.source import Span
from rewardlang.verifier import OptionSpec, Verifier

_OF_MANY = ("min", "max")
"""Measures of two numbers that take more of them."""


def _number(checker: Checker, node: ex.Number | ex.Percent) -> meaning.Expr:
    return meaning.Constant(span=node.span, type=types.NumberType(node.value, node.value), value=node.value)


def _quantity(checker: Checker, node: ex.Quantity) -> meaning.Expr:
    from rewardlang.checking.quantities import constant

    return constant(checker, node)


def _text(checker: Checker, node: ex.Text) -> meaning.Expr:
    return meaning.Constant(span=node.span, type=types.TEXT, value=node.value)


def _boolean(checker: Checker, node: ex.Boolean) -> meaning.Expr:
    return meaning.Constant(span=node.span, type=types.BOOLEAN, value=node.value)


def list_constant(checker: Checker, node: ex.ListLiteral, name: str) -> meaning.Expr:
    """A list written in the file; all items of one type, at least one."""
    items = [checker.value(item) for item in node.items]
    if not items:
        checker.fail(
            "RW306", node.span, "this list is empty, so nothing can ever be found in it", "write at least one item between the brackets"
        )
    kinds = [_widened(item.type) for item in items]
    for item, kind in zip(items, kinds, strict=True):
        if kind != kinds[0] and not _one_dimension(checker, kind, kinds[0]):
            checker.fail(
                "RW301",
                item.span,
                f"a list holds values of one type, and this is {described(kind)}",
                related=[(items[0].span, f"the first item is {described(kinds[0])}")],
            )
    values = tuple(getattr(item, "value", None) for item in items)
    if kinds[0] == types.TEXT:
        return meaning.NamedList(span=node.span, type=types.ListType(types.TEXT), name=name, values=tuple(str(value) for value in values))
    return meaning.Constant(span=node.span, type=types.ListType(kinds[0]), value=values)


def _list(checker: Checker, node: ex.ListLiteral) -> meaning.Expr:
    return list_constant(checker, node, meaning.INLINE_LIST)


def _one_dimension(checker: Checker, first: types.Type, second: types.Type) -> bool:
    """Whether both are quantities, and can be of one dimension."""
    if not isinstance(first, types.QuantityType) or not isinstance(second, types.QuantityType):
        return False
    return checker.dimensions.equate(first.dimension, second.dimension)


def _widened(type_: types.Type) -> types.Type:
    return types.NUMBER if isinstance(type_, types.NumberType) else type_


def _name(checker: Checker, node: ex.Name) -> meaning.Expr:
    return checker.lookup(node.name, node.span)


def _negative(checker: Checker, node: ex.Negative) -> meaning.Expr:
    operand, optional = checker.measured(node.operand, "a sign stands before")
    inner = bare(operand.type)[0]
    zero = meaning.Constant(span=node.span, type=types.NumberType(Fraction(0), Fraction(0)), value=Fraction(0))
    if isinstance(operand, meaning.Constant):
        value = -operand.value
        kind = inner if isinstance(inner, types.QuantityType) else types.NumberType(value, value)
        return meaning.Constant(span=node.span, type=kind, value=value)
    return meaning.Arithmetic(span=node.span, type=maybe(_widened(inner), optional), operator="-", left=zero, right=operand)


def _arithmetic(checker: Checker, node: ex.Arithmetic) -> meaning.Expr:
    left, left_optional = checker.measured(node.left, f"'{node.operator}' works on numbers: the left side must be")
    right, right_optional = checker.measured(node.right, f"'{node.operator}' works on numbers: the right side must be")
    type_: types.Type = types.NUMBER
    if any(isinstance(bare(side.type)[0], types.QuantityType) for side in (left, right)):
        type_ = _type_of_result(checker, node, left, right)
    optional = left_optional or right_optional
    if node.operator == "/":
        if isinstance(right, meaning.Constant) and right.value == 0:
            checker.fail("RW307", right.span, "this divides by zero, which is always missing", "divide by another number")
        optional = optional or not isinstance(right, meaning.Constant)
    return meaning.Arithmetic(span=node.span, type=maybe(type_, optional), operator=node.operator, left=left, right=right)


def _type_of_result(checker: Checker, node: ex.Arithmetic, left: meaning.Expr, right: meaning.Expr) -> types.Type:
    """The type of arithmetic on quantities: sums have the dimension of both sides, products the product of the two."""
    from rewardlang.checking.quantities import agree, product_type

    if node.operator in "*/":
        return product_type(checker, node.operator, bare(left.type)[0], bare(right.type)[0])
    agree(checker, node.span, left, right, f"'{node.operator}' adds like to like" if node.operator == "+" else "'-' takes like from like")
    return bare(left.type)[0]


def _convert(checker: Checker, node: ex.Convert) -> meaning.Expr:
    word = node.type.text
    reader = checker.registry.get("reader", word)
    if reader is None:
        known = checker.registry.words("reader")
        checker.fail(
            "RW205",
            node.type.span,
            f"nothing can be read 'as {word}'",
            checker.suggest(word, known) or "a text can be read as: " + ", ".join(known),
        )
    operand = checker.value(node.operand)
    inner, _ = bare(operand.type)
    if inner == reader.gives or (isinstance(inner, types.NumberType) and reader.gives == types.NUMBER):
        fix = checker.leave_out(Span(node.operand.span.end, node.span.end), f"as {word}")
        checker.fail("RW301", node.span, f"this is {described(inner)} already", f"leave out 'as {word}'", fix=fix)
    if isinstance(inner, types.NumberType) and reader.gives == types.MATH:
        return meaning.AsMath(span=node.span, type=maybe(types.MATH, bare(operand.type)[1]), operand=operand)
    if not isinstance(inner, types.TextType):
        checker.fail("RW301", operand.span, f"'as {word}' reads a text, and this is {described(operand.type)}")
    chosen = options(checker, reader, (), node.span)
    return meaning.Read(span=node.span, type=types.OptionalType(reader.gives), reader=reader, operand=operand, options=chosen)


def _outside(checker: Checker, node: ex.Outside) -> meaning.Expr:
    operand, optional = checker.text(node.operand, "'outside' takes blocks out of")
    return meaning.Outside(span=node.span, type=maybe(types.TEXT, optional), operand=operand, tag=node.tag)


def _call(checker: Checker, node: ex.Call) -> meaning.Expr:
    word = node.function.text
    declared = checker.declared(word, node.span)
    if declared is not None and declared.kind == "definition":
        declared.used = True
        assert checker.use_of_definition is not None, "whoever declares a definition can use it"
        return checker.use_of_definition(node)
    if word in checker.lost or word in checker.refused:
        raise Mistake
    python = checker.functions.get(word) if declared is not None else None
    if declared is not None and python is not None:
        declared.used = True
    measure = checker.registry.get("measure", word) if python is None else python.verifier
    if measure is None:
        known = checker.registry.words("measure")
        checker.fail(
            "RW205",
            node.function.span,
            f"there is no measure called '{word}'",
            checker.suggest(word, known) or "there are: " + ", ".join(known),
        )
    if python is None and word in _OF_MANY and len(node.arguments) > 2 and len(measure.parameters) == 2:
        *before, last = node.arguments
        return _call(checker, replaced(node, arguments=(replaced(node, arguments=tuple(before)), last)))
    if len(node.arguments) != len(measure.parameters):
        names = ", ".join(name for name, _ in measure.parameters)
        takes = f"{len(measure.parameters)} value{'s' * (len(measure.parameters) != 1)} ({names})"
        given = f"{len(node.arguments)} {'is' if len(node.arguments) == 1 else 'are'} given"
        advice = f"options are given by name: {word}(…, {next(iter(measure.options))} = …)" if measure.options else None
        checker.fail("RW301", node.span, f"'{word}' takes {takes}, and {given}", advice)
    arguments = []
    related = [] if python is None or declared is None else [(declared.span, "declared here")]
    for written, (name, wanted) in zip(node.arguments, measure.parameters, strict=True):
        argument = checker.value(written)
        argument = fitted(checker, argument, wanted, f"'{word}' takes {described(wanted)} as its {name}", related)
        arguments.append(argument if python is None else _for_python(argument))
    may_be_missing = python is None or any(bare(argument.type)[1] for argument in arguments)
    return meaning.Measure(
        span=node.span,
        type=maybe(measure.gives, may_be_missing),
        verifier=measure,
        arguments=tuple(arguments),
        options=options(checker, measure, node.options, node.span),
        on_error=None if python is None else python.on_error,
    )


def _for_python(argument: meaning.Expr) -> meaning.Expr:
    """What a function of the author is given: of answers of mathematics their text, anything else as it is."""
    inner, optional = bare(argument.type)
    if isinstance(inner, types.MathType):
        return meaning.AsWritten(span=argument.span, type=maybe(types.TEXT, optional), operand=argument)
    if isinstance(inner, types.ListType) and isinstance(inner.item, types.MathType):
        return meaning.AsWritten(span=argument.span, type=maybe(types.ListType(types.TEXT), optional), operand=argument)
    return argument


def answers_of(expression: meaning.Expr) -> meaning.Expr:
    """A number, or a list of numbers, where mathematics is wanted; anything else as it is."""
    inner, optional = bare(expression.type)
    if isinstance(inner, types.NumberType):
        return meaning.AsMath(span=expression.span, type=maybe(types.MATH, optional), operand=expression)
    if isinstance(inner, types.ListType) and isinstance(inner.item, types.NumberType):
        return meaning.AsMath(span=expression.span, type=maybe(types.ListType(types.MATH), optional), operand=expression)
    return expression


def fitted(
    checker: Checker, argument: meaning.Expr, wanted: types.Type, sentence: str, related: Iterable[tuple[Span, str]] = ()
) -> meaning.Expr:
    """The argument where a type is wanted, by the implicit conversions and no others. `related` is the place that wants it."""
    inner, _ = bare(argument.type)
    if wanted in (types.MATH, types.ListType(types.MATH)):
        argument = answers_of(argument)
        inner, _ = bare(argument.type)
    if not _fits(checker, inner, wanted):
        checker.fail("RW301", argument.span, f"{sentence}, and this is {described(argument.type)}", related=related)
    if isinstance(inner, types.NumberType) and isinstance(wanted, types.NumberType) and inner.apart(wanted):
        from rewardlang.rows import number_wanted

        checker.fail("RW301", argument.span, f"{sentence}, {number_wanted(wanted)}, and this never is one", related=related)
    return argument


def _fits(checker: Checker, inner: types.Type, wanted: types.Type) -> bool:
    """Whether a value of a type can stand where another is wanted."""
    if isinstance(inner, types.ListType) and isinstance(wanted, types.ListType):
        return _fits(checker, inner.item, wanted.item)
    if isinstance(inner, types.OneOfType) and wanted == types.TEXT:
        return True
    if isinstance(inner, types.QuantityType) and isinstance(wanted, types.NumberType) and checker.dimensions.equate(inner.dimension, ()):
        return True
    return _widened(inner) == _widened(wanted) or _one_dimension(checker, inner, wanted)


def options(checker: Checker, verifier: Verifier, written: tuple[ex.Option, ...], span: Span) -> meaning.Options:
    """The options of a verifier as given; unknown ones, ones of another type and ones given twice are errors.

    The file's notation of numbers is the option `written` of every verifier that has one and is not given another.
    """
    given: dict[str, tuple[Span, meaning.Expr]] = {}
    for option in written:
        spec: OptionSpec | None = verifier.options.get(option.name.text)
        if spec is None:
            known = list(verifier.options)
            takes = f"its options are: {', '.join(known)}" if known else f"'{verifier.word}' takes no options"
            checker.fail(
                "RW206",
                option.name.span,
                f"'{verifier.word}' has no option called '{option.name.text}'",
                checker.suggest(option.name.text, known) or takes,
            )
        if option.name.text in given:
            checker.fail("RW206", option.name.span, f"the option '{option.name.text}' is given twice", "keep one of them")
        value = _option_value(checker, option, spec)
        if bare(value.type)[1]:
            checker.fail(
                "RW301", value.span, f"the option '{option.name.text}' cannot be missing, and this can", "give it a value with 'let … else'"
            )
        given[option.name.text] = (option.span, value)
    _tried(checker, verifier, given)
    if "written" in verifier.options and "written" not in given and checker.notation != NOTATION:
        given["written"] = span, meaning.Constant(span=span, type=types.TEXT, value=checker.notation)
    return tuple((name, value) for name, (_, value) in given.items())


def _names_a_file(text: str) -> bool:
    """Whether a text is one name with an ending, and can be nothing else that an option holds."""
    name, dot, ending = text.rpartition(".")
    return dot != "" and name.strip() == name != "" and ending.isalpha() and len(ending) < 6 and not set(text) & set('\n{}[]"')


def _tried(checker: Checker, verifier: Verifier, given: Mapping[str, tuple[Span, meaning.Expr]]) -> None:
    """Reports options with which the verifier judges nothing; those are tried that stand in the file and are no choice among texts."""
    plain = {name: value.value for name, (_, value) in given.items() if isinstance(value, meaning.Constant)}
    free = [name for name in plain if not isinstance(verifier.options[name].type, types.OneOfType)]
    if not free or len(plain) < len(given) or verifier.cost not in ("free", "linear"):
        return
    from rewardlang.checking.option_values import why_nothing_is_judged

    reason = why_nothing_is_judged(verifier, plain)
    if reason is not None:
        installed = "pip install" not in reason
        message = f"with this '{verifier.word}' judges nothing: {reason}"
        checker.report("RW206", given[free[0]][0], message, severity="error" if installed else "warning")


def _option_value(checker: Checker, option: ex.Option, spec: OptionSpec) -> meaning.Expr:
    """The value of an option; where there is a choice of texts, it must be written out and be one of them."""
    value, wanted = checker.value(option.value), spec.type
    if spec.from_file and isinstance(value, meaning.Constant) and checker.option_file is not None and _names_a_file(value.value):
        return replaced(value, value=checker.option_file(value.value, value.span))
    if not isinstance(wanted, types.OneOfType):
        return fitted(checker, value, wanted, f"the option '{option.name.text}' takes {described(wanted)}")
    if not isinstance(value, meaning.Constant) or value.value not in wanted.values:
        written = str(value.value) if isinstance(value, meaning.Constant) else ""
        checker.fail(
            "RW206",
            value.span,
            f"the option '{option.name.text}' cannot be this",
            checker.suggest(written, wanted.values) or f"it is {wanted}",
        )
    return value


HANDLERS: Mapping[type, Callable[[Checker, Any], meaning.Expr]] = {
    ex.Number: _number,
    ex.Percent: _number,
    ex.Quantity: _quantity,
    ex.Text: _text,
    ex.Boolean: _boolean,
    ex.ListLiteral: _list,
    ex.Name: _name,
    ex.Negative: _negative,
    ex.Arithmetic: _arithmetic,
    ex.Convert: _convert,
    ex.Outside: _outside,
    ex.Call: _call,
}
