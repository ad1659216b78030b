"""From the parser's tree to `expressions`: one method a construct, and the mistakes that the grammar lets through."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from rewardlang.parsing import expressions as ast
from rewardlang.parsing.expressions import Expression, Finder, Literal_, Number, Percent, Quantity, Regex, Text
from rewardlang.parsing.tree_nodes import MAX_DEPTH, Builder, Raw, TooDeep, composed, span_of
from rewardlang.source import Span

_NUMBER = re.compile(r"[0-9.]+")
_ESCAPE = re.compile(r'\\(["\\nt])')
_LATEX = (
    r"\\(?:t(?:ext\w*|frac|imes|heta|an|anh|au|o|riangle\w*|op|ilde|hinspace)"
    r"|n(?:eq?|eg|u|abla|ot|otin|leq|geq|mid|parallel|i|ewline))(?![A-Za-z])"
)
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_SYMBOLS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FOREIGN = {"==": "=", "≠": "!=", "<>": "!=", "≤": "<=", "=<": "<=", "≥": ">=", "=>": ">="}
_WRITTEN_OPERATORS = {"EQUALS": "equals", "CONTAINS": "contains", "STARTS_WITH": "starts with", "ENDS_WITH": "ends with"}
_SELECTORS = {"FIRST": "first", "LAST": "last", "ONLY": "only", "EVERY": "every", "COUNT_OF": "count of"}
_Built = TypeVar("_Built")
_QUOTES = "use straight quotation marks"


class ExpressionBuilder(Builder):
    """Recursive, at most MAX_DEPTH deep."""

    _depth = 0

    def expression(self, raw: Raw) -> Expression:
        """Any expression: a value or a test. Raises TooDeep."""
        return self.nested(raw, lambda inner: cast(Expression, getattr(self, f"_{inner.data}")(inner, span_of(inner))))

    def nested(self, raw: Raw, build: Callable[[Raw], _Built]) -> _Built:
        """One level deeper; raises TooDeep beyond MAX_DEPTH."""
        if self._depth >= MAX_DEPTH:
            raise TooDeep(span_of(raw))
        self._depth += 1
        try:
            return build(raw)
        finally:
            self._depth -= 1

    # ------------------------------------------------------------ values

    def _name(self, raw: Raw, span: Span) -> ast.Name:
        return ast.Name(span=span, name=self.word(raw.children[0]).text)

    def _field(self, raw: Raw, span: Span) -> ast.Field:
        base, name = raw.children
        return ast.Field(span=span, base=ast.Name(span=span_of(base), name=self.word(base).text), name=self.word(name))

    def _call(self, raw: Raw, span: Span) -> ast.Call:
        function, *rest = raw.children
        arguments = [child for child in rest if child is not None]
        plain = tuple(self.expression(child) for child in arguments if child.data != "option")
        options = tuple(self._option(child) for child in arguments if child.data == "option")
        return ast.Call(span=span, function=self._dotted(function), arguments=plain, options=options)

    def _dotted(self, raw: Raw) -> ast.Word:
        """`near`, or `common.near` out of a module."""
        first, second = raw.children
        text = self.word(first).text if second is None else f"{self.word(first).text}.{self.word(second).text}"
        return ast.Word(span=span_of(raw), text=text)

    def _option(self, raw: Raw) -> ast.Option:
        name, value = raw.children
        return ast.Option(span=span_of(raw), name=self.word(name), value=self.expression(value))

    def _options(self, raw: Raw) -> tuple[ast.Option, ...]:
        return () if raw is None else tuple(self._option(child) for child in raw.children)

    def _negative(self, raw: Raw, span: Span) -> ast.Negative:
        return ast.Negative(span=span, operand=self.expression(raw.children[1]))

    def _arithmetic(self, raw: Raw, span: Span) -> ast.Arithmetic:
        left, sign, right = raw.children
        operator: Any = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}[sign.type]
        if sign in ("×", "·", "÷"):
            self.sign(sign, operator)
        return ast.Arithmetic(span=span, operator=operator, left=self.expression(left), right=self.expression(right))

    def _convert(self, raw: Raw, span: Span) -> ast.Convert:
        return ast.Convert(span=span, operand=self.expression(raw.children[0]), type=self.word(raw.children[1]))

    def _outside(self, raw: Raw, span: Span) -> ast.Outside:
        return ast.Outside(span=span, operand=self.expression(raw.children[0]), tag=composed(raw.children[1][1:-1]))

    # ------------------------------------------------------------ literals

    def _number(self, raw: Raw, span: Span) -> Number:
        written = str(raw.children[0])
        if raw.children[0].type == "NUMBER":
            return Number(span=span, value=self.fraction(written, span), written=written)
        right = f"0{written}" if written[0] == "." else written.rstrip(".")
        how = "write it out in digits, without an exponent" if "e" in written.lower() else f"write {right}"
        write = None if "e" in written.lower() else right
        self.mistake("RW121", f"'{written}' is not how a number is written here", span, advice=how, write=write)
        return Number(span=span, value=self.fraction("0", span), written=right)

    def _percent(self, raw: Raw, span: Span) -> Percent:
        written = str(raw.children[0])
        return Percent(span=span, value=self.fraction(written.rstrip("% \t"), span) / 100, written=written)

    def _quantity(self, raw: Raw, span: Span) -> Quantity:
        return self.quantity_token(raw.children[0])

    def quantity_token(self, leaf: Raw) -> Quantity:
        """A quantity from its token, which holds the number and the unit."""
        written = str(leaf)
        number = cast(re.Match[str], _NUMBER.match(written))[0]
        return Quantity(
            span=span_of(leaf), value=self.fraction(number, span_of(leaf)), unit=written[len(number) :].strip(), written=written
        )

    def _boolean(self, raw: Raw, span: Span) -> ast.Boolean:
        return ast.Boolean(span=span, value=raw.children[0].type == "TRUE")

    def _list(self, raw: Raw, span: Span) -> ast.ListLiteral:
        return ast.ListLiteral(span=span, items=tuple(self.literal(child) for child in raw.children if child is not None))

    def _signed_literal(self, raw: Raw, span: Span) -> Number | Percent | Quantity:
        sign, magnitude = raw.children
        value = cast("Number | Percent | Quantity", self.expression(magnitude))
        if sign is None:
            return value
        written = f"-{value.written}"
        if isinstance(value, Quantity):
            return Quantity(span=span, value=-value.value, unit=value.unit, written=written)
        return type(value)(span=span, value=-value.value, written=written)

    def literal(self, raw: Raw) -> Literal_:
        """An expression where the grammar allows literals only."""
        return cast(Literal_, self.expression(raw))

    def _string(self, raw: Raw, span: Span) -> Text:
        leaf = raw.children[0]
        if leaf.type == "LONG_STRING":
            return Text(span=span, value=composed(str(leaf)[3:-3]).replace("\r\n", "\n"), long=True)
        content = str(leaf)[1:-1]
        if leaf.type == "CURLY_STRING":
            self.mistake("RW111", "curly quotation marks around a text", span, advice=f'{_QUOTES}: "{content}"', write=f'"{content}"')
        elif leaf.type == "SINGLE_STRING":
            write = None if '"' in content or content.endswith("\\") else f'"{content}"'
            self.mistake("RW123", "single quotation marks around a text", span, advice=f'{_QUOTES}: "{content}"', write=write)
        for latex in re.finditer(_LATEX, content) if "\\t" in content or "\\n" in content else ():
            if (latex.start() - len(content[: latex.start()].rstrip("\\"))) % 2 == 0:
                self._latex_escape(latex, span)
        return Text(span=span, value=_ESCAPE.sub(lambda match: _ESCAPES[match[1]], composed(content)))

    def _latex_escape(self, latex: re.Match[str], span: Span) -> None:
        start = span.start + 1 + latex.start()
        read = "a tab" if latex[0][1] == "t" else "a line break"
        self.mistake(
            "RW124",
            f"{latex[0][:2]} in a text means {read}, so {latex[0]} is not read as LaTeX",
            Span(start, start + len(latex[0])),
            advice=f'write \\{latex[0]}, or put the text between three quotation marks, """…""", where nothing is replaced',
        )

    def text(self, raw: Raw) -> Text:
        """A text in quotation marks."""
        return self._string(raw, span_of(raw))

    def optional_text(self, raw: Raw) -> str | None:
        """The content of a text that may be left out."""
        return None if raw is None else self.text(raw).value

    def regex(self, leaf: Raw) -> Regex:
        """A pattern from its token; whether it is valid is for others to say."""
        pattern, _, flags = composed(str(leaf))[1:].rpartition("/")
        wrong = sorted(set(flags) - set("ims"))
        if wrong or len(set(flags)) != len(flags):
            shown = f"'{wrong[0]}' is not a flag of a pattern" if wrong else "a flag stands twice"
            self.mistake(
                "RW125",
                shown,
                span_of(leaf),
                advice="the flags are i (ignore case), m (^ and $ at every line), s (a dot is also a line break)",
            )
        return Regex(span=span_of(leaf), pattern=pattern, flags="".join(flag for flag in "ims" if flag in flags))

    # ------------------------------------------------------------ finding things in a text

    def finder(self, raw: Raw) -> Finder:
        """What to look for in a text."""
        span, children = span_of(raw), raw.children
        match raw.data:
            case "tag_finder":
                return ast.TagFinder(span=span, tag=composed(children[0][1:-1]))
            case "named_finder":
                return ast.NamedFinder(span=span, name=self._dotted(children[0]).text, options=self._options(children[1]))
            case "match_finder":
                return ast.MatchFinder(span=span, regex=self.regex(children[0]))
            case "after_finder":
                return ast.AfterFinder(span=span, marker=self.text(children[0]))
            case "before_finder":
                return ast.BeforeFinder(span=span, marker=self.text(children[0]))
            case _:
                return ast.BetweenFinder(span=span, opening=self.text(children[0]), closing=self.text(children[1]))

    def _select(self, raw: Raw, span: Span) -> ast.Select:
        selector, finder, operand = raw.children
        word: Any = _SELECTORS[selector.children[0].type]
        if len(selector.children) > 1 and selector.children[1] is not None:
            word = "count of distinct"
        return ast.Select(span=span, selector=word, finder=self.finder(finder), operand=self.expression(operand))

    def _share(self, raw: Raw, span: Span) -> ast.ShareOf:
        items, how, operand = raw.children
        ignoring = how.type == "FOUND_IGNORING_CASE_IN"
        return ast.ShareOf(span=span, items=self.expression(items), operand=self.expression(operand), ignoring_case=ignoring)

    def _mistake_tag(self, raw: Raw, span: Span) -> ast.Select:
        tag = str(raw.children[0])
        self.mistake(
            "RW105",
            f"which {tag} is meant is not said",
            span,
            advice=f"write 'only {tag} in completion' for exactly one block; first, last and every also exist",
        )
        return self._assumed(tag, span, ast.Name(span=span, name="completion"))

    def _mistake_in(self, raw: Raw, span: Span) -> Expression:
        left, right = raw.children
        operand = self.expression(right)
        words = self.source.cut(span_of(left))
        if left.data == "mistake_tag":
            self.mistake(
                "RW105",
                f"which {words} is meant is not said",
                span_of(left),
                advice=f"write 'only {words} in …' for exactly one block; first, last and every also exist",
            )
            return self._assumed(words, span, operand)
        item = self.expression(left)
        where = self.source.cut(span_of(right))
        self.mistake(
            "RW105",
            "'in' alone neither finds something nor asks something",
            span,
            advice=f"to look for it: 'only {words} in {where}', or first, last, every, count of; to ask: '{words} is in {where}'",
        )
        return ast.IsIn(span=span, operand=item, container=operand)

    def _assumed(self, tag: str, span: Span, operand: Expression) -> ast.Select:
        return ast.Select(span=span, selector="only", finder=ast.TagFinder(span=span, tag=composed(tag[1:-1])), operand=operand)

    # ------------------------------------------------------------ tests

    def _junction(self, raw: Raw, span: Span) -> ast.Junction:
        joints = raw.children[1::2]
        for joint in joints:
            sign = self.source.cut(span_of(joint))
            if sign[0] in "&|":
                self.sign(joint, joint.data.rstrip("_"))
        operator: Any = joints[0].data.rstrip("_")
        other = next((joint for joint in joints if joint.data != joints[0].data), None)
        if other is not None:
            self.mistake(
                "RW104",
                "'and' and 'or' stand side by side without brackets",
                span_of(other),
                advice="say which belongs together: (a and b) or c, a and (b or c)",
            )
        return ast.Junction(span=span, operator=operator, items=tuple(self.expression(child) for child in raw.children[::2]))

    def _items(self, raw: Raw) -> tuple[Expression, ...]:
        return tuple(self.expression(child) for child in raw.children)

    def _all_of(self, raw: Raw, span: Span) -> ast.Junction:
        return ast.Junction(span=span, operator="and", items=self._items(raw.children[0]), listed=True)

    def _any_of(self, raw: Raw, span: Span) -> ast.Junction:
        return ast.Junction(span=span, operator="or", items=self._items(raw.children[0]), listed=True)

    def _none_of(self, raw: Raw, span: Span) -> ast.NoneOf:
        return ast.NoneOf(span=span, items=self._items(raw.children[0]))

    def _at_least_of(self, raw: Raw, span: Span) -> ast.AtLeastOf:
        return ast.AtLeastOf(span=span, count=self.whole(raw.children[0]), items=self._items(raw.children[1]))

    def _not_(self, raw: Raw, span: Span) -> ast.Not:
        if raw.children[0] == "!":
            self.sign(raw.children[0], "not")
        return ast.Not(span=span, operand=self.expression(raw.children[1]))

    def _quantified(self, raw: Raw, span: Span) -> ast.Quantified:
        quantifier, finder, operand, where = raw.children
        word: Any = str(quantifier.children[0])
        return ast.Quantified(
            span=span, quantifier=word, finder=self.finder(finder), operand=self.expression(operand), where=self.expression(where)
        )

    def _matches(self, raw: Raw, span: Span) -> ast.Matches:
        return ast.Matches(span=span, operand=self.expression(raw.children[0]), regex=self.regex(raw.children[1]))

    def _compare(self, raw: Raw, span: Span) -> ast.Compare:
        left, relation, right, case, *chained = raw.children
        if chained:
            self.mistake(
                "RW127", "comparisons do not chain", span_of(chained[0]), advice="write 'x is between a and b', or two tests joined by and"
            )
        leaf = relation.children[0]
        operator: Any = _WRITTEN_OPERATORS.get(leaf.type) or _SYMBOLS.get(str(leaf))
        if operator is None:
            operator = _FOREIGN[str(leaf)]
            self.sign(leaf, operator)
        if case is not None and operator in _SYMBOLS:
            self.mistake(
                "RW128",
                f"'ignoring case' does not go with '{operator}'",
                span_of(case),
                advice="write equals, contains, starts with or ends with",
            )
        return ast.Compare(
            span=span, operator=operator, left=self.expression(left), right=self.expression(right), ignoring_case=case is not None
        )

    def _is_(self, raw: Raw, span: Span) -> Expression:
        operand, negation, predicate = raw.children
        common: dict[str, Any] = {"span": span, "operand": self.expression(operand), "negated": negation is not None}
        children = predicate.children
        match predicate.data:
            case "is_present" | "is_missing":
                return ast.IsPresent(**common, present=predicate.data == "is_present")
            case "is_in":
                return ast.IsIn(**common, container=self.expression(children[0]), ignoring_case=children[1] is not None)
            case "is_between":
                return ast.IsBetween(**common, low=self.expression(children[0]), high=self.expression(children[1]))
            case "is_within":
                return ast.IsWithin(**common, tolerance=self.expression(children[0]), target=self.expression(children[1]))
            case "is_named":
                return ast.IsPredicate(**common, name=self.word(children[0]), options=self._options(children[1]))
            case "is_quoted":
                quoted = self.text(children[0])
                return ast.IsPredicate(**common, name=ast.Word(span=quoted.span, text=quoted.value), options=self._options(children[1]))
            case bound:
                return ast.IsBound(
                    **common, bound=cast(Any, bound.removeprefix("is_").replace("_", " ")), limit=self.expression(children[0])
                )
