"""A checked file: what is declared, what is looked at, what earns how much, within which bounds.

Frozen, and complete: whoever has a `Program` needs neither the text nor the
files that it named. Order is the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from rewardlang.fingerprint import Identity
from rewardlang.meaning import TEXT_WORK, Each, Expr, LetValue, children, verifiers
from rewardlang.record import PlainRecord, field
from rewardlang.source import Source, Span
from rewardlang.types import Type
from rewardlang.verifier import COSTS, Cost, dearest


class ColumnDecl(PlainRecord):
    """A column that every row of data must have, under `original` in the data."""

    name: str
    original: str
    type: Type
    separator: str | None
    span: Span


class ParamDecl(PlainRecord):
    """A constant that a run may set, within the bounds of its type."""

    name: str
    type: Type
    default: Any
    span: Span


class LetDecl(PlainRecord):
    """A named value. `otherwise` stands in where the value is missing; None where there is no `else`."""

    name: str
    value: Expr
    otherwise: Expr | None
    span: Span

    @property
    def type(self) -> Type:
        """The type of the name, without `optional` where an `else` stands in."""
        return self.value.type if self.otherwise is None else self.otherwise.type


class Require(PlainRecord):
    """A gate. `score` is None for `else skip`."""

    condition: Expr
    score: Fraction | None
    because: str | None
    span: Span


class Interval(PlainRecord):
    """The least and the most that something can be."""

    low: Fraction
    high: Fraction

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def clip(self, low: Fraction | None, high: Fraction | None) -> Interval:
        """The interval after a cap on either side."""
        ends = [
            min(max(end, low) if low is not None else end, high) if high is not None else max(end, low) if low is not None else end
            for end in (self.low, self.high)
        ]
        return Interval(*ends)


class Points(PlainRecord):
    """A number of points: an expression (a constant, a param or a column) and the range it is declared to have."""

    value: Expr
    range: Interval


class Case(PlainRecord):
    """Points for the first case whose condition holds; None is a closing `else`."""

    points: Points
    condition: Expr | None


class WhenBody(PlainRecord):
    """`2 points when … else 0.5 points when …`."""

    cases: tuple[Case, ...]


class EachBody(PlainRecord):
    """`0.1 points for each … where …, up to 1 point`. `limit` is None only for a list of known length."""

    points: Points
    distinct: bool
    each: Each
    where: Expr | None
    limit: Points | None


class ScaledBody(PlainRecord):
    """`up to 1.5 points scaled by …`."""

    points: Points
    measure: Expr


Body: TypeAlias = WhenBody | EachBody | ScaledBody


class Rule(PlainRecord):
    """A rule, and the least and the most points that it can give (signed, before caps and weight)."""

    name: str
    section: str | None
    sign: Literal["award", "deduct"]
    body: Body
    because: str | None
    range: Interval
    span: Span


class Section(PlainRecord):
    """A heading. `weights` are knees (step, weight): linear between, constant outside. `name` None: the rules before any heading."""

    name: str | None
    low: Fraction | None
    high: Fraction | None
    weights: tuple[tuple[int, Fraction], ...]
    because: str | None
    span: Span

    def weight_at(self, step: int) -> Fraction:
        """The weight at a training step."""
        before = self.weights[0]
        for knee in self.weights:
            if step < knee[0]:
                if step <= before[0]:
                    return before[1]
                return before[1] + (knee[1] - before[1]) * Fraction(step - before[0], knee[0] - before[0])
            before = knee
        return before[1]


class ScoreRange(PlainRecord):
    """The declared range of the score; `clamped` says that the score is cut to it."""

    low: Fraction
    high: Fraction
    clamped: bool
    span: Span


class Bound(PlainRecord):
    """A bound on the score; None is open."""

    low: Fraction | None
    high: Fraction | None


class Guarantee(PlainRecord):
    """A promise about every row for which the condition holds (None: every row), gated ones too."""

    bound: Bound
    condition: Expr | None
    span: Span


class Part(PlainRecord):
    """A rule or a section by name."""

    kind: Literal["rule", "section"]
    name: str


class Outweighs(PlainRecord):
    """The heavier part at its best, with the lighter at its worst, scores more than the other way round."""

    heavier: Part
    lighter: Part
    span: Span


class Expectation(PlainRecord):
    """What an example must give. `subject` is a rule's name for `points` and `fires`."""

    kind: Literal["score", "skip", "points", "fires", "success"]
    subject: str | None
    low: Fraction | None
    high: Fraction | None
    holds: bool
    span: Span


class Example(PlainRecord):
    """A marked script inside the file. `values` are raw, by the file's name for the column; `step` is the training step."""

    kind: Literal["example", "attack"]
    title: str
    values: Mapping[str, Any]
    step: int
    completion: str
    expectations: tuple[Expectation, ...]
    span: Span


class Program(PlainRecord):
    """Everything that a scorer needs. `reachable` is the range of the score over all rows, gates included, before clamping."""

    source: Source
    name: str
    version: str | None
    about: str | None
    notation: str
    columns: Mapping[str, ColumnDecl]
    params: Mapping[str, ParamDecl]
    lets: Mapping[str, LetDecl]
    requires: tuple[Require, ...]
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]
    score: ScoreRange
    reachable: Interval
    success: Expr | None
    guarantees: tuple[Guarantee | Outweighs, ...]
    examples: tuple[Example, ...]
    identity: Identity = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """sha256, in hex, of everything that a score depends on."""
        return self.identity.fingerprint


def cost_of(node: Expr, let_of: Callable[[str], LetDecl | None]) -> Cost:
    """The dearest class of work that an expression asks for, lets followed, each once."""
    followed: set[str] = set()

    def costs(part: Expr) -> Cost:
        own: list[Cost] = [verifier.cost for verifier in verifiers(part)]
        if isinstance(part, TEXT_WORK) or (isinstance(part, Each) and part.find is not None):
            own.append("linear")
        if isinstance(part, LetValue) and part.name not in followed:
            followed.add(part.name)
            let = let_of(part.name)
            own += [costs(value) for value in ((let.value, let.otherwise) if let is not None else ()) if value is not None]
        return dearest([*own, *map(costs, children(part))])

    return costs(node)


def cheap_first(items: tuple[Expr, ...], let_of: Callable[[str], LetDecl | None]) -> tuple[int, ...]:
    """The places of tests in the order of their cost, and of the file where that is the same."""
    costs = [COSTS.index(cost_of(item, let_of)) for item in items]
    return tuple(sorted(range(len(items)), key=costs.__getitem__))
