"""Pairs of gold answer and final answer as policies write them, from a seed: integers, decimals, fractions, LaTeX; 30 % wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

_THINGS = ("apples", "books", "miles", "tickets", "eggs", "cookies", "pages", "chairs")
_UNITS = ("kg", "cm", "miles", "hours", "mg")


class Pair(NamedTuple):
    """A gold answer, a model's answer, whether the two are meant to be equal, and the kind of answer."""

    gold: str
    answer: str
    equal: bool
    kind: str


def pairs(count: int, seed: int) -> list[Pair]:
    """Distinct pairs: 40 % integers, 20 % decimals, 15 % fractions, 25 % LaTeX."""
    rng = random.Random(seed)
    found: dict[Pair, None] = {}
    while len(found) < count:
        (maker,) = rng.choices((_integer, _decimal, _fraction, _latex), weights=(40, 20, 15, 25))
        found.setdefault(maker(rng, rng.random() >= 0.3))
    return list(found)


def _integer(rng: random.Random, equal: bool) -> Pair:
    value = rng.choice((rng.randrange(0, 100), rng.randrange(-500, 1_000), rng.randrange(1_000, 2_000_000)))
    other = value if equal else value + rng.choice((-10, -1, 1, 2, 7, 100))
    plain = [str(other)] * 8
    forms = (f"{other:,}", f"{other}.0", f"${other}$", f"\\boxed{{{other}}}", f"{other}.", f"**{other}**", f"x = {other}")
    money = (f"\\${other:,}", f"{other} {rng.choice(_THINGS)}")
    return Pair(str(value), rng.choice((*plain, *forms, *money)), equal, "integer")


def _decimal(rng: random.Random, equal: bool) -> Pair:
    places = rng.choice((1, 2, 2, 3))
    value = Fraction(rng.randrange(1, 10 ** rng.choice((2, 4, 6))), 10**places)
    other = value if equal else value + rng.choice((Fraction(1, 10**places), value, Fraction(-1, 10)))
    written = f"{float(other):.{places}f}"
    forms = (written + "0", f"${written}$", f"\\boxed{{{written}}}", f"{float(other):,.{places}f}", f"{written} {rng.choice(_UNITS)}")
    return Pair(f"{float(value):.{places}f}", rng.choice((written, written, written, *forms)), equal, "decimal")


def _fraction(rng: random.Random, equal: bool) -> Pair:
    value = Fraction(rng.randrange(1, 60), rng.randrange(2, 40))
    other = value if equal else rng.choice((value + Fraction(1, value.denominator), 1 / (value + 1), -value))
    scale = rng.choice((1, 1, 1, 2, 3, 4))
    top, bottom = other.numerator * scale, other.denominator * scale
    forms = (f"{top}/{bottom}", f"\\frac{{{top}}}{{{bottom}}}", f"\\dfrac{{{top}}}{{{bottom}}}", f"${top}/{bottom}$", f"{top} / {bottom}")
    boxed = f"\\boxed{{\\frac{{{top}}}{{{bottom}}}}}"
    golds = (f"{value.numerator}/{value.denominator}", f"\\frac{{{value.numerator}}}{{{value.denominator}}}")
    return Pair(rng.choice(golds), rng.choice((*forms, *forms[:2], boxed)), equal, "fraction")


class _Form(NamedTuple):
    """A gold answer in LaTeX, other ways to write it, and wrong answers."""

    gold: str
    equal: tuple[str, ...]
    wrong: tuple[str, ...]


def _radical(a: int, b: int, c: int) -> _Form:
    return _Form(
        f"{a}\\sqrt{{{c}}}",
        (f"\\sqrt{{{a * a * c}}}", f"{a} \\sqrt{{{c}}}", f"\\sqrt{{{c}}} \\cdot {a}"),
        (f"{a + 1}\\sqrt{{{c}}}", f"{b}"),
    )


def _radical_over(a: int, b: int, c: int) -> _Form:
    return _Form(
        f"\\frac{{\\sqrt{{{c}}}}}{{{a}}}",
        (f"\\dfrac{{\\sqrt{{{c}}}}}{{{a}}}", f"\\frac{{{c}}}{{{a}\\sqrt{{{c}}}}}"),
        (f"\\frac{{\\sqrt{{{c}}}}}{{{a + b}}}", f"\\frac{{{a}}}{{\\sqrt{{{c}}}}}"),
    )


def _polynomial(a: int, b: int, c: int) -> _Form:
    return _Form(
        f"x^2+{a + b}x+{a * b}",
        (f"(x+{a})(x+{b})", f"x^{{2}} + {a + b}x + {a * b}", f"{a * b}+{a + b}x+x^2"),
        (f"x^2+{a + b + 1}x+{a * b}", f"(x-{a})(x+{b})"),
    )


def _of_pi(a: int, b: int, c: int) -> _Form:
    return _Form(
        f"\\frac{{{a}\\pi}}{{{b}}}", (f"{a}\\pi/{b}", f"\\frac{{{a}}}{{{b}}}\\pi"), (f"\\frac{{{a}\\pi}}{{{b + 1}}}", f"{a * b + 1}\\pi")
    )


def _linear(a: int, b: int, c: int) -> _Form:
    return _Form(f"{a}x+{b}", (f"{b}+{a}x", f"{a}x + {b}", f"{a}\\left(x+\\frac{{{b}}}{{{a}}}\\right)"), (f"{a}x-{b}", f"{a + 1}x+{b}"))


def _exponential(a: int, b: int, c: int) -> _Form:
    return _Form(f"e^{{{a}}}", (f"\\exp({a})", f"e^{a}" if a < 10 else f"e^{{{a}}}"), (f"e^{{{a + 1}}}", f"{a}e"))


def _logarithm(a: int, b: int, c: int) -> _Form:
    return _Form(f"\\ln {a * b}", (f"\\ln({a * b})", f"\\ln {a} + \\ln {b}"), (f"\\ln {a * b + 1}", f"\\log_{{2}} {a * b}"))


def _tuple(a: int, b: int, c: int) -> _Form:
    return _Form(f"({a}, {a + b})", (f"({a},{a + b})", f"\\left({a}, {a + b}\\right)"), (f"[{a}, {a + b}]", f"({a}, {a + b + 1})"))


def _rational_function(a: int, b: int, c: int) -> _Form:
    return _Form(
        f"\\frac{{x+{a}}}{{x-{b}}}",
        (f"\\dfrac{{x+{a}}}{{x-{b}}}", f"\\frac{{{a}+x}}{{x-{b}}}", f"1+\\frac{{{a + b}}}{{x-{b}}}"),
        (f"\\frac{{x-{a}}}{{x-{b}}}", f"\\frac{{x+{a}}}{{x+{b}}}"),
    )


def _power(a: int, b: int, c: int) -> _Form:
    return _Form(f"{a}^{{{b}}}", (f"{a**b}", f"{a}^{b}" if b < 10 else f"{a}^{{{b}}}"), (f"{a}^{{{b + 1}}}", f"{a**b + 1}"))


def _complex(a: int, b: int, c: int) -> _Form:
    return _Form(f"{a}+{b}i", (f"{a} + {b}i", f"{b}i+{a}"), (f"{a}-{b}i", f"{a + 1}+{b}i"))


def _set(a: int, b: int, c: int) -> _Form:
    return _Form(f"\\{{{a}, {a + b}\\}}", (f"\\{{{a + b}, {a}\\}}", f"\\{{{a},{a + b}\\}}"), (f"\\{{{a}, {a + b + 1}\\}}", f"{a}"))


_LATEX: tuple[Callable[[int, int, int], _Form], ...] = (
    *(_radical, _radical_over, _polynomial, _of_pi, _linear, _exponential, _logarithm, _tuple, _rational_function, _power, _complex, _set),
)


def _latex(rng: random.Random, equal: bool) -> Pair:
    form = rng.choice(_LATEX)(rng.randrange(2, 12), rng.randrange(2, 12), rng.choice((2, 3, 5, 6, 7, 10, 11)))
    gold = form.gold
    if not equal:
        return Pair(gold, rng.choice(form.wrong), False, "latex")
    return Pair(gold, rng.choice((gold, gold, *form.equal, *form.equal, f"${gold}$", f"\\boxed{{{gold}}}", f"\\({gold}\\)")), True, "latex")
