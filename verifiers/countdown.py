"""`countdown`: what an arithmetic expression makes of the given numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache

from rewardlang.answers.plain import unwrapped
from rewardlang.verdict import Missing, Refused
from rewardlang.verifier import measure

MAX_CHARACTERS = 300
MAX_BITS = 2_000
MAX_DEPTH = 30


class _NotRead(Exception):
    """The text is no such expression; the words say why."""


_SIGNS = {"×": "*", "·": "*", "⋅": "*", "∗": "*", "x": "*", "X": "*", "\\times": "*", "\\cdot": "*", "\\ast": "*", "÷": "/", "\\div": "/"}
_SIGNS |= {"−": "-", "–": "-", "＋": "+", "－": "-"}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@cache
def _tokens() -> re.Pattern[str]:
    """A number, a sign or bracket, and what only sets a formula, which has neither group."""
    return re.compile(
        r"\s*(?:([0-9]{1,30})|([-+*/()\[\]{}×·⋅∗÷−–＋－xX]|\\(?:times|cdot|ast|div|[dt]?frac)(?![A-Za-z]))"
        r"|\\(?:left|right|boxed|quad)(?![A-Za-z])|\\[][(),;:! ]|\$|`)\s*",
        re.ASCII,
    )


@measure("countdown", cost="linear", version="2", limits={"characters": MAX_CHARACTERS, "bits": MAX_BITS, "depth": MAX_DEPTH})
def countdown(
    expressions: Sequence[str], numbers: Sequence[tuple[Fraction, ...]], *, leave_out: bool = False
) -> list[Fraction | Missing | Refused]:
    r"""The value of an expression that uses each of the given numbers once, as in the game Countdown.

    What it checks
    --------------
    Reads whole numbers, `+`, `-`, `*`, `/` (also `×`, `x`, `·`, `÷`, `−`), brackets, and the same in LaTeX (`\times`, `\frac`, `$`),
    and gives the exact value. Each number must be used exactly once; with `leave_out = true` some may be left out. All sides of an
    `=` must have that value: the solution is the first side that is more than a number. Anything else, another number, a number used
    twice, a division by zero: no value, with the reason.

    Why it earns reward
    -------------------
    The game has many solutions and one way to check them: the value alone cannot be guessed without a derivation.

    Example
    -------
    `rule solved: award 1 point when countdown(only <answer> in completion, numbers) = target`

    Known gaps
    ----------
    Digits cannot be put together, and there are no powers, factorials, signs of a number (`-1`, `-(2 + 3)`) and products without a sign
    (`2(3 + 4)`): that is the game. A solution in several steps (`25 * 4 = 100`, then `100 + 7 = 107`) or with words around it is not
    read: ask for one expression in a tag. What stands on the other sides of an `=` may use any numbers. Nothing is said about how near
    the value is: use `is within`.
    """
    return [_value(text, tuple(of_row), leave_out) for text, of_row in zip(expressions, numbers, strict=True)]


def _value(text: str, numbers: tuple[Fraction, ...], leave_out: bool) -> Fraction | Missing:
    text = text.strip().removesuffix(".")
    if len(text) > MAX_CHARACTERS:
        return Missing(f"more than {MAX_CHARACTERS} characters")
    try:
        sides = [_Reader(side) for side in unwrapped(text).split("=")]
        values = [side.value() for side in sides]
        if any(value != values[0] for value in values):
            raise _NotRead("the two sides of '=' differ")
    except _NotRead as error:
        return Missing(str(error))
    solution = next((side for side in sides if len(side.used) > 1), sides[0])
    used, given = Counter(solution.used), Counter(numbers)
    if wrong := used - given:
        return Missing(f"{next(iter(wrong))} is used more often than it is given")
    if not leave_out and (rest := given - used):
        return Missing(f"{next(iter(rest))} is not used")
    return values[0]


class _Reader:
    """Sums of products, from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = self._cut(text.strip())
        self._at = self._depth = 0
        self.used: list[Fraction] = []

    @staticmethod
    def _cut(text: str) -> list[str]:
        found, position = [], 0
        while position < len(text):
            match = _tokens().match(text, position)
            if match is None:
                raise _NotRead(f"'{text[position : position + 20].strip()}' is no part of a sum")
            if part := match[1] or match[2]:
                found.append(_SIGNS.get(part, part))
            position = match.end()
        return found

    def value(self) -> Fraction:
        """The value of the whole text. Raises `_NotRead`."""
        value = self._sum()
        if self._at < len(self._tokens):
            raise _NotRead(f"'{self._tokens[self._at]}' is not expected here")
        return value

    def _next(self, *wanted: str) -> str:
        if self._at < len(self._tokens) and self._tokens[self._at] in wanted:
            self._at += 1
            return self._tokens[self._at - 1]
        return ""

    def _signs(self, *wanted: str) -> Iterator[str]:
        while sign := self._next(*wanted):
            yield sign

    def _sum(self) -> Fraction:
        value = self._product()
        for sign in self._signs("+", "-"):
            value = self._small(value + self._product() * (1 if sign == "+" else -1))
        return value

    def _product(self) -> Fraction:
        value = self._one()
        for sign in self._signs("*", "/"):
            other = self._one()
            if sign == "/" and other == 0:
                raise _NotRead("a division by zero")
            value = self._small(value * other if sign == "*" else value / other)
        return value

    def _one(self) -> Fraction:
        if opening := self._next(*_CLOSING):
            return self._group(opening)
        if self._next("\\frac", "\\dfrac", "\\tfrac"):
            above, below = (self._group(self._next("{")) for _ in range(2))
            if below == 0:
                raise _NotRead("a division by zero")
            return self._small(above / below)
        if self._at == len(self._tokens) or not self._tokens[self._at].isdigit():
            raise _NotRead("a number is missing")
        self._at += 1
        self.used.append(Fraction(self._tokens[self._at - 1]))
        return self.used[-1]

    def _group(self, opening: str) -> Fraction:
        """What stands in a bracket, of which the opening one was taken."""
        self._depth += 1
        if not opening or self._depth > MAX_DEPTH:
            raise _NotRead(f"brackets nest more than {MAX_DEPTH} deep" if opening else "a fraction without braces")
        value = self._sum()
        self._depth -= 1
        if not self._next(_CLOSING[opening]):
            raise _NotRead("a bracket is not closed")
        return value

    @staticmethod
    def _small(value: Fraction) -> Fraction:
        if value.numerator.bit_length() + value.denominator.bit_length() > MAX_BITS:
            raise _NotRead("the numbers grow too large")
        return value
