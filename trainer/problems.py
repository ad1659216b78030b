"""The decimals recipe: "which is larger, 9.11 or 9.9?" and short sums, as many as wanted, from a seed.

Whether a problem is held out is a property of the problem itself (a hash of
its two numbers, in either order), so the training and the held-out sets are
disjoint by construction, whatever the seeds and the counts.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["larger", "sum"]

# One problem in five is held out; the classic pair always is, so that a report can show it.
_HELD_OUT_ONE_IN = 5
_CLASSIC = ("9.11", "9.9")
_SHARE_OF_SUMS = 0.25


@dataclass(frozen=True, slots=True)
class Problem:
    """Two numbers as they are written, and what is asked about them."""

    kind: Kind
    first: str
    second: str

    @property
    def question(self) -> str:
        """The words that the policy reads."""
        if self.kind == "larger":
            return f"Which is larger, {self.first} or {self.second}?"
        return f"What is {self.first} + {self.second}?"

    @property
    def gold(self) -> str:
        """The right answer, as a pupil would write it."""
        if self.kind == "larger":
            return max(self.first, self.second, key=Fraction)
        return str(int(self.first) + int(self.second))

    @property
    def is_held_out(self) -> bool:
        """True for the problems that no training may see; the order of the two numbers does not matter."""
        pair = tuple(sorted((self.first, self.second)))
        if pair == _CLASSIC:
            return True
        digest = hashlib.sha256(f"{self.kind} {pair[0]} {pair[1]}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % _HELD_OUT_ONE_IN == 0

    def row(self) -> dict[str, str]:
        """A row of a data set: `prompt`, the `gold` answer and the `kind`."""
        return {"prompt": self.question, "gold": self.gold, "kind": self.kind}


CLASSIC = Problem("larger", *_CLASSIC)


def draw(rng: random.Random, *, held_out: bool) -> Problem:
    """One problem of the wanted side of the split."""
    while True:
        problem = _sum(rng) if rng.random() < _SHARE_OF_SUMS else _comparison(rng)
        if problem.is_held_out == held_out:
            return problem


def draw_distinct(rng: random.Random, count: int, *, held_out: bool) -> list[Problem]:
    """`count` different problems of the wanted side of the split, in the order drawn."""
    problems: dict[Problem, None] = {}
    while len(problems) < count:
        problems.setdefault(draw(rng, held_out=held_out))
    return list(problems)


def _comparison(rng: random.Random) -> Problem:
    """Two different decimals; mostly the same whole part and fractions of different length, where pupils go wrong."""
    while True:
        whole = rng.randint(1, 9)
        other = whole if rng.random() < 0.85 else rng.randint(1, 9)
        lengths = rng.choice(((1, 2), (2, 1), (1, 2), (2, 1), (1, 1), (2, 2)))
        first, second = (f"{part}.{_fraction(rng, length)}" for part, length in zip((whole, other), lengths, strict=True))
        if Fraction(first) != Fraction(second):
            return Problem("larger", first, second)


def _fraction(rng: random.Random, length: int) -> str:
    """Digits after the point, the last one never 0."""
    leading = "".join(str(rng.randint(0, 9)) for _ in range(length - 1))
    return leading + str(rng.randint(1, 9))


def _sum(rng: random.Random) -> Problem:
    return Problem("sum", str(rng.randint(11, 89)), str(rng.randint(2, 9)))
