"""The expressions of a `.reward` file, as written: values, finders, selections and tests.

The other half of the syntax tree, `syntax`, holds the statements. See its
docstring for what a tree promises.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal, TypeAlias

from rewardlang.record import Record, field
from rewardlang.source import Span


class Node(Record):
    """What every construct has: its place."""

    span: Span = field(compare=False)


class Word(Node):
    """A name where it is written, as a definition or a reference."""

    text: str


# ---------------------------------------------------------------- values


class Number(Node):
    """An exact number. `written` keeps the digits of the file, for the formatter and for messages."""

    value: Fraction
    written: str = field(compare=False)


class Percent(Node):
    """`1%`; `value` is 1/100."""

    value: Fraction
    written: str = field(compare=False)


class Quantity(Node):
    """`20 kg`, `40 mg/kg/day`."""

    value: Fraction
    unit: str
    written: str = field(compare=False)


class Text(Node):
    """A string with its escapes resolved; `long` for the three-quote form."""

    value: str
    long: bool = field(default=False, compare=False)


class Boolean(Node):
    """`true` or `false`."""

    value: bool


class ListLiteral(Node):
    """`["Question presented", "Short answer"]`; literals only."""

    items: tuple[Literal_, ...]


Literal_: TypeAlias = Number | Percent | Quantity | Text | Boolean | ListLiteral


class Name(Node):
    """A reference to a column, param, list, let, loop name or built-in value of the row."""

    name: str


class Field(Node):
    """`module.name` (imports)."""

    base: Expression
    name: Word


class Option(Node):
    """`allow = drug_names` in the brackets of a finder, predicate or measure."""

    name: Word
    value: Expression


class Call(Node):
    """`token_f1(reply, answer)`, `quote_fidelity(memo, facts)`."""

    function: Word
    arguments: tuple[Expression, ...]
    options: tuple[Option, ...] = ()


class Negative(Node):
    """`-x`."""

    operand: Expression


class Arithmetic(Node):
    """`a + b`."""

    operator: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


class Convert(Node):
    """`x as math`."""

    operand: Expression
    type: Word


class Outside(Node):
    """`completion outside <think>`; `tag` is the bare name, `think`."""

    operand: Expression
    tag: str


# ---------------------------------------------------------------- finding things in a text


class TagFinder(Node):
    """`<answer>`; `tag` is the bare name."""

    tag: str


class NamedFinder(Node):
    """`word`, `misspelling(allow = names)`, or the name of a pattern."""

    name: str
    options: tuple[Option, ...] = ()


class Regex(Node):
    """`/^\\d+$/i`."""

    pattern: str
    flags: str = ""


class MatchFinder(Node):
    """`match of /…/`."""

    regex: Regex


class AfterFinder(Node):
    """`text after "####"`."""

    marker: Text


class BeforeFinder(Node):
    """`text before "####"`."""

    marker: Text


class BetweenFinder(Node):
    """`text between "(" and ")"`."""

    opening: Text
    closing: Text


Finder: TypeAlias = TagFinder | NamedFinder | MatchFinder | AfterFinder | BeforeFinder | BetweenFinder
Selector: TypeAlias = Literal["first", "last", "only", "every", "count of", "count of distinct"]


class Select(Node):
    """`only <answer> in completion`."""

    selector: Selector
    finder: Finder
    operand: Expression


class ShareOf(Node):
    """`share of warnings found in reply`."""

    items: Expression
    operand: Expression
    ignoring_case: bool = False


# ---------------------------------------------------------------- tests


class Compare(Node):
    """`a equals b ignoring case`, `a <= b`."""

    operator: Literal["=", "!=", "<", "<=", ">", ">=", "equals", "contains", "starts with", "ends with"]
    left: Expression
    right: Expression
    ignoring_case: bool = False


class Matches(Node):
    """`final matches /^\\d+$/`."""

    operand: Expression
    regex: Regex


class IsPresent(Node):
    """`x is present`, `x is missing`; with `negated` for `is not present`."""

    operand: Expression
    present: bool
    negated: bool = False


class IsIn(Node):
    """`choice is in allergies ignoring case`."""

    operand: Expression
    container: Expression
    ignoring_case: bool = False
    negated: bool = False


class IsBound(Node):
    """`x is at least 3`, `is at most`, `is more than`, `is less than`."""

    operand: Expression
    bound: Literal["at least", "at most", "more than", "less than"]
    limit: Expression
    negated: bool = False


class IsBetween(Node):
    """`x is between 1 and 6`, both inclusive."""

    operand: Expression
    low: Expression
    high: Expression
    negated: bool = False


class IsWithin(Node):
    """`value is within 1% of gold` (relative for a written percent, absolute otherwise)."""

    operand: Expression
    tolerance: Expression
    target: Expression
    negated: bool = False


class IsPredicate(Node):
    """`reply is "english"`, `reply is valid_json(schema = "memo.json")`."""

    operand: Expression
    name: Word
    options: tuple[Option, ...] = ()
    negated: bool = False


class Not(Node):
    """`not x`."""

    operand: Expression


class Junction(Node):
    """`a and b and c`, `a or b`: never mixed without brackets. `listed` for the `all of (…; …)` form."""

    operator: Literal["and", "or"]
    items: tuple[Expression, ...]
    listed: bool = field(default=False, compare=False)


class NoneOf(Node):
    """`none of (a; b)`."""

    items: tuple[Expression, ...]


class AtLeastOf(Node):
    """`at least 2 of (a; b; c)`."""

    count: int
    items: tuple[Expression, ...]


class Quantified(Node):
    """`some word in reply where …`, `no citation in memo where …`. `finder` is a tag finder or a name (a finder's or a new one)."""

    quantifier: Literal["some", "no"]
    finder: Finder
    operand: Expression
    where: Expression


Test: TypeAlias = (
    Compare | Matches | IsPresent | IsIn | IsBound | IsBetween | IsWithin | IsPredicate | Not | Junction | NoneOf | AtLeastOf | Quantified
)
Expression: TypeAlias = Literal_ | Name | Field | Call | Negative | Arithmetic | Convert | Outside | Select | ShareOf | Test
