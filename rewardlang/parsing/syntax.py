"""The syntax tree of a `.reward` file: what was written, nothing more.

One class for each construct of the grammar, frozen, each with the span of the
words that it came from; expressions are in `expressions`. No name is resolved
and no type is known here; that is the step to `program`. Two trees are equal
when they say the same thing: spans do not take part in comparison, so
`parse(fmt(x)) == parse(x)` can be a law.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang.parsing.expressions import Expression, Finder, ListLiteral, Literal_, Name, Node, Number, Quantity, Regex, Text, Word

# ---------------------------------------------------------------- types as written


class NamedType(Node):
    """`text`, `number`, `math`, `boolean`; `quantity` alone is an error of the checker."""

    name: str


class RangeType(Node):
    """`number between 0 and 0.5`."""

    name: str
    low: Fraction
    high: Fraction


class ListType(Node):
    """`list of text`."""

    item: TypeNode


class OptionalType(Node):
    """`optional text`."""

    item: TypeNode


class OneOfType(Node):
    """`one of ("claim succeeds", "claim fails")`."""

    values: tuple[str, ...]


class QuantityType(Node):
    """`quantity of mass per body_mass per time in mg/kg/day`; the unit says how bare numbers are read."""

    dimension: Word
    per: tuple[Word, ...] = ()
    unit: str | None = None


TypeNode: TypeAlias = NamedType | RangeType | ListType | OptionalType | OneOfType | QuantityType

# ---------------------------------------------------------------- statements


class Statement(Node):
    """What every statement may carry: a reason that explanations print."""

    because: str | None = None


class Import(Statement):
    """`import "common.reward" as common`."""

    path: Text
    alias: Word


class Include(Statement):
    """`include common.form`."""

    module: Word
    section: Word


class Formal(Node):
    """`memo: text` in the brackets of `use python` or `define`."""

    name: Word
    type: TypeNode


class UsePython(Statement):
    """`use python "module:function" as f(x: text) returns number between 0 and 1 timeout 2 s on error 0`."""

    target: Text
    alias: Word
    formals: tuple[Formal, ...]
    returns: TypeNode
    timeout: Quantity | None = None
    on_error: Fraction | None = None
    batched: bool = False


class Column(Statement):
    """`column answer from "final answer": text separated by ";"`."""

    name: Word
    original: str | None = None
    type: TypeNode
    separator: str | None = None


class Param(Statement):
    """`param format_points: number between 0 and 0.5 = 0.5`."""

    name: Word
    type: TypeNode
    default: Literal_


class ListFromFile(Statement):
    """`list statutes: text from "usc.txt" complete for title 42`, or `from column "cite" of "overruled.csv"`."""

    name: Word
    type: TypeNode
    path: Text
    column: str | None = None
    complete_for: tuple[str, Literal_] | None = None


class ListInline(Statement):
    """`list headings = ["Facts", "Analysis"]`."""

    name: Word
    items: ListLiteral


class PatternRegex(Statement):
    """`pattern year = /\\d{4}/ as "…"`."""

    name: Word
    regex: Regex
    spelling: Text | None = None


class PatternLike(Statement):
    """`pattern statute like "{title:integer} U.S.C. § {section}" as "{title} USC {section}"`."""

    name: Word
    example: Text
    spelling: Text | None = None


class Define(Statement):
    """`define near(a: number, b: number) = a is within 5% of b`."""

    name: Word
    formals: tuple[Formal, ...]
    body: Expression


class Let(Statement):
    """`let tail = last text after "</answer>" in completion else ""`."""

    name: Word
    value: Expression
    otherwise: Literal_ | None = None


class Skip(Node):
    """`else skip`: the data row is unusable."""


class GateScore(Node):
    """`else score -1`: the completion gets this and nothing else."""

    value: Fraction


class Require(Statement):
    """`require final is present else score -1 because "…"`."""

    condition: Expression
    outcome: Skip | GateScore


class Weight(Node):
    """`weight 0.5`, or `weight from 1 at step 0 to 0.2 at step 500`: points (step, weight), one point with step 0 if constant."""

    points: tuple[tuple[int, Fraction], ...]
    scheduled: bool = False


class Section(Statement):
    """`section safety at least -8 at most 0 weight 0.5`; the rules below it belong to it."""

    name: Word
    low: Fraction | None = None
    high: Fraction | None = None
    weight: Weight | None = None


class Points(Node):
    """A literal number of points, or the name of a param or column."""

    value: Number | Name


class Case(Node):
    """`2 points when value equals gold`; `condition` None in a closing `else 0.5 points`."""

    points: Points
    condition: Expression | None


class WhenBody(Node):
    """The first case whose condition holds decides."""

    cases: tuple[Case, ...]


class EachBody(Node):
    """`0.1 points for each distinct misspelling in reply where …, up to 1 point`."""

    points: Points
    distinct: bool
    finder: Finder
    operand: Expression
    where: Expression | None = None
    limit: Points | None = None


class ScaledBody(Node):
    """`up to 1.5 points scaled by share of keys found in cited`."""

    points: Points
    measure: Expression


class Rule(Statement):
    """`rule correct: award 2 points when value equals gold`."""

    name: Word
    sign: Literal["award", "deduct"]
    body: WhenBody | EachBody | ScaledBody


class ScoreRange(Statement):
    """`score between -1 and 3`: a contract; `clamped` makes it an operation."""

    low: Fraction
    high: Fraction
    clamped: bool = False


class Success(Statement):
    """`success when value equals gold`: what *right* means; no points."""

    condition: Expression


class NumbersWritten(Statement):
    """`numbers written "1.234,5"`."""

    notation: Text


class Bound(Node):
    """`= 3`, `at least 1`, `at most 0.5`, `between 1 and 2`; None is open."""

    low: Fraction | None
    high: Fraction | None


class GuaranteeBound(Statement):
    """`guarantee score at most 0.5 when not value equals gold`."""

    bound: Bound
    condition: Expression | None = None


class Part(Node):
    """`rule overdose` or `section form`."""

    kind: Literal["rule", "section"]
    name: Word


class GuaranteeOutweighs(Statement):
    """`guarantee rule overdose outweighs section writing`."""

    heavier: Part
    lighter: Part


class With(Node):
    """`with answer = "72"`."""

    name: Word
    value: Literal_


class ExpectScore(Node):
    """`expect score = 3`."""

    bound: Bound


class ExpectSkip(Node):
    """`expect skip`."""


class ExpectRule(Node):
    """`expect correct = 2`: the rule's points before caps and weight."""

    rule: Word
    bound: Bound


class ExpectFires(Node):
    """`expect spelling fires`, `expect spelling silent`."""

    rule: Word
    fires: bool


class ExpectSuccess(Node):
    """`expect success`, `expect no success`."""

    success: bool


Expect: TypeAlias = ExpectScore | ExpectSkip | ExpectRule | ExpectFires | ExpectSuccess


class Example(Statement):
    """`example "…" with answer = "72" model writes "…" expect score = 3`; `attack` for attempts to game the file."""

    kind: Literal["example", "attack"]
    title: Text
    like: Text | None = None
    values: tuple[With, ...] = ()
    completion: Text
    completion_file: bool = False
    expects: tuple[Expect, ...]


class File(Node):
    """A whole file. `edition` is the language's version, `version` the policy's own."""

    edition: int
    name: Word
    version: str | None = None
    about: str | None = None
    statements: tuple[Statement, ...]
