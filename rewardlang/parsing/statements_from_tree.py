"""From the parser's tree to `syntax`: types, statements and the file."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from rewardlang.parsing import syntax
from rewardlang.parsing.expressions import ListLiteral, Literal_, Name, Number, Text, Word
from rewardlang.parsing.expressions_from_tree import ExpressionBuilder
from rewardlang.parsing.tree_nodes import Raw, span_of
from rewardlang.source import Span

EDITION = 1


class StatementBuilder(ExpressionBuilder):
    """`file` is the entry; a statement that cannot be built raises `TooDeep` and nothing else."""

    def statement(self, raw: Raw) -> syntax.Statement:
        """Any statement, with its reason."""
        inner, reason = raw.children
        common = {"span": span_of(raw), "because": self.optional_text(reason)}
        return cast(syntax.Statement, getattr(self, f"_{inner.data}_statement")(inner.children, common))

    # ------------------------------------------------------------ the head of the file

    def edition(self, raw: Raw) -> int:
        """The number of the first line; a mistake unless it is EDITION."""
        number = self.whole(raw.children[0])
        if number != EDITION:
            self.mistake(
                "RW113",
                f"edition {number} of the language is not known here",
                span_of(raw.children[0]),
                advice=f"this is edition {EDITION}: rewardlang {EDITION}",
            )
        return number

    def naming(self, raw: Raw) -> tuple[Word, str | None, str | None]:
        """Name, version and description of the reward."""
        name, version, about = raw.children
        return self.word(name), self.optional_text(version), self.optional_text(about)

    # ------------------------------------------------------------ types

    def type(self, raw: Raw) -> syntax.TypeNode:
        """A type as written."""
        span, children = span_of(raw), raw.children
        match raw.data:
            case "named_type":
                return syntax.NamedType(span=span, name=self.word(children[0]).text)
            case "range_type":
                low, high = self.signed(children[1]), self.signed(children[2])
                return syntax.RangeType(span=span, name=self.word(children[0]).text, low=low, high=high)
            case "list_type":
                return syntax.ListType(span=span, item=self._nested_type(children[0]))
            case "optional_type":
                return syntax.OptionalType(span=span, item=self._nested_type(children[0]))
            case "one_of_type":
                return syntax.OneOfType(span=span, values=tuple(self.text(child).value for child in children))
            case _:
                dimension, *per, unit = children
                written = str(unit.children[0]) if unit is not None else None
                return syntax.QuantityType(
                    span=span, dimension=self.word(dimension), per=tuple(self.word(leaf) for leaf in per), unit=written
                )

    def _nested_type(self, raw: Raw) -> syntax.TypeNode:
        return self.nested(raw, self.type)

    def signed(self, raw: Raw) -> Fraction:
        """A number with or without a minus sign."""
        sign, magnitude = raw.children
        value = cast(Number, self.expression(magnitude)).value
        return value if sign is None else -value

    def formals(self, raw: Raw) -> tuple[syntax.Formal, ...]:
        """The names and types in the brackets of a function."""
        present = [child for child in raw.children if child is not None]
        return tuple(
            syntax.Formal(span=span_of(child), name=self.word(child.children[0]), type=self.type(child.children[1])) for child in present
        )

    # ------------------------------------------------------------ modules and declarations

    def _import__statement(self, children: list[Raw], common: Any) -> syntax.Import:
        return syntax.Import(**common, path=self.text(children[0]), alias=self.word(children[1]))

    def _include_statement(self, children: list[Raw], common: Any) -> syntax.Include:
        return syntax.Include(**common, module=self.word(children[0]), section=self.word(children[1]))

    def _use_python_statement(self, children: list[Raw], common: Any) -> syntax.UsePython:
        target, alias, formals, returns, *written = children
        options: dict[str, Any] = {}
        for option in self._once(written, "the statement 'use python'"):
            match option.data:
                case "timeout":
                    options["timeout"] = self.quantity_token(option.children[0])
                case "on_error":
                    options["on_error"] = self.signed(option.children[0])
                case _:
                    options["batched"] = True
        return syntax.UsePython(
            **common, **options, target=self.text(target), alias=self.word(alias), formals=self.formals(formals), returns=self.type(returns)
        )

    def _column_statement(self, children: list[Raw], common: Any) -> syntax.Column:
        name, original, type_, separator = children
        return syntax.Column(
            **common,
            name=self.word(name),
            original=self.optional_text(original),
            type=self.type(type_),
            separator=self.optional_text(separator),
        )

    def _param_statement(self, children: list[Raw], common: Any) -> syntax.Param:
        return syntax.Param(**common, name=self.word(children[0]), type=self.type(children[1]), default=self.literal(children[2]))

    def _list_from_file_statement(self, children: list[Raw], common: Any) -> syntax.ListFromFile:
        name, type_, path, scope = children
        return syntax.ListFromFile(
            **common, name=self.word(name), type=self.type(type_), path=self.text(path), complete_for=self._scope(scope)
        )

    def _list_from_column_statement(self, children: list[Raw], common: Any) -> syntax.ListFromFile:
        name, type_, column, path, scope = children
        return syntax.ListFromFile(
            **common,
            name=self.word(name),
            type=self.type(type_),
            path=self.text(path),
            column=self.text(column).value,
            complete_for=self._scope(scope),
        )

    def _scope(self, raw: Raw) -> tuple[str, Literal_] | None:
        return None if raw is None else (self.word(raw.children[0]).text, self.literal(raw.children[1]))

    def _list_inline_statement(self, children: list[Raw], common: Any) -> syntax.ListInline:
        return syntax.ListInline(**common, name=self.word(children[0]), items=cast(ListLiteral, self.literal(children[1])))

    def _pattern_regex_statement(self, children: list[Raw], common: Any) -> syntax.PatternRegex:
        name, regex, spelling = children
        return syntax.PatternRegex(**common, name=self.word(name), regex=self.regex(regex), spelling=self._spelling(spelling))

    def _pattern_like_statement(self, children: list[Raw], common: Any) -> syntax.PatternLike:
        name, example, spelling = children
        return syntax.PatternLike(**common, name=self.word(name), example=self.text(example), spelling=self._spelling(spelling))

    def _spelling(self, raw: Raw) -> Text | None:
        return None if raw is None else self.text(raw)

    def _define_statement(self, children: list[Raw], common: Any) -> syntax.Define:
        return syntax.Define(**common, name=self.word(children[0]), formals=self.formals(children[1]), body=self.expression(children[2]))

    def _let_statement(self, children: list[Raw], common: Any) -> syntax.Let:
        name, value, otherwise = children
        fallback = None if otherwise is None else self.literal(otherwise)
        return syntax.Let(**common, name=self.word(name), value=self.expression(value), otherwise=fallback)

    def _numbers_written_statement(self, children: list[Raw], common: Any) -> syntax.NumbersWritten:
        return syntax.NumbersWritten(**common, notation=self.text(children[0]))

    # ------------------------------------------------------------ scoring

    def _require_statement(self, children: list[Raw], common: Any) -> syntax.Require:
        condition, outcome = children
        span = span_of(outcome)
        judged: syntax.Skip | syntax.GateScore
        judged = syntax.Skip(span=span) if outcome.data == "skip" else syntax.GateScore(span=span, value=self.signed(outcome.children[0]))
        return syntax.Require(**common, condition=self.expression(condition), outcome=judged)

    def _section_statement(self, children: list[Raw], common: Any) -> syntax.Section:
        name, *written = children
        options: dict[str, Any] = {}
        for option in self._once(written, "a section"):
            match option.data:
                case "section_low":
                    options["low"] = self.signed(option.children[0])
                case "section_high":
                    options["high"] = self.signed(option.children[0])
                case _:
                    options["weight"] = self._weight(option)
        return syntax.Section(**common, **options, name=self.word(name))

    def _weight(self, raw: Raw) -> syntax.Weight:
        if raw.data == "weight":
            return syntax.Weight(span=span_of(raw), points=((0, self.signed(raw.children[0])),))
        points = tuple((self.whole(point.children[1]), self.signed(point.children[0])) for point in raw.children)
        return syntax.Weight(span=span_of(raw), points=points, scheduled=True)

    def _once(self, options: list[Raw], of: str) -> list[Raw]:
        """The options of a statement, each once: a second one is a mistake and left out."""
        seen: dict[str, Raw] = {}
        for option in options:
            kind = "weight" if option.data == "schedule" else option.data
            if kind in seen:
                words = self.source.cut(span_of(option))
                self.mistake("RW118", f"'{words}' repeats an option that {of} takes once", span_of(option), advice="keep one of the two")
            seen.setdefault(kind, option)
        return list(seen.values())

    def _rule_statement(self, children: list[Raw], common: Any) -> syntax.Rule:
        name, sign, body = children
        built = getattr(self, f"_{body.data}")(body.children, span_of(body))
        return syntax.Rule(**common, name=self.word(name), sign=cast(Any, str(sign)), body=built)

    def _when_body(self, children: list[Raw], span: Span) -> syntax.WhenBody:
        cases: list[syntax.Case] = []
        for raw in children:
            if cases and cases[-1].condition is None:
                self.mistake(
                    "RW119",
                    "this case is never reached: the 'else' before it has no 'when'",
                    span_of(raw),
                    advice="put the 'else' without 'when' last",
                )
                break
            points, condition = raw.children
            test = None if condition is None else self.expression(condition)
            cases.append(syntax.Case(span=span_of(raw), points=self.points(points), condition=test))
        return syntax.WhenBody(span=span, cases=tuple(cases))

    def _each_body(self, children: list[Raw], span: Span) -> syntax.EachBody:
        points, distinct, finder, operand, where, limit = children
        if operand is None:
            words = self.source.cut(span_of(finder))
            self.mistake("RW106", "'for each' needs 'in' and a text to look in", span_of(finder), advice=f"for each {words} in completion")
        return syntax.EachBody(
            span=span,
            points=self.points(points),
            distinct=distinct is not None,
            finder=self.finder(finder),
            operand=Name(span=span, name="completion") if operand is None else self.expression(operand.children[0]),
            where=None if where is None else self.expression(where.children[0]),
            limit=None if limit is None else self.points(limit.children[0]),
        )

    def _scaled_body(self, children: list[Raw], span: Span) -> syntax.ScaledBody:
        return syntax.ScaledBody(span=span, points=self.points(children[0]), measure=self.expression(children[1]))

    def points(self, raw: Raw) -> syntax.Points:
        """The points of a rule, never negative."""
        sign, amount = raw.children
        if sign is not None:
            self.mistake(
                "RW107",
                "points carry no sign",
                span_of(raw),
                advice="'award' adds points and 'deduct' takes them away, without a sign: "
                + self.source.cut(span_of(raw)).lstrip("-−").strip(),
            )
        return syntax.Points(span=span_of(raw), value=cast("Number | Name", self.expression(amount)))

    def _score_range_statement(self, children: list[Raw], common: Any) -> syntax.ScoreRange:
        clamped, low, high = children
        return syntax.ScoreRange(**common, low=self.signed(low), high=self.signed(high), clamped=clamped is not None)

    def _success_statement(self, children: list[Raw], common: Any) -> syntax.Success:
        return syntax.Success(**common, condition=self.expression(children[0]))

    # ------------------------------------------------------------ promises and marked scripts

    def _guarantee_bound_statement(self, children: list[Raw], common: Any) -> syntax.GuaranteeBound:
        bound, condition = children
        test = None if condition is None else self.expression(condition)
        return syntax.GuaranteeBound(**common, bound=self.bound(bound), condition=test)

    def _guarantee_outweighs_statement(self, children: list[Raw], common: Any) -> syntax.GuaranteeOutweighs:
        return syntax.GuaranteeOutweighs(**common, heavier=self._part(children[0]), lighter=self._part(children[1]))

    def _part(self, raw: Raw) -> syntax.Part:
        kind: Any = raw.data.removeprefix("part_")
        return syntax.Part(span=span_of(raw), kind=kind, name=self.word(raw.children[0]))

    def bound(self, raw: Raw) -> syntax.Bound:
        """What an `expect` or a `guarantee` says about a number."""
        values = [self.signed(child) for child in raw.children]
        low = None if raw.data == "bound_high" else values[0]
        high = None if raw.data == "bound_low" else values[-1]
        return syntax.Bound(span=span_of(raw), low=low, high=high)

    def _example_statement(self, children: list[Raw], common: Any) -> syntax.Example:
        kind, title, like, *rest = children
        values = [child for child in rest if child is not None and child.data == "with_"]
        from_file, completion, *expects = rest[len(values) :]
        if not expects:
            self.mistake(
                "RW120",
                f"this {kind} expects nothing",
                span_of(title),
                advice="end it with 'expect score = …', 'expect RULE fires', or another 'expect'",
            )
        return syntax.Example(
            **common,
            kind=cast(Any, str(kind)),
            title=self.text(title),
            like=None if like is None else self.text(like),
            values=tuple(
                syntax.With(span=span_of(child), name=self.word(child.children[0]), value=self.literal(child.children[1]))
                for child in values
            ),
            completion=self.text(completion),
            completion_file=from_file is not None,
            expects=tuple(self._expect(child) for child in expects),
        )

    def _expect(self, raw: Raw) -> syntax.Expect:
        span, children = span_of(raw), raw.children
        match raw.data:
            case "expect_score":
                return syntax.ExpectScore(span=span, bound=self.bound(children[0]))
            case "expect_skip":
                return syntax.ExpectSkip(span=span)
            case "expect_success" | "expect_no_success":
                return syntax.ExpectSuccess(span=span, success=raw.data == "expect_success")
            case "expect_rule":
                return syntax.ExpectRule(span=span, rule=self.word(children[0]), bound=self.bound(children[1]))
            case _:
                return syntax.ExpectFires(span=span, rule=self.word(children[0]), fires=raw.data == "expect_fires")
