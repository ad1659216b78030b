"""What exact forms leave open goes to sympy, in worker processes that are kept warm and can be killed.

The worker gets the formulas as they were read here, as data, and builds its
own from them node by node: no text of a model reaches it. What is sent is
bounded beforehand in nodes, figures and exponents; there, computing time and
memory are limited. Where sympy is not installed the verdict stays open and
says so.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from rewardlang.answers.algebra import UNKNOWN_BASE, Quotient, Sum
from rewardlang.answers.compare import compare_answers, same_value
from rewardlang.answers.kinds import Equation, Expression, Inequality, Interval, Labelled, Listing, Matrix, SetOf, Tuple_, Union, Value
from rewardlang.answers.real_sets import pieces_of
from rewardlang.answers.values import Answer
from rewardlang.verdict import Verdict, cannot_judge, no, yes

MAX_NODES = 400
MAX_BITS = 256
MAX_SYMBOLS = 8
MAX_EXPONENT = 40
MAX_RANGE = 1_000
MAX_WRITTEN_OUT = 4_000
"""Terms of a sum times the largest exponent in one, or the largest number of which a factorial or choices are taken."""
MAX_ASKED = 12
"""Questions for one verdict."""
CPU_SECONDS = 2
"""Of computing, for all questions of one verdict: none is asked once they are spent, or once one was not answered."""


class TooLargeError(ValueError):
    """More than is sent; the words say what."""


class _Tree:
    """Makes trees of plain JSON out of formulas, within the limits."""

    def __init__(self) -> None:
        self.nodes = 0
        self.symbols: set[str] = set()

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise TooLargeError(f"more than {MAX_NODES} parts")

    def number(self, value: Fraction) -> list[Any]:
        self._count()
        if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
            raise TooLargeError(f"a number of more than {MAX_BITS} bits")
        return ["number", str(value.numerator), str(value.denominator)]

    def formula(self, of: Quotient) -> list[Any]:
        over = self._sum(of.over)
        return over if of.under.rational == 1 else ["quotient", over, self._sum(of.under)]

    def _sum(self, of: Sum) -> list[Any]:
        return ["sum", *(["product", self.number(value), *(self._power(*factor) for factor in product)] for product, value in of.terms)]

    def _power(self, atom: tuple[str, Any], exponent: Fraction) -> list[Any]:
        self._count()
        if abs(exponent) > MAX_EXPONENT:
            raise TooLargeError(f"an exponent above {MAX_EXPONENT}")
        return ["power", self._atom(*atom), self.number(exponent)]

    def _atom(self, kind: str, argument: Any) -> list[Any]:
        self._count()
        if kind == "symbol":
            self.symbols.add(argument)
            if len(self.symbols) > MAX_SYMBOLS:
                raise TooLargeError(f"more than {MAX_SYMBOLS} symbols")
            return ["symbol", argument]
        if kind in ("constant", "prime", "ln"):
            return [kind, str(argument)]
        if kind in ("i", UNKNOWN_BASE[0]):
            return [kind]
        if kind == "exp":
            name, exponent = argument
            return ["exp", str(name), self.formula(exponent)]
        if kind == "apply":
            return ["apply", argument[0], self.formula(argument[1])]
        if kind in ("integral", "series", "product series"):
            return self._with_limits(kind, argument)
        if kind in ("limit", "derivative"):
            return [kind, self.formula(argument[0]), argument[1], *(self.formula(place) for place in argument[2:])]
        arguments = argument if isinstance(argument, tuple) else (argument,)
        if kind in ("factorial", "binomial") or (kind == "power" and not _is_small_power(*arguments)):
            self._check_growth(kind, arguments)
        return [kind, *(self.formula(part) for part in arguments)]

    def _with_limits(self, kind: str, argument: tuple[Any, ...]) -> list[Any]:
        body, name, low, high = argument
        if kind != "integral" and _has_tower(body, 0):
            raise TooLargeError("a sum over powers of powers")
        if kind != "integral" and low.rational is not None and high.rational is not None:
            self._check_range(body, abs(high.rational - low.rational))
        ends = [] if low is None else [self.formula(low), self.formula(high)]
        return [kind, self.formula(body), name, *ends]

    def _check_range(self, body: Quotient, terms: Fraction) -> None:
        if terms > MAX_RANGE:
            raise TooLargeError(f"a sum over more than {MAX_RANGE:,} numbers")
        if terms * _growth(body) > MAX_WRITTEN_OUT:
            raise TooLargeError("a sum of large numbers that is not written out")

    def _check_growth(self, kind: str, arguments: tuple[Quotient, ...]) -> None:
        """Numbers that would be written out there must have been small enough to be written out here."""
        if all(part.rational is not None for part in arguments):
            raise TooLargeError(f"a {kind} of numbers that is not written out")


def _has_tower(of: Quotient, exponents: int) -> bool:
    """Whether a power stands in an exponent."""
    for kind, argument in of.atoms():
        parts = [part for part in (argument if isinstance(argument, tuple) else (argument,)) if isinstance(part, Quotient)]
        inside = exponents + (kind in ("power", "exp"))
        if inside > 1 or any(_has_tower(part, inside if index or kind == "exp" else exponents) for index, part in enumerate(parts)):
            return True
    return False


def _growth(of: Quotient) -> int:
    """The largest exponent in a formula, or number of which a factorial or choices are taken, at any depth."""
    exponents = [abs(power) for side in (of.over, of.under) for product, _ in side.terms for _, power in product]
    most = max([1, *(int(power) for power in exponents)])
    for kind, argument in of.atoms():
        for part in argument if isinstance(argument, tuple) else (argument,):
            if isinstance(part, Quotient):
                value = part.rational if kind in ("factorial", "binomial", "power", "exp") else None
                most = max(most, _growth(part) if value is None else int(abs(value)))
    return most


def _is_small_power(base: Quotient, exponent: Quotient) -> bool:
    up = exponent.rational
    return up is None or (up.denominator > 1 and abs(up) <= MAX_EXPONENT) or abs(up) <= MAX_EXPONENT or base.rational is None


class _Asking:
    """Decides two values part by part; asks sympy about the parts that exact forms leave open, a few for each verdict."""

    def __init__(self) -> None:
        self.left = MAX_ASKED
        self.seconds = float(CPU_SECONDS)

    def decide(self, one: Value, other: Value) -> Verdict:
        verdict = same_value(one, other)
        if verdict.holds is not None:
            return verdict
        match one, other:
            case Labelled(), Labelled() if one.label == other.label and one.choices is None:
                return self.decide(one.renamed or one.value, other.renamed or other.value)
            case Matrix(), Matrix() if len(one.rows) == len(other.rows):
                return self._ordered([item for row in one.rows for item in row], [item for row in other.rows for item in row])
            case (Tuple_() | Listing(), Tuple_() | Listing()) if isinstance(one, Tuple_) or isinstance(other, Tuple_):
                return self._ordered(one.items, other.items)
            case Interval(), Interval():
                return self._ordered((one.low, one.high), (other.low, other.high))
            case (Listing() | SetOf(), Listing() | SetOf()):
                return self._unordered(one.items, other.items)
        if self.left <= 0 or self.seconds <= 0:
            return verdict
        self.left -= 1
        settled, seconds = settle(one, other, verdict)
        self.seconds -= seconds
        return settled

    def _ordered(self, one: Sequence[Value], other: Sequence[Value]) -> Verdict:
        if len(one) != len(other):
            return no(f"{len(one)} and {len(other)} parts")
        return _all([self.decide(left, right) for left, right in zip(one, other, strict=True)])

    def _unordered(self, one: Sequence[Value], other: Sequence[Value]) -> Verdict:
        rows = [[self.decide(left, right) for right in other] for left in one]
        lines = [*rows, *zip(*rows, strict=True)] if rows else []
        return _all([_any(line) for line in lines])


def _any(verdicts: Sequence[Verdict]) -> Verdict:
    held = next((verdict for verdict in verdicts if verdict.holds), None)
    opened = next((verdict for verdict in verdicts if verdict.holds is None), None)
    return held or opened or no("an item has no equal on the other side")


def _all(verdicts: Sequence[Verdict]) -> Verdict:
    for holds in (False, None):
        found = next((verdict for verdict in verdicts if verdict.holds is holds), None)
        if found is not None:
            return found
    return yes("equal in every part")


def decide(one: Answer, other: Answer) -> Verdict:
    """Whether two answers are the same: by exact forms, then by asking sympy. Symmetric."""
    verdict = compare_answers(one, other)
    return verdict if verdict.holds is not None else _Asking().decide(one.value, other.value)


def settle(one: Value, other: Value, verdict: Verdict) -> tuple[Verdict, float]:
    """The verdict on two answers that exact forms left open, after asking sympy, and the seconds of computing that this took.

    The same verdict where they are nothing to ask it.
    """
    request = question(one, other)
    if request is None:
        return verdict, 0.0
    if isinstance(request, str):
        return cannot_judge(f"{verdict.reason}; not asked: {request}"), 0.0
    if not has_sympy():
        return cannot_judge(f'{verdict.reason}; sympy would be asked: pip install "rewardlang[math]"'), 0.0
    from rewardlang.answers.asking import asked  # 15 ms of start-up, for the few answers that exact forms leave open

    return asked(json.dumps(request), verdict.reason, CPU_SECONDS)


def question(one: Value, other: Value) -> dict[str, Any] | str | None:
    """What sympy is asked about two values; a text when it is too large, None when it is nothing for it."""
    if isinstance(one, Labelled) and isinstance(other, Labelled) and one.equation is not None and other.equation is not None:
        one, other = Equation(one.equation), Equation(other.equation)
    one = one.value if isinstance(one, Labelled) and not isinstance(other, Labelled) else one
    other = other.value if isinstance(other, Labelled) and not isinstance(one, Labelled) else other
    tree = _Tree()
    try:
        match one, other:
            case Expression(), Expression() if not (one.unit or other.unit or one.percent or other.percent or one.degree or other.degree):
                return {"ask": "equal", "one": tree.formula(one.value), "other": tree.formula(other.value)}
            case Equation(), Equation():
                return {"ask": "proportional", "one": tree.formula(Quotient(one.form)), "other": tree.formula(Quotient(other.form))}
            case Inequality(), Inequality() | Interval() | Union() | Tuple_() | SetOf():
                return _about_sets(tree, one, other)
            case ((Interval() | Union() | Tuple_() | SetOf()), Inequality()):
                return _about_sets(tree, other, one)
    except TooLargeError as error:
        return str(error)
    return None


def _about_sets(tree: _Tree, one: Inequality, other: Value) -> dict[str, Any] | None:
    left = _side(tree, one)
    right = _side(tree, other) if isinstance(other, Inequality) else _pieces(tree, other)
    return None if right is None or len(tree.symbols - {"∞"}) != 1 else {"ask": "same solutions", "one": left, "other": right}


def _side(tree: _Tree, of: Inequality) -> list[Any]:
    return ["inequality", tree.formula(Quotient(of.form)), of.strict]


def _pieces(tree: _Tree, of: Value) -> list[Any] | None:
    pieces = pieces_of(of)
    return None if pieces is None else ["pieces", *([tree.formula(low), a, tree.formula(high), b] for low, a, high, b in pieces)]


@cache
def has_sympy() -> bool:
    """Whether it is installed; it is not imported in this process."""
    return importlib.util.find_spec("sympy") is not None
