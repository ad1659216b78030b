"""Values of one row: the scalar meaning of every expression that is not a test.

A value is a `Piece`, `Fraction`, `bool`, `Answer` or a tuple of those; or
`Missing` (nothing there, with the reason), or `Refused` (a verifier declined or
broke: the value exists and nobody knows it). Both pass through whatever is
built on them, `Missing` first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from fractions import Fraction
from typing import Any, TypeAlias

from rewardlang import meaning
from rewardlang.answers.values import Answer, Dimension, Quantity, identity_of
from rewardlang.marking.guard import Broke, Guard
from rewardlang.marking.piece import Piece
from rewardlang.marks import Failure
from rewardlang.passages import tags, text_after, text_before, text_between
from rewardlang.program import LetDecl
from rewardlang.verdict import Finding, Missing, Refused, Verdict
from rewardlang.verifier import Verifier

Value: TypeAlias = Any
_Raw: TypeAlias = tuple[int, int, Value, str]
ABSENT = (Missing, Refused)
_ARITHMETIC: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
MAX_BITS = 200_000
"""Of a result of arithmetic. What is read, found or given has less than a tenth of it, so that short formulas never reach it."""
MAX_PAIRS = 1_000
TOO_MANY = f"more than {MAX_PAIRS:,} pairs of answers to compare"


class Row:
    """One row under evaluation. `given` holds the columns, params and built-in values by name."""

    def __init__(self, given: Mapping[str, Value], lets: Mapping[str, LetDecl], guard: Guard) -> None:
        self.given = given
        self.lets = lets
        self.guard = guard
        self.failures: list[Failure] = []
        self._known: dict[str, Value] = {}
        self._loops: dict[str, Value] = {}

    # -------------------------------------------------------- values

    def value(self, node: meaning.Expr) -> Value:
        """The value of an expression."""
        return _VALUES[type(node)](self, node)

    def values(self, *nodes: meaning.Expr) -> tuple[Value, ...] | Missing | Refused:
        """All values, or the first that is missing, or else the first that was refused."""
        found = tuple(self.value(node) for node in nodes)
        for kind in ABSENT:
            for value in found:
                if isinstance(value, kind):
                    return value
        return found

    def call(self, verifier: Verifier, arguments: tuple[Value, ...], options: meaning.Options) -> Any:
        """A verifier's answer for this row; `Refused` when it broke, which is recorded."""
        given = tuple((name, plain(self.value(value))) for name, value in options)
        result = self.guard.call(verifier, tuple(plain(argument) for argument in arguments), given)
        if isinstance(result, Broke):
            self.fail(verifier, result.reason, broke=True)
            return Refused(result.reason)
        if isinstance(result, Refused) or (isinstance(result, Verdict) and result.holds is None):
            self.fail(verifier, result.reason, broke=False)
        return result

    def fail(self, verifier: Verifier, reason: str, *, broke: bool) -> None:
        """Records once that a verdict was not reached."""
        record = Failure(verifier.word, broke, reason)
        if record not in self.failures:
            self.failures.append(record)

    def with_loop(self, name: str | None, value: Value) -> None:
        """Sets the item that a loop looks at."""
        if name is not None:
            self._loops[name] = value

    def item(self, name: str | None) -> Value:
        """The item of that name which a loop around looks at; None where there is none."""
        return None if name is None else self._loops.get(name)

    def _let(self, node: meaning.LetValue) -> Value:
        if node.name not in self._known:
            let = self.lets[node.name]
            value = self.value(let.value)
            if isinstance(value, Missing) and let.otherwise is not None:
                value = self.value(let.otherwise)
            self._known[node.name] = value
        return self._known[node.name]

    def _given(self, node: meaning.ColumnValue | meaning.ParamValue | meaning.BuiltIn) -> Value:
        return self.given[node.name]

    def _loop(self, node: meaning.LoopValue) -> Value:
        return self._loops[node.name]

    def _constant(self, node: meaning.Constant) -> Value:
        return Piece(node.value) if isinstance(node.value, str) else node.value

    def _named_list(self, node: meaning.NamedList) -> Value:
        return tuple(Piece(value) for value in node.values)

    def _arithmetic(self, node: meaning.Arithmetic) -> Value:
        both = self.values(node.left, node.right)
        if isinstance(both, ABSENT):
            return both
        left, right = both
        if node.operator == "/" and right == 0:
            return Missing("a division by zero")
        result = _ARITHMETIC[node.operator](left, right)
        if result.numerator.bit_length() + result.denominator.bit_length() > MAX_BITS:
            return Refused(f"a number of more than {MAX_BITS:,} bits")
        return result

    def _read(self, node: meaning.Read) -> Value:
        found = self.values(node.operand)
        return found if isinstance(found, ABSENT) else self.call(node.reader, found, node.options)

    def _as_math(self, node: meaning.AsMath) -> Value:
        from rewardlang.answers.values import answer_of_number

        value = self.value(node.operand)
        if isinstance(value, ABSENT):
            return value
        return tuple(map(answer_of_number, value)) if isinstance(value, tuple) else answer_of_number(value)

    def _as_written(self, node: meaning.AsWritten) -> Value:
        value = self.value(node.operand)
        if isinstance(value, ABSENT):
            return value
        return tuple(Piece(answer.written) for answer in value) if isinstance(value, tuple) else Piece(value.written)

    def _outside(self, node: meaning.Outside) -> Value:
        value = self.value(node.operand)
        return value if isinstance(value, ABSENT) else value.outside(node.tag)

    def _measure(self, node: meaning.Measure) -> Value:
        found = self.values(*node.arguments)
        if isinstance(found, ABSENT):
            return found
        value = self.call(node.verifier, found, node.options)
        if isinstance(value, Refused) and node.on_error is not None:
            return node.on_error
        return _pieces(value)

    # -------------------------------------------------------- finding

    def _found(self, find: meaning.Find, text: str) -> list[_Raw] | Refused:
        """What a finder finds, with offsets into the text; a value of None is the text between them."""
        match find:
            case meaning.TagFind(tag=tag):
                return [(f.start, f.end, None, f.note) for f in tags(text, tag).findings]
            case meaning.RegexFind(pattern=pattern):
                return [(start, end, None, "") for start, end in pattern.finditer(text)]
            case meaning.SpelledFind(pattern=spelled):
                return [(f.start, f.end, f.value, "") for f in spelled.finditer(text)]
            case meaning.MarkerFind():
                return [(f.start, f.end, None, "") for f in _cut(find, text)]
            case meaning.WordFind(verifier=verifier, options=options):
                found: list[_Raw] | Refused = self.call(verifier, (Piece(text),), options)
                return found

    def _readable(self, find: meaning.Find, found: list[_Raw]) -> list[_Raw]:
        """What a loop goes over: quantities of another dimension than the uses of the item want are none of them."""
        if not isinstance(find, meaning.WordFind) or find.dimension is None:
            return found
        fitted = ((*raw[:2], measured(raw[2], find.dimension), raw[3]) for raw in found)
        return [raw for raw in fitted if not isinstance(raw[2], Missing)]

    def _select(self, node: meaning.Select) -> Value:
        text = self.value(node.operand)
        if isinstance(text, ABSENT):
            return text
        if isinstance(node.find, meaning.TagFind) and node.selector in ("only", "count of"):
            blocks = tags(text.text, node.find.tag)
            if node.selector == "count of":
                return Fraction(blocks.openings)
            one = blocks.only
            return Missing(blocks.problem or "") if one is None else text.cut(one.start, one.end)
        found = self._found(node.find, text.text)
        if isinstance(found, Refused):
            return found
        match node.selector:
            case "every":
                return tuple(_finding(text, raw)[1] for raw in self._readable(node.find, found))
            case "count of":
                return Fraction(len(found))
            case "count of distinct":
                return Fraction(len({identity(_finding(text, raw)[1]) for raw in found}))
            case "only" if len(found) != 1:
                return Missing(f"{len(found) or 'no'} {_plural(str(node.find), len(found))} found, exactly one wanted")
            case _ if not found:
                return Missing(f"no {node.find} found")
        value = _finding(text, found[-1 if node.selector == "last" else 0])[1]
        dimension = node.find.dimension if isinstance(node.find, meaning.WordFind) else None
        return value if dimension is None else measured(value, dimension)

    def each(self, loop: meaning.Each) -> Iterator[tuple[Piece | None, Value, str]] | Missing | Refused:
        """What a loop goes over: the place of each item in a text (if any), its value, its note."""
        over = self.value(loop.operand)
        if isinstance(over, ABSENT):
            return over
        if loop.find is None:
            return ((item if isinstance(item, Piece) else None, item, "") for item in over)
        found = self._found(loop.find, over.text)
        return found if isinstance(found, Refused) else (_finding(over, raw) for raw in self._readable(loop.find, found))

    def _share(self, node: meaning.ShareOf) -> Value:
        both = self.values(node.items, node.operand)
        if isinstance(both, ABSENT):
            return both
        items, within = both
        if not items:
            return Missing("the list is empty in this row")
        if isinstance(within, Piece):
            text = folded(spaced(within.text), node.ignoring_case)
            hits = sum(contains_words(text, folded(spaced(item.text), node.ignoring_case)) for item in items)
        elif node.equivalence is not None:
            if too_many(items, within):
                self.fail(node.equivalence, TOO_MANY, broke=False)
                return Refused(TOO_MANY)
            verdicts = [[self.call(node.equivalence, (item, other), ()) for other in within] for item in items]
            return share_of_verdicts(verdicts)
        else:
            members = {identity(value, ignoring_case=node.ignoring_case) for value in within}
            hits = sum(identity(item, ignoring_case=node.ignoring_case) in members for item in items)
        return Fraction(hits, len(items))


def too_many(items: Sized, others: Sized) -> bool:
    """Whether a share of answers, or membership among them, would ask for more verdicts than are given: each can take seconds."""
    return len(items) * len(others) > MAX_PAIRS


def share_of_verdicts(verdicts: Sequence[Sequence[Verdict | Refused]]) -> Fraction | Refused:
    """The share of items that equal one of the others, given what was said of each item; open where that depends on an open verdict."""
    hits = 0
    for about in verdicts:
        if any(isinstance(verdict, Verdict) and verdict.holds for verdict in about):
            hits += 1
            continue
        reasons = [verdict.reason for verdict in about if isinstance(verdict, Refused) or verdict.holds is None]
        if reasons:
            return Refused(reasons[0])
    return Fraction(hits, len(verdicts))


def measured(found: Quantity, dimension: Dimension) -> Value:
    """A quantity that was found where a dimension is wanted; of another dimension it is missing."""
    from rewardlang.answers.quantities import fitted_to, in_words

    value = fitted_to(found, dimension)
    if value is not None:
        return value
    if not found.dimensions:
        return Missing(f"'{found.written}' cannot be read as a quantity")
    return Missing(f"{found.written} is no {in_words(dimension)}")


def _finding(text: Piece, raw: _Raw) -> tuple[Piece, Value, str]:
    """A finding's place, value and note."""
    start, end, value, note = raw
    place = text.cut(start, end)
    if value is None:
        return place, place, note
    return place, Piece(value, place.pieces, place.spelled or value != place.text) if isinstance(value, str) else value, note


def _pieces(value: Value) -> Value:
    """What a function gave, with texts as texts of a row are; they stand in no place."""
    if isinstance(value, str):
        return Piece(value)
    return tuple(_pieces(item) for item in value) if type(value) is tuple else value


def _cut(find: meaning.MarkerFind, text: str) -> list[Finding[str]]:
    if find.kind == "between":
        return text_between(text, find.marker, find.closing)
    return (text_after if find.kind == "after" else text_before)(text, find.marker)


def plain(value: Value) -> Any:
    """A value as verifiers take it: text without its place."""
    if isinstance(value, Piece):
        return value.text
    return tuple(plain(item) for item in value) if isinstance(value, tuple) else value


def identity(value: Value, *, ignoring_case: bool = False) -> Any:
    """What makes two values the same thing when they are counted; not `equals`, which is wider."""
    if isinstance(value, Piece):
        return folded(value.text.strip(), ignoring_case)
    return identity_of(value) if isinstance(value, Answer) else value


def folded(text: str, ignoring_case: bool) -> str:
    """The text, case-folded if asked for."""
    return text.casefold() if ignoring_case else text


def spaced(text: str) -> str:
    """The text with every run of white space as one space, so that a line break or a no-break space is a space."""
    return " ".join(text.split(None)) if text.split(None) else text


def contains_words(text: str, wanted: str) -> bool:
    """Whether the words stand in the text, not as a part of longer words."""
    at = text.find(wanted)
    while at >= 0 and wanted:
        end = at + len(wanted)
        starts = at == 0 or not (wanted[0].isalnum() and text[at - 1].isalnum())
        ends = end == len(text) or not (wanted[-1].isalnum() and text[end].isalnum())
        if starts and ends:
            return True
        at = text.find(wanted, at + 1)
    return False


def _plural(noun: str, count: int) -> str:
    if count == 1 or noun.startswith(("<", "text", "match")) or noun.endswith("s"):
        return noun
    return noun[:-1] + "ies" if noun == "quantity" else noun + "s"


_VALUES: Mapping[type, Callable[[Row, Any], Value]] = {
    meaning.Constant: Row._constant,
    meaning.NamedList: Row._named_list,
    meaning.ColumnValue: Row._given,
    meaning.BuiltIn: Row._given,
    meaning.ParamValue: Row._given,
    meaning.LetValue: Row._let,
    meaning.LoopValue: Row._loop,
    meaning.Arithmetic: Row._arithmetic,
    meaning.Read: Row._read,
    meaning.AsMath: Row._as_math,
    meaning.AsWritten: Row._as_written,
    meaning.Outside: Row._outside,
    meaning.Measure: Row._measure,
    meaning.Select: Row._select,
    meaning.ShareOf: Row._share,
}
