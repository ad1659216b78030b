r"""Forms of a formula beside products and powers: `{n \choose k}`, `{a \over b}`, `\max(a, b)`, `7 \bmod 3`, `\vec{a}`."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from rewardlang.answers import functions
from rewardlang.answers.algebra import Quotient, atom, number
from rewardlang.answers.reading import FormulaReader, UnreadError, take, text_at
from rewardlang.answers.substitution import changed

ACCENTS = ("vec", "hat", "bar", "overline", "overrightarrow", "tilde", "widehat", "mathbf")
INFIX: dict[str, Callable[[Quotient, Quotient], Quotient]] = {
    "\\choose": functions.binomial,
    "\\over": lambda above, below: above / below,
}
REMAINDER = ("\\bmod", "\\mod", "mod")
MAX_ARGUMENTS = 20
MAX_CONJUGATED = 12


def accented(reader: FormulaReader, name: str) -> Quotient:
    r"""`\vec{a}`, `\overline{AB}`: one symbol, whatever letters it is made of."""
    braced = text_at(reader) == "{"
    if braced and name in ("overline", "bar") and any(text_at(reader, ahead) in ("+", "-") for ahead in range(1, MAX_CONJUGATED)):
        return _conjugated(reader)
    reader.at += braced
    letters: list[str] = []
    while reader.at < len(reader.tokens) and reader.tokens[reader.at].kind in ("name", "word", "number") and (braced or not letters):
        letters.append(text_at(reader))
        reader.at += 1
    if braced:
        take(reader, "}")
    if not letters:
        raise UnreadError(f"'{name}' stands over nothing that is read")
    mark = "bar" if name == "overline" and len("".join(letters)) == 1 else name
    return atom("symbol", f"{mark} {''.join(letters)}")


def _conjugated(reader: FormulaReader) -> Quotient:
    r"""`\overline{3 + 4i}`: of numbers only."""
    take(reader, "{")
    inner = reader.sum(0)
    take(reader, "}")
    if any(kind not in ("i", "prime", "constant") for kind, _ in inner.atoms()):
        raise UnreadError("a conjugate of something other than a number")
    return changed(inner, lambda part: -atom("i", 1) if part[0] == "i" else None)


def infix(reader: FormulaReader, depth: int) -> Quotient | None:
    r"""A group with `\choose` or `\over` in it, or None where it is no such thing."""
    end, level = reader.at + 1, 1
    while end < len(reader.tokens) and level:
        text = reader.tokens[end].text
        if level == 1 and text in INFIX:
            reader.at += 1
            above = reader.sum(depth + 1)
            take(reader, text)
            below = reader.sum(depth + 1)
            take(reader, "}")
            return INFIX[text](above, below)
        level += {"{": 1, "}": -1}.get(text, 0)
        end += 1
    return None


def _whole(values: list[Fraction]) -> list[int]:
    if any(value.denominator != 1 for value in values):
        raise UnreadError("a common divisor of numbers that are not whole")
    return [int(value) for value in values]


SEVERAL: dict[str, Callable[[list[Fraction]], Fraction]] = {
    "max": max,
    "min": min,
    "gcd": lambda values: Fraction(math.gcd(*_whole(values))),
    "lcm": lambda values: Fraction(math.lcm(*_whole(values))),
}


def of_several(reader: FormulaReader, name: str, depth: int) -> Quotient:
    r"""`\max(1, 2)`, `\gcd(12, 18)`: of written numbers only."""
    closing = {"(": ")", "⦃": "⦄"}.get(text_at(reader), "")
    values: list[Fraction] = []
    while closing and (not values or text_at(reader) == ","):
        reader.at += 1
        value = reader.sum(depth + 1).rational
        if value is None or len(values) == MAX_ARGUMENTS:
            raise UnreadError(f"'{name}' of something other than a few numbers")
        values.append(value)
    if not closing:
        raise UnreadError(f"'{name}' is not read in this form")
    take(reader, closing)
    return number(SEVERAL[name](values))


def remainder(one: Quotient, other: Quotient) -> Quotient:
    """What is left of a whole number after division by a positive one."""
    a, b = one.rational, other.rational
    if a is None or b is None or a.denominator != 1 or b.denominator != 1 or b < 1:
        raise UnreadError("a remainder of something other than whole numbers")
    return number(a % b)
