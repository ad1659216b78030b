"""Pairs of gold answer and final answer as policies write them, from a seed: integers, decimals, fractions, LaTeX; 30 % wrong."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import NamedTuple


class Pair(NamedTuple):
    """A gold answer, a model's answer, whether the two are meant to be equal, and the kind of answer."""

    gold: str
    answer: str
    equal: bool
    kind: str


def pairs(count: int, seed: int) -> list[Pair]:
    """Distinct pairs: six in ten integers, the rest decimals, fractions, and LaTeX with radicals, sets and tuples."""
    rng = random.Random(seed)
    makers = (_integer, _decimal, _fraction, _radical, _tuple, _percent)
    found: dict[Pair, None] = {}
    while len(found) < count:
        (maker,) = rng.choices(makers, weights=(60, 12, 14, 6, 4, 4))
        found.setdefault(maker(rng, rng.random() >= 0.3))
    return list(found)


def _integer(rng: random.Random, equal: bool) -> Pair:
    value = rng.randrange(-500, 50_000)
    other = value if equal else value + rng.choice((-10, -1, 1, 2, 10))
    forms = (str(other), f"{other:,}", f"{other}.0", f"${other}$", f"\\boxed{{{other}}}", f"{other}.")
    return Pair(str(value), rng.choice(forms), equal, "integer")


def _decimal(rng: random.Random, equal: bool) -> Pair:
    value = Fraction(rng.randrange(1, 99_999), 100)
    other = value if equal else value + Fraction(1, 100)
    return Pair(
        f"{float(value):.2f}", rng.choice((f"{float(other):.2f}", f"{float(other):.3f}", f"${float(other):.2f}$")), equal, "decimal"
    )


def _fraction(rng: random.Random, equal: bool) -> Pair:
    value = Fraction(rng.randrange(1, 60), rng.randrange(2, 60))
    other = value if equal else value + Fraction(1, value.denominator)
    scale = rng.randrange(1, 5)
    top, bottom = other.numerator * scale, other.denominator * scale
    forms = (f"\\frac{{{top}}}{{{bottom}}}", f"\\dfrac{{{top}}}{{{bottom}}}", f"{top}/{bottom}", f"${top}/{bottom}$")
    return Pair(f"\\frac{{{value.numerator}}}{{{value.denominator}}}", rng.choice(forms), equal, "fraction")


def _radical(rng: random.Random, equal: bool) -> Pair:
    root, factor = rng.choice((2, 3, 5, 7)), rng.randrange(2, 12)
    other = factor if equal else factor + 1
    forms = (f"{other}\\sqrt{{{root}}}", f"\\sqrt{{{other * other * root}}}", f"\\sqrt{{{root}}} \\cdot {other}")
    return Pair(f"{factor}\\sqrt{{{root}}}", rng.choice(forms), equal, "radical")


def _tuple(rng: random.Random, equal: bool) -> Pair:
    a, b = rng.randrange(-20, 20), rng.randrange(21, 60)
    return Pair(f"({a}, {b})", f"({a},{b})" if equal else f"({b}, {a})", equal, "tuple")


def _percent(rng: random.Random, equal: bool) -> Pair:
    value = rng.randrange(2, 99)
    return Pair(f"{value}\\%", f"{value if equal else value + 1}%", equal, "percent")
