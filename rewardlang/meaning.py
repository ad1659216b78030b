"""Expressions with their meaning settled: names resolved, types known, verifiers chosen.

The counterpart of `expressions` after checking. Every node has the span of the
words that it came from and its type. `negated` is part of a test and not a
`Not` around it, because over a missing value both a test and its negated form
are false, while `Not` turns false into true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rewardlang.answers.values import Dimension
from rewardlang.record import Record, names_of
from rewardlang.source import Span
from rewardlang.types import Type
from rewardlang.verifier import Verifier

if TYPE_CHECKING:
    from rewardlang.patterns.pattern import LikePattern, Pattern
    from rewardlang.patterns.spelled import SpelledPattern


class Expr(Record):
    """What every expression has."""

    span: Span
    type: Type


class Constant(Expr):
    """A literal, or a short list written in the file."""

    value: Any


class Covers(Record):
    """`complete for title 42`: outside of it a list judges nothing."""

    name: str
    value: Fraction | str
    words: str


INLINE_LIST = "this list"
"""What messages call a list that is written where it is used."""


class NamedList(Expr):
    """A `list` of the file: texts, in the order of their source, which may be long. `covers` None: complete for everything."""

    name: str
    values: tuple[str, ...]
    covers: Covers | None = None

    @cached_property
    def members(self) -> frozenset[str]:
        """The values as a set."""
        return frozenset(self.values)

    @cached_property
    def folded(self) -> frozenset[str]:
        """The values as a set, case-folded."""
        return frozenset(value.casefold() for value in self.values)


class ColumnValue(Expr):
    """A declared column of the row."""

    name: str


class BuiltIn(Expr):
    """`completion`, `prompt`, `system`, `truncated`, `completion_tokens`."""

    name: str


class ParamValue(Expr):
    """A declared param."""

    name: str


class LetValue(Expr):
    """A `let` of the file."""

    name: str


class LoopValue(Expr):
    """The item that `for each`, `some` or `no` is looking at."""

    name: str


class Arithmetic(Expr):
    """Exact arithmetic on numbers, or on quantities in base units."""

    operator: Literal["+", "-", "*", "/"]
    left: Expr
    right: Expr


class Read(Expr):
    """`x as number`, `x as math`."""

    reader: Verifier
    operand: Expr
    options: Options


class AsMath(Expr):
    """The implicit step from number to math, or from a list of numbers to one of answers."""

    operand: Expr


class AsWritten(Expr):
    """The text of an answer, or the texts of a list of answers, for a function of Python."""

    operand: Expr


class Outside(Expr):
    """`x outside <tag>`."""

    operand: Expr
    tag: str


class Measure(Expr):
    """A measure of a verifier, with one column an argument."""

    verifier: Verifier
    arguments: tuple[Expr, ...]
    options: Options
    on_error: Fraction | None = None  # of a function of Python: what stands in where it breaks


# ---------------------------------------------------------------- finding


class TagFind(Record):
    """`<answer>`."""

    tag: str

    def __str__(self) -> str:
        return f"<{self.tag}>"


class WordFind(Record):
    """A finder of a verifier. `dimension` is what quantities must have to be read; None where nobody reads them, or for other things."""

    verifier: Verifier
    options: Options
    dimension: Dimension | None = None

    def __str__(self) -> str:
        return self.verifier.word


class RegexFind(Record):
    """`match of /…/`, or the name of a pattern that is a regular expression."""

    pattern: Pattern
    name: str

    def __str__(self) -> str:
        return self.name


class SpelledFind(Record):
    """A pattern whose findings are compared in one spelling: it is given by an example, or a regular expression with groups."""

    pattern: LikePattern | SpelledPattern
    name: str

    def __str__(self) -> str:
        return self.name


class MarkerFind(Record):
    """`text after "####"`, `text before "####"`, `text between "(" and ")"` (`closing`)."""

    kind: Literal["after", "before", "between"]
    marker: str
    closing: str = ""

    def __str__(self) -> str:
        return f'text {self.kind} "{self.marker}"' + (f' and "{self.closing}"' if self.kind == "between" else "")


Find: TypeAlias = TagFind | WordFind | RegexFind | SpelledFind | MarkerFind


class Select(Expr):
    """`only <answer> in completion`."""

    selector: Literal["first", "last", "only", "every", "count of", "count of distinct"]
    find: Find
    operand: Expr


class Each(Expr):
    """What a loop goes over: findings in a text, or the items of a list (`find` None). `name` is the item's name, if it has one."""

    find: Find | None
    operand: Expr
    name: str | None
    item: Type


class ShareOf(Expr):
    """`share of warnings found in reply`: in a list by `equals` (for math, `equivalence` decides), in a text by whole words."""

    items: Expr
    operand: Expr
    ignoring_case: bool
    equivalence: Verifier | None


# ---------------------------------------------------------------- tests


class NumberTest(Expr):
    """An order or equality of numbers, or of quantities of one dimension; on math, of numeric values."""

    operator: Literal["=", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr
    negated: bool = False


class Between(Expr):
    """Both bounds inclusive."""

    operand: Expr
    low: Expr
    high: Expr
    negated: bool


class Within(Expr):
    """|operand − target| ≤ tolerance, or ≤ tolerance · |target| when `relative`."""

    operand: Expr
    tolerance: Expr
    relative: bool
    target: Expr
    negated: bool
    equivalence: Verifier | None


class Equal(Expr):
    """`equals`: of texts, numbers, quantities of one dimension, booleans, or math (then `equivalence` decides)."""

    left: Expr
    right: Expr
    ignoring_case: bool
    equivalence: Verifier | None


class TextTest(Expr):
    """`contains`, `starts with`, `ends with`."""

    operator: Literal["contains", "starts with", "ends with"]
    left: Expr
    right: Expr
    ignoring_case: bool


class Matches(Expr):
    """A search of the pattern in the text."""

    operand: Expr
    pattern: Pattern


class Present(Expr):
    """The one test that sees what is missing."""

    operand: Expr
    present: bool


class In(Expr):
    """Membership in a list, by `equals` of its item type."""

    operand: Expr
    container: Expr
    ignoring_case: bool
    negated: bool
    equivalence: Verifier | None


class CoveredIn(In):
    """Membership of a finding in a list that is complete for a part only: which word of the finding says its part.

    Over a finding of another part it is as over a missing value.
    """

    covers: Covers
    word: int

    def outside(self, text: str) -> str | None:
        """Why the list cannot judge a finding; None where it can."""
        words = text.split()
        word = words[self.word] if self.word < len(words) else ""
        wanted = self.covers.value
        inside = word == wanted if isinstance(wanted, str) else word.isascii() and word.isdigit() and Fraction(word) == wanted
        return None if inside else f"{text} lies outside {self.covers.words}, for which the list is complete"


class Predicate(Expr):
    """`x is "integer"`."""

    verifier: Verifier
    operand: Expr
    options: Options
    negated: bool


class Truth(Expr):
    """A boolean value used as a test; false while it is missing."""

    operand: Expr


class Not(Expr):
    """True where the test is false, a missing value's included."""

    operand: Expr


class AtLeast(Expr):
    """At least `count` of the tests hold: all for `and`, one for `or`. `order` has the places of the items, cheap ones first."""

    count: int
    items: tuple[Expr, ...]
    order: tuple[int, ...]


class Some(Expr):
    """`some N in X where …`; `no …` when `negated`."""

    each: Each
    where: Expr
    negated: bool


Options: TypeAlias = tuple[tuple[str, Expr], ...]
TESTS = (NumberTest, Between, Within, Equal, TextTest, Matches, Present, In, Predicate, Truth, Not, AtLeast, Some)
TEXT_WORK = (Select, Outside, TextTest, Matches, ShareOf)
"""What goes through a text, whatever verifiers it calls."""


def children(node: Expr) -> Iterator[Expr]:
    """The expressions directly below a node, in the order of the text."""
    for name in names_of(node):
        yield from _expressions(getattr(node, name))


def _expressions(value: object) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, WordFind):
        yield from _expressions(value.options)
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)


def walk(expression: Expr, through: Mapping[str, Expr] | None = None) -> Iterator[Expr]:
    """The expression and all below it; `through` maps a let's name to its value, to be followed too."""
    yield expression
    if through is not None and isinstance(expression, LetValue):
        yield from walk(through[expression.name], through)
    for child in children(expression):
        yield from walk(child, through)


def uses(expression: Expr, lets: Mapping[str, Expr], wanted: Callable[[Expr], bool]) -> bool:
    """Whether something wanted stands in the expression, lets followed."""
    return any(wanted(node) for node in walk(expression, lets))


def verifiers(node: Expr) -> Iterator[Verifier]:
    """The verifiers that a node itself calls."""
    for name in names_of(node):
        value = getattr(node, name)
        if isinstance(value, WordFind):
            yield value.verifier
        elif isinstance(value, Verifier):
            yield value
